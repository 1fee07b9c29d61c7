package boltstore_test

import (
	"path/filepath"
	"testing"

	"lanyard/backend/store/boltstore"
	"lanyard/backend/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return fresh(t) })
}

func TestStoreAgain(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return storetest.Again(fresh(t)) })
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
