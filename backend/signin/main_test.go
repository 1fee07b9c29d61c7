//go:build linux

package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

var atEnd []func()

// TestMain is also the children that some tests start: this program again.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	run := m.Run
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "keychain-worker":
			run = func() int { return status(keychain.RunWorker(os.Stdin, os.Stdout)) }
		case "child":
			run = func() int { return status(child()) }
		}
	}
	code := run()
	for _, end := range atEnd {
		end()
	}
	os.Exit(code)
}

func status(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// order is what a child does; it comes on its stdin.
type order struct {
	Home   string // of the state, shared with the test
	Server string
	Name   string // who signs in, or refreshes
	Kill   string // the step after which it kills itself
	Times  int    // 0: a sign-in; else so many refreshes
}

func child() error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	ctx := context.Background()
	computer := &Computer{Dirs: dirsIn(o.Home), Docker: &dockerFile{filepath.Join(o.Home, "docker")}}
	for range o.Times {
		if _, err := computer.Access(ctx, Account{o.Server, o.Name}); err != nil {
			return err
		}
	}
	if o.Times > 0 {
		return nil
	}
	server, err := client.Open(ctx, o.Server, nil)
	if err != nil {
		return err
	}
	flow := &Flow{Computer: computer, Server: server, OpenBrowser: func(address string) error {
		go func() { _ = service.NewPerson(o.Name, nil).Allow(address) }()
		return nil
	}}
	flow.at = func(step string) {
		if step == o.Kill {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it is not for this goroutine to see it
		}
	}
	_, err = flow.Run(ctx)
	return err
}

// start starts a child.
func (o order) start(t *testing.T) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "child")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(in).Encode(o); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// worker is the keychain's child.
func worker(t *testing.T) *keychain.Worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &keychain.Worker{Path: self}
}

func dirsIn(home string) machine.Dirs {
	return machine.Dirs{Config: filepath.Join(home, "config"), State: filepath.Join(home, "state"), Data: filepath.Join(home, "data")}
}

// dockerFile is a docker that lasts: a file that is there once it is set up.
type dockerFile struct{ path string }

func (d *dockerFile) SetUp(context.Context, []string) error {
	return os.WriteFile(d.path, []byte("set up"), 0o600)
}

func (d *dockerFile) TakeDown(context.Context, []string) error {
	if err := os.Remove(d.path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil // as in docker's configuration: what is not there is out already
}

func (d *dockerFile) Tidy() error { return nil }
