//go:build unix

package boltstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"lanyard/backend/account"
	"lanyard/backend/store/boltstore"
)

// made is a closed database that holds one account and some pages.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lanyard.db")
	db, err := boltstore.Create(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bob"} {
		a := account.Account{ID: name, Name: name, Password: strings.Repeat("x", 9000)}
		if err := db.CreateAccount(t.Context(), a, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func accounts(t *testing.T, db *boltstore.DB) string {
	t.Helper()
	all, err := db.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range all {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

func TestWhatIsWrittenIsThereAgain(t *testing.T) {
	path := made(t)
	var instance string
	for _, o := range []boltstore.Options{{}, {ReadOnly: true}, {}} {
		db, err := boltstore.Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := accounts(t, db); got != "ann bob" {
			t.Errorf("accounts %q", got)
		}
		if len(db.Instance()) != 32 || (instance != "" && db.Instance() != instance) {
			t.Errorf("instance %q, before %q", db.Instance(), instance)
		}
		instance = db.Instance()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	path := made(t)
	one, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := boltstore.Open(path, boltstore.Options{ReadOnly: true}) // readers share
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if err := one.CreateAccount(t.Context(), account.Account{ID: "c", Name: "c"}, false); !errors.Is(err, boltstore.ErrReadOnly) {
		t.Errorf("a write: %v", err)
	}
	if _, err := boltstore.Open(path, soon); !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("Open for writing beside readers: %v", err)
	}
	select {
	case <-one.Failed():
		t.Error("a refused write stopped the database")
	default:
	}
}

func TestCreate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := t.TempDir()
	path := filepath.Join(dir, "lanyard.db")
	db, err := boltstore.Create(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left := names(t, dir); left != "lanyard.db" {
		t.Errorf("left behind: %s", left)
	}
	if got := accounts(t, db); got != "" {
		t.Errorf("accounts of a new database: %q", got)
	}
}

func TestCreateNeverOverAnything(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a database":    func(path string) error { return os.WriteFile(path, []byte("something"), 0o600) },
		"an empty file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a folder":      func(path string) error { return os.Mkdir(path, 0o700) },
		"a dead link":   func(path string) error { return os.Symlink("nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "lanyard.db")
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			if _, err := boltstore.Create(path, boltstore.Options{}); !errors.Is(err, boltstore.ErrExists) || !errors.Is(err, fs.ErrExist) {
				t.Errorf("Create: %v", err)
			}
			after, err := os.Lstat(path)
			if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() || names(t, dir) != "lanyard.db" {
				t.Errorf("something changed: %s, %v", names(t, dir), err)
			}
		})
	}
	t.Run("50 at once", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "lanyard.db")
		var mu sync.Mutex
		var made []*boltstore.DB
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				db, err := boltstore.Create(path, boltstore.Options{Timeout: time.Minute})
				if err != nil {
					if !errors.Is(err, boltstore.ErrExists) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				made = append(made, db)
			})
		}
		all.Wait()
		if len(made) != 1 {
			t.Fatalf("%d were made", len(made))
		}
		if err := made[0].Close(); err != nil {
			t.Error(err)
		}
		if left := names(t, dir); left != "lanyard.db" {
			t.Errorf("left behind: %s", left)
		}
	})
	t.Run("where there is no folder", func(t *testing.T) {
		if _, err := boltstore.Create(filepath.Join(t.TempDir(), "no", "lanyard.db"), boltstore.Options{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Create: %v", err)
		}
	})
}

// Each is refused with its own error, in plain words, and the file is left as it is.
func TestOpenRefuses(t *testing.T) {
	page := os.Getpagesize()
	cut := func(size int64) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.Truncate(path, size)) }
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  error
	}{
		"missing":      {func(t *testing.T, path string) { must(t, os.Remove(path)) }, boltstore.ErrMissing},
		"emptied":      {cut(0), boltstore.ErrEmpty},
		"one byte":     {cut(1), boltstore.ErrForeign},
		"half a head":  {cut(60), boltstore.ErrTruncated},
		"one head":     {cut(int64(page)), boltstore.ErrTruncated},
		"two heads":    {cut(int64(2 * page)), boltstore.ErrTruncated},
		"three pages":  {cut(int64(3 * page)), boltstore.ErrTruncated},
		"readable":     {func(t *testing.T, path string) { must(t, os.Chmod(path, 0o640)) }, boltstore.ErrExposed},
		"by the world": {func(t *testing.T, path string) { must(t, os.Chmod(path, 0o604)) }, boltstore.ErrExposed},
		"writable":     {func(t *testing.T, path string) { must(t, os.Chmod(path, 0o620)) }, boltstore.ErrExposed},
		"a folder": {func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		}, boltstore.ErrNotFile},
		"a pipe": {func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, syscall.Mkfifo(path, 0o600))
		}, boltstore.ErrNotFile},
		"a link": {func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".real"))
			must(t, os.Symlink(path+".real", path))
		}, boltstore.ErrNotFile},
		"text": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(strings.Repeat("text ", 9000)), 0o600))
		}, boltstore.ErrForeign},
		"zeroes": {func(t *testing.T, path string) { must(t, os.WriteFile(path, make([]byte, 8*page), 0o600)) }, boltstore.ErrForeign},
		"another program's bbolt": {func(t *testing.T, path string) {
			must(t, os.Remove(path))
			db, err := bbolt.Open(path, 0o600, nil)
			must(t, err)
			must(t, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("meta")); return err }))
			must(t, db.Close())
		}, boltstore.ErrForeign},
		"both heads spoilt": {func(t *testing.T, path string) {
			scribble(t, path, 40, 8)
			scribble(t, path, int64(page+40), 8)
		}, boltstore.ErrDamaged},
		"its pages spoilt": {func(t *testing.T, path string) {
			info, err := os.Stat(path)
			must(t, err)
			scribble(t, path, int64(2*page), int(info.Size())-2*page)
		}, boltstore.ErrDamaged},
		"a bucket gone":       {raw(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("due")) }), boltstore.ErrDamaged},
		"no schema number":    {head("schema", ""), boltstore.ErrDamaged},
		"schema number 0":     {head("schema", "0"), boltstore.ErrDamaged},
		"schema number text":  {head("schema", "one"), boltstore.ErrDamaged},
		"newer":               {head("schema", "4"), boltstore.ErrNewer},
		"much newer":          {head("schema", "999999"), boltstore.ErrNewer},
		"another's magic":     {head("magic", "another service"), boltstore.ErrForeign},
		"in use by a service": {func(t *testing.T, path string) { hold(t, path, false) }, boltstore.ErrInUse},
	} {
		for _, o := range []boltstore.Options{soon, {ReadOnly: true, Timeout: soon.Timeout, Logger: silent}} {
			t.Run(name, func(t *testing.T) {
				path := made(t)
				c.spoil(t, path)
				before := content(path)
				db, err := boltstore.Open(path, o)
				if !errors.Is(err, c.want) {
					t.Errorf("Open: %v, want %v", err, c.want)
				}
				if db != nil {
					t.Fatal(db.Close())
				}
				if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, path) {
					t.Errorf("not one plain line that names the file: %q", text)
				}
				if content(path) != before {
					t.Error("the file was changed")
				}
			})
		}
	}
}

func TestOpenRefusesAnothersFile(t *testing.T) {
	path := "/etc/passwd" // root's, and readable
	if os.Geteuid() == 0 {
		path = made(t)
		must(t, os.Chown(path, 12345, -1))
	}
	if _, err := boltstore.Open(path, boltstore.Options{ReadOnly: true}); !errors.Is(err, boltstore.ErrOwner) {
		t.Errorf("Open: %v", err)
	}
}

// Cut anywhere, a file opens whole or is refused: it never takes the process
// with it, and never begins anew.
func TestCutAnywhere(t *testing.T) {
	path := made(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	opened := 0
	for size := len(whole) - 1; size >= 0; size -= 1 + len(whole)/97 {
		must(t, os.WriteFile(path, whole[:size], 0o600))
		db, err := boltstore.Open(path, soon)
		if err != nil {
			continue
		}
		opened++
		if got := accounts(t, db); got != "ann bob" {
			t.Errorf("cut to %d of %d bytes it opens and holds %q", size, len(whole), got)
		}
		must(t, db.Close())
	}
	t.Logf("%d bytes; opened %d times, where only unused pages were cut", len(whole), opened)
}

// A crash in the middle of writing the newest head leaves the state before.
func TestOneSpoiltHead(t *testing.T) {
	for at := range 2 {
		path := made(t)
		scribble(t, path, int64(at*os.Getpagesize()+16+40), 8)
		db, err := boltstore.Open(path, boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := accounts(t, db); !strings.HasPrefix(got, "ann") {
			t.Errorf("head %d: accounts %q", at, got)
		}
		must(t, db.Close())
	}
}

func TestInUseUntilClosed(t *testing.T) {
	path := made(t)
	db, err := boltstore.Open(path, boltstore.Options{})
	must(t, err)
	if _, err := boltstore.Open(path, soon); !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("Open of a database in use: %v", err)
	}
	must(t, db.Close())
	if _, err := db.Accounts(context.Background()); !errors.Is(err, boltstore.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	db, err = boltstore.Open(path, soon)
	must(t, err)
	must(t, db.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// content of a file; of anything else, what it is.
func content(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Sprint(info, err)
	}
	bytes, err := os.ReadFile(path)
	return fmt.Sprint(string(bytes), info.Mode(), info.ModTime(), err)
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func scribble(t *testing.T, path string, at int64, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	noise := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		binary.NativeEndian.PutUint64(noise[i:], 0xDEADBEEFDEADBEEF*uint64(i+1))
	}
	_, err = f.WriteAt(noise, at)
	must(t, err)
	must(t, f.Close())
}

// raw changes a closed database with bbolt itself.
func raw(fn func(tx *bbolt.Tx) error) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		db, err := bbolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(fn))
		must(t, db.Close())
	}
}

func head(name, value string) func(t *testing.T, path string) {
	return raw(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte(name), []byte(value)) })
}

// hold keeps a database open until the test ends.
func hold(t *testing.T, path string, readOnly bool) {
	t.Helper()
	db, err := boltstore.Open(path, boltstore.Options{ReadOnly: readOnly})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
}
