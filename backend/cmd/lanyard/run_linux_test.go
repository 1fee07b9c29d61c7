package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"lanyard/backend/internal/keyringtest"
)

// running is lanyard run of a shell script, for an account whose token was
// pasted, as a process that has just been started.
func running(t *testing.T, script string) (cmd *exec.Cmd, session *keyringtest.Session) {
	t.Helper()
	session = keyringtest.Start(t)
	lanyard, err := exec.LookPath("lanyard")
	if err != nil {
		t.Fatal(err)
	}
	inside := func(args ...string) *exec.Cmd {
		cmd := session.Command(lanyard, args...)
		cmd.Env = append(cmd.Env, "LANYARD_HOME="+filepath.Join(session.Home, "lanyard"), "SHELL=/bin/sh")
		return cmd
	}
	login := inside("login", "--server", "registry.example", "--username", "otto", "--with-token", "--no-check")
	login.Stdin = strings.NewReader("ghp_0123456789abcdefWXYZ\n")
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return inside("run", "--as", "otto", "--", "sh", "-c", script), session
}

// loans are the folders of runs.
func loans(t *testing.T, s *keyringtest.Session) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Runtime, "*lanyard-run-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A signal reaches the command once, its exit code comes back, and the folder
// is gone.
func TestRunPassesSignalsOn(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1} {
		t.Run(s.String(), func(t *testing.T) {
			cmd, session := running(t, `n=0; trap 'n=$((n+1))' TERM INT HUP QUIT USR1; echo ready; while [ $n = 0 ]; do sleep 0.02; done; sleep 0.1; exit 3$n`)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatal(line, err)
			}
			if len(loans(t, session)) != 1 {
				t.Errorf("%v while it runs", loans(t, session))
			}
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 31 {
				t.Errorf("%v", err)
			}
			if left := loans(t, session); len(left) != 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// Ctrl-C on a terminal reaches the command from there: once, and not twice.
func TestRunOnATerminal(t *testing.T) {
	cmd, session := running(t, `n=0; trap 'n=$((n+1))' INT; echo ready; while [ $n = 0 ]; do sleep 0.02; done; sleep 0.1; exit 3$n`)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = cmd.Process.Kill() })
	lines := bufio.NewReader(tty)
	if line, err := lines.ReadString('\n'); !strings.Contains(line, "ready") {
		t.Fatal(line, err)
	}
	if _, err := tty.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 31 {
		t.Errorf("%v", err)
	}
	if left := loans(t, session); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// After kill -9 the folder stays, without a secret in it, until the next run.
func TestRunThatWasKilled(t *testing.T) {
	cmd, session := running(t, "echo ready; exec sleep 60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	child := childOf(t, cmd.Process.Pid)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	before := loans(t, session)
	if len(before) != 1 {
		t.Fatalf("%v", before)
	}
	next := session.Command(cmd.Path, "run", "--as", "otto", "--", "true")
	next.Env = cmd.Env
	if out, err := next.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left := loans(t, session); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// childOf is the process that another started.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			return child
		}
	}
	t.Fatalf("process %d has no child", pid)
	return 0
}
