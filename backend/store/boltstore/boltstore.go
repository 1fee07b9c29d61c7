// Package boltstore keeps the service's nouns in one bbolt file. It owns the
// file: how it is made, what is checked before it is opened, its schema
// number, and that the service stops rather than go on after a commit whose
// outcome nobody knows. It leaves the rules to the nouns, and to the server
// whether to Create or to Open.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Errors of a running DB.
var (
	// ErrStopped: a commit failed, so nobody knows whether it happened (its
	// write can be visible after a restart all the same). The DB serves nothing
	// more; the process is to end and begin again. See Failed.
	ErrStopped = errors.New("database has stopped after a failed write")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("database is closed")
	// ErrReadOnly: a change through a DB opened with Options.ReadOnly.
	ErrReadOnly = errors.New("database is open for reading only")
)

// Options of Open and Create; the zero value is fine.
type Options struct {
	ReadOnly bool          // beside other readers, never beside a service
	Timeout  time.Duration // how long to wait for a file in use; zero: a second
	Logger   *slog.Logger  // nil: slog.Default
}

func (o Options) filled() Options {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// DB is the open file. Each method is one transaction; a fn must not call the
// DB. It is token.Store, grant.Store, account.Store, access.Store,
// activity.Store, caller.Store and browser.Store.
type DB struct {
	bolt     *bbolt.DB
	path     string
	instance string
	log      *slog.Logger

	noted noted

	// writing is held from before a write transaction begins until a failure of
	// its commit is known: bbolt lets the next writer in earlier.
	writing sync.Mutex

	stop   sync.Once
	failed chan struct{}
	broken atomic.Bool // bbolt panicked, and may hold its locks for ever
}

// Instance is the random id that the file was made with. The server keeps it
// beside the file, so that another file in its place is noticed.
func (db *DB) Instance() string { return db.instance }

// Failed is closed when the DB has stopped, see ErrStopped.
func (db *DB) Failed() <-chan struct{} { return db.failed }

// Close waits for the transactions under way and lets the file go.
func (db *DB) Close() error {
	if db.broken.Load() {
		return ErrStopped // the end of the process lets the file go
	}
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("close database %s: %w", db.path, err)
	}
	return nil
}

// view runs fn in a read transaction.
func (db *DB) view(ctx context.Context, fn func(t *txn) error) error {
	return db.run(ctx, false, fn)
}

// update runs fn in a write transaction and commits what it wrote, synced. If
// fn fails, or wrote nothing new, the file is not touched.
func (db *DB) update(ctx context.Context, fn func(t *txn) error) error {
	return db.run(ctx, true, func(t *txn) error {
		if err := fn(t); err != nil || !t.wrote {
			return err
		}
		if err := db.commit(t); err != nil {
			return err
		}
		for _, then := range t.then {
			then()
		}
		return nil
	})
}

func (db *DB) run(ctx context.Context, write bool, fn func(t *txn) error) error {
	if err := db.ready(ctx); err != nil {
		return err
	}
	if write {
		db.writing.Lock()
		defer db.writing.Unlock()
		if err := db.ready(ctx); err != nil { // the wait may have been long
			return err
		}
	}
	return db.transact(write, fn)
}

func (db *DB) transact(write bool, fn func(t *txn) error) (err error) {
	defer db.survive(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	layers := db.noted.layers() // before the rows, see noted
	tx, err := db.bolt.Begin(write)
	switch {
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return ErrClosed
	case errors.Is(err, berrors.ErrDatabaseReadOnly):
		return ErrReadOnly
	case err != nil:
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() {
		if !db.broken.Load() {
			_ = tx.Rollback() // after a commit it does nothing
		}
	}()
	return fn(&txn{Tx: tx, layers: layers})
}

// ready says why nothing may begin.
func (db *DB) ready(ctx context.Context) error {
	select {
	case <-db.failed:
		return ErrStopped
	default:
		return ctx.Err()
	}
}

// commit stops the DB on any failure: bbolt can fail after the write that
// makes the change visible, so "not done" would be a guess.
func (db *DB) commit(t *txn) (err error) {
	defer func() {
		if r := recover(); r != nil {
			db.broken.Store(true)
			err = db.fail(fmt.Errorf("commit: %v", r))
		}
	}()
	if err := t.Commit(); err != nil {
		return db.fail(fmt.Errorf("commit: %w", err))
	}
	return nil
}

func (db *DB) fail(cause error) error {
	db.stop.Do(func() {
		db.log.Error("the database has stopped; the service must be started anew", "file", db.path, "err", cause)
		close(db.failed)
	})
	return fmt.Errorf("%w: %w", ErrStopped, cause)
}

// survive turns a page that the file no longer has (cut short, or the disk
// fails, under a running service) from the signal that would kill the process
// into ErrStopped. Other panics go on.
func (db *DB) survive(err *error) {
	switch r := recover().(type) {
	case nil:
	case interface {
		error
		Addr() uintptr
	}:
		db.broken.Store(true)
		*err = db.fail(fmt.Errorf("%w: %w", ErrDamaged, r))
	default:
		panic(r)
	}
}
