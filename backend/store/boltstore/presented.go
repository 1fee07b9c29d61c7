package boltstore

import (
	"context"
	"errors"

	"lanyard/backend/account"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// Presented returns the token of a secret with its SessionUntil, its owner and
// the facts of repositories, in one read transaction: token.ErrNotFound,
// account.ErrNotFound.
//
// A token that gave way comes back as token.LostError, with its owner.
func (db *DB) Presented(ctx context.Context, hash [32]byte, repositories []string) (p caller.Presented, err error) {
	err = db.view(ctx, func(t *txn) error {
		p.Token, err = tokenOf(t, hash)
		if lost := new(token.LostError); errors.As(err, &lost) {
			if a, failed := accountOf(t, lost.Owner); failed == nil {
				p.Account = a
			}
			return err
		}
		if err != nil {
			return err
		}
		p.Account, err = accountOf(t, p.Token.Owner)
		if errors.Is(err, account.ErrNotFound) {
			if name := t.get(byOrganization, []byte(p.Token.Owner)); name != nil {
				p.Organization, err = organizationOf(t, string(name))
			}
		}
		if err != nil {
			return err
		}
		p.Known, err = factsOf(t, repositories)
		return err
	})
	if err != nil {
		return caller.Presented{Account: p.Account}, err
	}
	return p, nil
}
