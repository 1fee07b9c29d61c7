// Package memstore keeps the service's nouns in memory, for tests and for
// trying things out: what boltstore does, without a file. It owns no rule and
// leaves lasting to boltstore.
package memstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

var (
	errClosed    = errors.New("store is closed")
	errKey       = errors.New("row without an id")
	errMoved     = errors.New("a row never changes its id or owner")
	errDuplicate = errors.New("token id or hash is another's")
)

// DB keeps everything. Make it with New. One lock is every transaction, so a
// fn must not call the DB.
type DB struct {
	mu     sync.Mutex
	closed bool

	accounts map[string]account.Account
	holdings map[string]token.Holding  // by owner; Ends is empty
	hashes   map[[32]byte]string       // owner by hash of a token
	ids      map[string]string         // owner by id of a token
	uses     map[string][]token.UsedBy // by id of a token
	lost     map[[32]byte]string       // owner by hash of a token that gave way
	requests map[string]grant.Request
	devices  map[[32]byte]grant.Device
	sessions map[string]grant.Session
	browsers map[string]browserSession

	organizations map[string]access.Organization // by name
	repositories  map[string]access.Repository   // by name
	events        map[string][]activity.Event    // by account, oldest first
}

type browserSession struct {
	data    []byte
	expires time.Time
}

// New makes an empty DB.
func New() *DB {
	return &DB{
		accounts: map[string]account.Account{},
		holdings: map[string]token.Holding{},
		hashes:   map[[32]byte]string{},
		ids:      map[string]string{},
		uses:     map[string][]token.UsedBy{},
		lost:     map[[32]byte]string{},
		requests: map[string]grant.Request{},
		devices:  map[[32]byte]grant.Device{},
		sessions: map[string]grant.Session{},
		browsers: map[string]browserSession{},

		organizations: map[string]access.Organization{},
		repositories:  map[string]access.Repository{},
		events:        map[string][]activity.Event{},
	}
}

// Close makes every later call fail.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	return nil
}

// Presented returns the token of a secret with its SessionUntil, its owner and
// the facts of repositories, read at one moment: token.ErrNotFound,
// account.ErrNotFound.
func (db *DB) Presented(ctx context.Context, hash [32]byte, repositories []string) (caller.Presented, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return caller.Presented{}, err
	}
	defer unlock()
	p := caller.Presented{Known: db.facts(repositories)}
	p.Token, err = db.byHash(hash)
	if lost := new(token.LostError); errors.As(err, &lost) {
		return caller.Presented{Account: db.accounts[lost.Owner]}, err
	}
	if err != nil {
		return caller.Presented{}, err
	}
	if a, found := db.accounts[p.Token.Owner]; found {
		p.Account = a
		return p, nil
	}
	for _, o := range db.organizations {
		if o.ID == p.Token.Owner {
			p.Organization = copyOf(o)
			return p, nil
		}
	}
	return caller.Presented{}, account.ErrNotFound
}

// Sweep drops what nobody needs at now: requests, devices and sessions by
// their own Forgotten, browser sessions past their time, auto-generated
// tokens whose session is over, events that were kept long enough.
func (db *DB) Sweep(ctx context.Context, now time.Time) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for owner := range db.holdings {
		if err := db.change(owner, func(h token.Holding) (token.Holding, error) { return token.Sweep(h, now), nil }); err != nil {
			return err
		}
	}
	maps.DeleteFunc(db.requests, func(_ string, r grant.Request) bool { return r.Forgotten(now) })
	maps.DeleteFunc(db.devices, func(_ [32]byte, d grant.Device) bool { return d.Forgotten(now) })
	maps.DeleteFunc(db.sessions, func(_ string, s grant.Session) bool { return s.Forgotten(now) })
	db.sweepEvents(now)
	maps.DeleteFunc(db.browsers, func(_ string, b browserSession) bool { return !now.Before(b.expires) })
	return nil
}

// PutBrowserSession keeps what a browser's cookie stands for until expires.
func (db *DB) PutBrowserSession(ctx context.Context, id string, data []byte, expires time.Time) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if id == "" {
		return errKey
	}
	db.browsers[id] = browserSession{slices.Clone(data), expires.UTC().Truncate(time.Microsecond)}
	return nil
}

// BrowserSession returns what was put, past its time or not.
func (db *DB) BrowserSession(ctx context.Context, id string) (data []byte, expires time.Time, found bool, err error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	defer unlock()
	b, ok := db.browsers[id]
	return slices.Clone(b.data), b.expires, ok, nil
}

// DeleteBrowserSession is content if there is none of that id.
func (db *DB) DeleteBrowserSession(ctx context.Context, id string) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	delete(db.browsers, id)
	return nil
}

// lock begins a transaction; unlock ends it.
func (db *DB) lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil, errClosed
	}
	return db.mu.Unlock, nil
}
