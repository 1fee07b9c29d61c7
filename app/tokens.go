package app

import (
	"context"
	"fmt"
	"slices"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// Tokens is bound: the personal access tokens of who is signed in.
type Tokens struct{ core *core }

// List has the newest first.
func (t *Tokens) List() (TokenListView, error) {
	list := TokenListView{Tokens: []TokenView{}}
	err := t.ask(func(ctx context.Context, a signin.Access) error {
		all, active, err := a.Server.Tokens(ctx, a.Token)
		if err != nil {
			return err
		}
		list.Active = active
		here := t.here(ctx, a.Account)
		for _, one := range all {
			v := tokenView(one, here)
			if v.Status == "inactive" {
				list.Deactivated++
			}
			list.Tokens = append(list.Tokens, v)
		}
		return nil
	})
	return list, err
}

// Create generates a token. Its secret is in the answer and nowhere else.
func (t *Tokens) Create(n NewTokenView) (FreshView, error) {
	var fresh FreshView
	if !slices.Contains([]string{"admin", "write", "read", "public_read"}, n.Scope) {
		return fresh, fmt.Errorf("%w: there are no access permissions called %.40q", client.ErrRefused, n.Scope)
	}
	err := t.ask(func(ctx context.Context, a signin.Access) error {
		made, err := a.Server.Create(ctx, a.Token, client.NewToken{Label: n.Description, Scopes: []string{"repo:" + n.Scope}, ExpiresAt: n.Expires})
		if err != nil {
			return err
		}
		fresh = FreshView{Token: tokenView(made, ""), Secret: made.Secret}
		return nil
	})
	return fresh, err
}

// Rename gives a token another description.
func (t *Tokens) Rename(id, description string) (TokenView, error) {
	return t.change(id, client.Patch{Label: &description})
}

// SetActive activates or deactivates a token.
func (t *Tokens) SetActive(id string, active bool) (TokenView, error) {
	return t.change(id, client.Patch{Active: &active})
}

// Delete deletes a token for good. That of a computer takes its session along.
func (t *Tokens) Delete(id string) error {
	return t.act(func(ctx context.Context, a signin.Access) error { return a.Server.Delete(ctx, a.Token, id) })
}

func (t *Tokens) change(id string, p client.Patch) (TokenView, error) {
	var v TokenView
	err := t.act(func(ctx context.Context, a signin.Access) error {
		changed, err := a.Server.Change(ctx, a.Token, id, p)
		if err == nil {
			v = tokenView(changed, t.here(ctx, a.Account))
		}
		return err
	})
	return v, err
}

// act is ask for what may concern this computer's own token.
func (t *Tokens) act(do func(context.Context, signin.Access) error) error {
	defer t.core.soon()
	return t.ask(do)
}

func (t *Tokens) ask(do func(context.Context, signin.Access) error) error {
	ctx, cancel := t.core.context(quick)
	defer cancel()
	return t.core.ask(ctx, func(a signin.Access) error { return do(ctx, a) })
}

// here is the id of this computer's own token; "" if it has none.
func (t *Tokens) here(ctx context.Context, a signin.Account) string {
	st, err := t.core.Computer.Look(ctx, a, false)
	if err != nil {
		return "" // the list is worth more than the mark
	}
	return st.TokenID
}
