package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// members are what a Secret Service is asked for, by us and by go-keyring.
var members = []string{
	"Ping", "SearchItems", "OpenSession", "Collections", "Locked", "GetSecret", "Attributes", "Modified",
	"SetSecret", "CreateItem", "Delete", "Unlock", "Close",
}

// calls is every call there is, on an entry that exists.
func calls(k Keychain) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { return second(k.Get(ctx, "token/s/a")) },
		"put":    func(ctx context.Context) error { return k.Put(ctx, "token/s/a", []byte("new")) },
		"make":   func(ctx context.Context) error { return k.Put(ctx, "token/s/new", []byte("new")) },
		"delete": func(ctx context.Context) error { return k.Delete(ctx, "token/s/a") },
		"list":   func(ctx context.Context) error { return second(k.List(ctx, "")) },
		"probe":  k.Probe,
	}
}

// workers are the children of this process that write.
func workers(t *testing.T) []int {
	t.Helper()
	return childrenOf(t, os.Getpid())
}

func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	var found []int
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		line, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err == nil && fields[1] == strconv.Itoa(parent) && bytes.Contains(line, []byte("keychain-worker")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(t, err)
			found = append(found, pid)
		}
	}
	return found
}

// A service that hangs at any method holds nobody up, and nothing waits on.
func TestHangsAtEachMethod(t *testing.T) {
	f, k := fake(t, keyringtest.Obey)
	k.Limit = 150 * time.Millisecond
	timeouts := map[string]int{}
	for _, member := range members {
		for what, call := range calls(k) {
			f.Forget()
			f.Add(Service, "token/s/a", []byte("x"))
			f.Add(Service, "token/s/a", []byte("x")) // a copy, so that their times are asked for
			f.HangAt(member)
			begin := time.Now()
			err := call(t.Context())
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("%s: %s took %v", member, what, took)
			}
			switch {
			case errors.Is(err, ErrTimeout):
				timeouts[member]++
			case err != nil:
				t.Errorf("%s: %s: %v", member, what, err)
			}
			f.HangAt("")
			if left := workers(t); len(left) > 0 {
				t.Errorf("%s: %s left %v", member, what, left)
			}
		}
	}
	for _, member := range members {
		if timeouts[member] == 0 {
			t.Errorf("nothing asks for %s", member)
		}
	}
}

// A service killed in any call is missing, and what was asked for is not done.
func TestDiesAtEachMethod(t *testing.T) {
	s := keyringtest.StartWith(t, keyringtest.Options{NoDaemon: true})
	s.Enter(t)
	k := keychain(t)
	deaths := map[string]int{}
	for _, member := range members {
		for what, call := range calls(k) {
			f := s.StartFake(t, keyringtest.Obey)
			f.Add(Service, "token/s/a", []byte("x"))
			f.Add(Service, "token/s/a", []byte("x"))
			f.DieAt(member)
			err := call(t.Context())
			if errors.Is(err, ErrNoService) {
				deaths[member]++
			} else if err != nil || errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %s: %v", member, what, err)
			}
			f.Die() // if it was not asked for that
			if err := call(t.Context()); !errors.Is(err, ErrNoService) {
				t.Errorf("%s after %s: %v", what, member, err)
			}
		}
	}
	for _, member := range members {
		if deaths[member] == 0 && member != "Close" { // whether that is heard makes no difference
			t.Errorf("nothing asks for %s", member)
		}
	}
}

// However a prompt ends, a locked keychain is not taken for an open one, nor a
// refusal for a success.
func TestPromptsOfALockedKeychain(t *testing.T) {
	for mode, want := range map[keyringtest.Mode]error{
		keyringtest.Dismiss: ErrDismissed, keyringtest.Babble: ErrDismissed, keyringtest.Hang: ErrTimeout, keyringtest.Obey: nil,
	} {
		t.Run(string(mode), func(t *testing.T) {
			f, k := fake(t, mode)
			for what, call := range calls(k) {
				f.Forget()
				f.Add(Service, "token/s/a", []byte("x"))
				f.Lock()
				// Nobody asked: there is no prompt.
				if err := call(t.Context()); !errors.Is(err, ErrLocked) && what != "list" {
					t.Errorf("%s: %v", what, err)
				}
				if _, n := f.Prompts(); n != 0 {
					t.Fatalf("%s: %d prompts that nobody wanted", what, n)
				}
			}
			k.Asked = true
			for what, call := range calls(k) {
				if what == "list" || what == "probe" {
					continue // they never ask
				}
				f.Forget()
				f.Add(Service, "token/s/a", []byte("x"))
				f.Lock()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if mode == keyringtest.Hang {
					ctx, cancel = context.WithTimeout(t.Context(), 400*time.Millisecond)
				}
				if err := call(ctx); !errors.Is(err, want) {
					t.Errorf("%s: %v", what, err)
				}
				cancel()
				if left := workers(t); len(left) > 0 {
					t.Errorf("%s left %v", what, left)
				}
				if now, most := f.Prompts(); now != 0 || most != 1 {
					t.Errorf("%s: %d of %d prompts are left", what, now, most)
				}
			}
			if mode == keyringtest.Hang {
				return
			}
			f.Lock()
			if err := k.Unlock(t.Context(), time.Hour); !errors.Is(err, want) {
				t.Errorf("unlock: %v", err)
			}
		})
	}
}

// A prompt before a write, of a keychain that is open, and how it ends.
func TestPromptThatSaysNonsense(t *testing.T) {
	f, k := fake(t, keyringtest.Babble)
	for _, worker := range []*Worker{k.Worker, nil} { // in a child, and in this process
		k.Worker = worker
		if err := k.Put(t.Context(), "token/s/b", []byte("x")); !errors.Is(err, errKeychain) {
			t.Errorf("put: %v", err)
		}
		f.Add(Service, "token/s/a", []byte("x"))
		if err := k.Delete(t.Context(), "token/s/a"); !errors.Is(err, ErrNotRemoved) {
			t.Errorf("delete: %v", err)
		}
		if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
			t.Errorf("it holds %q %v", got, err)
		}
		f.Forget()
	}
}

func TestNoDefaultCollection(t *testing.T) {
	f, k := fake(t, keyringtest.Bare)
	f.Add(Service, "token/s/a", []byte("x"))
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
		t.Errorf("get: %q %v", got, err)
	}
	for what, err := range map[string]error{"put": k.Put(t.Context(), "token/s/b", []byte("x")), "probe": k.Probe(t.Context())} {
		if !errors.Is(err, ErrNoService) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Many who wait are asked one after the other, and as the first answer helps
// all, once.
func TestOnePromptAtATime(t *testing.T) {
	s, k, _ := ladder(t, keyringtest.Options{NoDaemon: true})
	f := s.StartFake(t, keyringtest.Obey)
	f.Add(Service, "token/s/a", []byte("x"))
	f.Lock()
	k.Asked = true
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
				t.Errorf("got %q %v", got, err)
			}
		})
	}
	wg.Wait()
	if now, most := f.Prompts(); now != 0 || most != 1 {
		t.Errorf("%d prompts at once, %d are left", most, now)
	}
}

// Where a person asked, they have two minutes; else it is two seconds.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		k    Keychain
		want time.Duration
	}{{Keychain{}, 2 * time.Second}, {Keychain{Asked: true}, 2 * time.Minute}, {Keychain{Limit: time.Second}, time.Second}} {
		if got := c.k.limit(); got != c.want {
			t.Errorf("asked %v: %v, want %v", c.k.Asked, got, c.want)
		}
		if got := c.k.unasked(); got > 2*time.Second {
			t.Errorf("without a prompt: %v", got)
		}
	}
}

// promptHere is a program in whose name a prompt stands that nobody answers.
func promptHere() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = Keychain{Worker: &Worker{Path: self}, Asked: true}.Get(context.Background(), "token/s/a")
	return err
}

// A program that is killed takes the child with its prompt with it.
func TestProgramKilledWithItsPrompt(t *testing.T) {
	f, _ := fake(t, keyringtest.Hang)
	f.Add(Service, "token/s/a", []byte("x"))
	f.Lock()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "prompt-here")
	must(t, cmd.Start())
	end := time.Now().Add(time.Minute)
	prompts := func() int { now, _ := f.Prompts(); return now }
	for prompts() == 0 && time.Now().Before(end) {
		time.Sleep(5 * time.Millisecond)
	}
	children := childrenOf(t, cmd.Process.Pid)
	if len(children) != 1 {
		t.Errorf("children: %v", children)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for _, pid := range children {
		for syscall.Kill(pid, 0) == nil {
			if stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); bytes.Contains(stat, []byte(") Z ")) {
				break // gone, and nobody has asked how
			}
			if time.Now().After(end) {
				t.Fatalf("%d waits on", pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if n := prompts(); n != 0 {
		t.Errorf("%d prompts are left", n)
	}
}
