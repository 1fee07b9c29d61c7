//go:build linux

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keychain"
	"lanyard/backend/signin"
)

// Every state as the page is shown it, from what is known.
func TestStates(t *testing.T) {
	w := newWorldWith(t, keyring.Options{NoBus: true})
	in := signin.Status{Account: signin.Account{Server: w.service.URL, Name: "anna"}, Hosts: []string{"localhost:1"}, LastFour: "abcd", TokenID: "id"}
	at := func(session client.Session) signin.Status {
		st := in
		session.Ends, session.IdleBy = time.Unix(2e9, 0), time.Unix(1.9e9, 0)
		st.Session = &session
		return st
	}
	offline, elsewhere := in, in
	offline.Offline = client.ErrUnreachable
	elsewhere.Offline, elsewhere.Account.Server = client.ErrServer, "https://elsewhere.example"
	live := &client.Token{Active: true}
	for name, c := range map[string]struct {
		st             signin.Status
		err            error
		state          string
		detail, action bool
	}{
		"active":             {st: at(client.Session{Token: live}), state: "active"},
		"not asked":          {st: in, state: "active"},
		"offline":            {st: offline, state: "offline", detail: true, action: true},
		"offline, elsewhere": {st: elsewhere, state: "offline", detail: true, action: true},
		"deactivated":        {st: at(client.Session{Token: &client.Token{}}), state: "deactivated", detail: true, action: true},
		"replaced":           {st: at(client.Session{TokenLost: &client.Loss{Fate: "evicted", By: "box"}}), state: "replaced", detail: true, action: true},
		"replaced, unknown":  {st: at(client.Session{}), state: "replaced", detail: true, action: true},
		"ended":              {st: in, err: client.ErrEnded, state: "ended", detail: true, action: true},
		"locked":             {st: in, err: keychain.ErrLocked, state: "keychain_locked", detail: true, action: true},
		"silent":             {st: in, err: keychain.ErrTimeout, state: "keychain_locked", detail: true, action: true},
		"no keychain":        {st: in, err: keychain.ErrNoService, state: "keychain_missing", detail: true, action: true},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := w.core.judge(t.Context(), c.st, c.err)
			if err != nil || v.State != c.state || (v.Detail != "") != c.detail || (v.Action != "") != c.action {
				t.Errorf("%+v %v", v, err)
			}
			if v.Account != "anna" || v.LastFour != "abcd" || v.Registries == nil || len(v.Try) == 0 || v.Own != (v.Server == w.service.URL) {
				t.Errorf("%+v", v)
			}
			if c.st.Session != nil && (v.Ends != "2033-05-18T03:33:20Z" || v.IdleEnds == "") {
				t.Errorf("it ends %q, %q", v.Ends, v.IdleEnds)
			}
		})
	}
	if own, other := w.words(t, offline), w.words(t, elsewhere); own == other {
		t.Errorf("what to do about the own service and about another's is the same: %q", own)
	}
	broken := errors.New("state file is damaged")
	if _, err := w.core.judge(t.Context(), in, broken); !errors.Is(err, broken) {
		t.Errorf("what is no state is an error: %v", err)
	}
}

func (w *world) words(t *testing.T, st signin.Status) string {
	t.Helper()
	v, err := w.core.judge(t.Context(), st, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v.Action
}

func TestOffline(t *testing.T) {
	w := newWorld(t)
	before := w.signIn()
	w.network.Lose = func(*http.Request) service.Loss { return service.Request }
	v := w.stands("offline")
	if v.LastFour != before.LastFour || v.Ends == "" || v.Account != "anna" {
		t.Errorf("%+v", v)
	}
	w.network.Lose = nil
	w.stands("active")
}

// A service that never answers keeps nobody waiting for the page.
func TestAServiceThatHangs(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.network.Under = hanging{}
	w.App.DomReady(t.Context())
	start := time.Now()
	if v := w.stands("offline"); v.Account != "anna" || v.LastFour == "" || v.Ends == "" {
		t.Errorf("%+v", v)
	}
	if took := time.Since(start); took > 2*glance {
		t.Errorf("it took %v", took)
	}
}

type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Ended elsewhere: the page is told, the token leaves the keychain, and it
// stays said until somebody signs in.
func TestEndedElsewhere(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	access, err := w.core.Computer.Access(t.Context(), signin.Account{Server: v.Server, Name: v.Account})
	if err != nil {
		t.Fatal(err)
	}
	if err := access.Server.Delete(t.Context(), access.Token, v.TokenID); err != nil {
		t.Fatal(err)
	}
	if v := w.stands("ended"); v.Account != "anna" {
		t.Errorf("%+v", v)
	}
	w.stands("ended")
	if _, err := w.core.Computer.Keychain.GetToken(t.Context(), v.Server, v.Account); !errors.Is(err, keychain.ErrNotFound) {
		t.Errorf("the token is still here: %v", err)
	}
	if _, err := w.App.tokens.List(); explain(err).Code != "not_signed_in" {
		t.Error(err)
	}
	w.signIn()
	w.stands("active")
}

func TestExpired(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.clock = 91 * 24 * time.Hour
	w.service.Advance(w.clock)
	if v := w.stands("expired"); v.Account != "anna" {
		t.Errorf("%+v", v)
	}
	w.stands("expired")
}

// Five others take the places; one button takes one back.
func TestReplacedAndRetaken(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	for i := range 5 {
		w.elsewhere(fmt.Sprintf("box-%d", i))
	}
	told := w.stands("replaced")
	if !strings.Contains(told.Detail, "box-4") || told.Account != "anna" {
		t.Errorf("%+v", told)
	}
	again, err := w.App.session.Retake()
	if err != nil || again.State != "active" || again.TokenID == v.TokenID || again.LastFour == "" {
		t.Errorf("%+v %v", again, err)
	}
	if list, err := w.App.tokens.List(); err != nil || list.Active != 5 {
		t.Errorf("%+v %v", list, err)
	}
}

// elsewhere signs anna in on another computer, and returns what that may ask with.
func (w *world) elsewhere(machine string) signin.Access {
	w.Helper()
	server, err := client.Open(w.Context(), w.service.URL, nil)
	if err != nil {
		w.Fatal(err)
	}
	attempt := client.NewAttempt("http://127.0.0.1:1/callback")
	told, err := w.service.Sit("anna").Answer(server.AuthURL(attempt, machine))
	if err != nil {
		w.Fatal(err)
	}
	grant, err := server.Exchange(w.Context(), attempt, told.Get("code"))
	if err == nil {
		id := sha256.Sum256([]byte(machine))
		_, err = server.Generate(w.Context(), grant.Access, client.Machine{Installation: hex.EncodeToString(id[:]), Machine: machine, OS: "linux"})
	}
	if err != nil {
		w.Fatal(err)
	}
	return signin.Access{Server: server, Token: grant.Access}
}

func TestDeactivated(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	if err := w.App.tokens.SetActive([]string{v.TokenID}, false); err != nil {
		t.Fatal(err)
	}
	if got := w.stands("deactivated"); got.TokenID != v.TokenID {
		t.Errorf("%+v", got)
	}
	if _, err := w.App.session.Retake(); err != nil {
		t.Error(err)
	}
	w.stands("deactivated") // by a person: nothing but a person takes it back
	if err := w.App.tokens.SetActive([]string{v.TokenID}, true); err != nil {
		t.Error(err)
	}
	w.stands("active")
}

func TestKeychainLocked(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.core.drop()
	if err := w.session.Lock(); err != nil {
		t.Fatal(err)
	}
	if v := w.stands("keychain_locked"); v.Account != "anna" || v.Server != w.service.URL {
		t.Errorf("%+v", v)
	}
	if _, err := w.App.session.Retake(); explain(err).Code != "keychain_dismissed" { // no prompter is here
		t.Errorf("%v", err)
	}
	if err := w.session.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if v, err := w.App.session.Retake(); err != nil || v.State != "active" {
		t.Errorf("%+v %v", v, err)
	}
}

func TestKeychainMissing(t *testing.T) {
	for name, o := range map[string]keyring.Options{"no bus": {NoBus: true}, "no daemon": {NoDaemon: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, o)
			w.service.Person(t, "anna")
			w.stands("keychain_missing")
			_, err := w.App.session.SignIn("", false)
			if explain(err).Code != "keychain_missing" || len(w.pages()) != 0 {
				t.Errorf("%v, opened %q", err, w.pages())
			}
		})
	}
}

// The page hears of what happens without it, and only of that.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	told := w.screen.count(eventSession)
	w.App.DomReady(t.Context())
	w.App.DomReady(t.Context()) // a page that is loaded anew
	for range 3 {
		w.core.glimpse()
	}
	if n := w.screen.count(eventSession); n != told {
		t.Errorf("told %d times of nothing", n-told)
	}
	computer := *w.core.Computer
	if _, err := computer.SignOut(t.Context(), signin.Account{Server: w.service.URL, Name: "anna"}); err != nil { // in a terminal
		t.Fatal(err)
	}
	w.core.soon()
	w.until("the event", func() bool { return w.screen.count(eventSession) == told+1 })
	w.App.Shutdown(context.Background())
}

// While the access token lasts, looking at the session refreshes nothing.
func TestLookingDoesNotRefresh(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.current()
	refreshed := 0
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/oauth/token" {
			refreshed++
		}
		return service.Nothing
	}
	for range 4 {
		w.stands("active")
	}
	if refreshed != 0 {
		t.Errorf("refreshed %d times", refreshed)
	}
	w.clock = 10 * time.Minute
	w.stands("active")
	if refreshed != 1 {
		t.Errorf("past its minutes, refreshed %d times", refreshed)
	}
}

func TestChanged(t *testing.T) {
	v := SessionView{State: "active", IdleEnds: "2026-11-23T12:00:00Z", Registries: []string{"a"}}
	with := func(change func(*SessionView)) SessionView {
		n := v
		change(&n)
		return n
	}
	for name, c := range map[string]struct {
		now  SessionView
		want bool
	}{
		"nothing":                 {v, false},
		"used a minute later":     {with(func(n *SessionView) { n.IdleEnds = "2026-11-23T12:01:00Z" }), false},
		"used an hour later":      {with(func(n *SessionView) { n.IdleEnds = "2026-11-23T13:00:00Z" }), true},
		"no end any more":         {with(func(n *SessionView) { n.IdleEnds = "" }), true},
		"another state":           {with(func(n *SessionView) { n.State = "offline" }), true},
		"another registry":        {with(func(n *SessionView) { n.Registries = []string{"b"} }), true},
		"another state and later": {with(func(n *SessionView) { n.State, n.IdleEnds = "ended", "2026-11-23T12:01:00Z" }), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := differs(v, c.now); got != c.want {
				t.Error(got)
			}
		})
	}
}

func TestService(t *testing.T) {
	w := newWorld(t)
	running := ServiceView{State: "running", URL: w.service.URL, Version: "test", Data: "/data", AtLogin: "no"}
	if v, err := w.App.service.Status(); err != nil || v != running {
		t.Errorf("%+v %v", v, err)
	}
	for range 2 { // stopping what has stopped is no error
		if v, err := w.App.service.Stop(); err != nil || v.State != "stopped" || v.Data == "" {
			t.Errorf("%+v %v", v, err)
		}
	}
	if v, err := w.App.service.Start(); err != nil || v != running {
		t.Errorf("%+v %v", v, err)
	}
	w.own.fail = errors.New("the socket is strange")
	if v, err := w.App.service.Status(); err != nil || v.State != "unknown" {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := w.App.service.Start(); err == nil {
		t.Error("a start that failed is said to have worked")
	}
}

// From a shell that does not find the helper to tools that are set up, and back.
func TestTools(t *testing.T) {
	w := newWorld(t)
	if v, err := w.App.tools.Status(); err != nil || v.SetUp || v.Hosts == nil || v.Missing == nil {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := w.App.tools.Plan(false); explain(err).Code != "not_signed_in" {
		t.Error(err)
	}
	host := w.signIn().Registries[0]
	wanted := filepath.Join(w.session.Home, ".local", "bin", "docker-credential-lanyard")
	v, err := w.App.tools.Status()
	if err != nil || v.SetUp || v.Offer != wanted || v.Helper != "" || v.Line == "" || v.LineFile == "" || len(v.Missing) != 1 || v.Missing[0] != host {
		t.Errorf("%+v %v", v, err)
	}
	plan, err := w.App.tools.Plan(false)
	if err != nil || plan.Offer != wanted || plan.Diff == "" {
		t.Errorf("%+v %v", plan, err)
	}
	if _, err := w.App.tools.Apply(false, false); explain(err).Code != "helper_missing" {
		t.Errorf("without consent: %v", err)
	}
	if _, err := os.Stat(v.File); err == nil {
		t.Error("without consent, something was written")
	}
	v, err = w.App.tools.Apply(true, false)
	if err != nil || !v.SetUp || v.Helper != wanted || v.Offer != "" || len(v.Missing) != 0 || len(v.Hosts) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if u, err := w.App.tools.Undo(); err != nil || u.Summary == "" {
		t.Errorf("%+v %v", u, err)
	}
	if v, err := w.App.tools.Status(); err != nil || v.SetUp || len(v.Hosts) != 0 {
		t.Errorf("%+v %v", v, err)
	}
	for _, left := range []string{v.File, wanted} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is left", left)
		}
	}
	if err := os.MkdirAll(filepath.Dir(v.File), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, v.File, `{"credHelpers": {"`+host+`": "pass"}}`, 0o600)
	if _, err := w.App.tools.Plan(false); explain(err).Code != "other_helper" {
		t.Error(err)
	}
	if _, err := w.App.tools.Apply(true, false); explain(err).Code != "other_helper" {
		t.Errorf("without consent: %v", err)
	}
	plan, err = w.App.tools.Plan(true)
	if err != nil || !strings.Contains(plan.Diff, `-   "`+host+`": "pass"`) || !strings.Contains(plan.Diff, `+   "`+host+`": "lanyard"`) {
		t.Errorf("%+v %v", plan, err)
	}
	if v, err := w.App.tools.Apply(true, true); err != nil || !v.SetUp {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := w.App.tools.Undo(); err != nil {
		t.Error(err)
	}
	if now, err := os.ReadFile(v.File); err != nil || string(now) != `{"credHelpers": {"`+host+`": "pass"}}` {
		t.Errorf("undone: %s %v", now, err)
	}
}

// A service that is not reached for a reason says it, with what to do.
func TestOfflineInWords(t *testing.T) {
	w := newWorldWith(t, keyring.Options{NoBus: true})
	in := signin.Status{Account: signin.Account{Server: "https://s.example", Name: "anna"}, LastFour: "abcd"}
	for name, c := range map[string]struct {
		offline        error
		detail, action string
		version        string
	}{
		"a wrong certificate": {&client.CertificateError{Host: "s.example:443"}, "certificate of s.example", "Whoever runs the server", ""},
		"a proxy":             {fmt.Errorf("%w: proxy.example does not answer", client.ErrProxy), "proxy.example", "HTTPS_PROXY", ""},
		"too new":             {fmt.Errorf("%w: it runs 9", client.ErrTooNew), "needs a newer Lanyard", "Update", "too_new"},
		"nobody answers":      {client.ErrUnreachable, "does not answer", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			st := in
			st.Offline = c.offline
			v, err := w.core.judge(t.Context(), st, nil)
			if err != nil || v.State != "offline" || !strings.Contains(v.Detail, c.detail) || !strings.Contains(v.Action, c.action) || v.ServerVersion != c.version {
				t.Errorf("%+v %v", v, err)
			}
		})
	}
}
