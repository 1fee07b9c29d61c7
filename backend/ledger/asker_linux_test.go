package ledger

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary, called so, tells who started it; with a process id, once that
// is not its parent any more.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "asker" {
		parent := os.Getppid()
		if len(os.Args) > 2 {
			parent, _ = strconv.Atoi(os.Args[2])
			for os.Getppid() == parent {
				time.Sleep(time.Millisecond)
			}
		}
		_, _ = io.WriteString(os.Stdout, Asker(parent))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAsker(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	out, err := exec.Command(self, "asker").Output()
	must(t, err)
	if string(out) != self {
		t.Errorf("asked by %q, want %q", out, self)
	}
	shell, err := filepath.EvalSymlinks("/bin/sh")
	must(t, err)
	out, err = exec.Command("sh", "-c", `"$0" asker; true`, self).Output()
	must(t, err)
	if string(out) != shell {
		t.Errorf("asked by %q, want %q", out, shell)
	}
}

// A tool that is replaced while it runs keeps its name.
func TestAskerThatWasReplaced(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	shell := filepath.Join(t.TempDir(), "docker")
	raw, err := os.ReadFile("/bin/sh")
	must(t, err)
	must(t, os.WriteFile(shell, raw, 0o700))
	out, err := exec.Command(shell, "-c", `rm "$1"; "$0" asker; true`, self, shell).Output()
	must(t, err)
	if string(out) != shell {
		t.Errorf("asked by %q, want %q", out, shell)
	}
}

// Who started us is gone, and whoever adopted us did not ask.
func TestAskerThatIsGone(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command("sh", "-c", `"$0" asker $$ & exit`, self)
	out, err := cmd.Output() // waits for the pipe
	must(t, err)
	if len(out) > 0 {
		t.Errorf("asked by %q", out)
	}
}

func TestFifoHoldsNobodyUp(t *testing.T) {
	l := book(t)
	must(t, os.MkdirAll(l.Dir, 0o700))
	must(t, syscall.Mkfifo(l.Path(), 0o600))
	done := make(chan error, 2)
	go func() {
		done <- l.Append(nth(1))
		_, err := l.Read(1)
		done <- err
	}()
	for range 2 {
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "no file") {
				t.Errorf("%v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits")
		}
	}
}

// A disk without room: an error, and what was there is kept.
func TestFullDisk(t *testing.T) {
	l := book(t)
	must(t, l.Append(nth(1)))
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	info, err := os.Stat(l.Path())
	must(t, err)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()) + 20, Max: limit.Max}))
	err = l.Append(nth(2))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("%v", err)
	}
	must(t, l.Append(nth(3))) // behind the half line
	uses := read(t, l, -1)
	if len(uses) != 2 || uses[0] != nth(3) || uses[1] != nth(1) {
		t.Errorf("%v", uses)
	}
}
