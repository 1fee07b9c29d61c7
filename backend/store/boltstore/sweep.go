package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// Sweep works through the due bucket: every row that will be dropped one day
// has an entry at a time not after that day. An entry whose time has come is
// taken out; if its row stays, it comes back at a later time. So a use, which
// only moves an end away, costs no entry, and no call reads what is not due.
const (
	// sweepAtMost entries are looked at in one call, one transaction.
	sweepAtMost = 500
	// lookAgain is when to ask a row's own Forgotten rule again: the store
	// does not know its numbers.
	lookAgain = time.Hour
	// lookAtEnded is the same for sessions that are over, kept for a month.
	lookAtEnded = 12 * time.Hour
)

// The kinds of rows in the due bucket.
const (
	dueRequest = 'r'
	dueDevice  = 'd'
	dueSession = 's'
	dueBrowser = 'b'
)

// Sweep drops what nobody needs at now: requests, devices and sessions by
// their own Forgotten, browser sessions past their time, auto-generated tokens
// whose session is over, events that were kept long enough.
func (db *DB) Sweep(ctx context.Context, now time.Time) error {
	if err := db.settleNoted(ctx, settleAtMost); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	anything := false
	err := db.view(ctx, func(t *txn) error {
		first, _ := t.Bucket([]byte(byDue)).Cursor().First()
		anything = first != nil && isDue(first, now) || eventsAreOld(t, now)
		return nil
	})
	if err != nil || !anything {
		return err
	}
	err = db.update(ctx, func(t *txn) error {
		var due [][]byte
		if err := t.under(byDue, nil, func(k, _ []byte) (bool, error) {
			if !isDue(k, now) {
				return false, nil
			}
			due = append(due, bytes.Clone(k))
			return len(due) < sweepAtMost, nil
		}); err != nil {
			return err
		}
		if err := dropEvents(t, now); err != nil {
			return err
		}
		for _, k := range due {
			if err := t.drop(byDue, k); err != nil {
				return err
			}
			kind, id := k[8], string(k[9:])
			again, err := sweepOne(t, kind, id, now)
			if err != nil {
				return err
			}
			if again.IsZero() {
				continue
			}
			if err := note(t, again, kind, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// sweepOne drops a row if its time has come, and else says when to look again.
func sweepOne(t *txn, kind byte, id string, now time.Time) (again time.Time, err error) {
	switch kind {
	case dueRequest:
		var r grant.Request
		if found, err := load(t, inRequests, []byte(id), &r); err != nil || !found {
			return time.Time{}, err
		}
		if !r.Forgotten(now) {
			return now.Add(lookAgain), nil
		}
		return time.Time{}, dropRequest(t, r)
	case dueDevice:
		var d grant.Device
		if found, err := load(t, inDevices, []byte(id), &d); err != nil || !found {
			return time.Time{}, err
		}
		if !d.Forgotten(now) {
			return now.Add(lookAgain), nil
		}
		return time.Time{}, dropDevice(t, d)
	case dueBrowser:
		var b browserRow
		if found, err := load(t, inBrowsers, []byte(id), &b); err != nil || !found {
			return time.Time{}, err
		}
		if now.Before(b.Expires) {
			return b.Expires, nil
		}
		return time.Time{}, t.drop(inBrowsers, []byte(id))
	case dueSession:
		return sweepSession(t, id, now)
	}
	return time.Time{}, fmt.Errorf("%w: due entry of unknown kind %q", ErrDamaged, kind)
}

// sweepSession takes out the tokens of a session that is over, whether its row
// is still there or not, and the row when it is forgotten.
func sweepSession(t *txn, id string, now time.Time) (again time.Time, err error) {
	s, found, err := sessionOf(t, id)
	if err != nil {
		return time.Time{}, err
	}
	if found && s.Live(now) {
		return s.Until(), nil
	}
	prefix := key(id, "")
	owners := map[string]bool{}
	if err := t.under(byTokenSession, prefix, func(k, _ []byte) (bool, error) {
		owner, _, _ := bytes.Cut(k[len(prefix):], []byte{0})
		owners[string(owner)] = true
		return true, nil
	}); err != nil {
		return time.Time{}, err
	}
	for owner := range owners {
		if err := changeHolding(t, owner, func(h token.Holding) (token.Holding, error) { return token.Sweep(h, now), nil }); err != nil {
			return time.Time{}, err
		}
	}
	switch {
	case !found:
		return time.Time{}, nil
	case s.Forgotten(now):
		return time.Time{}, dropSession(t, s)
	}
	return now.Add(lookAtEnded), nil
}

// note asks Sweep to look at a row at a time.
func note(t *txn, at time.Time, kind byte, id string) error {
	k := binary.BigEndian.AppendUint64(make([]byte, 0, 9+len(id)), micros(at))
	return t.put(byDue, append(append(k, kind), id...), []byte{})
}

func isDue(entry []byte, now time.Time) bool {
	return len(entry) > 9 && binary.BigEndian.Uint64(entry) <= micros(now)
}

// micros counts from 1970; anything earlier is then.
func micros(at time.Time) uint64 { return uint64(max(at.UnixMicro(), 0)) } // not negative
