package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// powerless runs fn without the right to write everywhere that root has. The
// change is the thread's own, and the thread ends with fn.
func powerless(t *testing.T, dirs []string, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn()
		return
	}
	for _, dir := range dirs {
		check(t, os.Chown(dir, 65534, -1))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		fn()
	}()
	<-done
}

func TestReadOnlyFolder(t *testing.T) {
	home, err := os.MkdirTemp("", "dockerconfig")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(home)) })
	check(t, os.Chmod(home, 0o755))
	f := File{Path: filepath.Join(home, ".docker", "config.json"), Journal: filepath.Join(home, "state")}
	check(t, os.Mkdir(filepath.Dir(f.Path), 0o755))
	check(t, os.Mkdir(f.Journal, 0o700))
	check(t, os.WriteFile(f.Path, []byte("{}"), 0o644))
	check(t, os.Chmod(filepath.Dir(f.Path), 0o555))
	t.Cleanup(func() { check(t, os.Chmod(filepath.Dir(f.Path), 0o755)) })
	powerless(t, []string{f.Journal}, func() {
		if _, err := f.Use([]string{own}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v", err)
		}
		if _, err := (File{Path: filepath.Join(filepath.Dir(f.Path), "deeper", "config.json"), Journal: f.Journal}).Use([]string{own}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("new folder: %v", err)
		}
	})
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}

func TestUnwritableJournal(t *testing.T) {
	f := put(t, "{}")
	write(t, f.Journal, "a file where the folder should be")
	if _, err := f.Use([]string{own}); !errors.Is(err, ErrJournal) {
		t.Errorf("got %v", err)
	}
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
}

func TestAttributesAreKept(t *testing.T) {
	f := put(t, "{}")
	if err := unix.Lsetxattr(f.Path, "user.comment", []byte("mine"), 0); errors.Is(err, unix.ENOTSUP) {
		return // nothing to keep on this file system
	} else if err != nil {
		t.Fatal(err)
	}
	must[Change](t)(f.Use([]string{own}))
	value := make([]byte, 100)
	n, err := unix.Lgetxattr(f.Path, "user.comment", value)
	if err != nil || string(value[:n]) != "mine" {
		t.Errorf("%q %v", value[:max(n, 0)], err)
	}
}
