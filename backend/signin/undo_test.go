//go:build linux

package signin

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/token"
)

// fails runs a sign-in of anna that must fail so, and must not have said that
// anybody is signed in.
func (w *world) fails(want error) error {
	w.Helper()
	result, err := w.flow(w.service, "anna").Run(w.Context())
	if !errors.Is(err, want) {
		w.Fatalf("%v, want %v", err, want)
	}
	if result.Account != (Account{}) || result.LastFour != "" || result.Hosts != nil {
		w.Errorf("and yet a result: %+v", result)
	}
	if len(w.docker.set) > 0 {
		w.Errorf("docker is set up for %q", w.docker.set)
	}
	return err
}

// Where secrets cannot be kept, nothing is begun: no browser, no session.
func TestNothingIsBegunWithoutAKeychain(t *testing.T) {
	for name, c := range map[string]struct {
		session keyringtest.Options
		lock    bool
		asked   bool
		want    error
	}{
		"no bus":                     {keyringtest.Options{NoBus: true}, false, false, keychain.ErrNoService},
		"no bus, asked":              {keyringtest.Options{NoBus: true}, false, true, keychain.ErrNoService},
		"no keyring":                 {keyringtest.Options{NoDaemon: true}, false, false, keychain.ErrNoService},
		"no keyring, asked":          {keyringtest.Options{NoDaemon: true}, false, true, keychain.ErrNoService},
		"locked":                     {keyringtest.Options{}, true, false, keychain.ErrLocked},
		"locked, asked, no prompter": {keyringtest.Options{}, true, true, keychain.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, c.session)
			w.computer.Keychain.Asked = c.asked
			if c.lock {
				if err := w.session.Lock(); err != nil {
					t.Fatal(err)
				}
			}
			flow := w.flow(w.service, "anna")
			w.network.Lose = func(r *http.Request) service.Loss {
				t.Errorf("the service was asked for %s", r.URL.Path)
				return service.Nothing
			}
			flow.Show = func(p Prompt) { t.Errorf("the person was sent to %+v", p) }
			result, err := flow.Run(t.Context())
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "nothing was begun") {
				t.Errorf("%v", err)
			}
			if result.Account != (Account{}) || len(w.opened) > 0 || len(w.docker.set) > 0 {
				t.Errorf("%+v, opened %q, docker %q", result, w.opened, w.docker.set)
			}
			if s := w.state(); len(s.Entries)+len(s.Registries)+len(s.Tombstones) > 0 {
				t.Errorf("the state says %+v", s)
			}
			w.lives(w.service, "anna", 0, 0)
		})
	}
}

// The keychain dies, or is locked, after each step. The session is ended on
// the service at once, and what lies behind the lock goes with the next start.
func TestTheKeyringGoesDuringASignIn(t *testing.T) {
	for how, take := range map[string]func(*keyringtest.Session) error{
		"killed": (*keyringtest.Session).KillDaemon,
		"locked": (*keyringtest.Session).Lock,
	} {
		for _, step := range []string{"exchanged", "pending", "generated", "token"} {
			t.Run(how+" after "+step, func(t *testing.T) {
				w := newWorldWith(t, keyringtest.Options{})
				flow := w.flow(w.service, "anna")
				flow.at = func(at string) {
					if at != step {
						return
					}
					if err := take(w.session); err != nil {
						t.Error(err)
					}
				}
				result, err := flow.Run(t.Context())
				if err == nil || result.Account != (Account{}) {
					t.Fatalf("%+v %v", result, err)
				}
				if !errors.Is(err, keychain.ErrLocked) && !errors.Is(err, keychain.ErrNoService) {
					t.Errorf("%v", err)
				}
				w.lives(w.service, "anna", 0, 0)
				if all, err := w.computer.Accounts(); err != nil || len(all) > 0 {
					t.Errorf("signed in: %v, %v", all, err)
				}
				if len(w.docker.set) > 0 {
					t.Errorf("docker is set up for %q", w.docker.set)
				}
				if err := w.session.StartDaemon(); err != nil {
					t.Fatal(err)
				}
				w.start()
				w.clean()
				w.signIn() // and now it works
				w.lives(w.service, "anna", 1, 1)
			})
		}
	}
}

// start is what every command does first.
func (w *world) start() {
	w.Helper()
	if _, err := w.computer.Expire(w.Context()); err != nil {
		w.Error(err)
	}
	if _, err := w.computer.Recover(w.Context()); err != nil {
		w.Error(err)
	}
}

// A Secret Service that takes nothing, does not answer, or keeps something
// else, and says that all is well.
func TestAKeychainThatLies(t *testing.T) {
	for mode, want := range map[keyringtest.Mode]error{
		keyringtest.Dismiss: keychain.ErrDismissed,
		keyringtest.Hang:    keychain.ErrTimeout,
		keyringtest.Garble:  keychain.ErrMismatch,
	} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorldWith(t, keyringtest.Options{NoDaemon: true})
			fake := w.session.StartFake(t, keyringtest.Obey)
			flow := w.flow(w.service, "anna")
			flow.at = func(step string) {
				if step == "generated" {
					fake.Set(mode)
				}
			}
			result, err := flow.Run(t.Context())
			if !errors.Is(err, want) || result.Account != (Account{}) {
				t.Fatalf("%+v %v", result, err)
			}
			w.lives(w.service, "anna", 0, 0)
			fake.Set(keyringtest.Obey)
			w.start()
			w.clean()
		})
	}
}

// Too many sign-ins in an hour would each have taken another computer's token.
func TestGenerateIsLimited(t *testing.T) {
	w := newWorldAt(t, service.Options{Tokens: token.Limits{Auto: 1, Manual: 10, PerHour: 1}})
	w.service.Person(t, "bert")
	if _, err := w.flow(w.service, "bert").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	bert, docker := w.token(w.service, "bert"), slices.Clone(w.docker.set)
	for range 2 { // the first of these takes no other's place, the second does
		elsewhere(t, w.service, "anna")
	}
	w.docker.set = nil
	err := w.fails(client.ErrLimited)
	if !strings.Contains(err.Error(), "too many sign-ins within an hour") {
		t.Errorf("%v", err)
	}
	w.has(w.entries(w.service, "bert")...)
	w.untouched(w.service, "bert", bert)
	if r := w.state().Registries[docker[0]]; r.Account != "bert" {
		t.Errorf("%s is served by %+v", docker[0], r)
	}
	if tokens, sessions, err := w.service.Alive("anna"); len(tokens) != 1 || len(sessions) != 2 || err != nil {
		t.Errorf("%d tokens, %d sessions, %v", len(tokens), len(sessions), err)
	}
}

// elsewhere signs name in on another computer, which keeps its token in memory.
func elsewhere(t *testing.T, s *service.Service, name string) client.Generated {
	t.Helper()
	server, err := client.Open(t.Context(), s.URL, s.Transport())
	if err != nil {
		t.Fatal(err)
	}
	back, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer back.close()
	attempt := client.NewAttempt(back.address())
	back.expect(attempt.State, server.URL)
	if err := s.Sit(name).Allow(server.AuthURL(attempt, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	code, err := back.wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	grant, err := server.Exchange(t.Context(), attempt, code)
	if err != nil {
		t.Fatal(err)
	}
	made, err := server.Generate(t.Context(), grant.Access, client.Machine{Installation: "of " + grant.Refresh, Machine: "elsewhere", OS: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Whatever a service answers in the place of a token.
func TestGenerateIsRefused(t *testing.T) {
	w := newWorld(t)
	w.service.Person(t, "bert")
	if _, err := w.flow(w.service, "bert").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	bert := w.token(w.service, "bert")
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		says   string
	}{
		"deactivated":    {403, `{"message":"the token of this session was deactivated by a person"}`, client.ErrDenied, "deactivated by a person"},
		"limited":        {429, `{"message":"wait"}`, client.ErrLimited, "wait"},
		"ended":          {401, `{"message":"unauthorized"}`, client.ErrEnded, "unauthorized"},
		"no such path":   {404, `{"message":"not found"}`, client.ErrNotFound, ""},
		"broken":         {503, `{"message":"try again"}`, client.ErrServer, "try again"},
		"HTML":           {502, `<html>Bad gateway`, client.ErrServer, "Bad Gateway"},
		"no token":       {201, `{"data":{}}`, client.ErrNotServer, ""},
		"no JSON":        {201, `well done`, client.ErrNotServer, ""},
		"escapes":        {403, `{"message":"\u001b]0;x\u0007no\u202e"}`, client.ErrDenied, "]0;xno"},
		"a wrong date":   {201, `{"data":{"token":"lyd_auto_x","uuid":"u","session_expires_at":"soon"}}`, client.ErrNotServer, ""},
		"another family": {409, `{"message":"limit"}`, nil, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			w.network.Under = answering{w.service.Transport(), "/v2/access-tokens/desktop-generate", c.status, c.body}
			result, err := w.flow(w.service, "anna").Run(t.Context())
			if err == nil || result.Account != (Account{}) || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%+v %v", result, err)
			}
			if strings.ContainsAny(err.Error(), "\x1b\x07\u202e") {
				t.Errorf("an error that is not fit for a terminal: %q", err)
			}
			w.has(w.entries(w.service, "bert")...)
			w.lives(w.service, "anna", 0, 0)
			w.untouched(w.service, "bert", bert)
		})
	}
}

// answering answers one path by itself.
type answering struct {
	under  http.RoundTripper
	path   string
	status int
	body   string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != a.path {
		return a.under.RoundTrip(r)
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Request: r, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// The service makes the token, and its answer is lost: it is ended there.
func TestGenerateWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	flow := w.flow(w.service, "anna")
	w.network.Lose = on("/v2/access-tokens/desktop-generate", service.Answer)
	if result, err := flow.Run(t.Context()); !errors.Is(err, client.ErrUnreachable) || result.Account != (Account{}) {
		t.Fatalf("%+v %v", result, err)
	}
	w.lives(w.service, "anna", 0, 0)
	w.clean()
}

// The same where this very account was signed in before: its token gave way on
// the service, so here it must not be served any longer.
func TestGenerateAgainWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.network.Lose = on("/v2/access-tokens/desktop-generate", service.Answer)
	if _, err := w.flow(w.service, "anna").Run(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Fatal(err)
	}
	w.lives(w.service, "anna", 0, 0)
	w.clean()
}

// And where the request never got there, all is as before.
func TestGenerateAgainNeverArrives(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	before := w.token(w.service, "anna")
	w.network.Lose = on("/v2/access-tokens/desktop-generate", service.Request)
	if _, err := w.flow(w.service, "anna").Run(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Fatal(err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
	w.untouched(w.service, "anna", before)
}

// The service is gone from some step on. What it does not know yet it learns
// at the next start that reaches it.
func TestTheServiceGoesDuringASignIn(t *testing.T) {
	for step, alive := range map[string]int{"exchanged": 0, "pending": 0, "generated": 1} {
		t.Run("after "+step, func(t *testing.T) {
			w := newWorldWith(t, keyringtest.Options{})
			flow := w.flow(w.service, "anna")
			flow.at = func(at string) {
				if at == step {
					w.network.Lose = offline
				}
				if at == "token" && step == "generated" { // else this sign-in needs nobody any more
					if err := w.session.KillDaemon(); err != nil {
						t.Error(err)
					}
				}
			}
			result, err := flow.Run(t.Context())
			if !errors.Is(err, client.ErrUnreachable) || result.Account != (Account{}) || !strings.Contains(err.Error(), "the next start will") {
				t.Fatalf("%+v %v", result, err)
			}
			if step == "generated" {
				if err := w.session.StartDaemon(); err != nil {
					t.Fatal(err)
				}
			}
			if names := w.names(); !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, keychain.Pendings.Prefix()) }) {
				t.Errorf("nothing to end it with in %q", names)
			}
			if tokens, sessions, err := w.service.Alive("anna"); len(tokens) != alive || len(sessions) != 1 || err != nil {
				t.Errorf("%d tokens, %d sessions, %v", len(tokens), len(sessions), err)
			}
			w.network.Lose = nil
			w.start()
			w.clean()
			w.lives(w.service, "anna", 0, 0)
		})
	}
}

// The code cannot be exchanged.
func TestTheExchangeFails(t *testing.T) {
	for name, c := range map[string]struct {
		loss     service.Loss
		sessions int // until they are reaped, 10 minutes later
	}{"never arrives": {service.Request, 0}, "answer lost": {service.Answer, 1}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.network.Lose = on("/oauth/token", c.loss)
			_ = w.fails(client.ErrUnreachable)
			w.clean()
			w.lives(w.service, "anna", 0, c.sessions)
			w.service.Advance(11 * time.Minute)
			w.lives(w.service, "anna", 0, 0)
		})
	}
}

// An answer that cannot be believed: nobody keeps its session, so it is ended.
func TestTheServiceSpeaksForAnother(t *testing.T) {
	w := newWorld(t)
	flow := w.flow(w.service, "anna")
	w.network.Under = answering{w.service.Transport(), "/keys", 200, `{"keys":[]}`}
	if _, err := flow.Run(t.Context()); !errors.Is(err, client.ErrNotServer) {
		t.Fatal(err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

func TestTheAnswerIsNo(t *testing.T) {
	w := newWorld(t)
	flow := w.flow(w.service, "anna")
	flow.OpenBrowser = func(address string) error { return w.service.Sit("anna").Cancel(address) }
	if _, err := flow.Run(t.Context()); !errors.Is(err, client.ErrDenied) || !strings.Contains(err.Error(), "cancelled in the browser") {
		t.Fatal(err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}

// Ctrl-C, before and in each step.
func TestTheSignInIsStopped(t *testing.T) {
	w := newWorld(t)
	for _, step := range []string{"shown", "exchanged", "pending", "generated", "token", "session"} {
		t.Run("when "+step, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			flow := w.flow(w.service, "anna")
			if step == "shown" {
				flow.OpenBrowser = nil
				flow.Show = func(Prompt) { cancel() }
			}
			flow.at = func(at string) {
				if at == step {
					cancel()
				}
			}
			result, err := flow.Run(ctx)
			if step == "session" { // all that can fail is done: it stands
				if err != nil {
					t.Fatal(err)
				}
				w.start()
				w.has(w.entries(w.service, "anna")...)
				w.lives(w.service, "anna", 1, 1)
				return
			}
			if !errors.Is(err, context.Canceled) || result.Account != (Account{}) {
				t.Fatalf("%+v %v", result, err)
			}
			w.clean()
			w.lives(w.service, "anna", 0, 0)
		})
	}
}

// Docker's configuration is told, not undone.
func TestTheToolsAreNotSetUp(t *testing.T) {
	w := newWorld(t)
	w.docker.fail = errDocker
	result, err := w.flow(w.service, "anna").Run(t.Context())
	if err != nil || !errors.Is(result.Tools, errDocker) || result.Account.Name != "anna" {
		t.Fatalf("%+v %v", result, err)
	}
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
	r, err := w.computer.SignOut(t.Context(), result.Account)
	if err != nil || !errors.Is(r.Tools, errDocker) || !r.Refused || !r.Removed {
		t.Errorf("%+v %v", r, err)
	}
	w.clean()
}

func TestTwoSignInsAtOnce(t *testing.T) {
	w := newWorld(t)
	flow := w.flow(w.service, "anna")
	browse := flow.OpenBrowser
	flow.OpenBrowser = func(address string) error {
		if _, err := w.flow(w.service, "anna").Run(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("the second: %v", err)
		}
		if n, err := w.computer.Recover(t.Context()); n != 0 || err != nil {
			t.Errorf("recovered %d, %v", n, err)
		}
		return browse(address)
	}
	if _, err := flow.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.lives(w.service, "anna", 1, 1)
}

// A service that names something for a registry that is none.
func TestARegistryThatIsNone(t *testing.T) {
	w := newWorldAt(t, service.Options{Registries: []string{"not a host/x"}})
	err := w.fails(client.ErrNotServer)
	if !strings.Contains(err.Error(), "nothing was begun") || len(w.opened) > 0 {
		t.Errorf("%v, opened %q", err, w.opened)
	}
	w.lives(w.service, "anna", 0, 0)
}

// Another account's token was evicted or deactivated: its session lives on,
// whatever becomes of a sign-in beside it.
func TestACutOffSignInBesideALostToken(t *testing.T) {
	w := newWorldAt(t, service.Options{Tokens: token.Limits{Auto: 1, Manual: 10}})
	w.service.Person(t, "bert")
	if _, err := w.flow(w.service, "bert").Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere(t, w.service, "bert") // takes the one place
	flow := w.flow(w.service, "anna")
	flow.at = func(step string) {
		if step == "pending" {
			w.network.Lose = offline
		}
	}
	if _, err := flow.Run(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Fatal(err)
	}
	w.network.Lose = nil
	w.start()
	w.has(w.entries(w.service, "bert")...)
	st, err := w.computer.Look(t.Context(), Account{w.service.URL, "bert"}, true)
	if err != nil || st.Session == nil || st.Session.Token != nil || st.Session.TokenLost == nil || st.Session.TokenLost.Fate != "evicted" {
		t.Errorf("%+v %v", st, err)
	}
}

// The steps are those that the tests of this package stop at.
func TestTheSteps(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	flow := w.flow(w.service, "anna")
	flow.at = func(step string) { seen[step] = true }
	if _, err := flow.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"exchanged", "generated", "held", "pending", "session", "set up", "token"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
