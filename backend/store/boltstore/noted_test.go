package boltstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// Settle puts some of the uses that were noted in their places.
func (db *DB) Settle(most int) error { return db.settleNoted(context.Background(), most) }

func settle(t *testing.T, db *DB, most int) {
	t.Helper()
	if err := db.Settle(most); err != nil {
		t.Fatal(err)
	}
}

// used100 is a database with a hundred tokens and sessions, each used twice.
func used100(t *testing.T) *DB {
	t.Helper()
	db := create1(t)
	for i := range 100 {
		id := fmt.Sprintf("%03d", i)
		if err := db.PutSession(t.Context(), grant.Session{ID: id, Account: "a", CreatedAt: dawn, LastUsed: dawn, Idle: 30 * 24 * time.Hour, EndsAt: dawn.Add(90 * 24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := db.Change(t.Context(), "owner-"+id, func(h token.Holding) (token.Holding, error) {
			h.Tokens = []token.Token{{ID: id, Owner: "owner-" + id, Hash: token.Hash(id), Session: id}}
			return h, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for minute := 1; minute <= 2; minute++ {
		useAll(t, db, minute)
	}
	return db
}

// useAll uses every token and every session.
func useAll(t *testing.T, db *DB, minute int) {
	t.Helper()
	at := dawn.Add(time.Duration(minute) * time.Minute)
	var uses []token.Used
	var visits []grant.Use
	for i := range 100 {
		id := fmt.Sprintf("%03d", i)
		uses = append(uses, token.Used{Owner: "owner-" + id, ID: id, Use: token.Use{At: at, Addr: "x"}})
		visits = append(visits, grant.Use{Session: id, At: at})
	}
	if err := db.Touch(t.Context(), uses); err != nil {
		t.Fatal(err)
	}
	if err := db.UseSessions(t.Context(), visits); err != nil {
		t.Fatal(err)
	}
}

// usedTimes wants each token and session to have been used so often, the last
// time in that minute.
func usedTimes(t *testing.T, db *DB, when string, count int64, minute int) {
	t.Helper()
	at := dawn.Add(time.Duration(minute) * time.Minute)
	for i := range 100 {
		id := fmt.Sprintf("%03d", i)
		by, err := db.Uses(t.Context(), "owner-"+id, id)
		if err != nil || len(by) != 1 || by[0].Count != count || !by[0].Last.Equal(at) || !by[0].First.Equal(dawn.Add(time.Minute)) {
			t.Fatalf("%s: token %s: %+v %v", when, id, by, err)
		}
		one, err := db.ByHash(t.Context(), token.Hash(id))
		if err != nil || !one.LastUsed.At.Equal(at) || !one.SessionUntil.Equal(at.Add(30*24*time.Hour)) {
			t.Fatalf("%s: token %s: %+v %v", when, id, one, err)
		}
	}
}

// killed is the file as it would be found after a kill.
func killed(t *testing.T, db *DB, o Options) *DB {
	t.Helper()
	value, err := os.ReadFile(db.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lanyard.db")
	if err := os.WriteFile(path, value, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Logger = silent
	again, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
	return again
}

// What was noted outlives a kill before, amid and after it goes to its places,
// and is counted once.
func TestNotedUsesAreNeitherLostNorCountedTwice(t *testing.T) {
	db := used100(t)
	defer db.Close()
	usedTimes(t, db, "noted", 2, 2)
	for _, n := range []int{0, 30, 100, 69} { // of 200 places
		settle(t, db, n)
		usedTimes(t, db, fmt.Sprint("after another ", n), 2, 2)
		usedTimes(t, killed(t, db, Options{}), fmt.Sprint("killed after another ", n), 2, 2)
		usedTimes(t, killed(t, db, Options{ReadOnly: true}), "for reading", 2, 2)
	}
	if count(t, db, inNoted) == 0 {
		t.Error("what was noted is gone before all of it is in its place")
	}
	late := killed(t, db, Options{})
	useAll(t, late, 3)
	usedTimes(t, late, "used after a kill", 3, 3)
	settle(t, late, 1000)
	usedTimes(t, late, "and settled", 3, 3)
	settle(t, db, 1)
	usedTimes(t, db, "all in their places", 2, 2)
	if n := count(t, db, inNoted); n != 0 || !db.noted.layers()[1].empty() || db.noted.layers()[0] != nil {
		t.Errorf("%d batches are left", n)
	}
	usedTimes(t, killed(t, db, Options{}), "killed then", 2, 2)
}

// A use costs a page or few, however many rows it is of, and what was noted
// never piles up.
func TestNotedUsesAreBounded(t *testing.T) {
	db := used100(t)
	defer db.Close()
	db.noted.most = 500
	var held int
	for minute := 3; minute <= 40; minute++ {
		useAll(t, db, minute)
		for _, l := range db.noted.layers() {
			if l != nil {
				held = max(held, l.n)
			}
		}
	}
	usedTimes(t, db, "after all", 40, 40)
	if n := count(t, db, inNoted); held > 800 || n > 16 {
		t.Errorf("%d uses in %d batches were held, want some 500", held, n)
	}
}

// Of a damaged batch nothing is believed.
func TestReadBatch(t *testing.T) {
	b := batch{
		tokens: []token.Used{
			{Owner: "a", ID: "1", Previous: true, Use: token.Use{At: dawn, Addr: "x", Agent: "y"}},
			{Owner: "a", ID: "2", Use: token.Use{At: dawn, Addr: "x"}, By: []token.UsedBy{{Addr: "x", First: dawn.Add(-time.Hour), Last: dawn, Count: 7}}},
			{Owner: "a", ID: "3", Use: token.Use{At: dawn, Addr: "x"}, By: []token.UsedBy{{Addr: "x", First: dawn, Last: dawn, Count: 1}, {Addr: "z", First: dawn, Last: dawn, Count: 1}}},
		},
		sessions: []grant.Use{{Session: "s", Generation: 3, At: dawn}},
	}
	whole := b.bytes()
	got, ok := readBatch(whole)
	if !ok || fmt.Sprint(got) != fmt.Sprint(b) {
		t.Errorf("%v, want %v", got, b)
	}
	for n := range whole {
		if _, ok := readBatch(whole[:n]); ok {
			t.Errorf("%d of %d bytes are a batch", n, len(whole))
		}
	}
}

// Whoever reads while uses go to their places misses none that was noted
// before, and counts none twice.
func TestReadersWhileUsesSettle(t *testing.T) {
	db := used100(t)
	defer db.Close()
	db.noted.most = 150
	var begun, done atomic.Int64
	begun.Store(2)
	done.Store(2)
	var readers sync.WaitGroup
	over := make(chan struct{})
	for r := range 4 {
		readers.Go(func() {
			for i := r; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				id := fmt.Sprintf("%03d", i%100)
				least := done.Load()
				by, err := db.Uses(context.Background(), "owner-"+id, id)
				most := begun.Load()
				if err != nil || len(by) != 1 || by[0].Count < least || by[0].Count > most {
					t.Errorf("%+v %v, want %d to %d uses", by, err, least, most)
					return
				}
				one, err := db.Session(context.Background(), id)
				if minutes := int64(one.LastUsed.Sub(dawn) / time.Minute); err != nil || minutes < least-1 {
					t.Errorf("session used in minute %d, %v, want at least %d", minutes, err, least-1)
					return
				}
			}
		})
	}
	for minute := 3; minute <= 60; minute++ {
		begun.Store(int64(minute))
		useAll(t, db, minute)
		done.Store(int64(minute))
	}
	close(over)
	readers.Wait()
	usedTimes(t, db, "in the end", 60, 60)
}
