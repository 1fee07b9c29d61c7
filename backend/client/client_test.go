package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keys"
	"lanyard/backend/token"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	os.Exit(m.Run())
}

// serviceKeys are from when time begins in a bubble; an RSA key takes a while.
var serviceKeys = sync.OnceValues(func() (*keys.Keys, error) {
	return keys.New(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
})

// world is a real service in a bubble, and anna.
type world struct {
	*testing.T
	*service.Service
	anna    *service.Person
	network *service.Network
	server  *client.Server
}

// inBubble runs a test against a service of its own, in which time costs
// nothing: polls, time-outs, days.
func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	all, err := serviceKeys()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := service.Start(t, service.Options{Pipes: true, Keys: all})
		transport := s.Transport()
		t.Cleanup(transport.CloseIdleConnections)
		w := &world{T: t, Service: s, anna: s.Person(t, "anna"), network: &service.Network{Under: transport}}
		if w.server, err = client.Open(t.Context(), s.URL, w.network); err != nil {
			t.Fatal(err)
		}
		test(w)
	})
}

const back = "http://127.0.0.1:1/callback"

// code is a person's yes.
func (w *world) code(a client.Attempt) string {
	w.Helper()
	told, err := w.anna.Answer(w.server.AuthURL(a, "anna's laptop"))
	if err != nil {
		w.Fatal(err)
	}
	if told.Get("state") != a.State || told.Get("iss") != w.server.URL || told.Get("code") == "" {
		w.Fatalf("the program is told %v", told)
	}
	return told.Get("code")
}

func (w *world) signIn() client.Grant {
	w.Helper()
	a := client.NewAttempt(back)
	g, err := w.server.Exchange(w.Context(), a, w.code(a))
	if err != nil {
		w.Fatal(err)
	}
	return g
}

func (w *world) generate(access string) client.Generated {
	w.Helper()
	made, err := w.server.Generate(w.Context(), access, client.Machine{Installation: strings.Repeat("ab", 32), Machine: "laptop", OS: "linux"})
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func TestTheServiceSaysWhatItIs(t *testing.T) {
	inBubble(t, func(w *world) {
		i := w.server.Info
		if i.Issuer != w.URL || i.Version != "test" || len(i.Registries) != 1 || i.Registries[0] != "localhost:8460" ||
			i.Limits.AutoTokens != token.DefaultLimits().Auto || i.Limits.SessionSeconds != 90*24*3600 || i.Limits.IdleSeconds != 30*24*3600 {
			w.Errorf("%+v", i)
		}
		// By an address that is not its name it says so.
		if _, err := client.Open(w.Context(), "http://127.0.0.1:8460", w.network); !errors.Is(err, client.ErrNotServer) || !strings.Contains(err.Error(), w.URL) {
			w.Errorf("by its address: %v", err)
		}
		w.Stop()
		if _, err := client.Open(w.Context(), w.URL, w.Transport()); !errors.Is(err, client.ErrUnreachable) {
			w.Errorf("stopped: %v", err)
		}
	})
}

func TestAuthURL(t *testing.T) {
	inBubble(t, func(w *world) {
		a, b := client.NewAttempt(back), client.NewAttempt(back)
		u, err := url.Parse(w.server.AuthURL(a, "anna's laptop"))
		if err != nil {
			w.Fatal(err)
		}
		q := u.Query()
		for name, want := range map[string]string{
			"client_id": "lanyard", "response_type": "code", "redirect_uri": back, "code_challenge_method": "S256",
			"state": a.State, "scope": "openid profile offline_access", "lanyard_machine": "anna's laptop",
		} {
			if q.Get(name) != want || len(q[name]) != 1 {
				w.Errorf("%s is %q", name, q[name])
			}
		}
		if len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) < 32 || len(a.State) < 32 || a.State == b.State {
			w.Errorf("challenge %q, nonce %q, state %q", q.Get("code_challenge"), q.Get("nonce"), a.State)
		}
		if q.Has("code_verifier") || q.Has("login_hint") {
			w.Errorf("%s", u)
		}
	})
}

func TestExchange(t *testing.T) {
	inBubble(t, func(w *world) {
		a := client.NewAttempt(back)
		code := w.code(a)
		g, err := w.server.Exchange(w.Context(), a, code)
		if err != nil || g.Username != "anna" || !strings.HasPrefix(g.Refresh, "lyd_ref_") || g.Access == "" || time.Until(g.Expires) < 9*time.Minute {
			w.Fatalf("%#v %v", g, err)
		}
		for _, shown := range []string{fmt.Sprint(g), fmt.Sprintf("%#v", g), fmt.Sprintf("%+v", g)} {
			if shown != "***" {
				w.Errorf("printed, it is %s", shown)
			}
		}
		if _, err := w.server.Session(w.Context(), g.Access); err != nil {
			w.Error(err)
		}
		// The same code again ends what came of it (RFC 6749 §4.1.2).
		if _, err := w.server.Exchange(w.Context(), a, code); !errors.Is(err, client.ErrEnded) {
			w.Errorf("the code again: %v", err)
		}
		if _, err := w.server.Session(w.Context(), g.Access); !errors.Is(err, client.ErrEnded) {
			w.Errorf("its session: %v", err)
		}
	})
}

func TestCodesThatAreNotTaken(t *testing.T) {
	inBubble(t, func(w *world) {
		a := client.NewAttempt(back)
		code := w.code(a)
		other := client.NewAttempt(back)
		elsewhere := a
		elsewhere.Redirect = "http://127.0.0.1:2/callback"
		for name, try := range map[string]func() (client.Grant, error){
			"another attempt's verifier": func() (client.Grant, error) { return w.server.Exchange(w.Context(), other, code) },
			"another redirect":           func() (client.Grant, error) { return w.server.Exchange(w.Context(), elsewhere, code) },
			"a guess":                    func() (client.Grant, error) { return w.server.Exchange(w.Context(), a, code+"x") },
			"nothing":                    func() (client.Grant, error) { return w.server.Exchange(w.Context(), a, "") },
		} {
			if _, err := try(); err == nil || errors.Is(err, client.ErrUnreachable) || errors.Is(err, client.ErrServer) {
				w.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.server.Exchange(w.Context(), a, code); err != nil { // whoever lacks the verifier has not spent it
			w.Errorf("the right one: %v", err)
		}
		late := client.NewAttempt(back)
		code = w.code(late)
		time.Sleep(3 * time.Minute) // at 2 the service closes the connection
		if _, err := w.server.Exchange(w.Context(), late, code); !errors.Is(err, client.ErrEnded) {
			w.Errorf("too late: %v", err)
		}
	})
}

func TestAnAnswerToAnotherSignIn(t *testing.T) {
	inBubble(t, func(w *world) {
		a := client.NewAttempt(back)
		code := w.code(a)
		mixed := client.NewAttempt(back)
		mixed.Take(a) // a's verifier, its own nonce
		if _, err := w.server.Exchange(w.Context(), mixed, code); !errors.Is(err, client.ErrNotServer) || !strings.Contains(err.Error(), "another sign-in") {
			w.Errorf("%v", err)
		}
		if _, sessions, err := w.Alive("anna"); len(sessions) != 0 || err != nil {
			w.Errorf("%d sessions that nobody keeps, %v", len(sessions), err)
		}
	})
}

// A name is shown in terminals and is part of a keychain entry's.
func TestNamesThatAreNone(t *testing.T) {
	for name, called := range map[string]string{
		"an escape": "anna\x1b[2J", "a space": "an na", "text turned round": "anna\u202e", "a long one": strings.Repeat("x", 129),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				a := client.NewAttempt(back)
				code := w.code(a)
				anna, err := w.Accounts().ByLogin(w.Context(), "anna")
				if err != nil {
					w.Fatal(err)
				}
				err = w.Store.ChangeAccount(w.Context(), anna.ID, func(a account.Account, _ bool) (account.Account, error) {
					a.Name = called
					return a, nil
				})
				if err != nil {
					w.Fatal(err)
				}
				if g, err := w.server.Exchange(w.Context(), a, code); g.Refresh != "" || !errors.Is(err, client.ErrNotServer) {
					w.Errorf("%q: %v", g.Username, err)
				}
			})
		})
	}
}

// Answers of the token endpoint that no service of ours gives.
func TestAnswersToAnExchange(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		says   string
	}{
		"no JSON":              {200, "hello", client.ErrNotServer, ""},
		"no token":             {200, `{}`, client.ErrNotServer, ""},
		"no ID token":          {200, `{"access_token":"x","refresh_token":"lyd_ref_a_b","token_type":"Bearer"}`, client.ErrNotServer, "believed"},
		"an ID token unsigned": {200, `{"access_token":"x","refresh_token":"lyd_ref_a_b","id_token":"eyJhbGciOiJub25lIn0.e30."}`, client.ErrNotServer, "believed"},
		"HTML":                 {200, `<html>`, client.ErrNotServer, ""},
		"a redirect":           {302, ``, client.ErrNotServer, "302"},
		"a page not found":     {404, `<html>`, client.ErrNotServer, "404"},
		"a proxy":              {502, `<html>`, client.ErrServer, "502"},
		"too many":             {429, `{}`, client.ErrServer, "429"},
		"an old program":       {400, `{"error":"invalid_request","error_description":"PKCE is required"}`, client.ErrDenied, "PKCE is required"},
		"who are you":          {401, `{"error":"invalid_client"}`, client.ErrDenied, "invalid_client"},
		"escapes":              {400, `{"error":"invalid_grant","error_description":"\u001b[2Jgone\u0007\n\u202ex"}`, client.ErrEnded, "[2Jgone"},
		"a long story":         {400, `{"error":"invalid_grant","error_description":"` + strings.Repeat("x", 10000) + `"}`, client.ErrEnded, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				under := w.network.Under
				w.network.Under = roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != "/oauth/token" {
						return under.RoundTrip(r)
					}
					return answer(c.status, c.body, "Content-Type", "application/json", "Location", "https://evil.example/")(r)
				})
				g, err := w.server.Exchange(w.Context(), client.NewAttempt(back), "code")
				if g != (client.Grant{}) || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
					w.Fatalf("%v", err)
				}
				if len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\x1b\x07\n\u202e") {
					w.Errorf("an error that is not fit for a terminal: %q", err)
				}
			})
		})
	}
}

func TestRefresh(t *testing.T) {
	inBubble(t, func(w *world) {
		first := w.signIn()
		second, err := w.server.Refresh(w.Context(), first.Refresh)
		if err != nil || second.Refresh == first.Refresh || second.Access == first.Access || second.Access == "" {
			w.Fatal(err)
		}
		if _, err := w.server.Session(w.Context(), second.Access); err != nil {
			w.Error(err)
		}
		for _, never := range []string{"lyd_ref_x_y", "", "nonsense", first.Refresh + "x"} {
			if _, err := w.server.Refresh(w.Context(), never); !errors.Is(err, client.ErrEnded) && !errors.Is(err, client.ErrDenied) {
				w.Errorf("a guess: %v", err)
			}
		}
		if _, err := w.server.Session(w.Context(), second.Access); err != nil {
			w.Errorf("after guesses: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := w.server.Refresh(w.Context(), first.Refresh); !errors.Is(err, client.ErrEnded) {
			w.Errorf("the first once more: %v", err)
		}
		if _, err := w.server.Refresh(w.Context(), second.Refresh); !errors.Is(err, client.ErrEnded) {
			w.Errorf("after a reuse: %v", err)
		}
		if _, err := w.server.Session(w.Context(), second.Access); !errors.Is(err, client.ErrEnded) {
			w.Errorf("after a reuse: %v", err)
		}
	})
}

func TestALostAnswer(t *testing.T) {
	inBubble(t, func(w *world) {
		first := w.signIn()
		w.network.Lose = func(*http.Request) service.Loss { return service.Answer }
		if _, err := w.server.Refresh(w.Context(), first.Refresh); !errors.Is(err, client.ErrUnreachable) {
			w.Fatalf("%v", err)
		}
		w.network.Lose = nil
		time.Sleep(23 * time.Hour)
		second, err := w.server.Refresh(w.Context(), first.Refresh)
		if err != nil {
			w.Fatalf("23 hours later: %v", err)
		}
		again, err := w.server.Refresh(w.Context(), first.Refresh)
		if err != nil || again.Refresh != second.Refresh {
			w.Errorf("another successor, %v", err)
		}
	})
}

func TestRevoke(t *testing.T) {
	inBubble(t, func(w *world) {
		g := w.signIn()
		made := w.generate(g.Access)
		if ok, err := w.server.Accepts(w.Context(), "anna", made.Secret); !ok || err != nil {
			w.Fatalf("%v %v", ok, err)
		}
		for range 2 { // one that is over is no error
			if err := w.server.Revoke(w.Context(), g.Refresh); err != nil {
				w.Error(err)
			}
		}
		if ok, err := w.server.Accepts(w.Context(), "anna", made.Secret); ok || err != nil {
			w.Errorf("the token: %v %v", ok, err)
		}
		if _, err := w.server.Refresh(w.Context(), g.Refresh); !errors.Is(err, client.ErrEnded) {
			w.Errorf("refresh: %v", err)
		}
		if _, _, err := w.server.Tokens(w.Context(), g.Access); !errors.Is(err, client.ErrEnded) {
			w.Errorf("list: %v", err)
		}
		if err := w.server.Revoke(w.Context(), "lyd_ref_of_nobody"); err != nil {
			w.Errorf("one that never was: %v", err)
		}
		w.network.Lose = func(*http.Request) service.Loss { return service.Request }
		if err := w.server.Revoke(w.Context(), g.Refresh); !errors.Is(err, client.ErrUnreachable) {
			w.Errorf("offline: %v", err)
		}
		if ok, err := w.server.Accepts(w.Context(), "anna", made.Secret); ok || !errors.Is(err, client.ErrUnreachable) {
			w.Errorf("offline: %v %v", ok, err)
		}
	})
}

// An earlier refresh token ends the session, too: a sign-out that knows no
// newer one is one all the same.
func TestRevokeWithAnEarlierOne(t *testing.T) {
	inBubble(t, func(w *world) {
		first := w.signIn()
		second, err := w.server.Refresh(w.Context(), first.Refresh)
		if err != nil {
			w.Fatal(err)
		}
		if err := w.server.Revoke(w.Context(), first.Refresh); err != nil {
			w.Fatal(err)
		}
		if _, err := w.server.Session(w.Context(), second.Access); !errors.Is(err, client.ErrEnded) {
			w.Errorf("%v", err)
		}
	})
}

func TestGenerate(t *testing.T) {
	inBubble(t, func(w *world) {
		g := w.signIn()
		before, err := w.server.Session(w.Context(), g.Access)
		if err != nil || before.Token != nil || before.TokenLost != nil || before.ID == "" {
			w.Errorf("%+v %v", before, err)
		}
		made := w.generate(g.Access)
		if !strings.HasPrefix(made.Secret, "lyd_auto_") || made.SessionID != before.ID || made.UUID == "" ||
			time.Until(made.SessionEnds) < 89*24*time.Hour || time.Until(made.SessionIdleBy) < 29*24*time.Hour {
			w.Errorf("%s %s %s %s", made.UUID, made.SessionID, made.SessionEnds, made.SessionIdleBy)
		}
		if shown := fmt.Sprintf("%v %+v %#v", made, made, made); shown != "*** *** ***" {
			w.Errorf("printed, it is %s", shown)
		}
		again := w.generate(g.Access)
		if again.UUID == made.UUID {
			w.Error("the same token")
		}
		if ok, err := w.server.Accepts(w.Context(), "anna", made.Secret); ok || err != nil {
			w.Errorf("the earlier one: %v %v", ok, err)
		}
		session, err := w.server.Session(w.Context(), g.Access)
		if err != nil || session.Token == nil || session.Token.UUID != again.UUID || session.Token.Machine != "laptop" {
			w.Errorf("%+v %v", session, err)
		}
		no := false
		if _, err := w.server.Change(w.Context(), g.Access, again.UUID, client.Patch{Active: &no}); err != nil {
			w.Fatal(err)
		}
		if _, err := w.server.Generate(w.Context(), g.Access, client.Machine{}); !errors.Is(err, client.ErrDenied) || !strings.Contains(err.Error(), "deactivated") {
			w.Errorf("deactivated: %v", err)
		}
		if _, err := w.server.Generate(w.Context(), "not a token", client.Machine{}); !errors.Is(err, client.ErrEnded) {
			w.Errorf("without a session: %v", err)
		}
		// A token never administers the account.
		if _, err := w.server.Generate(w.Context(), again.Secret, client.Machine{}); !errors.Is(err, client.ErrEnded) {
			w.Errorf("with a token: %v", err)
		}
	})
}

func TestTokens(t *testing.T) {
	inBubble(t, func(w *world) {
		g := w.signIn()
		ctx := w.Context()
		made, err := w.server.Create(ctx, g.Access, client.NewToken{Label: "ci", Scopes: []string{"repo:read"}, ExpiresAt: "2000-06-01T00:00:00Z"})
		if err != nil || !strings.HasPrefix(made.Secret, "lyd_pat_") || made.Label != "ci" || !made.Active || made.Source != "manual" ||
			made.ExpiresAt == nil || made.ExpiresAt.Month() != time.June || made.LastUsed != nil || made.LastFour != made.Secret[len(made.Secret)-4:] {
			w.Fatalf("%s %v", made.UUID, err)
		}
		if shown := fmt.Sprintf("%v %#v", made, made); strings.Contains(shown, made.Secret) {
			w.Errorf("printed, it is %s", shown)
		}
		if ok, err := w.server.Accepts(ctx, "anna", made.Secret); !ok || err != nil {
			w.Errorf("%v %v", ok, err)
		}
		no, yes, name := false, true, "ci of the shop"
		if one, err := w.server.Change(ctx, g.Access, made.UUID, client.Patch{Active: &no, Label: &name}); err != nil || one.Active || one.Label != name || one.Secret != "" {
			w.Errorf("%+v %v", one, err)
		}
		if ok, err := w.server.Accepts(ctx, "anna", made.Secret); ok || err != nil {
			w.Errorf("deactivated: %v %v", ok, err)
		}
		if all, active, err := w.server.Tokens(ctx, g.Access); err != nil || len(all) != 1 || active != 0 || all[0].Active {
			w.Errorf("%v, %d active, %v", all, active, err)
		}
		if one, err := w.server.Change(ctx, g.Access, made.UUID, client.Patch{Active: &yes}); err != nil || !one.Active {
			w.Errorf("%+v %v", one, err)
		}
		if all, active, err := w.server.Tokens(ctx, g.Access); err != nil || len(all) != 1 || active != 1 || all[0].LastUsed == nil || all[0].Secret != "" {
			w.Errorf("%v, %d active, %v", all, active, err)
		}
		if err := w.server.Delete(ctx, g.Access, made.UUID); err != nil {
			w.Error(err)
		}
		if ok, err := w.server.Accepts(ctx, "anna", made.Secret); ok || err != nil {
			w.Errorf("deleted: %v %v", ok, err)
		}
		for name, err := range map[string]error{
			"delete again": w.server.Delete(ctx, g.Access, made.UUID),
			"a path":       w.server.Delete(ctx, g.Access, "../../healthz"),
			"change":       second(w.server.Change(ctx, g.Access, made.UUID, client.Patch{Active: &yes})),
		} {
			if !errors.Is(err, client.ErrNotFound) {
				w.Errorf("%s: %v", name, err)
			}
		}
		for name, bad := range map[string]client.NewToken{
			"no label":     {Scopes: []string{"repo:read"}},
			"a long label": {Label: strings.Repeat("x", 101), Scopes: []string{"repo:read"}},
			"a scope":      {Label: "x", Scopes: []string{"account:admin"}},
			"long ago":     {Label: "x", Scopes: []string{"repo:read"}, ExpiresAt: "1999-01-01T00:00:00Z"},
		} {
			if _, err := w.server.Create(ctx, g.Access, bad); err == nil || errors.Is(err, client.ErrServer) || errors.Is(err, client.ErrEnded) {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestManyTokens(t *testing.T) {
	inBubble(t, func(w *world) {
		g := w.signIn()
		const n = 205
		for i := range n {
			if _, err := w.server.Create(w.Context(), g.Access, client.NewToken{Label: fmt.Sprint(i), Scopes: []string{"repo:read"}}); err != nil {
				w.Fatal(err)
			}
		}
		all, active, err := w.server.Tokens(w.Context(), g.Access)
		if err != nil || len(all) != n || active != n || all[0].Label != fmt.Sprint(n-1) || all[n-1].Label != "0" {
			w.Errorf("%d tokens, %d active, %v", len(all), active, err)
		}
	})
}

// Names that other people gave come out fit for a terminal.
func TestLabelsAreClean(t *testing.T) {
	inBubble(t, func(w *world) {
		g := w.signIn()
		under := w.network.Under
		w.network.Under = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/v2/access-tokens" {
				return under.RoundTrip(r)
			}
			return answer(200, `{"active_count":1,"results":[{"token_label":"\u001b]0;x\u0007a\u202eb","machine":"m\n\u009bx","last_used_ua":"\u0000u","scopes":["repo:read"]}]}`)(r)
		})
		all, _, err := w.server.Tokens(w.Context(), g.Access)
		if err != nil || len(all) != 1 || all[0].Label != "]0;xab" || all[0].Machine != "mx" || all[0].LastUsedUA != "u" || all[0].Scopes[0] != "repo:read" {
			w.Errorf("%#v %v", all, err)
		}
	})
}

func TestAccepts(t *testing.T) {
	inBubble(t, func(w *world) {
		made := w.generate(w.signIn().Access)
		for name, c := range map[string]struct{ user, secret string }{
			"a guess":         {"anna", "lyd_auto_" + strings.Repeat("x", 33)},
			"another account": {"bert", made.Secret},
			"nothing":         {"anna", ""},
		} {
			if ok, err := w.server.Accepts(w.Context(), c.user, c.secret); ok || err != nil {
				w.Errorf("%s: %v %v", name, ok, err)
			}
		}
		under := w.network.Under
		w.network.Under = answer(503, "")
		if ok, err := w.server.Accepts(w.Context(), "anna", made.Secret); ok || !errors.Is(err, client.ErrServer) {
			w.Errorf("out of order: %v %v", ok, err)
		}
		w.network.Under = under
	})
}

func TestDevice(t *testing.T) {
	inBubble(t, func(w *world) {
		d, err := w.server.BeginDevice(w.Context(), "a server in a rack")
		if err != nil || d.URL != w.URL+"/activate" || d.Complete != d.URL+"?user_code="+d.UserCode || len(d.UserCode) != 9 {
			w.Fatalf("%+v %v", d, err)
		}
		go func() {
			time.Sleep(time.Minute)
			if err := w.anna.Enter(d.URL, strings.ToLower(d.UserCode)); err != nil {
				w.Error(err)
			}
		}()
		began := time.Now()
		g, err := w.server.AwaitDevice(w.Context(), d)
		if err != nil || g.Username != "anna" {
			w.Fatalf("%v", err)
		}
		if took := time.Since(began); took < time.Minute || took > time.Minute+6*time.Second {
			w.Errorf("it took %v", took)
		}
		w.generate(g.Access)
		if _, err := w.server.AwaitDevice(w.Context(), d); !errors.Is(err, client.ErrEnded) {
			w.Errorf("the code again: %v", err)
		}
	})
}

func TestDeviceDenied(t *testing.T) {
	inBubble(t, func(w *world) {
		d, err := w.server.BeginDevice(w.Context(), "rack")
		if err != nil {
			w.Fatal(err)
		}
		if err := w.anna.Refuse(d.URL, d.UserCode); err != nil {
			w.Fatal(err)
		}
		if _, err := w.server.AwaitDevice(w.Context(), d); !errors.Is(err, client.ErrDenied) {
			w.Errorf("%v", err)
		}
	})
}

func TestDeviceTooLate(t *testing.T) {
	inBubble(t, func(w *world) {
		d, err := w.server.BeginDevice(w.Context(), "rack")
		if err != nil {
			w.Fatal(err)
		}
		began := time.Now()
		if _, err := w.server.AwaitDevice(w.Context(), d); !errors.Is(err, client.ErrExpired) {
			w.Errorf("%v", err)
		}
		if took := time.Since(began); took < 14*time.Minute || took > 16*time.Minute {
			w.Errorf("it took %v", took)
		}
	})
}

// The network goes for three minutes, and the person decides meanwhile.
func TestDeviceOutlivesAnOutage(t *testing.T) {
	inBubble(t, func(w *world) {
		d, err := w.server.BeginDevice(w.Context(), "rack")
		if err != nil {
			w.Fatal(err)
		}
		began := time.Now()
		w.network.Lose = func(*http.Request) service.Loss {
			if since := time.Since(began); since > 30*time.Second && since < 200*time.Second {
				return service.Request
			}
			return service.Nothing
		}
		go func() {
			time.Sleep(2 * time.Minute)
			if err := w.anna.Enter(d.URL, d.UserCode); err != nil {
				w.Error(err)
			}
		}()
		if g, err := w.server.AwaitDevice(w.Context(), d); err != nil || g.Username != "anna" {
			w.Errorf("%v", err)
		}
	})
}

func TestDeviceStopped(t *testing.T) {
	inBubble(t, func(w *world) {
		d, err := w.server.BeginDevice(w.Context(), "rack")
		if err != nil {
			w.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
		defer cancel()
		if _, err := w.server.AwaitDevice(ctx, d); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, client.ErrExpired) {
			w.Errorf("%v", err)
		}
	})
}

func TestDevicesOfAForeignServer(t *testing.T) {
	for name, body := range map[string]string{
		"pages elsewhere":       `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"https://evil.example/","expires_in":900}`,
		"a script":              `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"javascript:alert(1)","expires_in":900}`,
		"filled in elsewhere":   `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/activate","verification_uri_complete":"file:///etc/passwd","expires_in":900}`,
		"a code with an escape": `{"device_code":"x","user_code":"\u001b[2J","verification_uri":"URL/activate","expires_in":900}`,
		"a code turned round":   `{"device_code":"x","user_code":"A\u202eB","verification_uri":"URL/activate","expires_in":900}`,
		"no code":               `{"device_code":"x","verification_uri":"URL/activate","expires_in":900}`,
		"no page":               `{"device_code":"x","user_code":"ABCD-EFGH","expires_in":900}`,
		"a code of two lines":   `{"device_code":"x","user_code":"AB\nCD","verification_uri":"URL/activate","expires_in":900}`,
		"a long code":           `{"device_code":"x","user_code":"` + strings.Repeat("A", 65) + `","verification_uri":"URL/activate","expires_in":900}`,
		"a code in a number":    `{"device_code":"x","user_code":7,"verification_uri":"URL/activate","expires_in":900}`,
		"a file":                `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"file:///etc/passwd","expires_in":900}`,
		"an option":             `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"--profile=/tmp/x","expires_in":900}`,
		"a page with an escape": `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/\u001b]8;;x","expires_in":900}`,
		"a page turned round":   `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/\u202eetavitca","expires_in":900}`,
		"a user before it":      `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL@evil.example/","expires_in":900}`,
		"a longer host":         `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL.evil.example/","expires_in":900}`,
		"another port":          `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL0/activate","expires_in":900}`,
		"a long page":           `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/` + strings.Repeat("a", 5000) + `","expires_in":900}`,
		"filled in, a script":   `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/activate","verification_uri_complete":"javascript:alert(1)","expires_in":900}`,
		"no JSON":               `hello`,
		"a web page":            `<!doctype html><html><body>ABCD-EFGH</body></html>`,
		"nothing":               ``,
		"half an answer":        `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/act`,
		"ten megabytes":         `{"device_code":"` + strings.Repeat("x", 10<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				under := w.network.Under
				w.network.Under = roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != "/oauth/device/code" {
						return under.RoundTrip(r)
					}
					return answer(200, strings.ReplaceAll(body, "URL", w.URL), "Content-Type", "application/json")(r)
				})
				d, err := w.server.BeginDevice(w.Context(), "rack")
				if !errors.Is(err, client.ErrNotServer) || d != (client.Device{}) {
					w.Errorf("%+v %v", d, err)
				}
				if len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
					w.Errorf("not fit for a terminal: %.600q", err)
				}
			})
		})
	}
}

// However a service would have us ask, we ask every few seconds, and not for ever.
func TestDevicesThatAreNeverDone(t *testing.T) {
	for name, times := range map[string]string{
		"an interval below zero": `"interval":-1,"expires_in":900`,
		"no interval":            `"interval":0,"expires_in":900`,
		"an endless interval":    `"interval":9223372036854775807,"expires_in":900`,
		"no end":                 `"interval":5`,
		"an end in a century":    `"interval":5,"expires_in":3155760000`,
		"an end before":          `"interval":5,"expires_in":-900`,
		"an end that overflows":  `"interval":5,"expires_in":9223372036854775807`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				under, asked, started := w.network.Under, 0, time.Now()
				w.network.Under = roundTrip(func(r *http.Request) (*http.Response, error) {
					switch r.URL.Path {
					case "/oauth/device/code":
						return answer(200, strings.ReplaceAll(`{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"URL/activate",`+times+`}`, "URL", w.URL), "Content-Type", "application/json")(r)
					case "/oauth/token":
						asked++
						return answer(400, `{"error":"authorization_pending"}`, "Content-Type", "application/json")(r)
					}
					return under.RoundTrip(r)
				})
				d, err := w.server.BeginDevice(w.Context(), "rack")
				if err != nil {
					w.Fatal(err)
				}
				if _, err := w.server.AwaitDevice(w.Context(), d); !errors.Is(err, client.ErrExpired) {
					w.Error(err)
				}
				if took := time.Since(started); took > 31*time.Minute || asked > int(took/(4*time.Second))+1 {
					w.Errorf("it asked %d times in %s", asked, took)
				}
			})
		})
	}
}
