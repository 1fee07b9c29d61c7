package hubapi

import (
	"context"
	"errors"
	"net/http"

	"lanyard/backend/account"
	"lanyard/backend/internal/gate"
)

// whose is the account that a request is about: the caller's own, or the one
// that an administrator names with username.
func (h *Handler) whose(r *http.Request, who gate.Passed) (account.Account, error) {
	name := r.URL.Query().Get("username")
	if name == "" {
		return who.Account, nil
	}
	if err := who.Account.MayActFor(name); err != nil {
		return account.Account{}, err
	}
	if account.Key(name) == account.Key(who.Account.Name) {
		return who.Account, nil
	}
	return h.person(r.Context(), name)
}

// person is whose user name it is. An e-mail address names nobody here: it
// would tell whose it is.
func (h *Handler) person(ctx context.Context, name string) (account.Account, error) {
	a, err := h.People.ByLogin(ctx, name)
	switch {
	case errors.Is(err, account.ErrNotFound), err == nil && account.Key(a.Name) != account.Key(name):
		return account.Account{}, errMissing("there is no user of that name")
	case err != nil:
		return account.Account{}, err
	}
	return a, nil
}

// names returns what accounts are called, each read once; "" for one that is
// gone.
func (h *Handler) names(ctx context.Context) func(id string) (string, error) {
	known := map[string]string{"": ""}
	return func(id string) (string, error) {
		if name, ok := known[id]; ok {
			return name, nil
		}
		a, err := h.People.Account(ctx, id)
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return "", err
		}
		known[id] = a.Name
		return a.Name, nil
	}
}

// called are the names of several accounts, in their order.
func called(ids []string, name func(id string) (string, error)) ([]string, error) {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		one, err := name(id)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
