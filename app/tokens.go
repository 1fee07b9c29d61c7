package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// Tokens is bound: the personal access tokens of who is signed in.
type Tokens struct{ core *core }

const (
	maxOverlap = 24 * 30 // hours; the service knows its own
	ofOneToken = 50      // what happened to it, at most
)

// errScope: the page asked for access permissions that there are not.
var errScope = fmt.Errorf("%w: there are no such access permissions", client.ErrRefused)

// List has the newest first.
func (t *Tokens) List() (TokenListView, error) {
	list := TokenListView{Tokens: []TokenView{}}
	err := t.ask(func(ctx context.Context, a signin.Access) error {
		all, err := a.Server.Holder(a.Token, "").List(ctx, client.TokenQuery{})
		if err != nil {
			return err
		}
		here := t.here(ctx, a.Account)
		for _, one := range all.Tokens {
			v := tokenView(one, here)
			switch v.Status { // Docker Hub does not count the second
			case "active":
				list.Active++
			case "inactive":
				list.Deactivated++
			}
			list.Tokens = append(list.Tokens, v)
		}
		return nil
	})
	return list, err
}

// Show is one token, with what was and can be done with it. What a service
// does not tell is left out.
func (t *Tokens) Show(id string) (TokenDetailView, error) {
	v := TokenDetailView{Uses: []TokenUseView{}, Reach: []ReachView{}, Activity: []ActView{}}
	err := t.ask(func(ctx context.Context, a signin.Access) error {
		h := a.Server.Holder(a.Token, "")
		all, err := h.List(ctx, client.TokenQuery{})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all.Tokens, func(one client.Token) bool { return one.UUID == id })
		if i < 0 {
			return client.ErrNotFound
		}
		v.Token = tokenView(all.Tokens[i], t.here(ctx, a.Account))
		uses, err := h.Uses(ctx, id)
		if untold(err) != nil {
			return err
		}
		for _, u := range uses {
			v.Uses = append(v.Uses, TokenUseView{Address: u.IP, Agent: u.Agent, At: stamp(u.Last), Count: u.Count})
		}
		reach, more, err := h.Reach(ctx, id)
		if untold(err) != nil {
			return err
		}
		v.ReachMore = more
		for _, r := range reach {
			v.Reach = append(v.Reach, ReachView{Repository: r.Repository, Actions: append([]string{}, r.Actions...)})
		}
		happened, err := a.Server.Activity(ctx, a.Token, client.ActivityQuery{Subject: id, Most: ofOneToken})
		if untold(err) != nil {
			return err
		}
		v.Activity = acts(happened, a.Account)
		return nil
	})
	return v, err
}

// untold is nil where a service does not know the question: one of an earlier
// version, or Docker Hub.
func untold(err error) error {
	if errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrNotServer) {
		return nil
	}
	return err
}

// Create generates a token. Its secret is in the answer and nowhere else.
func (t *Tokens) Create(n NewTokenView) (FreshView, error) {
	if !slices.Contains(scopes, n.Scope) {
		return FreshView{}, fmt.Errorf("%w: %.40q", errScope, n.Scope)
	}
	return t.fresh(func(ctx context.Context, h client.Holder) (client.Token, error) {
		return h.Create(ctx, client.NewToken{Label: n.Description, Scopes: []string{"repo:" + n.Scope}, ExpiresAt: n.Expires, Repositories: n.Repositories})
	})
}

// Rotate gives a token another secret; the one before goes on for some hours.
func (t *Tokens) Rotate(id string, overlapHours int) (FreshView, error) {
	if overlapHours < 0 || overlapHours > maxOverlap {
		return FreshView{}, fmt.Errorf("%w: the secret before goes on for at most %d hours", client.ErrRefused, maxOverlap)
	}
	return t.fresh(func(ctx context.Context, h client.Holder) (client.Token, error) {
		return h.Rotate(ctx, id, time.Duration(overlapHours)*time.Hour)
	})
}

// scopes are the page's words for access permissions.
var scopes = []string{"admin", "write", "read", "public_read"}

func (t *Tokens) fresh(make func(context.Context, client.Holder) (client.Token, error)) (FreshView, error) {
	var fresh FreshView
	err := t.ask(func(ctx context.Context, a signin.Access) error {
		made, err := make(ctx, a.Server.Holder(a.Token, ""))
		if err != nil {
			return err
		}
		fresh = FreshView{Token: tokenView(made, t.here(ctx, a.Account)), Secret: made.Secret, Account: a.Account.Name}
		hosts, _ := t.core.Computer.Hosts(a.Account)
		if len(hosts) == 0 {
			hosts = a.Server.Info.Registries
		}
		if len(hosts) > 0 {
			fresh.Registry = signin.OwnFirst(a.Account.Server, hosts)[0]
		}
		return nil
	})
	return fresh, err
}

// Edit gives a token another description, and other access permissions.
func (t *Tokens) Edit(id string, change EditView) (TokenView, error) {
	patch := client.Patch{Label: &change.Description}
	if change.Scope != "" {
		if !slices.Contains(scopes, change.Scope) {
			return TokenView{}, fmt.Errorf("%w: %.40q", errScope, change.Scope)
		}
		patch.Scopes = []string{"repo:" + change.Scope}
	}
	return t.change(id, patch)
}

// Pin keeps the token of a computer from giving way, or no longer.
func (t *Tokens) Pin(id string, pinned bool) (TokenView, error) {
	return t.change(id, client.Patch{Pinned: &pinned})
}

// SetActive activates or deactivates tokens, all or none.
func (t *Tokens) SetActive(ids []string, active bool) error {
	if active {
		return t.all(client.Activate, ids)
	}
	return t.all(client.Deactivate, ids)
}

// Delete deletes tokens for good, all or none. That of a computer takes its
// session along.
func (t *Tokens) Delete(ids []string) error { return t.all(client.DeleteAll, ids) }

// Which says which of the account's tokens a secret is. It is neither kept nor
// told to anybody but the service.
func (t *Tokens) Which(secret string) (WhichView, error) {
	checked, err := signin.CheckSecret([]byte(secret))
	if err != nil {
		return WhichView{}, err
	}
	var v WhichView
	err = t.ask(func(ctx context.Context, a signin.Access) error {
		found, previous, err := a.Server.Which(ctx, a.Token, checked.Reveal())
		if errors.Is(err, client.ErrNotFound) {
			v.Says = "It is none of this account's tokens: one of another account, one that was deleted, or none at all."
			return nil
		}
		if err != nil {
			return err
		}
		one := tokenView(found, t.here(ctx, a.Account))
		v = WhichView{Token: &one, Previous: previous}
		if previous {
			v.Says = "It is the secret before the last rotation."
		}
		return nil
	})
	return v, err
}

func (t *Tokens) change(id string, p client.Patch) (TokenView, error) {
	var v TokenView
	err := t.act(func(ctx context.Context, a signin.Access) error {
		changed, err := a.Server.Holder(a.Token, "").Change(ctx, id, p)
		if err == nil {
			v = tokenView(changed, t.here(ctx, a.Account))
		}
		return err
	})
	return v, err
}

func (t *Tokens) all(do client.Bulk, ids []string) error {
	if len(ids) == 0 || len(ids) > client.MostAtOnce {
		return fmt.Errorf("%w: between 1 and %d tokens at once", client.ErrRefused, client.MostAtOnce)
	}
	return t.act(func(ctx context.Context, a signin.Access) error {
		change := a.Server.Holder(a.Token, "").All
		if a.Account.Server == client.HubURL {
			change = a.Server.Holder(a.Token, "").Each
		}
		_, err := change(ctx, do, ids)
		return err
	})
}

// act is ask for what may concern this computer's own token.
func (t *Tokens) act(do func(context.Context, signin.Access) error) error {
	defer t.core.soon()
	return t.ask(do)
}

func (t *Tokens) ask(do func(context.Context, signin.Access) error) error {
	return t.core.asking(quick, do)
}

// here is the id of this computer's own token; "" if it has none.
func (t *Tokens) here(ctx context.Context, a signin.Account) string {
	st, err := t.core.Computer.Look(ctx, a, false)
	if err != nil {
		return "" // the list is worth more than the mark
	}
	return st.TokenID
}

// SaveSecret writes a new secret to a file of the person's choice, for tools
// that read it with --password-stdin. Only they may read it.
func (t *Tokens) SaveSecret(secret string) (SavedView, error) {
	checked, err := signin.CheckSecret([]byte(secret))
	if err != nil {
		return SavedView{}, err
	}
	file, err := t.core.save("Save the token", "token.txt", func(out io.Writer) error {
		_, err := io.WriteString(out, checked.Reveal())
		return err
	})
	return SavedView{File: file}, err
}
