package dtrapi

import (
	"fmt"
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// person is who asks: by password the account itself, by token what that
// reaches of it.
type person struct {
	access.Subject
	account account.Account // zero: an organisation's token asks
	token   string          // id; "": by password
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
	switch {
	case !ok || len(r.Header.Values("Authorization")) > 1 || login == "" || secret == "":
		return person{}, errScheme
	case token.Plausible(secret):
		return h.byToken(r, login, secret)
	case strings.HasPrefix(secret, "lyd_"):
		return person{}, errMistyped
	}
	a, err := h.Accounts.SignIn(r.Context(), login, secret, addr(r))
	if err != nil {
		return person{}, err
	}
	return person{Subject: caller.Person(a), account: a, by: by(r, a.ID, a.Name)}, nil
}

// byToken notes the use of the token and, since that keeps it alive, of its
// session.
func (h *Handler) byToken(r *http.Request, login, secret string) (person, error) {
	p, err := caller.Present(r.Context(), h.Store, login, secret, nil, h.now())
	if err != nil {
		return person{}, errCaller{err}
	}
	h.Tokens.Used(p.Token, addr(r), r.UserAgent())
	if p.Token.Session != "" {
		if err := h.Sessions.Used(r.Context(), grant.Session{ID: p.Token.Session, LastUsed: p.Token.LastUsed.At}, 0); err != nil {
			return person{}, fmt.Errorf("note use of session: %w", err)
		}
	}
	who := p.Subject()
	return person{Subject: who, account: p.Account, token: p.Token.ID, by: by(r, who.ID, who.Name)}, nil
}

func by(r *http.Request, id, name string) activity.By {
	return activity.By{Account: id, Name: name, Addr: addr(r), Agent: r.UserAgent()}
}
