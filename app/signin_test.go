//go:build linux

package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
	"lanyard/backend/signin"
)

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	w.stands("signed_out")
	v := w.signIn()
	host := strings.TrimPrefix(w.service.URL, "http://")
	if v.State != "active" || v.Account != "anna" || v.Server != w.service.URL || !v.Own || len(v.LastFour) != 4 || v.TokenID == "" ||
		v.Scope != "Read, Write, Delete" || len(v.Registries) != 1 || v.Registries[0] != host || v.Keychain == "" || v.Detail+v.Action != "" {
		t.Errorf("%+v", v)
	}
	for name, of := range map[string]struct {
		at   string
		last time.Duration
	}{"ends": {v.Ends, 90 * 24 * time.Hour}, "idle ends": {v.IdleEnds, 30 * 24 * time.Hour}} {
		at, err := time.Parse(time.RFC3339, of.at)
		if left := time.Until(at); err != nil || left > of.last || left < of.last-time.Minute {
			t.Errorf("%s at %q: %v", name, of.at, err)
		}
	}
	if len(v.Try) == 0 || !strings.Contains(v.Try[0].Line, host+"/anna/") {
		t.Errorf("to try: %+v", v.Try)
	}
	prompts := w.screen.prompts()
	if len(prompts) != 2 || prompts[0].Phase != phaseWaiting || prompts[1] != (PromptView{Phase: phaseFinishing}) ||
		len(w.pages()) != 1 || prompts[0].URL != w.pages()[0] || prompts[0].Expires == "" || prompts[0].NeedsSetup {
		t.Errorf("opened %q, told %+v", w.pages(), prompts)
	}
	if w.screen.raises() != 1 {
		t.Errorf("raised %d times", w.screen.raises())
	}
	w.stands("active")
}

// The first sign-in of all starts the service and sets it up.
func TestSignInSetsUp(t *testing.T) {
	w := newWorldWith(t, keyring.Options{})
	w.own.running = false
	person := w.service.Sit("ada")
	w.browse = func(address string) error {
		w.until("the code", func() bool { p := w.screen.prompts(); return len(p) > 1 && p[1].SetupCode != "" })
		person.Code = w.screen.prompts()[1].SetupCode
		return person.Allow(address)
	}
	if v := w.signIn(); v.Account != "ada" {
		t.Errorf("%+v", v)
	}
	p := w.screen.prompts()
	if len(p) != 3 || p[0] != (PromptView{Phase: phaseStarting}) || !p[1].NeedsSetup || !p[1].ServiceStarted || p[2].SetupCode != "" {
		t.Errorf("told %+v", p)
	}
}

func TestSignInWithACode(t *testing.T) {
	w := newWorld(t)
	person := w.service.Sit("anna")
	entered := make(chan error, 1)
	go func() {
		w.until("the code", func() bool { return len(w.screen.prompts()) > 0 })
		p := w.screen.prompts()[0]
		entered <- person.Enter(p.URL, p.UserCode)
	}()
	v, err := w.App.session.SignIn(w.service.URL, true)
	if err != nil || v.State != "active" {
		t.Fatalf("%+v %v", v, err)
	}
	if err := <-entered; err != nil {
		t.Error(err)
	}
	if len(w.pages()) != 0 {
		t.Errorf("opened %q", w.pages())
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	w.browse = nil // the person looks at the page
	result := make(chan error, 1)
	go func() {
		_, err := w.App.session.SignIn("", false)
		result <- err
	}()
	w.until("the page", func() bool { return len(w.screen.prompts()) == 1 })
	if err := w.App.session.OpenAgain(); err != nil {
		t.Error(err)
	}
	if p := w.pages(); len(p) != 2 || p[0] != p[1] {
		t.Errorf("opened %q", p)
	}
	if _, err := w.App.session.SignIn("", false); explain(err).Code != "busy" {
		t.Errorf("a second one: %v", err)
	}
	if err := w.App.session.Cancel(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-result:
		if explain(err).Code != "cancelled" {
			t.Errorf("it ends with %v", err)
		}
	default:
		t.Error("Cancel returned before the sign-in had ended")
	}
	if w.screen.raises() != 0 {
		t.Error("the window was raised for somebody who sits before it")
	}
	if err := w.App.session.OpenAgain(); !errors.Is(err, errNothingToOpen) {
		t.Errorf("opening a page of nothing: %v", err)
	}
	if err := w.App.session.Cancel(); err != nil {
		t.Errorf("cancelling nothing: %v", err)
	}
	w.stands("signed_out")
	w.browse = w.service.Sit("anna").Allow
	w.signIn()
}

// A person who says no is told so, with the window before them.
func TestDenied(t *testing.T) {
	w := newWorld(t)
	w.browse = w.service.Sit("anna").Cancel
	_, err := w.App.session.SignIn("", false)
	if e := explain(err); e.Code != "denied" || e.Message == "" {
		t.Errorf("%v: %+v", err, e)
	}
	if w.screen.raises() != 1 {
		t.Errorf("raised %d times", w.screen.raises())
	}
	w.stands("signed_out")
}

// The window ends: what is under way is undone, nothing waits for ever.
func TestShutdownEndsASignIn(t *testing.T) {
	w := newWorld(t)
	w.browse = nil
	result := make(chan error, 1)
	go func() {
		_, err := w.App.session.SignIn("", false)
		result <- err
	}()
	w.until("the page", func() bool { return len(w.screen.prompts()) == 1 })
	w.App.Shutdown(t.Context())
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Whatever stands behind an address that is no Lanyard server: it is worded
// and refused, no browser opens, and nothing changes.
func TestBadServers(t *testing.T) {
	w := newWorld(t)
	w.network.Under = &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	foreign := httptest.NewUnstartedServer(http.NotFoundHandler())
	foreign.Config.ErrorLog = nil
	foreign.StartTLS()
	t.Cleanup(foreign.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ address, code string }{
		"a script":         {"javascript:alert(1)", "address"},
		"a file":           {"file:///etc/passwd", "address"},
		"an option":        {"--help", "address"},
		"a space":          {" ", "address"},
		"a password in it": {"https://anna:secret-in-address@host.example", "address"},
		"a path":           {"https://host.example/registry", "address"},
		"http to another":  {"http://host.example", "address"},
		"markup":           {"<img src=x onerror=alert(1)>", "address"},
		"right-to-left":    {"https://\u202eelpmaxe.example", "address"},
		"a line break":     {"https://host.example\nEvil: yes", "address"},
		"nobody":           {gone.URL, "offline"},
		"HTML":             {serve(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<h1>Hello</h1>")) }), "not_server"},
		"nothing":          {serve(func(http.ResponseWriter, *http.Request) {}), "not_server"},
		"an error":         {serve(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }), "failed"},
		"a redirect": {serve(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, w.service.URL+r.URL.Path, http.StatusFound)
		}), "not_server"},
		"another server's words": {serve(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"issuer":"` + w.service.URL + `"}`))
		}), "not_server"},
		"a wrong certificate": {foreign.URL, "offline"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.App.session.SignIn(c.address, false)
			e := explain(err)
			if e.Code != c.code || e.Message == "" || e.Action == "" || strings.Contains(e.Message, "secret-in-address") {
				t.Errorf("%v: %+v, want %s", err, e, c.code)
			}
		})
	}
	if len(w.pages()) != 0 || len(w.screen.prompts()) != 0 {
		t.Errorf("opened %q, told %+v", w.pages(), w.screen.prompts())
	}
	if s, err := w.core.Computer.Dirs.StateFile().Load(); err != nil || len(s.Entries)+len(s.Registries)+len(s.Tombstones) != 0 {
		t.Errorf("the state says %+v, %v", s, err)
	}
	w.stands("signed_out")
}

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	if _, err := w.App.session.SignOut(false); explain(err).Code != "not_signed_in" {
		t.Errorf("nobody signs out: %v", err)
	}
	before := w.signIn()
	r, err := w.App.session.SignOut(false)
	if err != nil || !r.Removed || !r.Revoked || !r.Refused || r.Pending+r.Tools != "" || r.Account != "anna" || r.LastFour != before.LastFour || r.Server != w.service.URL {
		t.Errorf("%+v %v", r, err)
	}
	w.stands("signed_out")
}

// A service that is away is told later; the receipt says so.
func TestSignOutOffline(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.network.Lose = func(*http.Request) service.Loss { return service.Request }
	r, err := w.App.session.SignOut(false)
	if err != nil || !r.Removed || r.Revoked || r.Refused || r.Pending == "" {
		t.Errorf("%+v %v", r, err)
	}
	w.stands("signed_out")
	w.network.Lose = nil
	w.core.tidy()
	if _, sessions, err := w.service.Alive("anna"); err != nil || len(sessions) != 0 {
		t.Errorf("later, %d sessions live, %v", len(sessions), err)
	}
}

// What the window remembers of itself and what lies on disk has no secret.
func TestTheStateFolderHasNoSecret(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	token, err := w.core.Computer.Keychain.GetToken(t.Context(), w.service.URL, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if told, err := w.App.window.CloseNotice(); !told || err != nil {
		t.Error("the first time is not said")
	}
	entries, err := os.ReadDir(w.core.Computer.Dirs.State)
	if err != nil || len(entries) < 2 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		text, _ := os.ReadFile(w.core.Computer.Dirs.State + "/" + e.Name())
		if strings.Contains(string(text), token.Secret.Reveal()) {
			t.Errorf("%s holds the token", e.Name())
		}
	}
}

// A new secret that is nowhere else keeps the window open once.
func TestCloseAsks(t *testing.T) {
	w := newWorld(t)
	closed := func() bool { return w.BeforeClose(t.Context()) }
	w.App.window.Holds(true)
	if !closed() || w.screen.count(eventClosing) != 1 || w.screen.raises() != 1 {
		t.Error("it closed, or nobody was asked")
	}
	if closed() {
		t.Error("a page that does not answer cannot be closed")
	}
	w.App.window.Holds(true)
	w.App.window.Holds(false)
	if closed() {
		t.Error("a copied secret keeps it open")
	}
	w.App.window.Holds(true)
	told, end := context.WithCancel(t.Context())
	end()
	w.App.told = told
	if closed() || w.screen.count(eventClosing) != 1 {
		t.Error("a program that is told to end asks a person")
	}
}

func TestCloseNotice(t *testing.T) {
	w := newWorld(t)
	w.own.running = false
	if w.BeforeClose(t.Context()) || len(w.screen.told) != 0 {
		t.Error("with nothing at work there is nothing to say")
	}
	w.own.running = true
	ended, end := context.WithCancel(t.Context())
	w.App.told, ended = ended, w.App.told
	end()
	if w.BeforeClose(t.Context()) || len(w.screen.told) != 0 {
		t.Error("a program that is told to end asks a person")
	}
	w.App.told = ended
	if w.BeforeClose(t.Context()) || len(w.screen.told) != 1 {
		t.Errorf("the first time, it said %q", w.screen.told)
	}
	if again, err := w.App.window.CloseNotice(); again || err != nil {
		t.Error("it is said again")
	}
	if w.BeforeClose(t.Context()) || len(w.screen.told) != 1 {
		t.Error("it is said again")
	}
	if other := w.window(w.TempDir()); !other.window.first() {
		t.Error("another installation has not been told")
	}
}

func TestCopy(t *testing.T) {
	w := newWorld(t)
	if err := w.App.window.Copy("docker push x"); err != nil || len(w.screen.copied) != 1 {
		t.Error(err, w.screen.copied)
	}
	if err := w.App.window.Copy(strings.Repeat("x", maxCopied+1)); !errors.Is(err, errTooLong) || len(w.screen.copied) != 1 {
		t.Error(err)
	}
}

func TestASecondStartRaisesTheWindow(t *testing.T) {
	a := New(Parts{Computer: &signin.Computer{}, Asked: &signin.Computer{}})
	a.SecondInstance() // before there is a window: nothing to raise
	s := &fakeScreen{}
	b := build(Parts{Computer: &signin.Computer{}, Asked: &signin.Computer{}}, s)
	b.SecondInstance()
	if s.raised != 1 {
		t.Errorf("raised %d times", s.raised)
	}
}
