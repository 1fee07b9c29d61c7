package dtrapi

import (
	"net/http"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/internal/caller"
)

// person is who asks: by password the account itself, by token what that
// reaches of it.
type person struct {
	access.Subject
	account account.Account
	token   string // id; "": by password
	by      activity.By
}

// managing lets pass who signed in by password. A token never administers.
func managing(run action) action {
	return func(r *http.Request, who person) (answer, error) {
		if who.token != "" {
			return answer{}, errToken
		}
		return run(r, who)
	}
}

// who reads the credentials of a request: name and password, or name and token.
// Nobody is anonymous here.
func (h *Handler) who(r *http.Request) (person, error) {
	login, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 || login == "" || secret == "" {
		return person{}, errScheme
	}
	from := activity.By{Addr: addr(r), Agent: r.UserAgent()}
	one, err := h.Logins.Check(r.Context(), login, secret, from)
	if err != nil {
		return person{}, errCaller{err}
	}
	from.Account, from.Name = one.Account.ID, one.Account.Name
	who := caller.Person(one.Account)
	if one.Token.ID != "" {
		who = caller.Presented{Token: one.Token, Account: one.Account}.Subject()
	}
	return person{who, one.Account, one.Token.ID, from}, nil
}
