//go:build linux

package app

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
)

// live is what a change elsewhere may take to be seen.
const live = 2 * time.Second

// hears fails unless the page is told of what within two seconds of the act.
func (w *world) hears(t *testing.T, what string, act func() error) {
	t.Helper()
	count := func() (n int) {
		for _, v := range views[ChangedView](w.screen, eventChanged) {
			if slices.Contains(v.What, what) {
				n++
			}
		}
		return n
	}
	before, began := count(), time.Now()
	if err := act(); err != nil {
		t.Fatal(err)
	}
	w.until("the page to hear of "+what, func() bool { return count() > before })
	if took := time.Since(began); took > live {
		t.Errorf("%s took %v", what, took)
	}
}

// What a terminal or a person changes on this computer shows by itself.
func TestFilesAreWatched(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.App.DomReady(t.Context())
	w.until("the first look", func() bool { return w.screen.count(eventSession) > 0 })
	dirs := w.core.Computer.Dirs
	w.hears(t, "uses", func() error {
		return ledger.Ledger{Dir: dirs.State}.Append(ledger.Use{At: time.Now(), Tool: "docker", Host: "localhost"})
	})
	w.hears(t, "settings", func() error {
		return dirs.SettingsFile().Update(func(s *machine.Settings) error {
			s.Window.Theme = "dark"
			return nil
		})
	})
	w.hears(t, "tools", func() error {
		if err := os.MkdirAll(filepath.Dir(w.core.Docker.File.Path), 0o700); err != nil {
			return err
		}
		return os.WriteFile(w.core.Docker.File.Path, []byte("{}"), 0o600)
	})
	w.hears(t, "service", func() error {
		if err := os.MkdirAll(w.core.Data, 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(w.core.Data, "admin.sock.path"), []byte("/run/x"), 0o600)
	})
	w.hears(t, "accounts", func() error { // another program signs out
		_, err := w.core.Computer.SignOut(t.Context(), mustFind(t, w))
		return err
	})
	w.until("the page to be told", func() bool {
		all := views[SessionView](w.screen, eventSession)
		return all[len(all)-1].State == "signed_out"
	})
}

// What is done elsewhere with the account shows within two seconds, and the
// wait for it is no use of the session.
func TestTheServiceIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.App.DomReady(t.Context())
	w.until("the wait", func() bool { return w.core.isWaiting() })
	other := w.elsewhere("box")
	w.until("the page to hear of it", func() bool { return w.screen.count(eventChanged) > 0 })
	var made client.Token
	w.hears(t, "tokens", func() (err error) {
		made, err = other.Server.Create(t.Context(), other.Token, client.NewToken{Label: "made elsewhere", Scopes: []string{"repo:read"}, ExpiresAt: stamp(time.Now().Add(5 * 24 * time.Hour))})
		return err
	})
	learned := time.Now()
	w.until("the notice of a token that ends", func() bool {
		all, err := w.App.settings.Notices()
		return err == nil && slices.ContainsFunc(all, func(n NoticeView) bool { return n.Kind == noticeExpires && n.Args["id"] == made.UUID })
	})
	if took := time.Since(learned); took > 5*live { // and not with the next look that comes by itself
		t.Errorf("it took %v", took)
	}
	if err := other.Server.Delete(t.Context(), other.Token, w.stands("active").TokenID); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.until("the page to be told", func() bool {
		all := views[SessionView](w.screen, eventSession)
		return all[len(all)-1].State == "ended"
	})
	if took := time.Since(began); took > live {
		t.Errorf("it took %v", took)
	}
}

// A service that is gone, slow or strange while the window watches: nothing
// hangs, it is not asked without end, and it is found again.
func TestWatchingAServiceThatFails(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	type pause struct {
		wait  time.Duration
		asked int // times, before it
	}
	var pauses []pause
	asked, lose, begin := 0, service.Request, make(chan time.Time)
	w.core.after = func(wait time.Duration) <-chan time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		pauses = append(pauses, pause{wait, asked})
		if len(pauses) == 9 {
			lose = service.Nothing
		}
		return begin
	}
	w.network.Lose = func(r *http.Request) service.Loss {
		w.mu.Lock()
		defer w.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/v2/access/changes") {
			asked++
		}
		return lose
	}
	w.App.DomReady(t.Context())
	w.until("it to be offline", func() bool {
		all := views[SessionView](w.screen, eventSession)
		return len(all) > 0 && all[len(all)-1].State == "offline"
	})
	all := views[SessionView](w.screen, eventSession)
	if last := all[len(all)-1]; last.AsOf == "" || last.LastFour == "" {
		t.Errorf("%+v", last)
	}
	close(begin) // every pause is over at once
	w.until("it to be found again", func() bool {
		all := views[SessionView](w.screen, eventSession)
		return all[len(all)-1].State == "active"
	})
	w.mu.Lock()
	for i, p := range pauses { // no rule says when it gives up: it must not
		n := i + 1
		if most := min(time.Second<<n, slowest); p.asked != n || p.wait > most || p.wait < most/2 {
			t.Errorf("pause %d is %v, at most %v, after it asked %d times", n, p.wait, most, p.asked)
		}
	}
	if len(pauses) != 9 {
		t.Errorf("there were %d pauses", len(pauses))
	}
	w.mu.Unlock()
	done := make(chan struct{})
	go func() {
		w.App.Shutdown(t.Context())
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(4 * time.Second):
		t.Error("the window does not end")
	}
}

// A sign-in by another program is waited with from then on, and shown.
func TestAnotherProgramSignsIn(t *testing.T) {
	w := newWorld(t)
	w.App.DomReady(t.Context())
	w.until("the first look", func() bool { return w.screen.count(eventSession) > 0 })
	other := w.window(filepath.Dir(w.core.Computer.Dirs.State)) // on the same files
	if _, err := other.session.SignIn("", false); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.until("the wait", func() bool { return w.core.isWaiting() })
	if took := time.Since(began); took > 2*live {
		t.Errorf("it took %v", took)
	}
	w.until("the page to be told", func() bool {
		all := views[SessionView](w.screen, eventSession)
		return all[len(all)-1].State == "active"
	})
}

func TestBackoff(t *testing.T) {
	for failures, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 3: 8 * time.Second, 7: slowest, 1000: slowest} {
		for range 100 {
			if wait := backoff(failures); wait > most || wait < most/2 {
				t.Errorf("after %d it is %v, at most %v", failures, wait, most)
			}
		}
	}
}

// Nobody is signed in: nothing is asked of anybody.
func TestNothingIsAskedForNobody(t *testing.T) {
	w := newWorldWith(t, keyring.Options{})
	w.network.Lose = func(r *http.Request) service.Loss {
		w.Errorf("asked %s", r.URL)
		return service.Request
	}
	w.App.DomReady(t.Context())
	w.until("the first look", func() bool { return w.screen.count(eventSession) > 0 })
}
