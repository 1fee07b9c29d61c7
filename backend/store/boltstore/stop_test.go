package boltstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"lanyard/backend/account"
	"lanyard/backend/token"
)

var silent = slog.New(slog.DiscardHandler)

func create1(t testing.TB) *DB {
	t.Helper()
	db, err := Create(filepath.Join(t.TempDir(), "lanyard.db"), Options{Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func person(i int) account.Account {
	id := fmt.Sprintf("person-%d", i)
	return account.Account{ID: id, Name: id, Password: strings.Repeat("x", 2000)}
}

// A commit that fails is of unknown outcome: nothing is served any more.
func TestStopsAfterAFailedCommit(t *testing.T) {
	db := create1(t)
	ctx := t.Context()
	if err := db.CreateAccount(ctx, person(0), false); err != nil {
		t.Fatal(err)
	}
	db.bolt.MaxSize = 1 // the next commit that must grow the file fails
	db.bolt.AllocSize = 1
	var err error
	for i := 1; err == nil && i < 100; i++ {
		err = db.CreateAccount(ctx, person(i), false)
	}
	if !errors.Is(err, ErrStopped) {
		t.Fatalf("the failed commit: %v", err)
	}
	select {
	case <-db.Failed():
	default:
		t.Error("Failed is not closed")
	}
	db.bolt.MaxSize = 0 // the disk is well again: it makes no difference
	if _, err := db.Account(ctx, person(0).ID); !errors.Is(err, ErrStopped) {
		t.Errorf("a read: %v", err)
	}
	if err := db.CreateAccount(ctx, person(200), false); !errors.Is(err, ErrStopped) {
		t.Errorf("a write: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(db.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Account(ctx, person(0).ID); err != nil {
		t.Errorf("what was committed before: %v", err)
	}
}

// asked counts how often a call asked whether its caller is still there: once
// before it waits for its turn.
type asked struct {
	context.Context
	times *atomic.Int64
}

func (a asked) Err() error {
	a.times.Add(1)
	return a.Context.Err()
}

// Those who waited for the writer that failed are refused too, though their
// own commits would succeed.
func TestStopsThoseWhoWait(t *testing.T) {
	db := create1(t)
	defer db.Close()
	meta := []byte(inMeta)
	for _, change := range []func(tx *bbolt.Tx) error{ // room, so that only the first commit below must grow the file
		func(tx *bbolt.Tx) error { return tx.Bucket(meta).Put([]byte("padding"), make([]byte, 1<<18)) },
		func(tx *bbolt.Tx) error { return tx.Bucket(meta).Delete([]byte("padding")) },
		func(tx *bbolt.Tx) error { return nil },
	} {
		if err := db.bolt.Update(change); err != nil {
			t.Fatal(err)
		}
	}
	db.bolt.MaxSize, db.bolt.AllocSize = 1, 1
	if err := db.CreateAccount(t.Context(), person(99), false); err != nil {
		t.Fatalf("a small commit: %v", err)
	}
	const n = 9
	var waiting atomic.Int64
	inside, errs := make(chan struct{}), make(chan error, n+1)
	var all sync.WaitGroup
	all.Go(func() {
		errs <- db.Change(context.Background(), "a", func(h token.Holding) (token.Holding, error) {
			close(inside)
			for waiting.Load() < n {
				runtime.Gosched()
			}
			h.Tokens = []token.Token{{ID: "1", Owner: "a", Hash: token.Hash("1"), Description: strings.Repeat("x", 1<<20)}}
			return h, nil
		})
	})
	<-inside
	for i := range n {
		all.Go(func() { errs <- db.CreateAccount(asked{context.Background(), &waiting}, person(i), false) })
	}
	all.Wait()
	for range n + 1 {
		if err := <-errs; !errors.Is(err, ErrStopped) {
			t.Errorf("%v, want %v", err, ErrStopped)
		}
	}
}

// fn's panic is the caller's; the store goes on.
func TestAPanicOfFnHoldsNothingUp(t *testing.T) {
	db := create1(t)
	defer db.Close()
	var none *token.Token
	for i, oh := range []func(){func() { panic("oh") }, func() { none.ID = "x" }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("panic %d was swallowed", i)
				}
			}()
			_ = db.Change(t.Context(), "a", func(token.Holding) (token.Holding, error) { oh(); return token.Holding{}, nil })
		}()
		if err := db.CreateAccount(t.Context(), person(i), false); err != nil {
			t.Errorf("after panic %d: %v", i, err)
		}
	}
}

// A file that is cut short under a running service ends its serving, not the
// process by a signal.
func TestCutShortWhileOpen(t *testing.T) {
	db := create1(t)
	for i := range 50 {
		if err := db.CreateAccount(t.Context(), person(i), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(db.path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Accounts(t.Context()); !errors.Is(err, ErrStopped) || !errors.Is(err, ErrDamaged) {
		t.Errorf("a read: %v", err)
	}
	<-db.Failed()
	if err := db.CreateAccount(t.Context(), person(99), false); !errors.Is(err, ErrStopped) {
		t.Errorf("a write: %v", err)
	}
	if err := db.Close(); !errors.Is(err, ErrStopped) {
		t.Errorf("Close: %v", err)
	}
}

// What changes nothing costs no write.
func TestNothingNewIsNotWritten(t *testing.T) {
	db := create1(t)
	defer db.Close()
	ctx := t.Context()
	if err := db.CreateAccount(ctx, person(0), false); err != nil {
		t.Fatal(err)
	}
	state := func() (id int) {
		_ = db.bolt.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil })
		return id
	}
	before := state()
	for what, err := range map[string]error{
		"account": db.ChangeAccount(ctx, person(0).ID, func(a account.Account, _ bool) (account.Account, error) { return a, nil }),
		"holding": db.Change(ctx, "a", func(h token.Holding) (token.Holding, error) { return h, nil }),
		"no uses": errors.Join(db.Touch(ctx, nil), db.UseSessions(ctx, nil), db.Sweep(ctx, dawn)),
		"delete":  db.DeleteBrowserSession(ctx, "gone"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after := state(); after != before {
		t.Errorf("%d commits for nothing", after-before)
	}
}
