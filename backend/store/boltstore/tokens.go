package boltstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"lanyard/backend/token"
)

// tokenRow is a Token whose hashes are short text rather than lists of numbers.
type tokenRow struct {
	token.Token
	Hash         []byte `json:"hash"`
	PreviousHash []byte `json:"previous_hash,omitempty"`
}

// holdingRow is what an account holds beside its tokens.
type holdingRow struct {
	Losses    []token.Loss `json:"losses,omitempty"`
	Evictions []time.Time  `json:"evictions,omitempty"`
}

// ByHash returns the token of a secret with its SessionUntil, or ErrNotFound.
func (db *DB) ByHash(ctx context.Context, hash [32]byte) (out token.Token, err error) {
	err = db.view(ctx, func(t *txn) error {
		out, err = tokenOf(t, hash)
		return err
	})
	return out, err
}

// Holding returns what owner holds, oldest first.
func (db *DB) Holding(ctx context.Context, owner string) (h token.Holding, err error) {
	err = db.view(ctx, func(t *txn) error {
		h, err = holdingOf(t, owner)
		return err
	})
	return h, err
}

// Token returns one token of an owner with its SessionUntil, or ErrNotFound.
func (db *DB) Token(ctx context.Context, owner, id string) (out token.Token, err error) {
	if !keyable(owner) || !keyable(id) {
		return token.Token{}, token.ErrNotFound
	}
	err = db.view(ctx, func(t *txn) error {
		value := t.get(inTokens, key(owner, id))
		if value == nil {
			return token.ErrNotFound
		}
		out, err = decodeToken(t, value)
		return err
	})
	return out, err
}

// Change replaces what owner holds with what fn makes of it and ends the
// sessions in Ends.
func (db *DB) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	return db.update(ctx, func(t *txn) error { return changeHolding(t, owner, fn) })
}

func tokenOf(t *txn, hash [32]byte) (token.Token, error) {
	at := t.get(byHash, hash[:])
	if at == nil {
		return token.Token{}, notFound(t, hash)
	}
	value := t.get(inTokens, at)
	if value == nil {
		return token.Token{}, fmt.Errorf("%w: a token is in the index and nowhere else", ErrDamaged)
	}
	one, err := decodeToken(t, value)
	one.ByPrevious = err == nil && one.Hash != hash
	return one, err
}

// TokensFrom returns tokens of everybody in the order of their ids.
func (db *DB) TokensFrom(ctx context.Context, from string, most int) (out []token.Token, err error) {
	err = db.view(ctx, func(t *txn) error {
		c := t.Bucket([]byte(byTokenID)).Cursor()
		for id, owner := c.Seek([]byte(from)); id != nil && len(out) < most; id, owner = c.Next() {
			value := t.get(inTokens, key(string(owner), string(id)))
			if value == nil {
				return fmt.Errorf("%w: a token is in the index and nowhere else", ErrDamaged)
			}
			one, err := decodeToken(t, value)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// rowOf is a token as it is written.
func rowOf(one token.Token) tokenRow {
	row := tokenRow{Token: one, Hash: one.Hash[:]}
	if p := one.Previous; p != nil {
		row.PreviousHash = p.Hash[:]
	}
	return row
}

// token is a row as it was read, without the life of its session.
func (row tokenRow) token() (token.Token, error) {
	out := row.Token
	if len(row.Hash) != len(out.Hash) || (out.Previous != nil) != (len(row.PreviousHash) == len(out.Hash)) {
		return token.Token{}, fmt.Errorf("%w: a token without its hash", ErrDamaged)
	}
	copy(out.Hash[:], row.Hash)
	if out.Previous != nil {
		previous := *out.Previous
		copy(previous.Hash[:], row.PreviousHash)
		out.Previous = &previous
	}
	return out, nil
}

// decodeToken reads a row and, with it, its uses and the life of its session. A session
// that is gone is over, wherever the clock stands: zero.
func decodeToken(t *txn, value []byte) (token.Token, error) {
	var row tokenRow
	if err := decode(inTokens, value, &row); err != nil {
		return token.Token{}, err
	}
	out, err := row.token()
	if err != nil {
		return out, err
	}
	used, err := tokenUses(t, key(out.Owner, out.ID))
	if err != nil {
		return out, err
	}
	if out = used.over(out); out.Session == "" {
		return out, nil
	}
	s, _, err := sessionOf(t, out.Session)
	out.SessionUntil = s.Until()
	return out, err
}

func holdingOf(t *txn, owner string) (h token.Holding, err error) {
	var row holdingRow
	if _, err := load(t, inHoldings, []byte(owner), &row); err != nil {
		return token.Holding{}, err
	}
	h.Losses, h.Evictions = row.Losses, row.Evictions
	err = t.under(inTokens, key(owner, ""), func(_, value []byte) (bool, error) {
		one, err := decodeToken(t, value)
		h.Tokens = append(h.Tokens, one)
		return true, err
	})
	slices.SortFunc(h.Tokens, func(a, b token.Token) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return h, err
}

func changeHolding(t *txn, owner string, fn func(token.Holding) (token.Holding, error)) error {
	if !keyable(owner) {
		return errKey
	}
	h, err := holdingOf(t, owner)
	if err != nil {
		return err
	}
	before, lost := slices.Clone(h.Tokens), slices.Clone(h.Losses) // fn may change h in place
	if h, err = fn(h); err != nil {
		return err
	}
	after := make(map[string]token.Token, len(h.Tokens))
	for _, one := range h.Tokens {
		if one.Owner != owner {
			return errMoved
		}
		if !keyable(one.ID) || one.Hash == [32]byte{} || (one.Session != "" && !keyable(one.Session)) {
			return errKey
		}
		if _, twice := after[one.ID]; twice {
			return errDuplicate
		}
		after[one.ID] = one
	}
	for _, old := range before {
		if err := dropToken(t, old, after); err != nil {
			return err
		}
	}
	for _, one := range h.Tokens {
		if err := keepToken(t, one); err != nil {
			return err
		}
	}
	for _, end := range h.Ends {
		if err := useSession(t, end.Session, func(s session) session { return s.End(string(end.Why), end.At) }); err != nil {
			return err
		}
	}
	if err := addEvents(t, h.Acts); err != nil {
		return err
	}
	if err := indexLosses(t, owner, lost, h.Losses); err != nil {
		return err
	}
	if len(h.Losses) == 0 && len(h.Evictions) == 0 {
		return t.drop(inHoldings, []byte(owner))
	}
	return t.keep(inHoldings, []byte(owner), holdingRow{h.Losses, h.Evictions})
}

// dropToken takes out of row and indexes what of old is not in after.
func dropToken(t *txn, old token.Token, after map[string]token.Token) error {
	now, stays := after[old.ID]
	for _, hash := range hashes(old) {
		if !stays || !slices.Contains(hashes(now), hash) {
			if err := t.drop(byHash, hash[:]); err != nil {
				return err
			}
		}
	}
	if old.Session != "" && (!stays || now.Session != old.Session) {
		if err := t.drop(byTokenSession, key(old.Session, old.Owner, old.ID)); err != nil {
			return err
		}
	}
	if stays {
		return nil
	}
	if err := t.drop(byTokenID, []byte(old.ID)); err != nil {
		return err
	}
	at := key(old.Owner, old.ID)
	if err := t.drop(inTokenUses, at); err != nil {
		return err
	}
	return t.drop(inTokens, at)
}

// keepToken writes a row and its indexes, unless id or hash are another's.
func keepToken(t *txn, one token.Token) error {
	at := key(one.Owner, one.ID)
	for _, hash := range hashes(one) {
		if other := t.get(byHash, hash[:]); other != nil && string(other) != string(at) {
			return errDuplicate
		}
	}
	if other := t.get(byTokenID, []byte(one.ID)); other != nil && string(other) != one.Owner {
		return errDuplicate
	}
	for _, hash := range hashes(one) {
		if err := t.put(byHash, hash[:], at); err != nil {
			return err
		}
	}
	if err := t.put(byTokenID, []byte(one.ID), []byte(one.Owner)); err != nil {
		return err
	}
	if one.Session != "" {
		index := key(one.Session, one.Owner, one.ID)
		if t.get(byTokenSession, index) == nil { // new: Sweep is to look when its session ends
			s, _, err := sessionOf(t, one.Session)
			if err != nil {
				return err
			}
			if err := note(t, s.Until(), dueSession, one.Session); err != nil {
				return err
			}
		}
		if err := t.put(byTokenSession, index, []byte{}); err != nil {
			return err
		}
	}
	return t.keep(inTokens, at, rowOf(one))
}

// hashes are those of every secret that leads to a token: one that was
// replaced does for as long as it is remembered, so that it can be told so.
func hashes(one token.Token) [][32]byte {
	all := [][32]byte{one.Hash}
	if one.Previous != nil {
		all = append(all, one.Previous.Hash)
	}
	return all
}
