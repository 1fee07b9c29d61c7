package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/store/boltstore"
	"lanyard/backend/store/storetest"
	"lanyard/backend/token"
)

// soon keeps a test that waits for a lock short.
var soon = boltstore.Options{Timeout: 50 * time.Millisecond, Logger: silent}

var silent = slog.New(slog.DiscardHandler)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return fresh(t) })
}

func TestStoreAgain(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return storetest.Again(fresh(t)) })
}

// 200 computers of one account at once, every commit replayed against the
// model: all get their token, or, with an hour's limit, a reason.
func TestWatched(t *testing.T) {
	for name, c := range map[string]struct{ perHour, born int }{"no limit": {0, 200}, "30 an hour": {30, 35}} {
		t.Run(name, func(t *testing.T) {
			db := fresh(t)
			now := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
			for i := range 200 {
				storetest.Begin(t, db, fmt.Sprint("session-", i), "a", now)
			}
			w := storetest.Watch(db)
			service := &token.Service{Store: w, Limits: token.Limits{Auto: 5, PerHour: c.perHour}, Now: func() time.Time { return now }}
			var born atomic.Int64
			var all sync.WaitGroup
			for i := range 200 {
				all.Go(func() {
					made, _, err := service.Generate(context.Background(), "a", token.For{Session: fmt.Sprint("session-", i), Installation: fmt.Sprint("computer-", i)})
					switch {
					case err == nil:
						born.Add(1)
						service.Used(made, "192.0.2.1", "docker")
					case !errors.Is(err, token.ErrRate):
						t.Error(err)
					}
				})
			}
			all.Wait()
			for _, err := range w.Errors() {
				t.Error(err)
			}
			if int(born.Load()) != c.born || w.Commits() != c.born {
				t.Errorf("%d born, %d commits replayed, want %d", born.Load(), w.Commits(), c.born)
			}
		})
	}
}

func fresh(t testing.TB) *boltstore.DB {
	t.Helper()
	db, err := boltstore.Create(filepath.Join(t.TempDir(), "lanyard.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
