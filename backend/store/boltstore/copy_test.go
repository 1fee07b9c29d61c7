package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"lanyard/backend/store/boltstore"
)

// A copy of an open database is one, and what is made later is not in it.
func TestCopy(t *testing.T) {
	db := fresh(t)
	var copied bytes.Buffer
	var said int64
	err := db.Copy(t.Context(), func(size int64) (io.Writer, error) {
		said = size
		return &copied, nil
	})
	if err != nil || said == 0 || said != int64(copied.Len()) {
		t.Fatalf("%d of %d bytes: %v", copied.Len(), said, err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := boltstore.Open(path, soon)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Instance() != db.Instance() {
		t.Errorf("%s for %s", again.Instance(), db.Instance())
	}

	gone := errors.New("nobody reads it")
	if err := db.Copy(t.Context(), func(int64) (io.Writer, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Copy(over, func(int64) (io.Writer, error) { return io.Discard, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
