//go:build linux

package signin

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/grant"
	"lanyard/backend/helper"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
	"lanyard/backend/token"
)

// fates are all that can become of a session elsewhere, done by the real
// service, with the state that this computer finds itself in.
var fates = map[string]struct {
	do    func(w *world, a Access)
	state standing.State
}{
	"deactivated": {func(w *world, a Access) {
		off := false
		_, err := a.Server.Change(w.Context(), a.Token, w.token(w.service, "anna").UUID, client.Patch{Active: &off})
		w.must(err)
	}, standing.Deactivated},
	"evicted": {func(w *world, _ Access) { elsewhere(w.T, w.service, "anna") }, standing.Evicted},
	"deleted": {func(w *world, a Access) {
		w.must(a.Server.Delete(w.Context(), a.Token, w.token(w.service, "anna").UUID))
	}, standing.Deleted},
	"revoked": {func(w *world, _ Access) {
		w.must(w.service.Store.ChangeSession(w.Context(), w.held(w.service, "anna").SessionID, func(s grant.Session) (grant.Session, error) {
			return s.End(grant.WhySignedOut, w.service.Now()), nil
		}))
	}, standing.Revoked},
	"account disabled": {func(w *world, _ Access) { w.disable(true) }, standing.Disabled},
	"run out":          {func(w *world, _ Access) { w.service.Advance(31 * 24 * time.Hour) }, standing.Expired},
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) disable(disabled bool) {
	w.Helper()
	a, err := w.service.Accounts().ByLogin(w.Context(), "anna")
	w.must(err)
	w.must(w.service.Accounts().SetDisabled(w.Context(), a.ID, disabled))
}

// lost is a world in which anna was signed in, and that became of it.
func lost(t *testing.T, fate string) (*world, Result) {
	t.Helper()
	w := newWorldAt(t, service.Options{Tokens: token.Limits{Auto: 1, Manual: 10}})
	result := w.signIn()
	access, err := w.computer.Access(t.Context(), result.Account)
	w.must(err)
	fates[fate].do(w, access)
	return w, result
}

// Each fate is told apart, and said; where it is the end of the session,
// nothing is left here, and it stays said until the next sign-in.
func TestEndedElsewhereIsToldApart(t *testing.T) {
	for name, c := range fates {
		t.Run(name, func(t *testing.T) {
			w, result := lost(t, name)
			st, err := w.computer.Look(t.Context(), result.Account, true)
			state, says := Judge(st, err)
			if state != c.state || says == "" {
				t.Fatalf("%s: %q (%v)", state, says, err)
			}
			ended, err := w.computer.Ended()
			w.must(err)
			if state.SignedIn() {
				w.has(w.entries(w.service, "anna")...)
				if len(ended) > 0 {
					t.Errorf("the session lives, and %+v", ended)
				}
				return
			}
			w.has()
			if s := w.state(); len(s.Registries)+len(s.Entries)+len(s.Tombstones) > 0 {
				t.Errorf("the state still knows %+v", s)
			}
			if len(ended) != 1 || ended[0].State != c.state || ended[0].Account != result.Account || !slices.Equal(ended[0].Hosts, result.Hosts) {
				t.Errorf("remembered: %+v", ended)
			}
			if e, ok := w.state().EndingAt(result.Hosts[0]); !ok || standing.State(e.State).Words().Helper == "" {
				t.Errorf("the helper has nothing to say: %+v", e)
			}
			w.disable(false)
			w.lives(w.service, "anna", 0, 0) // nor does it come back with the account
			w.signIn()
			if ended, err := w.computer.Ended(); err != nil || len(ended) > 0 {
				t.Errorf("signed in, and still %+v %v", ended, err)
			}
		})
	}
}

func TestAcknowledge(t *testing.T) {
	w, result := lost(t, "deleted")
	_, _ = w.computer.Look(t.Context(), result.Account, true)
	if told, err := w.computer.Acknowledge("https://elsewhere.example"); err != nil || len(told) > 0 {
		t.Errorf("%v %v", told, err)
	}
	if told, err := w.computer.Acknowledge(w.service.URL); err != nil || !slices.Equal(told, []Account{result.Account}) {
		t.Errorf("%v %v", told, err)
	}
	if ended, err := w.computer.Ended(); err != nil || len(ended) > 0 {
		t.Errorf("%+v %v", ended, err)
	}
	w.clean()
}

// Whatever became of the session, and of the keychain: a tool that asks for
// the registry is told docker's own sentence, so that it goes on without
// credentials and public images are still pulled; and docker's configuration,
// with which work is running, is left as it is.
func TestLosingTheSessionTouchesNoRunningWorkAndBreaksNoPublicPull(t *testing.T) {
	gets := func(w *world, host string) (string, int) {
		var out, errs bytes.Buffer
		status := helper.Helper{Getenv: w.env, Now: w.computer.Now}.Run([]string{"get"}, strings.NewReader(host+"\n"), &out, &errs)
		return out.String(), status
	}
	goesOn := func(t *testing.T, w *world, host string, set []string) {
		t.Helper()
		if said, status := gets(w, host); status != 1 || said != "credentials not found in native keychain\n" {
			t.Errorf("the tool is told %q, %d", said, status)
		}
		if !slices.Equal(w.docker.set, set) || len(set) == 0 {
			t.Errorf("docker's configuration was changed: %q, before %q", w.docker.set, set)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.service.URL+"/token?service="+host, nil)
		w.must(err)
		transport := w.service.Transport()
		defer transport.CloseIdleConnections()
		response, err := transport.RoundTrip(request)
		w.must(err)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("without credentials the service says %s", response.Status)
		}
	}
	for name, c := range fates {
		if c.state.SignedIn() {
			continue // served, and refused by the service for as long
		}
		t.Run(name, func(t *testing.T) {
			w, result := lost(t, name)
			set := slices.Clone(w.docker.set)
			_, _ = w.computer.Look(t.Context(), result.Account, true)
			goesOn(t, w, result.Hosts[0], set)
		})
	}
	t.Run("past its end here", func(t *testing.T) {
		w := newWorld(t)
		result := w.signIn()
		set := slices.Clone(w.docker.set)
		w.clock = 91 * 24 * time.Hour
		goesOn(t, w, result.Hosts[0], set)
		_, err := w.computer.Expire(t.Context())
		w.must(err)
		goesOn(t, w, result.Hosts[0], set)
	})
	t.Run("locked", func(t *testing.T) {
		w := newWorldWith(t, keyringtest.Options{})
		result := w.signIn()
		w.must(w.session.Lock())
		goesOn(t, w, result.Hosts[0], slices.Clone(w.docker.set))
	})
	t.Run("no keychain", func(t *testing.T) {
		w := newWorldWith(t, keyringtest.Options{})
		result := w.signIn()
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
		t.Setenv("XDG_RUNTIME_DIR", "")
		goesOn(t, w, result.Hosts[0], slices.Clone(w.docker.set))
	})
	t.Run("work that runs goes on", func(t *testing.T) {
		w := newWorld(t)
		result := w.signIn()
		set := slices.Clone(w.docker.set)
		said, status := gets(w, result.Hosts[0])
		if status != 0 || !strings.Contains(said, `"Secret"`) {
			t.Fatalf("%d", status)
		}
		w.clock = 91 * 24 * time.Hour // by this computer's clock alone
		_, err := w.computer.Expire(t.Context())
		w.must(err)
		w.clean()
		_, secret, _ := strings.Cut(said, `"Secret":"`)
		secret, _, _ = strings.Cut(secret, `"`)
		if status, err := w.service.Login("anna", secret); err != nil || status != http.StatusOK {
			t.Errorf("a push that was under way is answered %d, %v", status, err)
		}
		if !slices.Equal(w.docker.set, set) {
			t.Error("docker's configuration was changed")
		}
	})
}

// env is the environment of the world's computer, for the helper.
func (w *world) env(name string) string {
	home, _, _ := strings.Cut(w.computer.Dirs.State, "/state")
	if name == "LANYARD_HOME" {
		return home
	}
	return os.Getenv(name)
}

// A sign-out before a locked keychain: no tool gets the token from that moment
// on, and once it opens, a start tells the service and leaves nothing.
func TestSignOutWhileLocked(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{})
	result := w.signIn()
	before := w.token(w.service, "anna")
	w.must(w.session.Lock())
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if !errors.Is(err, ErrUnfinished) || !errors.Is(err, keychain.ErrLocked) || r.Removed || r.Revoked {
		t.Fatalf("%+v %v", r, err)
	}
	if all, err := w.computer.Accounts(); err != nil || len(all) > 0 {
		t.Errorf("still signed in: %v %v", all, err)
	}
	pending, err := w.computer.Pending()
	if err != nil || len(pending) != 1 || pending[0].Account != result.Account || pending[0].Since.IsZero() {
		t.Errorf("pending: %+v %v", pending, err)
	}
	for range 2 { // as long as it is locked
		if _, err := w.computer.Expire(t.Context()); !errors.Is(err, keychain.ErrLocked) {
			t.Errorf("%v", err)
		}
	}
	w.must(w.session.StartDaemon())
	done, err := w.computer.Tidy(t.Context())
	if err != nil || len(done.Expired) > 0 || len(done.Settled) != 1 || done.Settled[0].Account != result.Account || !done.Settled[0].Refused {
		t.Errorf("%+v %v", done, err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
	if status, err := w.service.Login("anna", before.Secret.Reveal()); err != nil || status != http.StatusUnauthorized {
		t.Errorf("the token is answered %d, %v", status, err)
	}
	if pending, err := w.computer.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("pending: %+v %v", pending, err)
	}
}

// The helper sweeps what is buried as soon as it can; that must not take away
// what the service is to be told with.
func TestSignOutWhileLockedAndSweptByTheHelper(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{})
	result := w.signIn()
	w.must(w.session.Lock())
	if _, err := w.computer.SignOut(t.Context(), result.Account); !errors.Is(err, ErrUnfinished) {
		t.Fatal(err)
	}
	w.must(w.session.StartDaemon())
	w.sweep()
	w.start()
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// Signed out on a train: queued, seen, and carried out by a later command.
func TestSignOutOfflineIsCarriedOutLater(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.network.Lose = offline
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !r.Removed || !errors.Is(r.Pending, client.ErrUnreachable) {
		t.Fatalf("%+v %v", r, err)
	}
	pending, err := w.computer.Pending()
	if err != nil || len(pending) != 1 || pending[0].Account != result.Account {
		t.Errorf("pending: %+v %v", pending, err)
	}
	if settled, err := w.computer.Settle(t.Context()); !errors.Is(err, client.ErrUnreachable) || len(settled) > 0 {
		t.Errorf("%+v %v", settled, err)
	}
	if tokens, sessions, err := w.service.Alive("anna"); len(tokens) != 1 || len(sessions) != 1 || err != nil {
		t.Errorf("the service knows already: %v %v %v", tokens, sessions, err)
	}
	w.network.Lose = nil
	settled, err := w.computer.Settle(t.Context())
	if err != nil || len(settled) != 1 || !settled[0].SignOut() || settled[0].Account != result.Account || !settled[0].Refused {
		t.Errorf("%+v %v", settled, err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// A sign-out that is killed after its first write goes on with the next start.
func TestSignOutKilled(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.must(w.computer.leave(result.Account))
	if _, err := w.computer.Access(t.Context(), result.Account); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("its session is still used: %v", err)
	}
	w.start()
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// count is how often a path is asked for.
func (w *world) count(path string) *int {
	n := new(int)
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == path {
			*n++
		}
		return service.Nothing
	}
	return n
}

func TestRefreshInTheBackground(t *testing.T) {
	const day = 24 * time.Hour
	w := newWorld(t)
	result := w.signIn()
	n := w.count("/oauth/token")
	for _, c := range []struct {
		name  string
		clock time.Duration
		does  bool
	}{
		{"just signed in", 0, false},
		{"nine days later", 9 * day, false},
		{"ten days later", 10 * day, true},
		{"at once again", 10 * day, false},
		{"a few hours later", 10*day + 5*time.Hour, false},
		{"the clock set back 40 days", -30 * day, true},
		{"and forward 40 days", 10 * day, true},
	} {
		*n = 0
		w.clock = c.clock
		done, err := w.computer.Refresh(t.Context())
		if err != nil || (len(done) == 1) != c.does || (*n == 1) != c.does {
			t.Errorf("%s: %v %v, %d exchanges", c.name, done, err, *n)
		}
	}
	w.clock = 0
	w.untouched(w.service, "anna", w.token(w.service, "anna"))
	w.network.Lose = offline
	w.clock = 20 * day
	if done, err := w.computer.Refresh(t.Context()); !errors.Is(err, client.ErrUnreachable) || len(done) > 0 {
		t.Errorf("offline: %v %v", done, err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.network.Lose = nil
	fates["revoked"].do(w, Access{})
	if done, err := w.computer.Refresh(t.Context()); !errors.Is(err, client.ErrEnded) || len(done) > 0 {
		t.Errorf("ended: %v %v", done, err)
	}
	w.has()
	if ended, err := w.computer.Ended(); err != nil || len(ended) != 1 || ended[0].Account != result.Account || ended[0].State != standing.Revoked {
		t.Errorf("%+v %v", ended, err)
	}
}

// Several programs find the refresh due at one moment: one does it.
func TestProgramsThatFindARefreshDueAtOnce(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.clock = 11 * 24 * time.Hour
	type did struct {
		accounts []Account
		err      error
	}
	done := make(chan did)
	const programs = 5
	for range programs {
		c := *w.computer
		c.Transport = w.service.Transport()
		go func() {
			accounts, err := c.Refresh(context.Background())
			done <- did{accounts, err}
		}()
	}
	refreshed := 0
	for range programs {
		d := <-done
		if d.err != nil {
			t.Error(d.err)
		}
		refreshed += len(d.accounts)
	}
	if refreshed != 1 {
		t.Errorf("%d programs refreshed", refreshed)
	}
	w.clock = 0
	w.untouched(w.service, "anna", w.token(w.service, "anna"))
}

// The answer to a refresh is lost: the same token is presented again, and the
// session lives on, also where the next program asks a day later.
func TestRefreshWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	for _, later := range []time.Duration{0, time.Hour, 23 * time.Hour} {
		w.network.Lose = on("/oauth/token", service.Answer)
		before := w.held(w.service, "anna")
		if _, err := w.computer.Access(t.Context(), result.Account); !errors.Is(err, client.ErrUnreachable) {
			t.Fatalf("%v", err)
		}
		if after := w.held(w.service, "anna"); after != before {
			t.Error("the session was changed")
		}
		w.network.Lose = nil
		w.service.Advance(later)
		if _, err := w.computer.Access(t.Context(), result.Account); err != nil {
			t.Fatalf("%v later: %v", later, err)
		}
	}
	w.untouched(w.service, "anna", w.token(w.service, "anna"))
}

// What a tool logged out of by hand is told.
func TestLookTellsOfALogOutByHand(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.must(w.computer.state().Update(func(s *machine.State) error {
		r := s.Registries[result.Hosts[0]]
		r.Off = true
		s.Registries[result.Hosts[0]] = r
		return nil
	}))
	st, err := w.computer.Look(t.Context(), result.Account, true)
	if err != nil || !slices.Equal(st.Off, result.Hosts) {
		t.Errorf("%v %v", st.Off, err)
	}
}

// A clock that is off is told, by how much.
func TestLookTellsOfAClockThatIsOff(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	for off, want := range map[time.Duration]time.Duration{0: 0, 30 * time.Second: 0, time.Hour: -time.Hour, -time.Hour: time.Hour} {
		w.clock = off
		st, err := w.computer.Look(t.Context(), result.Account, true)
		if d := st.Skew - want; err != nil || d.Abs() > 5*time.Second || want == 0 && st.Skew != 0 {
			t.Errorf("%v: the service is said to be %v ahead, %v", off, st.Skew, err)
		}
	}
}
