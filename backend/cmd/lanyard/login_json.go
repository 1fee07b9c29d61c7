package main

import (
	"context"

	"lanyard/backend/signin"
)

// printAccount is what login prints with --json: the account, as accounts does.
func printAccount(ctx context.Context, t terminal, account signin.Account) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	all, err := p.computer.Known()
	if err != nil {
		return err
	}
	k, err := signin.Named(all, account.Ref())
	if err != nil {
		return err
	}
	return printJSON(t, p.looks().Account(ctx, k))
}

// receiptView is what logout prints with --json; names are stable.
type receiptView struct {
	Account    string   `json:"account"`
	Server     string   `json:"server"`
	Kind       string   `json:"kind"` // session, pasted
	LastFour   string   `json:"token_last_four,omitempty"`
	Registries []string `json:"registries"`
	Removed    bool     `json:"removed"`           // from the keychain, verifiably
	Revoked    bool     `json:"revoked"`           // the service ended the session
	Refused    bool     `json:"refused"`           // the old token was tried and is refused
	Pending    string   `json:"pending,omitempty"` // why the service does not know yet
	Alive      []string `json:"alive"`             // what goes on being valid
}

func receiptOf(k signin.Known, r signin.Receipt) receiptView {
	v := receiptView{
		Account: k.Name, Server: k.Server, Kind: "session", LastFour: r.LastFour, Registries: r.Hosts,
		Removed: r.Removed, Revoked: r.Revoked, Refused: r.Refused, Alive: r.Alive,
	}
	if k.Pasted {
		v.Kind = "pasted"
	}
	if r.Pending != nil {
		v.Pending = r.Pending.Error()
	}
	if v.Registries == nil {
		v.Registries = []string{}
	}
	if v.Alive == nil {
		v.Alive = []string{}
	}
	return v
}
