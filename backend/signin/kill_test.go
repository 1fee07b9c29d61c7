//go:build linux

package signin

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/e2e/service"
	"lanyard/backend/keychain"
)

// killed is a world in which bert is signed in at the same service and anna at
// another one, and then a sign-in of anna was killed after a step.
type killed struct {
	*world
	home       string
	docker     *dockerFile
	other      *service.Service
	bert, away keychain.Token
}

func killAfter(t *testing.T, step string) *killed {
	t.Helper()
	k := &killed{world: newWorld(t), home: t.TempDir(), other: startService(t, service.Options{})}
	k.docker = &dockerFile{k.home + "/docker"}
	k.computer.Dirs = dirsIn(k.home)
	k.computer.Docker = &docker{}
	k.service.Person(t, "bert")
	k.other.Person(t, "anna")
	if _, err := k.flow(k.service, "bert").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.network.Under = http.DefaultTransport
	if _, err := k.flow(k.other, "anna").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.computer.Docker = k.docker
	k.bert, k.away = k.token(k.service, "bert"), k.token(k.other, "anna")
	k.kill(order{Home: k.home, Server: k.service.URL, Name: "anna", Kill: step})
	return k
}

func (k *killed) kill(o order) {
	k.Helper()
	err := o.start(k.T).Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		k.Fatalf("it was not killed: %v", err)
	}
}

// settled fails unless the earlier sessions are as they were and nothing is
// half done.
func (k *killed) settled(signedIn bool) {
	k.Helper()
	want := append(k.entries(k.service, "bert"), k.entries(k.other, "anna")...)
	serves := "bert"
	n := 0
	if signedIn {
		want, serves, n = append(want, k.entries(k.service, "anna")...), "anna", 1
	}
	k.has(want...)
	k.lives(k.service, "anna", n, n)
	k.lives(k.service, "bert", 1, 1)
	k.lives(k.other, "anna", 1, 1)
	k.untouched(k.service, "bert", k.bert)
	k.untouched(k.other, "anna", k.away)
	state := k.state()
	if r := state.Registries[strings.TrimPrefix(k.service.URL, "http://")]; r.Account != serves {
		k.Errorf("the registry is served by %+v, want %s", r, serves)
	}
	if len(state.Entries) != len(want) || len(state.Tombstones) > 0 {
		k.Errorf("the state says %+v", state)
	}
	_, err := os.Stat(k.docker.path)
	if setUp := err == nil; setUp != signedIn {
		k.Errorf("docker is set up: %v", setUp)
	}
}

func TestKilledDuringASignIn(t *testing.T) {
	for _, c := range []struct {
		step            string
		tokens          int // alive before the next start
		completes, late bool
	}{
		{step: "exchanged"},             // design §6, step 2
		{step: "exchanged", late: true}, // and the service reaps the session
		{step: "pending"},               // 3
		{step: "generated", tokens: 1},  // 4
		{step: "token", tokens: 1},      // within 5
		{step: "session", tokens: 1, completes: true},
		{step: "held", tokens: 1, completes: true}, // 5
		{step: "set up", tokens: 1, completes: true},
	} {
		name := "after " + c.step
		if c.late {
			name += ", past the reap"
		}
		t.Run(name, func(t *testing.T) {
			k := killAfter(t, c.step)
			tokens, sessions, err := k.service.Alive("anna")
			if err != nil || len(tokens) != c.tokens || len(sessions) != 1 {
				t.Fatalf("%d tokens in %d sessions, %v", len(tokens), len(sessions), err)
			}
			if c.late {
				k.service.Advance(10*time.Minute + time.Second)
				if err := k.service.Store.Sweep(t.Context(), k.service.Now()); err != nil {
					t.Fatal(err)
				}
			}
			if c.step == "exchanged" && !c.late {
				// Nothing here knows of the session, so nothing here can end
				// it; it has no token, and is reaped.
				k.lives(k.service, "anna", 0, 1)
				k.service.Advance(10*time.Minute + time.Second)
			}
			k.start()
			k.settled(c.completes)
			k.start() // again: there is nothing left to do
			k.settled(c.completes)
		})
	}
}

// The next start is the next sign-in.
func TestKilledAndSignedInAgain(t *testing.T) {
	for _, step := range []string{"pending", "generated", "token", "held"} {
		t.Run("after "+step, func(t *testing.T) {
			k := killAfter(t, step)
			if _, err := k.flow(k.service, "anna").Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			k.settled(true)
		})
	}
}

// A second sign-in of the same account is killed: from the moment on which the
// service has given its token to the new session, the old one is over.
func TestKilledDuringASecondSignIn(t *testing.T) {
	for step, lives := range map[string]bool{"pending": true, "generated": false, "token": false, "held": true} {
		t.Run("after "+step, func(t *testing.T) {
			k := killAfter(t, "held")
			k.start()
			k.settled(true)
			before := k.token(k.service, "anna")
			k.kill(order{Home: k.home, Server: k.service.URL, Name: "anna", Kill: step})
			k.start()
			if !lives {
				k.has(append(k.entries(k.service, "bert"), k.entries(k.other, "anna")...)...)
				k.lives(k.service, "anna", 0, 0)
				return
			}
			k.settled(true)
			if after := k.token(k.service, "anna"); (after == before) != (step == "pending") {
				t.Error("the wrong one of the two sessions is left")
			}
		})
	}
}

// The service cannot be reached at the next start: what was begun stays in the
// keychain until it can.
func TestKilledAndOffline(t *testing.T) {
	k := killAfter(t, "generated")
	k.network.Lose = offline
	if n, err := k.computer.Recover(t.Context()); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	k.network.Lose = nil
	k.start()
	k.settled(false)
}

// Only one program at a time refreshes: two that start together would present
// the same refresh token, and one of them would keep the wrong successor.
func TestProcessesRefreshInTurn(t *testing.T) {
	const processes, each = 3, 4
	var now, most, all atomic.Int32
	w := newWorldAt(t, service.Options{Around: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r)
			if r.URL.Path != "/oauth/token" {
				return
			}
			all.Add(1)
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(20 * time.Millisecond) // before the answer leaves, so that a second one would be seen
			now.Add(-1)
		})
	}})
	home := t.TempDir()
	w.computer.Dirs = dirsIn(home)
	w.signIn()
	var running []*exec.Cmd
	for range processes {
		running = append(running, order{Home: home, Server: w.service.URL, Name: "anna", Times: each}.start(t))
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if all.Load() != 1+processes*each || most.Load() != 1 {
		t.Errorf("%d exchanges, up to %d at once", all.Load(), most.Load())
	}
	w.lives(w.service, "anna", 1, 1)
	w.untouched(w.service, "anna", w.token(w.service, "anna"))
}
