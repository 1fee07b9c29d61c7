package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"lanyard/backend/token"
)

// older is a database of this schema for a Lanyard that is two steps on.
func older(t *testing.T) string {
	t.Helper()
	db := create1(t)
	if err := db.CreateAccount(t.Context(), person(0), false); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return db.path
}

// steps go two schemas on: the first renames the account, the second looks.
func steps(fail error) map[int]migration {
	return map[int]migration{
		schema: func(tx *bbolt.Tx) error { return tx.Bucket([]byte(inMeta)).Put([]byte("step"), []byte("one")) },
		schema + 1: func(tx *bbolt.Tx) error {
			meta := tx.Bucket([]byte(inMeta))
			if string(meta.Get([]byte("step"))) != "one" {
				return errors.New("the first step was not taken")
			}
			if err := meta.Put([]byte("step"), []byte("two")); err != nil {
				return err
			}
			return fail
		},
	}
}

// copyOfSchema is the name of a copy made before a migration, n for a later one.
func copyOfSchema(n int) string {
	if n == 0 {
		return fmt.Sprintf("lanyard.schema-%d.db", schema)
	}
	return fmt.Sprintf("lanyard.schema-%d.%d.db", schema, n)
}

func stateOf(t *testing.T, path string) (h head, step string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if h, err = readHead(db); err != nil {
		t.Fatal(err)
	}
	_ = db.View(func(tx *bbolt.Tx) error {
		step = string(tx.Bucket([]byte(inMeta)).Get([]byte("step")))
		return nil
	})
	return h, step
}

func backups(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(filepath.Dir(path), "backup"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
		}
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestMigrate(t *testing.T) {
	path := older(t)
	before, _ := stateOf(t, path)
	db, err := open(path, Options{Logger: silent}, schema+2, steps(nil))
	if err != nil {
		t.Fatal(err)
	}
	if db.Instance() != before.instance {
		t.Error("a migration changed the instance")
	}
	if _, err := db.Account(t.Context(), person(0).ID); err != nil {
		t.Errorf("after the migration: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if h, step := stateOf(t, path); h.schema != schema+2 || step != "two" {
		t.Errorf("schema %d, step %q", h.schema, step)
	}
	if got := backups(t, path); got != copyOfSchema(0) {
		t.Errorf("backups: %q", got)
	}
	// The copy is a whole database of the older schema.
	copied := filepath.Join(filepath.Dir(path), "backup", copyOfSchema(0))
	old, err := Open(copied, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := old.Account(t.Context(), person(0).ID); err != nil {
		t.Errorf("in the backup: %v", err)
	}
	// Once migrated, nothing is done again.
	again, err := open(path, Options{Logger: silent}, schema+2, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := backups(t, path); got != copyOfSchema(0) {
		t.Errorf("backups after another start: %q", got)
	}
}

func TestMigrateWholeOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		steps map[int]migration
		text  string
	}{
		"a step fails":   {steps(errors.New("row 7 is odd")), "row 7 is odd"},
		"a step is gone": {map[int]migration{schema: steps(nil)[schema]}, fmt.Sprint("no migration from schema ", schema+1)},
	} {
		t.Run(name, func(t *testing.T) {
			path := older(t)
			for try := range 2 {
				_, err := open(path, Options{Logger: silent}, schema+2, c.steps)
				if err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "backup") {
					t.Errorf("try %d: %v", try, err)
				}
				if h, step := stateOf(t, path); h.schema != schema || step != "" {
					t.Errorf("try %d: schema %d, step %q", try, h.schema, step)
				}
			}
			if got := backups(t, path); got != copyOfSchema(2)+" "+copyOfSchema(0) { // the first is never written over
				t.Errorf("backups: %q", got)
			}
			db, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
		})
	}
}

func TestMigrateOnlyWithABackup(t *testing.T) {
	path := older(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "backup"), []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(path, Options{Logger: silent}, schema+2, steps(nil)); err == nil {
		t.Fatal("migrated without a backup")
	}
	if h, _ := stateOf(t, path); h.schema != schema {
		t.Errorf("schema %d", h.schema)
	}
}

func TestMigrateNotForReading(t *testing.T) {
	path := older(t)
	if _, err := open(path, Options{ReadOnly: true}, schema+2, steps(nil)); !errors.Is(err, ErrOlder) {
		t.Errorf("Open for reading: %v", err)
	}
	if h, _ := stateOf(t, path); h.schema != schema || backups(t, path) != "" {
		t.Errorf("schema %d, backups %q", h.schema, backups(t, path))
	}
}

// Every number below ours has its step.
func TestEveryOlderSchemaHasAStep(t *testing.T) {
	for at := 1; at < schema; at++ {
		if migrations()[at] == nil {
			t.Errorf("no migration from schema %d", at)
		}
	}
	if len(migrations()) != schema-1 {
		t.Errorf("%d migrations for schema %d", len(migrations()), schema)
	}
}

// All that a sweep leaves due is bounded, and so is each call.
func TestSweepIsBounded(t *testing.T) {
	db := create1(t)
	defer db.Close()
	const n = 2*sweepAtMost + 100
	err := db.update(context.Background(), func(t *txn) error {
		for i := range n {
			id := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
			if err := note(t, dawn, dueBrowser, id); err != nil {
				return err
			}
			if err := t.keep(inBrowsers, []byte(id), browserRow{Expires: dawn}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range []int{n - sweepAtMost, n - 2*sweepAtMost, 0, 0} {
		if err := db.Sweep(t.Context(), dawn); err != nil {
			t.Fatal(err)
		}
		for _, bucket := range []string{inBrowsers, byDue} {
			if got := count(t, db, bucket); got != want {
				t.Errorf("after call %d: %d rows of %s, want %d", call, got, bucket, want)
			}
		}
	}
}

func count(t *testing.T, db *DB, bucket string) (n int) {
	t.Helper()
	if err := db.view(t.Context(), func(tx *txn) error {
		n = 0
		return tx.under(bucket, nil, func(_, _ []byte) (bool, error) { n++; return true, nil })
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// A database of the second schema, whose rows alone know of uses: it is copied,
// what it knows stands, and uses are kept from then on.
func TestFromTheSecondSchema(t *testing.T) {
	db := create1(t)
	one := token.Token{ID: "1", Owner: "a", Hash: token.Hash("1"), LastUsed: token.Use{At: dawn, Addr: "x"}}
	if err := db.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
		h.Tokens = []token.Token{one}
		return h, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.bolt.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{inTokenUses, inSessionUses, inNoted} {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(inMeta)).Put([]byte("schema"), []byte("2"))
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(db.path, Options{Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := backups(t, db.path); got != "lanyard.schema-2.db" {
		t.Errorf("backups: %q", got)
	}
	look := func(when string, last token.Use, uses int) {
		t.Helper()
		got, err := again.ByHash(t.Context(), one.Hash)
		by, failed := again.Uses(t.Context(), "a", "1")
		if err != nil || failed != nil || got.LastUsed != last || len(by) != uses {
			t.Errorf("%s: last used %+v (%v), %d uses (%v)", when, got.LastUsed, err, len(by), failed)
		}
	}
	look("before", one.LastUsed, 0)
	next := token.Use{At: dawn.Add(time.Second), Addr: "y"}
	if err := again.Touch(t.Context(), []token.Used{{Owner: "a", ID: "1", Use: next}}); err != nil {
		t.Fatal(err)
	}
	look("after a use", next, 1)
}
