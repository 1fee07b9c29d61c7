package dtrapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"lanyard/backend/account"
	"lanyard/backend/token"
)

// list is GET /api/v0/api_tokens: of a user, or, for an administrator who names
// none, of everybody.
func (h *Handler) list(r *http.Request, who person) (answer, error) {
	q, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	whose, named, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	read := h.tokensOf(whose)
	if !named && who.Admin {
		read = h.everybodys
	}
	found, next, err := read(r.Context(), q.start, q.size)
	if err != nil {
		return answer{}, err
	}
	all := make([]apiToken, 0, len(found))
	for _, t := range found {
		all = append(all, show(t, h.now()))
	}
	count := -1
	if q.count {
		if count, err = countTokens(r.Context(), read); err != nil {
			return answer{}, err
		}
	}
	return answer{all, headers(next, count)}, nil
}

// create is POST /api/v0/api_tokens. The secret is in its answer and nowhere
// else. The format knows neither scopes nor expiry: the token reads, writes
// and deletes, as long as nobody ends it.
func (h *Handler) create(r *http.Request, who person) (answer, error) {
	f, err := read(r)
	if err != nil {
		return answer{}, err
	}
	whose, _, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	label := unnamed
	if f.TokenLabel != nil {
		label = *f.TokenLabel
	}
	made, secret, err := h.Tokens.Create(r.Context(), whose.ID, token.Spec{
		Description: label, Scopes: []string{string(token.ScopeAdmin)}, By: who.by,
	})
	if err != nil {
		return answer{}, err
	}
	return answer{body: newAPIToken{apiToken: show(made, h.now()), Token: secret.Reveal()}}, nil
}

// unnamed is what a token is called whose maker did not say.
const unnamed = "API token"

// get is GET /api/v0/api_tokens/{hashedtoken}. A token may look at itself: that
// is how scripts ask whether they are signed in.
func (h *Handler) get(r *http.Request, who person) (answer, error) {
	if who.token != "" && who.token != id(r) {
		return answer{}, errToken
	}
	t, err := h.find(r, who)
	if err != nil {
		return answer{}, err
	}
	return answer{body: show(t, h.now())}, nil
}

// patch is PATCH /api/v0/api_tokens/{hashedtoken}.
func (h *Handler) patch(r *http.Request, who person) (answer, error) {
	f, err := read(r)
	if err != nil {
		return answer{}, err
	}
	p := token.Patch{Description: f.TokenLabel, Active: f.IsActive}
	if p.Empty() {
		return answer{}, errParameter("nothing to change: send tokenLabel or isActive")
	}
	t, err := h.find(r, who)
	if err != nil {
		return answer{}, err
	}
	if t, err = h.Tokens.Change(r.Context(), t.Owner, t.ID, p, who.by); err != nil {
		return answer{}, err
	}
	return answer{body: show(t, h.now())}, nil
}

// remove is DELETE /api/v0/api_tokens/{hashedtoken}. The session of an
// auto-generated token ends with it.
func (h *Handler) remove(r *http.Request, who person) (answer, error) {
	t, err := h.find(r, who)
	if err != nil {
		return answer{}, err
	}
	return answer{}, h.Tokens.Delete(r.Context(), t.Owner, who.by, t.ID)
}

// find returns the token of the path to whoever may see it: its owner and, but
// for organisations' tokens, which are their owners' to manage, an
// administrator. All else is token.ErrNotFound.
func (h *Handler) find(r *http.Request, who person) (token.Token, error) {
	one, owner := id(r), who.ID
	if who.Admin && who.token == "" {
		first, err := h.Store.TokensFrom(r.Context(), one, 1)
		if err != nil {
			return token.Token{}, fmt.Errorf("read token: %w", err)
		}
		if len(first) == 1 && first[0].ID == one && first[0].Source != token.Org {
			owner = first[0].Owner
		}
	}
	t, err := h.Tokens.Get(r.Context(), owner, one)
	if err == nil && who.token == "" && !listed(t, h.now()) {
		err = token.ErrNotFound
	}
	return t, err
}

// whose is the account that a request is about: the named one, for whoever may
// name it, or one's own.
func (h *Handler) whose(r *http.Request, who person) (one account.Account, named bool, err error) {
	names, named := r.URL.Query()["username"]
	switch {
	case !named:
		return who.account, false, nil
	case len(names) > 1 || names[0] == "":
		return one, true, errParameter("username names one user; leave it out for yourself")
	case slices.Contains([]string{account.Key(who.account.Name), account.Key(who.account.Email)}, account.Key(names[0])):
		return who.account, true, nil
	case !who.Admin:
		return one, true, errOthers
	}
	one, err = h.Accounts.ByLogin(r.Context(), names[0])
	if errors.Is(err, account.ErrNotFound) {
		return one, true, errUser
	}
	return one, true, err
}

func id(r *http.Request) string { return strings.ToLower(r.PathValue("hashedtoken")) }
