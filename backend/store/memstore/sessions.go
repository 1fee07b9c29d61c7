package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"lanyard/backend/grant"
)

// Session returns one session, or ErrNotFound.
func (db *DB) Session(ctx context.Context, id string) (grant.Session, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return grant.Session{}, err
	}
	defer unlock()
	s, ok := db.sessions[id]
	if !ok {
		return grant.Session{}, grant.ErrNotFound
	}
	return cloneSession(s), nil
}

// SessionsOf returns the sessions of an account, in no order that counts.
func (db *DB) SessionsOf(ctx context.Context, account string) ([]grant.Session, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var of []grant.Session
	for _, s := range db.sessions {
		if s.Account == account {
			of = append(of, cloneSession(s))
		}
	}
	slices.SortFunc(of, func(a, b grant.Session) int { return cmp.Compare(a.ID, b.ID) })
	return of, nil
}

// PutSession keeps a session that begins: ErrUsed if its id is taken.
func (db *DB) PutSession(ctx context.Context, s grant.Session) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if s.ID == "" {
		return errKey
	}
	if err := db.newSession(s); err != nil {
		return err
	}
	db.keepSession(s)
	return nil
}

// ChangeSession replaces a session with what fn makes of it.
func (db *DB) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, ok := db.sessions[id]
	if !ok {
		return grant.ErrNotFound
	}
	s, err := fn(cloneSession(old))
	if err != nil {
		return err
	}
	if s.ID != id || s.Account != old.Account {
		return errMoved
	}
	db.keepSession(s)
	return nil
}

// UseSessions notes uses, passing over sessions that are gone.
func (db *DB) UseSessions(ctx context.Context, uses []grant.Use) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, u := range uses {
		if s, ok := db.sessions[u.Session]; ok {
			db.sessions[u.Session] = s.Use(u.Generation, u.At)
		}
	}
	return nil
}

// newSession says why s cannot be a new session; one without ID is none.
func (db *DB) newSession(s grant.Session) error {
	if s.ID != "" && s.Account == "" {
		return errKey
	}
	if _, taken := db.sessions[s.ID]; taken {
		return fmt.Errorf("session id: %w", grant.ErrUsed)
	}
	return nil
}

func (db *DB) keepSession(s grant.Session) {
	if s.ID != "" {
		db.sessions[s.ID] = cloneSession(s)
	}
}

func cloneSession(s grant.Session) grant.Session {
	s.Scopes, s.Audience = slices.Clone(s.Scopes), slices.Clone(s.Audience)
	return s
}
