//go:build linux

package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	var prompt Prompt
	flow := w.flow(w.service, "anna")
	flow.Show = func(p Prompt) { prompt = p }
	result, err := flow.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(w.service.URL, "http://")
	anna := Account{w.service.URL, "anna"}
	token, session := w.token(w.service, "anna"), w.held(w.service, "anna")

	if result.Account != anna || !slices.Equal(result.Hosts, []string{host}) || result.Tools != nil ||
		!strings.HasSuffix(token.Secret.Reveal(), result.LastFour) || len(result.LastFour) != 4 {
		t.Errorf("result %+v", result)
	}
	day := 24 * time.Hour
	if left := time.Until(result.Ends); left < 90*day-time.Minute || left > 90*day {
		t.Errorf("it ends in %v", left)
	}
	if left := time.Until(result.IdleBy); left < 30*day-time.Minute || left > 30*day {
		t.Errorf("unused, it ends in %v", left)
	}
	if len(w.opened) != 1 || prompt.URL != w.opened[0] || prompt.Browser != nil || prompt.UserCode != "" || prompt.Expires.Before(time.Now()) {
		t.Errorf("opened %q, shown %+v", w.opened, prompt)
	}

	w.has(w.entries(w.service, "anna")...)
	if token.Username != "anna" || token.Idle != 30*day || !token.Ends.Equal(result.Ends) || token.UUID == "" {
		t.Errorf("token entry %+v", token)
	}
	if family(session.Refresh) != session.SessionID {
		t.Errorf("session entry %+v", session)
	}
	w.lives(w.service, "anna", 1, 1)
	if status, err := w.service.Login("anna", token.Secret.Reveal()); status != http.StatusOK || err != nil {
		t.Errorf("the token is answered %d, %v", status, err)
	}
	if !slices.Equal(w.docker.set, []string{host}) {
		t.Errorf("docker was set up for %q", w.docker.set)
	}

	state := w.state()
	if r := state.Registries[host]; r.Server != w.service.URL || r.Account != "anna" || r.Off {
		t.Errorf("the state says %+v", state.Registries)
	}
	if len(state.Tombstones) != 0 || len(state.Entries) != 2 || state.HighWater.IsZero() {
		t.Errorf("the state says %+v", state)
	}
	w.secretless(token.Secret.Reveal(), session.Refresh.Reveal())
	if all, err := w.computer.Accounts(); err != nil || !slices.Equal(all, []Account{anna}) {
		t.Errorf("signed in: %v, %v", all, err)
	}
	if found, err := w.computer.Find(""); found != anna || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := w.computer.Find("https://elsewhere.example"); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("elsewhere: %v", err)
	}

	// What the service was told of this computer.
	access, err := w.computer.Access(t.Context(), anna)
	if err != nil {
		t.Fatal(err)
	}
	all, active, err := access.Server.Tokens(t.Context(), access.Token)
	name, _ := os.Hostname()
	if err != nil || active != 1 || len(all) != 1 || all[0].Machine != name || all[0].Source != "auto" || all[0].Label != "Lanyard on "+name {
		t.Errorf("the service lists %+v, %d active, %v", all, active, err)
	}
	if m, err := w.computer.Machine(); err != nil || m.OS != runtime.GOOS || len(m.Installation) != 64 {
		t.Errorf("machine %+v %v", m, err)
	}
}

// Nothing runs on, and nothing listens, once a sign-in is over.
func TestASignInLeavesNothingRunning(t *testing.T) {
	w := newWorld(t)
	flow := w.flow(w.service, "anna")
	before := goleak.IgnoreCurrent()
	flow.Computer.Transport = nil
	flow.OpenBrowser = func(address string) error {
		w.opened = append(w.opened, address)
		transport := &http.Transport{DisableKeepAlives: true}
		person := service.NewPerson("anna", transport)
		go func() {
			if err := person.Allow(address); err != nil {
				t.Error(err)
			}
		}()
		return nil
	}
	if _, err := flow.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before,
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),          // those three: connections to and of the service
		goleak.IgnoreTopFunction("github.com/godbus/dbus/v5.newConn.func1")) // go-keyring keeps one for the life of a program
	back := redirectOf(t, w.opened[0])
	if response, err := http.Get(back); err == nil {
		response.Body.Close()
		t.Errorf("%s still answers: %s", back, response.Status)
	}
}

func TestAccessRotatesTheSession(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	anna := Account{w.service.URL, "anna"}
	seen := map[string]bool{w.held(w.service, "anna").Refresh.Reveal(): true}
	for range 3 {
		access, err := w.computer.Access(t.Context(), anna)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := access.Server.Session(t.Context(), access.Token); err != nil {
			t.Error(err)
		}
		refresh := w.held(w.service, "anna").Refresh.Reveal()
		if seen[refresh] {
			t.Error("the refresh token is an earlier one")
		}
		seen[refresh] = true
	}
	w.lives(w.service, "anna", 1, 1)
	w.has(w.entries(w.service, "anna")...)
}

// A refresh whose answer is lost costs nothing: the next one presents the same
// refresh token and gets the same successor.
func TestARefreshWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	anna := Account{w.service.URL, "anna"}
	before := w.held(w.service, "anna").Refresh
	w.network.Lose = on("/oauth/token", service.Answer)
	if _, err := w.computer.Access(t.Context(), anna); !errors.Is(err, client.ErrUnreachable) {
		t.Fatalf("with its answer lost: %v", err)
	}
	if after := w.held(w.service, "anna").Refresh; after != before {
		t.Error("the keychain's was changed")
	}
	w.network.Lose = nil
	if _, err := w.computer.Access(t.Context(), anna); err != nil {
		t.Errorf("again: %v", err)
	}
	w.lives(w.service, "anna", 1, 1)
}

func TestLook(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	anna := result.Account
	st, err := w.computer.Look(t.Context(), anna, true)
	if err != nil || st.Offline != nil || st.Session == nil || st.Session.Token == nil || st.Session.Token.UUID != w.token(w.service, "anna").UUID ||
		st.LastFour != result.LastFour || !st.Life.Ends.Equal(result.Ends) || !slices.Equal(st.Hosts, result.Hosts) {
		t.Errorf("%+v %v", st, err)
	}
	w.network.Lose = offline
	st, err = w.computer.Look(t.Context(), anna, true)
	if err != nil || !errors.Is(st.Offline, client.ErrUnreachable) || st.Session != nil || st.LastFour != result.LastFour {
		t.Errorf("offline: %+v %v", st, err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.network.Lose = nil

	// The session is ended elsewhere.
	all, err := w.service.Store.SessionsOf(t.Context(), accountID(t, w.service, "anna"))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	server, err := client.Open(t.Context(), w.service.URL, w.service.Transport())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Revoke(t.Context(), w.held(w.service, "anna").Refresh.Reveal()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Look(t.Context(), anna, true); !errors.Is(err, client.ErrEnded) {
		t.Errorf("once it has ended: %v", err)
	}
	w.clean()
}

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	token, refresh := w.token(w.service, "anna"), w.held(w.service, "anna").Refresh
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/oauth/revoke" && !w.state().Buried(keychain.TokenName(w.service.URL, "anna")) {
			t.Error("a tool may still be given the token while it dies")
		}
		return service.Nothing
	}
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Removed || !r.Revoked || !r.Refused || r.Pending != nil || r.Tools != nil || r.LastFour != result.LastFour || !slices.Equal(r.Hosts, result.Hosts) {
		t.Errorf("receipt %+v", r)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
	if len(w.docker.set) != 0 {
		t.Errorf("docker is still set up for %q", w.docker.set)
	}
	if status, err := w.service.Login("anna", token.Secret.Reveal()); status != http.StatusUnauthorized || err != nil {
		t.Errorf("the token is answered %d, %v", status, err)
	}
	server, err := client.Open(t.Context(), w.service.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Refresh(t.Context(), refresh.Reveal()); !errors.Is(err, client.ErrEnded) {
		t.Errorf("the refresh token: %v", err)
	}
	if out, err := w.session.Command("secret-tool", "search", "--all", "service", keychain.Service).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("secret-tool finds %s %v", out, err)
	}
	if _, err := w.computer.Find(""); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("afterwards: %v", err)
	}
}

// The other account's session, and the registry it serves, live on.
func TestSignOutOfOneOfTwo(t *testing.T) {
	w := newWorld(t)
	w.service.Person(t, "bert")
	w.signIn()
	anna := w.token(w.service, "anna")
	if _, err := w.flow(w.service, "bert").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := w.computer.SignOut(t.Context(), Account{w.service.URL, "bert"})
	if err != nil || !r.Refused {
		t.Errorf("%+v %v", r, err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.untouched(w.service, "anna", anna)
	w.lives(w.service, "bert", 0, 0)
}

func TestSignOutOffline(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	token := w.token(w.service, "anna")
	w.network.Lose = offline
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !r.Removed || r.Revoked || r.Refused || !errors.Is(r.Pending, client.ErrUnreachable) {
		t.Fatalf("%+v %v", r, err)
	}
	names := w.names()
	if len(names) != 1 || !strings.HasPrefix(names[0], keychain.Pendings.Prefix()) {
		t.Fatalf("the keychain holds %q", names)
	}
	if all, err := w.computer.Accounts(); err != nil || len(all) > 0 {
		t.Errorf("signed in: %v, %v", all, err)
	}
	if status, err := w.service.Login("anna", token.Secret.Reveal()); status != http.StatusOK || err != nil {
		t.Fatalf("the service was told after all: %d, %v", status, err)
	}
	if n, err := w.computer.Recover(t.Context()); n != 0 || !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("still offline: %d, %v", n, err)
	}
	w.network.Lose = nil
	if n, err := w.computer.Recover(t.Context()); n != 1 || err != nil {
		t.Errorf("online again: %d, %v", n, err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
	if status, err := w.service.Login("anna", token.Secret.Reveal()); status != http.StatusUnauthorized || err != nil {
		t.Errorf("the token is answered %d, %v", status, err)
	}
	if n, err := w.computer.Recover(t.Context()); n != 0 || err != nil {
		t.Errorf("once more: %d, %v", n, err)
	}
}

// The service did it, and its answer was lost: nothing is claimed, and the
// next command carries it out once more.
func TestSignOutWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.network.Lose = on("/oauth/revoke", service.Answer)
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !r.Removed || r.Revoked || r.Refused || !errors.Is(r.Pending, client.ErrUnreachable) {
		t.Fatalf("%+v %v", r, err)
	}
	w.network.Lose = nil
	if n, err := w.computer.Recover(t.Context()); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// A receipt without the proof says so.
func TestSignOutWithoutProof(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.network.Lose = on("/token", service.Request)
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !r.Removed || !r.Revoked || r.Refused || r.Pending != nil {
		t.Errorf("%+v %v", r, err)
	}
	w.clean()
}

// Somebody took the session out of the keychain: it cannot be ended from
// here, and the receipt does not say that it was.
func TestSignOutWithoutASession(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	if err := w.computer.Keychain.Delete(t.Context(), keychain.SessionName(w.service.URL, "anna")); err != nil {
		t.Fatal(err)
	}
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if !errors.Is(err, ErrStillAccepted) || !r.Removed || r.Revoked || r.Refused || r.Pending == nil {
		t.Errorf("%+v %v", r, err)
	}
	w.clean()
}

// The same where the service ended it before.
func TestSignOutOfWhatEndedWithoutASession(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	server, err := client.Open(t.Context(), w.service.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Revoke(t.Context(), w.held(w.service, "anna").Refresh.Reveal()); err != nil {
		t.Fatal(err)
	}
	if err := w.computer.Keychain.Delete(t.Context(), keychain.SessionName(w.service.URL, "anna")); err != nil {
		t.Fatal(err)
	}
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !r.Removed || r.Revoked || !r.Refused || r.Pending != nil {
		t.Errorf("%+v %v", r, err)
	}
	w.clean()
}

func TestExpire(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		after time.Duration
		over  bool
	}{
		"at once":                 {0, false},
		"a day before the idle":   {29 * day, false},
		"after the idle period":   {30 * day, true},
		"long after":              {400 * day, true},
		"a clock set back a year": {-365 * day, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			result := w.signIn()
			w.clock = c.after
			w.network.Lose = offline // nobody is asked
			over, err := w.computer.Expire(t.Context())
			if err != nil || (len(over) == 1 && over[0] == result.Account) != c.over {
				t.Errorf("%v %v", over, err)
			}
			if c.over {
				w.clean()
			} else {
				w.has(w.entries(w.service, "anna")...)
			}
		})
	}
}

// Used, it lives to its absolute end and not a moment longer.
func TestExpireAtTheEnd(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	name := keychain.TokenName(w.service.URL, "anna")
	for days := 20; days < 90; days += 20 {
		w.clock = time.Duration(days) * 24 * time.Hour
		if err := w.computer.state().Note(name, w.computer.now()); err != nil {
			t.Fatal(err)
		}
		if over, err := w.computer.Expire(t.Context()); err != nil || len(over) > 0 {
			t.Fatalf("on day %d: %v %v", days, over, err)
		}
	}
	w.clock = time.Until(result.Ends) - time.Minute
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) > 0 {
		t.Errorf("a minute before: %v %v", over, err)
	}
	w.clock = time.Until(result.Ends) + time.Second
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) != 1 {
		t.Errorf("at the end: %v %v", over, err)
	}
	w.clean()
}

// The keychain is locked when the end comes: the token is not served any more,
// and goes once it is open.
func TestExpireWhileLocked(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{})
	w.signIn()
	w.clock = 31 * 24 * time.Hour
	if err := w.session.Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Expire(t.Context()); !errors.Is(err, keychain.ErrLocked) {
		t.Errorf("locked: %v", err)
	}
	if err := w.session.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) != 1 {
		t.Errorf("open again: %v %v", over, err)
	}
	w.clean()
}

// Sign-out began, and the keychain went away under it: from then on nobody is
// served, and the next start carries it through.
func TestSignOutWhileTheKeyringDies(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{})
	result := w.signIn()
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/token" { // the session is revoked, the entries are still there
			if err := w.session.KillDaemon(); err != nil {
				t.Error(err)
			}
		}
		return service.Nothing
	}
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err == nil || r.Removed || !r.Revoked {
		t.Errorf("%+v %v", r, err)
	}
	state := w.state()
	if !state.Buried(keychain.TokenName(w.service.URL, "anna")) || !state.Buried(keychain.SessionName(w.service.URL, "anna")) || len(state.Registries) > 0 {
		t.Errorf("the state says %+v", state)
	}
	if all, err := w.computer.Accounts(); err != nil || len(all) > 0 {
		t.Errorf("signed in: %v, %v", all, err)
	}
	w.network.Lose = nil
	if err := w.session.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Expire(t.Context()); err != nil {
		t.Error(err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// A token that somebody took out of the keychain by hand: what is left goes,
// and the service learns of it.
func TestATokenTakenOutByHand(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	if out, err := w.session.Command("secret-tool", "clear", "service", keychain.Service, "username", keychain.TokenName(w.service.URL, "anna")).CombinedOutput(); err != nil {
		t.Fatalf("%s %v", out, err)
	}
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) != 1 {
		t.Errorf("%v %v", over, err)
	}
	if n, err := w.computer.Recover(t.Context()); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// The same person signs in again: one session, one token.
func TestSignInAgain(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	first := w.token(w.service, "anna")
	w.signIn()
	if second := w.token(w.service, "anna"); second.UUID == first.UUID {
		t.Error("the token is the same")
	}
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
	if status, err := w.service.Login("anna", first.Secret.Reveal()); status != http.StatusUnauthorized || err != nil {
		t.Errorf("the first token is answered %d, %v", status, err)
	}
	if n, err := w.computer.Recover(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// After an eviction: the session lives, and one button makes a token anew.
func TestRegenerate(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	first := w.token(w.service, "anna")
	access, err := w.computer.Access(t.Context(), result.Account)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.computer.Regenerate(t.Context(), access); err != nil {
		t.Fatal(err)
	}
	if second := w.token(w.service, "anna"); second.UUID == first.UUID {
		t.Error("the token is the same")
	}
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
}

func TestDevice(t *testing.T) {
	w := newWorld(t)
	w.network.Under = hurried{w.network.Under}
	flow := w.flow(w.service, "anna")
	flow.Device, flow.OpenBrowser = true, nil
	flow.Show = func(p Prompt) {
		if p.URL != w.service.URL+"/activate" || len(p.UserCode) != 9 || p.Browser != nil {
			t.Errorf("shown %+v", p)
		}
		if err := w.service.Sit("anna").Enter(p.URL, p.UserCode); err != nil {
			t.Error(err)
		}
	}
	result, err := flow.Run(t.Context())
	if err != nil || result.Account.Name != "anna" {
		t.Fatalf("%+v %v", result, err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
}

// hurried has devices poll each second.
type hurried struct{ under http.RoundTripper }

func (h hurried) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := h.under.RoundTrip(r)
	if err != nil || r.URL.Path != "/oauth/device/code" {
		return response, err
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(strings.NewReader(strings.Replace(string(text), `"interval":5`, `"interval":1`, 1)))
	response.ContentLength = -1
	return response, err
}

func accountID(t *testing.T, s *service.Service, name string) string {
	t.Helper()
	a, err := s.Accounts().ByLogin(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}
