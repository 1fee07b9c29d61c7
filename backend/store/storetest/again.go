package storetest

import (
	"context"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// Again is a store that runs every fn twice and forgets the first answer, as
// a store may that finds at its commit that another was faster. What works
// on Again keeps to "fn may run more than once".
func Again(s Store) Store { return again{s} }

type again struct{ Store }

func (a again) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	return a.Store.Change(ctx, owner, func(h token.Holding) (token.Holding, error) {
		first := h
		first.Tokens = append([]token.Token(nil), h.Tokens...)
		for i, t := range first.Tokens {
			first.Tokens[i].Scopes = append([]token.Scope(nil), t.Scopes...)
		}
		_, _ = fn(first)
		return fn(h)
	})
}

func (a again) ChangeRequest(ctx context.Context, id string, fn func(grant.Request) (grant.Request, error)) error {
	return a.Store.ChangeRequest(ctx, id, func(r grant.Request) (grant.Request, error) {
		first := r
		first.Scopes = append([]string(nil), r.Scopes...)
		_, _ = fn(first)
		return fn(r)
	})
}

func (a again) ChangeDevice(ctx context.Context, id [32]byte, fn func(grant.Device) (grant.Device, error)) error {
	return a.Store.ChangeDevice(ctx, id, func(d grant.Device) (grant.Device, error) {
		first := d
		first.Scopes = append([]string(nil), d.Scopes...)
		_, _ = fn(first)
		return fn(d)
	})
}

func (a again) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	return a.Store.ChangeSession(ctx, id, func(s grant.Session) (grant.Session, error) {
		first := s
		first.Scopes = append([]string(nil), s.Scopes...)
		_, _ = fn(first)
		return fn(s)
	})
}

func (a again) RedeemRequest(ctx context.Context, code [32]byte, fn func(grant.Request) (grant.Request, grant.Session, error)) error {
	return a.Store.RedeemRequest(ctx, code, func(r grant.Request) (grant.Request, grant.Session, error) {
		_, _, _ = fn(r)
		return fn(r)
	})
}

func (a again) RedeemDevice(ctx context.Context, id [32]byte, fn func(grant.Device) (grant.Device, grant.Session, error)) error {
	return a.Store.RedeemDevice(ctx, id, func(d grant.Device) (grant.Device, grant.Session, error) {
		_, _, _ = fn(d)
		return fn(d)
	})
}

func (a again) ChangeAccount(ctx context.Context, id string, fn func(account.Account, bool) (account.Account, error)) error {
	return a.Store.ChangeAccount(ctx, id, func(one account.Account, others bool) (account.Account, error) {
		_, _ = fn(one, others)
		return fn(one, others)
	})
}
