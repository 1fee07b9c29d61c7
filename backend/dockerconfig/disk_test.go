//go:build unix

package dockerconfig

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What stands in the place of the file is refused and stays what it is.
func TestOddFilesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, says string
		make       func(t *testing.T, path string)
	}{
		{"folder", "folder", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o700)) }},
		{"FIFO", "ordinary", func(t *testing.T, path string) { check(t, syscall.Mkfifo(path, 0o600)) }},
		{"socket", "ordinary", func(t *testing.T, path string) {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			check(t, err)
			t.Cleanup(func() { check(t, syscall.Close(fd)) })
			// A socket's name is limited to 108 bytes.
			old, err := os.Getwd()
			check(t, err)
			check(t, os.Chdir(filepath.Dir(path)))
			defer func() { check(t, os.Chdir(old)) }()
			check(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: filepath.Base(path)}))
		}},
		{"write-protected", "write-protected", func(t *testing.T, path string) {
			write(t, path, "{}")
			check(t, os.Chmod(path, 0o400))
		}},
		{"hard link", "hard link", func(t *testing.T, path string) {
			write(t, path, "{}")
			check(t, os.Link(path, path+".2"))
		}},
		{"too large", "bytes", func(t *testing.T, path string) { write(t, path, "{}"+strings.Repeat(" ", maxBytes)) }},
		{"another account's", "another account", foreign},
		{"link to another account's", "another account", func(t *testing.T, path string) {
			foreign(t, path+".target")
			check(t, os.Symlink(path+".target", path))
		}},
		{"link into a folder that all may write to", "other accounts may write", func(t *testing.T, path string) {
			open := filepath.Join(t.TempDir(), "open")
			check(t, os.Mkdir(open, 0o700))
			check(t, os.Chmod(open, 0o777|os.ModeSticky))
			write(t, filepath.Join(open, "config.json"), "{}")
			check(t, os.Symlink(filepath.Join(open, "config.json"), path))
		}},
		{"link to nothing", "does not exist", func(t *testing.T, path string) { check(t, os.Symlink("nothing", path)) }},
		{"link to itself", "too many", func(t *testing.T, path string) { check(t, os.Symlink(path, path)) }},
		{"link to a device", "", func(t *testing.T, path string) { check(t, os.Symlink("/dev/null", path)) }},
		{"folder is a file", "", func(t *testing.T, path string) {
			check(t, os.Remove(filepath.Dir(path)))
			write(t, filepath.Dir(path), "x")
		}},
		{"folder is a link to nothing", "nothing", func(t *testing.T, path string) {
			check(t, os.Remove(filepath.Dir(path)))
			check(t, os.Symlink("gone", filepath.Dir(path)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, "")
			check(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
			c.make(t, f.Path)
			before, _ := os.Lstat(f.Path)
			_, err := f.Use([]string{own})
			if err == nil || (c.says != "" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.says))) {
				t.Errorf("got %v, want a refusal that says %q", err, c.says)
			}
			t.Log(err)
			after, _ := os.Lstat(f.Path)
			if (before == nil) != (after == nil) || (before != nil && (!os.SameFile(before, after) || before.ModTime() != after.ModTime())) {
				t.Error("it was touched")
			}
			if _, err := os.Stat(f.file(".json")); !errors.Is(err, os.ErrNotExist) {
				t.Error("a record was left")
			}
		})
	}
}

// foreign makes path a file of another account, or a link to one where this account cannot.
func foreign(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		check(t, os.Symlink("/etc/hostname", path))
		return
	}
	write(t, path, "{}")
	check(t, os.Chown(path, 65534, -1))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestModeAndLinkAreKept(t *testing.T) {
	f := put(t, "")
	dotfiles := filepath.Join(filepath.Dir(f.Journal), "dotfiles")
	check(t, os.Mkdir(dotfiles, 0o755))
	check(t, os.Symlink("dotfiles", filepath.Dir(f.Path))) // ~/.docker -> dotfiles
	check(t, os.Symlink("real.json", f.Path))              // config.json -> real.json
	real := filepath.Join(dotfiles, "real.json")
	write(t, real, `{"a":1}`)
	check(t, os.Chmod(real, 0o640))
	if os.Geteuid() == 0 {
		check(t, os.Chown(real, -1, 100))
	}
	before, err := os.Stat(real)
	check(t, err)

	change := must[Change](t)(f.Use([]string{own}))
	if got := text(t, real); got != `{"a":1,"credHelpers":{"localhost:8460":"lanyard"}}` {
		t.Errorf("got %q", got)
	}
	if info, err := os.Lstat(f.Path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if filepath.Base(change.Path) != "real.json" {
		t.Errorf("%+v", change)
	}
	info, err := os.Stat(real)
	check(t, err)
	if info.Mode() != before.Mode() || info.Sys().(*syscall.Stat_t).Gid != before.Sys().(*syscall.Stat_t).Gid {
		t.Errorf("mode %v, %+v", info.Mode(), info.Sys())
	}
	must[Change](t)(f.Undo())
	if got := text(t, real); got != `{"a":1}` {
		t.Errorf("got %q", got)
	}
	entries, err := os.ReadDir(dotfiles)
	check(t, err)
	if len(entries) != 2 { // the link and the file
		t.Errorf("%v", entries)
	}
}

// docker writes between our look and our write: the edit is made anew on top.
func TestOthersWriteMeanwhile(t *testing.T) {
	f := put(t, `{"a":1}`)
	wrote := false
	f.at = func(step string) {
		if step == "temp" && !wrote {
			wrote = true
			write(t, f.Path+".new", `{"b":2}`)
			check(t, os.Rename(f.Path+".new", f.Path))
		}
	}
	must[Change](t)(f.Use([]string{own}))
	if got := text(t, f.Path); got != `{"b":2,"credHelpers":{"localhost:8460":"lanyard"}}` {
		t.Errorf("got %q", got)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != `{"b":2}` {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}

func TestOthersCreateTheFileMeanwhile(t *testing.T) {
	f := put(t, "")
	wrote := false
	f.at = func(step string) {
		if step == "temp" && !wrote {
			wrote = true
			write(t, f.Path, `{"b":2}`)
		}
	}
	must[Change](t)(f.Use([]string{own}))
	if change := must[Change](t)(f.Undo()); change.Deleted || text(t, f.Path) != `{"b":2}` {
		t.Errorf("%+v", change)
	}
}

func TestOthersNeverStopWriting(t *testing.T) {
	f := put(t, `{"a":1}`)
	n := 0
	f.at = func(step string) {
		if step == "temp" {
			n++
			write(t, f.Path, `{"b":`+strings.Repeat("1", n)+`}`)
		}
	}
	if _, err := f.Use([]string{own}); !errors.Is(err, ErrRaced) {
		t.Fatalf("got %v", err)
	}
	if n != tries || text(t, f.Path) != `{"b":11111}` {
		t.Errorf("%d tries, %q", n, text(t, f.Path))
	}
	bare(t, f)
}

// A stale docker takes our key out right behind our write.
func TestVerifiedAfterTheWrite(t *testing.T) {
	f := put(t, `{"a":1}`)
	wrote := false
	f.at = func(step string) {
		if step == "written" && !wrote {
			wrote = true
			write(t, f.Path, `{"a":1,"b":2}`)
		}
	}
	must[Change](t)(f.Use([]string{own}))
	if s := must[Status](t)(f.Status()); len(s.Hosts) != 1 || s.Edited {
		t.Errorf("%+v", s)
	}
	f.at = nil
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != `{"a":1,"b":2}` {
		t.Errorf("got %q", got)
	}
}

// The window between the last look and the exchange of names.
func TestExchangeGivesBackWhatItDidNotExpect(t *testing.T) {
	dir := t.TempDir()
	path, temp := filepath.Join(dir, "config.json"), filepath.Join(dir, "temp")
	write(t, path, `{"old":1}`)
	now, err := read(path)
	check(t, err)
	write(t, path+".new", `{"docker":1}`)
	check(t, os.Rename(path+".new", path))
	write(t, temp, `{"ours":1}`)
	err = exchange(now, temp, []byte(`{"ours":1}`))
	if errors.Is(swap(path, path), errors.ErrUnsupported) { // stays open there, and says so
		return
	}
	if !errors.Is(err, errChanged) || text(t, path) != `{"docker":1}` || text(t, temp) != `{"ours":1}` {
		t.Errorf("%v, %q", err, text(t, path))
	}
}

func TestRemoveGivesBackWhatItDidNotExpect(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	write(t, path, `{"old":1}`)
	now, err := read(path)
	check(t, err)
	write(t, path, `{"docker":1}`)
	if err := remove(now, filepath.Join(dir, "temp")); !errors.Is(err, errChanged) || text(t, path) != `{"docker":1}` {
		t.Errorf("%v, %q", err, text(t, path))
	}
	if _, err := os.Stat(filepath.Join(dir, "temp")); !errors.Is(err, os.ErrNotExist) {
		t.Error("something was left")
	}
}

// The disk is full when the new file is written: the old one stays, and the journal tells the truth.
func TestDiskFull(t *testing.T) {
	before := `{"a":"` + strings.Repeat("x", 1_000_000) + `"}`
	f := put(t, before)
	must[Change](t)(f.Use([]string{own}))
	used := text(t, f.Path)

	// Of the whole process: go test's own log of what was opened stays well below.
	var old syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 900_000, Max: old.Max}))
	_, err := f.Add([]string{"docker.io"})
	check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("got %v", err)
	}
	if text(t, f.Path) != used {
		t.Error("the file changed")
	}
	must[Change](t)(f.Undo())
	if text(t, f.Path) != before {
		t.Error("not as before")
	}
	bare(t, f)
}

func TestOneAtATime(t *testing.T) {
	f := put(t, "{}")
	done := make(chan error)
	hosts := []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example"}
	for _, h := range hosts {
		go func() {
			_, err := f.Add([]string{h})
			done <- err
		}()
	}
	for range hosts {
		check(t, <-done)
	}
	if s := must[Status](t)(f.Status()); len(s.Hosts) != len(hosts) {
		t.Errorf("%+v", s)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
}

// Torn reads: whoever reads while we write sees the old file or the new one.
func TestNeverHalfAFile(t *testing.T) {
	f := put(t, `{"a":"`+strings.Repeat("x", 10_000)+`"}`)
	before := []byte(text(t, f.Path))
	must[Change](t)(f.Use([]string{own}))
	after := []byte(text(t, f.Path))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		reads := 0
		for ; ; reads++ {
			select {
			case <-stop:
				done <- reads
				return
			default:
			}
			got, err := os.ReadFile(f.Path)
			if err != nil || (!bytes.Equal(got, before) && !bytes.Equal(got, after)) {
				t.Errorf("%v: %d bytes", err, len(got))
			}
		}
	}()
	for range 20 {
		must[Change](t)(f.Undo())
		must[Change](t)(f.Use([]string{own}))
	}
	close(stop)
	if <-done == 0 {
		t.Error("nothing was read")
	}
}
