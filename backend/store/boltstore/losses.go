package boltstore

import (
	"bytes"
	"slices"

	"lanyard/backend/token"
)

// A token that gave way leads from the hash of its secret to its owner for as
// long as the owner's losses remember it, so that whoever presents it can be
// told what became of it.

// notFound is what a secret that leads to no token is told.
func notFound(t *txn, hash [32]byte) error {
	owner := t.get(byLostHash, hash[:])
	if owner == nil {
		return token.ErrNotFound
	}
	var row holdingRow
	if _, err := load(t, inHoldings, owner, &row); err != nil {
		return err
	}
	for _, l := range slices.Backward(row.Losses) {
		if bytes.Equal(l.Hash, hash[:]) {
			return &token.LostError{Owner: string(owner), Loss: l}
		}
	}
	return token.ErrNotFound
}

// indexLosses keeps the index of what an owner lost.
func indexLosses(t *txn, owner string, before, after []token.Loss) error {
	had := map[string]bool{}
	for _, l := range before {
		had[string(l.Hash)] = true
	}
	for _, l := range after {
		if len(l.Hash) > 0 && !had[string(l.Hash)] {
			if err := t.put(byLostHash, l.Hash, []byte(owner)); err != nil {
				return err
			}
		}
	}
	for _, l := range after {
		delete(had, string(l.Hash))
	}
	for hash := range had {
		if hash != "" && string(t.get(byLostHash, []byte(hash))) == owner {
			if err := t.drop(byLostHash, []byte(hash)); err != nil {
				return err
			}
		}
	}
	return nil
}
