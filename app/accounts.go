package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lanyard/backend/client"
	"lanyard/backend/signin"
	"lanyard/backend/standing"
)

// Accounts is bound: everybody who is signed in here, and the tokens that were
// pasted.
type Accounts struct{ core *core }

// AccountView is one of them.
type AccountView struct {
	ID       string   `json:"id"` // NAME@SERVER
	Name     string   `json:"name"`
	Server   string   `json:"server"`
	Pasted   bool     `json:"pasted"`
	Active   bool     `json:"active"` // this is the one that the window shows
	Hosts    []string `json:"hosts"`
	ActiveAt []string `json:"activeAt"` // those at which it answers
	State    string   `json:"state"`
	Ends     string   `json:"ends"`
	Own      bool     `json:"own"` // of this computer's own service
}

// List has them by server and name. It asks no server.
func (a *Accounts) List() ([]AccountView, error) {
	ctx, cancel := a.core.context(quick)
	defer cancel()
	all, err := a.core.Computer.Known()
	if err != nil {
		return nil, err
	}
	shown, _ := a.core.shownAccount(a.core.Computer)
	views := make([]AccountView, 0, len(all))
	for _, k := range all {
		st, err := a.core.Computer.Look(ctx, k.Account, false)
		state, _ := signin.Judge(st, err)
		v := AccountView{
			ID: k.Ref(), Name: k.Name, Server: k.Server, Pasted: k.Pasted, Active: k.Account == shown, Hosts: append([]string{}, k.Hosts...),
			ActiveAt: append([]string{}, k.Active...), State: state.Words().Name, Own: a.core.Own.Owns(ctx, k.Server),
		}
		if state == standing.Expiring { // a state of its own here, where no page tells of it
			v.State = string(standing.Expiring)
		}
		ends, _ := st.Ends()
		v.Ends = stamp(ends)
		views = append(views, v)
	}
	return views, nil
}

// Switch lets an account answer at the registries of its server, and shows it.
func (a *Accounts) Switch(id string) (SessionView, error) {
	ctx, cancel := a.core.context(asked)
	defer cancel()
	k, err := a.find(id)
	if err != nil {
		return SessionView{}, err
	}
	if _, err := a.core.Asked.Switch(ctx, k, ""); err != nil && !errors.Is(err, signin.ErrTools) { // how the tools stand is Tools' to say
		return SessionView{}, err
	}
	if !k.Pasted { // the window is about a session
		a.core.turnTo(k.Account)
	}
	return a.core.see(ctx)
}

// Remove signs out of an account, or forgets a pasted token, whichever it is.
func (a *Accounts) Remove(id string) (ReceiptView, error) {
	ctx, cancel := a.core.context(asked)
	defer cancel()
	k, err := a.find(id)
	if err != nil {
		return ReceiptView{}, err
	}
	defer a.core.soon()
	return a.core.leave(ctx, k)
}

func (a *Accounts) find(id string) (signin.Known, error) {
	all, err := a.core.Computer.Known()
	if err != nil {
		return signin.Known{}, err
	}
	i := slices.IndexFunc(all, func(k signin.Known) bool { return k.Ref() == id })
	if i < 0 {
		return signin.Known{}, fmt.Errorf("%w: that account", client.ErrNotFound)
	}
	return all[i], nil
}

// leave signs out of an account. A service that goes on taking the token is
// told in the receipt.
func (c *core) leave(ctx context.Context, k signin.Known) (ReceiptView, error) {
	out := c.Asked.SignOut
	if k.Pasted {
		out = c.Asked.Discard
	}
	r, err := out(ctx, k.Account)
	if err != nil && !errors.Is(err, signin.ErrStillAccepted) {
		return ReceiptView{}, err
	}
	return receiptView(r), nil
}
