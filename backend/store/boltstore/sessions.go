package boltstore

import (
	"context"
	"fmt"

	"lanyard/backend/grant"
)

type session = grant.Session

// sessionRow is a Session whose hashes are short text rather than lists of numbers.
type sessionRow struct {
	grant.Session
	Refresh refreshRow `json:"refresh"`
}

type refreshRow struct {
	grant.Refresh
	Current  []byte `json:"current"`
	Previous []byte `json:"previous"`
}

// Session returns one session, or ErrNotFound.
func (db *DB) Session(ctx context.Context, id string) (out grant.Session, err error) {
	err = db.view(ctx, func(t *txn) error {
		s, found, err := sessionOf(t, id)
		if err == nil && !found {
			err = grant.ErrNotFound
		}
		out = s
		return err
	})
	return out, err
}

// SessionsOf returns the sessions of an account, by id.
func (db *DB) SessionsOf(ctx context.Context, account string) (of []grant.Session, err error) {
	prefix := key(account, "")
	err = db.view(ctx, func(t *txn) error {
		return t.under(byAccountSession, prefix, func(k, _ []byte) (bool, error) {
			s, found, err := sessionOf(t, string(k[len(prefix):]))
			if err == nil && !found {
				err = fmt.Errorf("%w: a session is in the index and nowhere else", ErrDamaged)
			}
			of = append(of, s)
			return true, err
		})
	})
	return of, err
}

// PutSession keeps a session that begins: ErrUsed if its id is taken.
func (db *DB) PutSession(ctx context.Context, s grant.Session) error {
	return db.update(ctx, func(t *txn) error {
		if s.ID == "" {
			return errKey
		}
		return newSession(t, s)
	})
}

// ChangeSession replaces a session with what fn makes of it.
func (db *DB) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	return db.update(ctx, func(t *txn) error {
		old, found, err := sessionOf(t, id)
		if err != nil {
			return err
		}
		if !found {
			return grant.ErrNotFound
		}
		s, err := fn(old)
		if err != nil {
			return err
		}
		if s.ID != id || s.Account != old.Account {
			return errMoved
		}
		return keepSession(t, old, s)
	})
}

// sessionOf is a session with its uses.
func sessionOf(t *txn, id string) (s session, found bool, err error) {
	if s, found, err = sessionRowOf(t, id); err != nil || !found {
		return s, found, err
	}
	s, err = used(t, s)
	return s, true, err
}

// sessionRowOf is a session as its row has it.
func sessionRowOf(t *txn, id string) (s session, found bool, err error) {
	var row sessionRow
	if found, err = load(t, inSessions, []byte(id), &row); err != nil || !found {
		return s, false, err
	}
	s = row.Session
	s.Refresh = row.Refresh.Refresh
	copy(s.Refresh.Current[:], row.Refresh.Current)
	copy(s.Refresh.Previous[:], row.Refresh.Previous)
	return s, true, nil
}

// useSession changes a session by a rule that cannot fail; one that is gone
// is passed over.
func useSession(t *txn, id string, rule func(session) session) error {
	old, found, err := sessionOf(t, id)
	if err != nil || !found {
		return err
	}
	return keepSession(t, old, rule(old))
}

// newSession keeps a session that begins; one without ID is none.
func newSession(t *txn, s session) error {
	if s.ID == "" {
		return nil
	}
	if !keyable(s.ID) || !keyable(s.Account) {
		return errKey
	}
	if t.get(inSessions, []byte(s.ID)) != nil {
		return fmt.Errorf("session id: %w", grant.ErrUsed)
	}
	if err := t.put(byAccountSession, key(s.Account, s.ID), []byte{}); err != nil {
		return err
	}
	if err := forgetSessionUse(t, s.ID); err != nil {
		return err
	}
	if err := note(t, s.Until(), dueSession, s.ID); err != nil {
		return err
	}
	return writeSession(t, s)
}

// keepSession writes what became of old. Sweep finds out by itself that an
// end moved away, not that it came nearer.
func keepSession(t *txn, old, s session) error {
	if s.Until().Before(old.Until()) {
		if err := note(t, s.Until(), dueSession, s.ID); err != nil {
			return err
		}
	}
	return writeSession(t, s)
}

func writeSession(t *txn, s session) error {
	return t.keep(inSessions, []byte(s.ID), sessionRow{s, refreshRow{s.Refresh, s.Refresh.Current[:], s.Refresh.Previous[:]}})
}

func dropSession(t *txn, s session) error {
	if err := t.drop(byAccountSession, key(s.Account, s.ID)); err != nil {
		return err
	}
	if err := t.drop(inSessionUses, []byte(s.ID)); err != nil {
		return err
	}
	return t.drop(inSessions, []byte(s.ID))
}
