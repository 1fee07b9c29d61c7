package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/keys"
	"lanyard/backend/store/boltstore"
)

// used makes a data folder with one account in it.
func used(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "service")
	d, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a := account.Account{ID: "1", Name: "ada", Admin: true, CreatedAt: time.Now().UTC()}
	if err := errors.Join(d.DB.CreateAccount(t.Context(), a, true), d.MarkSetUp(), d.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpenDataAgain(t *testing.T) {
	dir := used(t)
	d, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.DB.Account(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
}

// Each refusal says what is the matter and leaves every byte as it was.
func TestOpenDataRefuses(t *testing.T) {
	database := func(dir string) string { return filepath.Join(dir, databaseName) }
	for name, row := range map[string]struct {
		spoil func(t *testing.T, dir string) error
		want  error
		says  string
	}{
		"folder readable by others": {func(_ *testing.T, dir string) error { return os.Chmod(dir, 0o755) }, ErrExposed, "chmod 700"},
		"database readable by others": {func(_ *testing.T, dir string) error { return os.Chmod(database(dir), 0o644) },
			boltstore.ErrExposed, databaseName},
		"database emptied":   {func(_ *testing.T, dir string) error { return os.Truncate(database(dir), 0) }, boltstore.ErrEmpty, databaseName},
		"database truncated": {func(_ *testing.T, dir string) error { return os.Truncate(database(dir), 8192) }, boltstore.ErrTruncated, databaseName},
		"database foreign": {func(_ *testing.T, dir string) error {
			return os.WriteFile(database(dir), []byte(strings.Repeat("not a database ", 4096)), 0o600)
		}, boltstore.ErrForeign, databaseName},
		"database gone": {func(_ *testing.T, dir string) error { return os.Remove(database(dir)) }, ErrPartial, "backup"},
		"database made anew": {func(t *testing.T, dir string) error {
			if err := os.Remove(database(dir)); err != nil {
				return err
			}
			db, err := boltstore.Create(database(dir), boltstore.Options{})
			if err != nil {
				return err
			}
			return db.Close()
		}, ErrPartial, "set-up is not offered again"},
		"keys gone":  {func(_ *testing.T, dir string) error { return os.RemoveAll(filepath.Join(dir, keysName)) }, ErrPartial, keysName},
		"a key gone": {func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, keysName, "service.key")) }, keys.ErrMissing, "service.key"},
		"key readable": {func(_ *testing.T, dir string) error {
			return os.Chmod(filepath.Join(dir, keysName, "service.key"), 0o644)
		}, keys.ErrReadable, "service.key"},
		"in use": {func(t *testing.T, dir string) error {
			db, err := boltstore.Open(database(dir), boltstore.Options{})
			t.Cleanup(func() { _ = db.Close() })
			return err
		}, boltstore.ErrInUse, databaseName},
	} {
		t.Run(name, func(t *testing.T) {
			dir := used(t)
			if err := row.spoil(t, dir); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			d, err := OpenData(t.Context(), dir, time.Now())
			if err == nil {
				_ = d.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %q; want %v that names %q", err, row.want, row.says)
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("changed:\n%s\nto:\n%s", before, after)
			}
		})
	}
}

func TestOpenDataNotWritable(t *testing.T) {
	// A folder below a file cannot be made, whoever asks.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenData(t.Context(), filepath.Join(file, "data"), time.Now()); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Fatalf("got %v", err)
	}
}

// A start that was cut off before the first database was there goes on.
func TestOpenDataAfterACutOffStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "service")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Create(filepath.Join(dir, keysName), time.Now()); err != nil {
		t.Fatal(err)
	}
	d, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// A start that was cut off between the commit of the first administrator and
// the marker writes the marker.
func TestOpenDataRepeatsTheMarker(t *testing.T) {
	dir := used(t)
	if err := os.Remove(filepath.Join(dir, markerName)); err != nil {
		t.Fatal(err)
	}
	d, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !exists(filepath.Join(dir, markerName)) {
		t.Fatal("no marker")
	}
}

// snapshot is every file below dir with its size, mode and time.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			b.WriteString(strings.Join([]string{path, info.Mode().String(), info.ModTime().String()}, " ") + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
