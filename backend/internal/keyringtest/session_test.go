//go:build linux

package keyringtest

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func secretTool(t *testing.T, s *Session, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := s.Command("secret-tool", args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	return string(out), err
}

func TestSession(t *testing.T) {
	s := Start(t)
	if _, err := secretTool(t, s, "hello", "store", "--label=x", "service", "x"); err != nil {
		t.Fatal(err)
	}
	if out, err := secretTool(t, s, "", "lookup", "service", "x"); err != nil || out != "hello" {
		t.Fatalf("%q %v", out, err)
	}
	if err := s.Lock(); err != nil {
		t.Fatal(err)
	}
	if out, _ := secretTool(t, s, "", "lookup", "service", "x"); out != "" {
		t.Errorf("a locked keyring gave %q", out)
	}
	if err := s.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if out, err := secretTool(t, s, "", "lookup", "service", "x"); err != nil || out != "hello" {
		t.Errorf("after a restart: %q %v", out, err)
	}
	if err := s.KillDaemon(); err != nil {
		t.Fatal(err)
	}
	if out, _ := secretTool(t, s, "", "lookup", "service", "x"); out != "" {
		t.Errorf("a keyring started by the bus is not locked: %q", out)
	}
}

// A keyring that was there and is gone, and comes back.
func TestUninstall(t *testing.T) {
	s := Start(t)
	if err := s.Uninstall(); err != nil {
		t.Fatal(err)
	}
	_, err := secretTool(t, s, "", "lookup", "service", "x")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(exit.Stderr), "was not provided by any .service files") {
		t.Errorf("secret-tool says %v", err)
	}
	if err := s.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if _, err := secretTool(t, s, "hello", "store", "--label=x", "service", "x"); err != nil {
		t.Error(err)
	}
}

// A program that asks again and again has the bus start a locked keyring: not
// in place of the one that is being started.
func TestStartDaemonWhileSomebodyAsks(t *testing.T) {
	s := Start(t)
	if _, err := secretTool(t, s, "hello", "store", "--label=x", "service", "x"); err != nil {
		t.Fatal(err)
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := s.connect()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		for {
			select {
			case <-over:
				return
			default:
				_, _ = conn.Object(secrets, login).GetProperty(collection + ".Locked")
			}
		}
	}()
	for range 3 {
		if err := s.StartDaemon(); err != nil {
			t.Fatal(err)
		}
		if out, err := secretTool(t, s, "", "lookup", "service", "x"); err != nil || out != "hello" {
			t.Errorf("%q %v", out, err)
		}
	}
	close(over)
	<-ended
}

// Nothing outlives a session, not even a daemon that the bus started.
func TestCloseEndsEverything(t *testing.T) {
	s := Start(t)
	pids := []int{s.bus.Process.Pid, s.daemon.Process.Pid}
	if err := s.KillDaemon(); err != nil {
		t.Fatal(err)
	}
	_, _ = secretTool(t, s, "", "search", "service", "x")
	pid, err := s.daemonPID()
	if err != nil || pid == 0 {
		t.Fatalf("the bus started %d, %v", pid, err)
	}
	s.Close()
	for _, pid := range append(pids, pid) {
		if raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil && !strings.Contains(string(raw), ") Z ") && syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d lives: %s", pid, raw)
		}
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("its folder is still there")
	}
}

func TestLeftOut(t *testing.T) {
	for name, o := range map[string]Options{"no bus": {NoBus: true}, "no daemon": {NoDaemon: true}} {
		t.Run(name, func(t *testing.T) {
			s := StartWith(t, o)
			_, err := secretTool(t, s, "", "lookup", "service", "x")
			var exit *exec.ExitError
			if err == nil || !errors.As(err, &exit) || len(exit.Stderr) == 0 {
				t.Errorf("secret-tool says %v", err)
			}
		})
	}
}
