package boltstore

import (
	"context"
	"fmt"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// What tokens and sessions were used for is kept beside their rows, in a few
// bytes: rows are long, and say what was known when they were last written.

// usesRow is what was noted of a token's uses.
type usesRow struct {
	upto     uint64         // the highest number that is in it, see noted
	by       []token.UsedBy // the most recent first
	previous token.Use      // the latest by the secret before the last rotation
}

// sessionUse is what was noted of a session's.
type sessionUse struct {
	upto       uint64
	at         time.Time
	generation int // of the refresh token that was seen to be in use; 0: none
}

// Touch notes uses; a token that is gone is passed over.
func (db *DB) Touch(ctx context.Context, uses []token.Used) error {
	return db.noteUses(ctx, batch{tokens: uses})
}

// UseSessions notes uses, passing over sessions that are gone.
func (db *DB) UseSessions(ctx context.Context, uses []grant.Use) error {
	return db.noteUses(ctx, batch{sessions: uses})
}

// Uses returns what was noted of a token, or ErrNotFound.
func (db *DB) Uses(ctx context.Context, owner, id string) (by []token.UsedBy, err error) {
	err = db.view(ctx, func(t *txn) error {
		at := key(owner, id)
		if t.get(inTokens, at) == nil {
			return token.ErrNotFound
		}
		row, err := tokenUses(t, at)
		by = row.by
		return err
	})
	return by, err
}

// tokenUses is all that was noted of a token.
func tokenUses(t *txn, at []byte) (row usesRow, err error) {
	if row, err = readUses(t.get(inTokenUses, at)); err != nil {
		return row, err
	}
	for _, l := range t.layers {
		if l != nil {
			row = row.with(l.usesOf(at))
		}
	}
	return row, nil
}

// with adds what is not in it yet.
func (row usesRow) with(uses []notedUse) usesRow {
	for _, u := range uses {
		if u.number <= row.upto {
			continue
		}
		row.by = token.Noted(row.by, u.Used)
		if u.Previous && u.Use.At.After(row.previous.At) {
			row.previous = u.Use
		}
	}
	return row
}

// lastUsed is a token's row with the last uses that were noted.
func lastUsed(t *txn, one token.Token) (token.Token, error) {
	at := key(one.Owner, one.ID)
	row, err := readLatest(t.get(inTokenUses, at))
	if err != nil {
		return one, err
	}
	if len(row.by) > 0 {
		latest := row.by[0]
		one = one.UsedAt(token.Used{Use: token.Use{At: latest.Last, Addr: latest.Addr, Agent: latest.Agent}})
	}
	if !row.previous.At.IsZero() {
		one = one.UsedAt(token.Used{Use: row.previous, Previous: true})
	}
	for _, l := range t.layers {
		if l == nil {
			continue
		}
		for _, u := range l.usesOf(at) {
			if u.number > row.upto {
				one = one.UsedAt(u.Used)
			}
		}
	}
	return one, nil
}

// putTokenUses puts what a layer has of a token in its place.
func putTokenUses(t *txn, at string, l *layer) error {
	k := []byte(at)
	if t.get(inTokens, k) == nil {
		return nil
	}
	row, err := readUses(t.get(inTokenUses, k))
	if err != nil {
		return err
	}
	row = row.with(l.usesOf(k))
	row.upto = max(row.upto, l.last)
	return t.put(inTokenUses, k, row.bytes())
}

// forgetTokenUses begins the uses of a token that is new: what was noted of
// another of its id is not its.
func forgetTokenUses(t *txn, at []byte) error {
	latest := t.latestNoted(place{key: string(at)})
	if latest == 0 {
		return t.drop(inTokenUses, at)
	}
	return t.put(inTokenUses, at, usesRow{upto: latest}.bytes())
}

// used is a session with all uses that were noted.
func used(t *txn, s session) (session, error) {
	row, err := readSessionUse(t.get(inSessionUses, []byte(s.ID)))
	if err != nil {
		return s, err
	}
	s = row.over(s)
	for _, l := range t.layers {
		if l != nil {
			s = row.with(s, l.visitsOf(s.ID))
		}
	}
	return s, nil
}

// over lays it over a session as its row has it.
func (row sessionUse) over(s session) session {
	if row.at.After(s.LastUsed) {
		s.LastUsed = row.at
	}
	if row.generation != 0 && row.generation == s.Refresh.Generation {
		s.Refresh.CurrentUsed = true
	}
	return s
}

// with is a session after further uses.
func (row sessionUse) with(s session, uses []notedVisit) session {
	for _, u := range uses {
		if u.number > row.upto {
			s = s.Use(u.Generation, u.At)
		}
	}
	return s
}

// putSessionUse puts what a layer has of a session in its place. Sweep is told
// of an end that comes nearer by it, as the first use may make it.
func putSessionUse(t *txn, id string, l *layer) error {
	old, found, err := sessionRowOf(t, id)
	if err != nil || !found {
		return err
	}
	row, err := readSessionUse(t.get(inSessionUses, []byte(id)))
	if err != nil {
		return err
	}
	old = row.over(old)
	s := row.with(old, l.visitsOf(id))
	if s.Until().Before(old.Until()) {
		if err := note(t, s.Until(), dueSession, id); err != nil {
			return err
		}
	}
	next := sessionUse{upto: max(row.upto, l.last), at: s.LastUsed}
	if s.Refresh.CurrentUsed {
		next.generation = s.Refresh.Generation
	}
	return t.put(inSessionUses, []byte(id), next.bytes())
}

// forgetSessionUse begins the uses of a session that is new.
func forgetSessionUse(t *txn, id string) error {
	latest := t.latestNoted(place{session: true, key: id})
	if latest == 0 {
		return t.drop(inSessionUses, []byte(id))
	}
	return t.put(inSessionUses, []byte(id), sessionUse{upto: latest}.bytes())
}

func damagedUses(bucket string) error { return fmt.Errorf("row of %s: %w", bucket, ErrDamaged) }
