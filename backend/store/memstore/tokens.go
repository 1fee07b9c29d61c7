package memstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"lanyard/backend/token"
)

// ByHash returns the token of a secret with its SessionUntil, or ErrNotFound.
func (db *DB) ByHash(ctx context.Context, hash [32]byte) (token.Token, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return token.Token{}, err
	}
	defer unlock()
	return db.byHash(hash)
}

// Holding returns what owner holds, oldest first.
func (db *DB) Holding(ctx context.Context, owner string) (token.Holding, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return token.Holding{}, err
	}
	defer unlock()
	return db.holding(owner), nil
}

// Token returns one token of an owner with its SessionUntil, or ErrNotFound.
func (db *DB) Token(ctx context.Context, owner, id string) (token.Token, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return token.Token{}, err
	}
	defer unlock()
	for _, t := range db.holdings[owner].Tokens {
		if t.ID == id {
			return db.joined(t), nil
		}
	}
	return token.Token{}, token.ErrNotFound
}

// Change replaces what owner holds with what fn makes of it and ends the
// sessions in Ends.
func (db *DB) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return db.change(owner, fn)
}

// Touch notes uses, each only where later than the one noted.
func (db *DB) Touch(ctx context.Context, uses []token.Used) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, u := range uses {
		held := db.holdings[u.Owner].Tokens
		for i, t := range held {
			if t.ID == u.ID {
				held[i] = t.UsedAt(u)
				db.uses[t.ID] = token.Noted(db.uses[t.ID], u)
			}
		}
	}
	return nil
}

// Uses returns what was noted of a token, or ErrNotFound.
func (db *DB) Uses(ctx context.Context, owner, id string) ([]token.UsedBy, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if by, held := db.ids[id]; !held || by != owner {
		return nil, token.ErrNotFound
	}
	return slices.Clone(db.uses[id]), nil
}

func (db *DB) byHash(hash [32]byte) (token.Token, error) {
	owner, ok := db.hashes[hash]
	if !ok {
		return token.Token{}, db.notFound(hash)
	}
	for _, t := range db.holdings[owner].Tokens {
		if slices.Contains(hashes(t), hash) {
			t = db.joined(t)
			t.ByPrevious = t.Hash != hash
			return t, nil
		}
	}
	return token.Token{}, token.ErrNotFound
}

func (db *DB) notFound(hash [32]byte) error {
	owner := db.lost[hash]
	for _, l := range slices.Backward(db.holdings[owner].Losses) {
		if bytes.Equal(l.Hash, hash[:]) {
			return &token.LostError{Owner: owner, Loss: l}
		}
	}
	return token.ErrNotFound
}

// indexLosses keeps the index of what an owner lost.
func (db *DB) indexLosses(owner string, before, after []token.Loss) {
	had := map[[32]byte]bool{}
	for _, l := range before {
		if len(l.Hash) == 32 {
			had[[32]byte(l.Hash)] = true
		}
	}
	for _, l := range after {
		if len(l.Hash) != 32 {
			continue
		}
		if hash := [32]byte(l.Hash); !had[hash] {
			db.lost[hash] = owner
		}
	}
	for _, l := range after {
		if len(l.Hash) == 32 {
			delete(had, [32]byte(l.Hash))
		}
	}
	for hash := range had {
		if db.lost[hash] == owner {
			delete(db.lost, hash)
		}
	}
}

// holding is a copy that a caller may change, each token with its SessionUntil.
func (db *DB) holding(owner string) token.Holding {
	h := db.holdings[owner]
	h.Tokens, h.Losses, h.Evictions = slices.Clone(h.Tokens), slices.Clone(h.Losses), slices.Clone(h.Evictions)
	for i, t := range h.Tokens {
		h.Tokens[i] = db.joined(t)
	}
	return h
}

// joined adds what is read along with a token: the life of its session. One
// that is gone is over, wherever the clock stands: zero.
func (db *DB) joined(t token.Token) token.Token {
	t = copied(t)
	if t.Session == "" {
		return t
	}
	t.SessionUntil = db.sessions[t.Session].Until()
	return t
}

func (db *DB) change(owner string, fn func(token.Holding) (token.Holding, error)) error {
	if owner == "" {
		return errKey
	}
	h, err := fn(db.holding(owner))
	if err != nil {
		return err
	}
	seen, ids := map[[32]byte]bool{}, map[string]bool{}
	for _, t := range h.Tokens {
		byID, idTaken := db.ids[t.ID]
		switch {
		case t.ID == "" || t.Hash == [32]byte{}:
			return errKey
		case t.Owner != owner:
			return errMoved
		case ids[t.ID], idTaken && byID != owner:
			return errDuplicate
		}
		ids[t.ID] = true
		for _, hash := range hashes(t) {
			if byHash, taken := db.hashes[hash]; seen[hash] || taken && byHash != owner {
				return errDuplicate
			}
			seen[hash] = true
		}
	}
	for _, t := range db.holdings[owner].Tokens {
		for _, hash := range hashes(t) {
			delete(db.hashes, hash)
		}
		delete(db.ids, t.ID)
	}
	for _, end := range h.Ends {
		if s, ok := db.sessions[end.Session]; ok {
			db.sessions[end.Session] = s.End(string(end.Why), end.At)
		}
	}
	kept := token.Holding{Tokens: slices.Clone(h.Tokens), Losses: slices.Clone(h.Losses), Evictions: slices.Clone(h.Evictions)}
	for _, t := range db.holdings[owner].Tokens {
		if !ids[t.ID] {
			delete(db.uses, t.ID)
		}
	}
	for i, t := range kept.Tokens {
		t = copied(t)
		t.SessionUntil, t.ByPrevious = time.Time{}, false
		db.ids[t.ID], kept.Tokens[i] = owner, t
		for _, hash := range hashes(t) {
			db.hashes[hash] = owner
		}
	}
	db.addEvents(h.Acts)
	db.indexLosses(owner, db.holdings[owner].Losses, kept.Losses)
	slices.SortStableFunc(kept.Tokens, func(a, b token.Token) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	db.holdings[owner] = kept
	return nil
}

// TokensFrom returns tokens of everybody in the order of their ids.
func (db *DB) TokensFrom(ctx context.Context, from string, most int) ([]token.Token, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var all []token.Token
	for _, h := range db.holdings {
		for _, t := range h.Tokens {
			if t.ID >= from {
				all = append(all, db.joined(t))
			}
		}
	}
	slices.SortFunc(all, func(a, b token.Token) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(most, len(all))], nil
}

// hashes are those of every secret that leads to a token.
func hashes(t token.Token) [][32]byte {
	all := [][32]byte{t.Hash}
	if t.Previous != nil {
		all = append(all, t.Previous.Hash)
	}
	return all
}

// copied shares nothing with t that either may change.
func copied(t token.Token) token.Token {
	t.Scopes, t.Repositories = slices.Clone(t.Scopes), slices.Clone(t.Repositories)
	t.Resources = slices.Clone(t.Resources)
	for i, r := range t.Resources {
		t.Resources[i].Scopes = slices.Clone(r.Scopes)
	}
	if t.Previous != nil {
		previous := *t.Previous
		t.Previous = &previous
	}
	return t
}
