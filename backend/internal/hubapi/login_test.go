package hubapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/pquerna/otp/totp"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/token"
)

const hers = "correct horse battery staple"

// words gives ada her password.
func (w *world) words() {
	w.t.Helper()
	if err := w.people.SetPassword(w.t.Context(), "ada-id", hers); err != nil {
		w.t.Fatal(err)
	}
	w.passes(time.Second)
}

// pat makes a token of ada's by hand.
func (w *world) pat(scopes ...string) (token.Token, string) {
	w.t.Helper()
	t, secret, err := w.tokens.Create(w.t.Context(), "ada-id", token.Spec{Description: "ci", Scopes: scopes})
	if err != nil {
		w.t.Fatal(err)
	}
	return t, secret.Reveal()
}

// app turns an authenticator app on for ada.
func (w *world) app() (code func() string, recovery []string) {
	w.t.Helper()
	shown := account.Proof{At: w.now(), Second: true}
	if err := w.people.BeginTOTP(w.t.Context(), "ada-id", shown); err != nil {
		w.t.Fatal(err)
	}
	ada, err := w.people.Account(w.t.Context(), "ada-id")
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := w.people.PendingTOTP(ada, shown, "Lanyard")
	if err != nil {
		w.t.Fatal(err)
	}
	code = func() string {
		c, err := totp.GenerateCode(e.Secret, w.now())
		if err != nil {
			w.t.Fatal(err)
		}
		return c
	}
	if _, recovery, err = w.people.ConfirmTOTP(w.t.Context(), "ada-id", shown, code(), "192.0.2.9"); err != nil {
		w.t.Fatal(err)
	}
	w.passes(time.Minute)
	return code, recovery
}

// login is the access token of a direct login.
func (w *world) login(secret string) string {
	w.t.Helper()
	return str(w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": secret}).is(200), "token")
}

func (w *world) claims(raw string) bearer.Claims {
	w.t.Helper()
	c, err := bearer.Verify(raw, w.keys.OAuth().JWKS(), issuer, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// A login by password is a person's own, for ten minutes, whatever the path's
// spelling and the scheme that old scripts use.
func TestLoginByPassword(t *testing.T) {
	for path, body := range map[string]map[string]any{
		"/v2/users/login":                     {"username": "ada", "password": hers},
		"/v2/users/login/":                    {"username": "Ada", "password": hers},
		"/v2/users/login?refresh_token=true":  {"username": "ada", "password": hers, "anything": []int{1}},
		"/v2/users/login/?refresh_token=true": {"username": "ada", "password": hers},
		"/v2/auth/token":                      {"identifier": "ada", "secret": hers},
		"/v2/auth/token/":                     {"identifier": "ada", "secret": hers},
	} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			w.words()
			answer := w.ask("", "POST", path, body)
			out := answer.is(200)
			raw := str(out, "token")
			if strings.HasPrefix(path, "/v2/auth") {
				raw = str(out, "access_token")
			}
			if len(out) != 1 || answer.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v, cached %q", out, answer.header.Get("Cache-Control"))
			}
			c := w.claims(raw)
			if c.Expires != w.now().Add(10*time.Minute).Unix() || c.Hub.Username != "ada" || c.Hub.UUID != "ada-id" || c.Scope != "repo:admin" || c.Subject != "ada-id" {
				t.Errorf("%+v", c)
			}
			s, err := w.grants.Live(t.Context(), c.Session)
			if err != nil || s.From != grant.FromPassword || s.Token != "" || !s.EndsAt.Equal(w.now().Add(10*time.Minute)) || s.Agent != "test/1" || s.Refresh.Generation != 0 {
				t.Errorf("%+v, %v", s, err)
			}
			id := w.create(raw, "by a login")
			w.ask(raw, "GET", "/v2/access-tokens/"+id, nil).is(200)
			r, err := http.NewRequest("GET", w.url+"/v2/access-tokens/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "JWT "+raw)
			if out, err := w.exchange(r, nil); err != nil || out.status != 200 {
				t.Errorf("scheme JWT: %+v, %v", out, err)
			}
			w.ask(raw, "POST", "/v2/access-tokens/desktop-generate", nil).refused(403, "direct", "ten minutes")
			w.passes(10 * time.Minute)
			w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "token", "unauthorized")
		})
	}
}

// other is a last character that a text does not have.
func other(text string) string {
	if strings.HasSuffix(text, "x") {
		return "y"
	}
	return "x"
}

func TestLoginsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.words()
	live, secret := w.pat("repo:read")
	off, offSecret := w.pat("repo:read")
	expiring, expiringSecret, err := w.tokens.Create(t.Context(), "ada-id", token.Spec{Description: "x", Scopes: []string{"repo:read"}, Expires: w.now().Add(time.Minute).Format(time.RFC3339)})
	if err != nil {
		t.Fatal(err)
	}
	no := false
	if _, err := w.tokens.Change(t.Context(), "ada-id", off.ID, token.Patch{Active: &no}, activity.By{}); err != nil {
		t.Fatal(err)
	}
	gone, goneSecret := w.pat("repo:read")
	if err := w.tokens.Delete(t.Context(), "ada-id", activity.By{}, gone.ID); err != nil {
		t.Fatal(err)
	}
	w.passes(2 * time.Minute)
	before := w.held()
	for name, c := range map[string]struct{ user, secret, reason string }{
		"wrong password":          {"ada", hers + "r", "credentials"},
		"unknown":                 {"eve", hers, "credentials"},
		"no password of anybody":  {"bob", hers, "credentials"},
		"another's token":         {"bob", secret, "credentials"},
		"deleted token":           {"ada", goneSecret, "gone"},
		"deactivated token":       {"ada", offSecret, "inactive"},
		"expired token":           {"ada", expiringSecret.Reveal(), "expired"},
		"mistyped token":          {"ada", secret[:len(secret)-1] + other(secret), "mistyped"},
		"a token as user name":    {secret, hers, "credentials"},
		"a token as both":         {secret, secret, "credentials"},
		"the id of the account":   {"ada-id", hers, "credentials"},
		"the hash of a token":     {"ada", fmt.Sprintf("%x", live.Hash), "credentials"},
		"the id of a token":       {"ada", expiring.ID, "credentials"},
		"password of 2,000 bytes": {"ada", strings.Repeat("x", 2000), "credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			if err := w.people.SetPassword(t.Context(), "ada-id", hers); err != nil { // and the tries are forgiven below
				t.Fatal(err)
			}
			older := w.ask("", "POST", "/v2/users/login", map[string]string{"username": c.user, "password": c.secret})
			out := older.is(401)
			if out["detail"] != "Incorrect authentication credentials" || out["reason"] != c.reason || out["login_2fa_token"] != nil {
				t.Errorf("%v", out)
			}
			for member, v := range out { // hub-tool reads a map of strings
				if _, ok := v.(string); !ok && v != nil {
					t.Errorf("%s is %v", member, v)
				}
			}
			w.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": c.user, "secret": c.secret}).refused(401, c.reason, "")
			w.login(hers)
		})
	}
	w.t = t
	for _, path := range []string{"/v2/users/login", "/v2/users/2fa-login", "/v2/auth/token"} {
		for name, body := range map[string]string{
			"nothing": "", "no object": "[]", "broken": "{", "empty": "{}", "numbers": `{"username":1,"password":2,"identifier":1,"secret":2,"login_2fa_token":1,"code":2}`,
			"nulls": `{"username":null,"password":null}`, "empty texts": `{"username":"","password":"","identifier":"","secret":"","login_2fa_token":"","code":""}`,
			"twice": `{"username":"ada","username":"bob","identifier":"a","identifier":"b","code":"1","code":"2","password":"x"}`, "not UTF-8": "{\"username\":\"\xff\"}",
		} {
			out := w.ask("", "POST", path, body)
			if out.status != 400 {
				t.Errorf("%s, %s: %d %s", path, name, out.status, out.body)
			}
		}
		w.ask("", "GET", path, nil).refused(405, "method", "method not allowed")
		w.ask("", "POST", path, `{"username":"`+strings.Repeat("x", 70<<10)+`"}`).refused(413, "size", "larger")
	}
	if got := w.held(); got != before {
		t.Errorf("something changed:\n%s\n%s", before, got)
	}
	if log := w.log.String(); strings.Contains(log, hers) || strings.Contains(log, secret[9:]) || strings.Contains(log, offSecret) {
		t.Error("a secret is in the log")
	}
}

// Too many wrong ones wait, with the time for it.
func TestLoginsAreThrottled(t *testing.T) {
	w := newWorld(t)
	w.words()
	for range 10 {
		w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": "wrong"}).is(401)
	}
	out := w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": hers})
	out.refused(429, "throttled", "too many failed login attempts")
	if out.header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", out.header.Get("Retry-After"))
	}
	w.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": "ada", "secret": hers}).refused(429, "throttled", "")
	w.passes(30 * time.Second)
	w.login(hers)
}

// hub-tool's way in: the exact words, then the code.
func TestLoginWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	w.words()
	code, recovery := w.app()
	first := func() string {
		out := w.ask("", "POST", "/v2/users/login?refresh_token=true", map[string]string{"username": "ada", "password": hers}).is(401)
		if out["detail"] != "Require secondary authentication on MFA enabled account" || str(out, "login_2fa_token") == "" {
			t.Fatalf("%v", out)
		}
		return str(out, "login_2fa_token")
	}
	second := func(challenge, code string) said {
		return w.ask("", "POST", "/v2/users/2fa-login/?refresh_token=true", map[string]string{"login_2fa_token": challenge, "code": code})
	}
	challenge := first()
	for name, typed := range map[string]string{"wrong": "abcdef", "another wrong": "99999999", "no challenge": code()} {
		with := challenge
		if name == "no challenge" {
			with = "x"
		}
		if out := second(with, typed).is(401); out["detail"] != "Incorrect authentication credentials" || out["reason"] != "code" {
			t.Errorf("%s: %v", name, out)
		}
	}
	used := code()
	raw := str(second(challenge, used).is(200), "token")
	if s, err := w.grants.Live(t.Context(), w.claims(raw).Session); err != nil || s.From != grant.FromPassword || !s.Personal() {
		t.Errorf("%+v, %v", s, err)
	}
	w.ask(raw, "GET", "/v2/access-tokens", nil).is(200)
	second(first(), used).is(401)
	second(first(), recovery[3]).is(200)
	second(first(), recovery[3]).is(401)
	w.passes(time.Minute)
	late := first()
	w.passes(6 * time.Minute)
	second(late, code()).is(401)

	w.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": "ada", "secret": hers}).refused(401, "second_factor", "personal access token")
	_, secret := w.pat("repo:read")
	w.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": "ada", "secret": secret}).is(200)
	w.login(secret)
	if err := w.people.SetPassword(t.Context(), "ada-id", "quite another passphrase"); err != nil {
		t.Fatal(err)
	}
	w.passes(time.Second)
	w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "ended", "ended")
}

// A login made by password is over with the password.
func TestANewPasswordEndsDirectLogins(t *testing.T) {
	w := newWorld(t)
	w.words()
	raw := w.login(hers)
	_, secret := w.pat("repo:read")
	byToken := w.login(secret)
	w.passes(time.Second)
	if err := w.people.SetPassword(t.Context(), "ada-id", "quite another passphrase"); err != nil {
		t.Fatal(err)
	}
	w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "ended", "ended")
	w.ask(byToken, "GET", "/v2/access-tokens", nil).refused(403, "person", "personal access token")
}

// D6: nothing made of a personal access token administers, whatever its scope:
// every path and method of the document, and whoever presents the token bare.
func TestTokensAdministerNothing(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../openapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	open := []string{"/v2/users/login", "/v2/users/2fa-login", "/v2/auth/token"}
	w := newWorld(t)
	w.words()
	mine := w.signIn("ada")
	auto, autoSecret := w.generate(mine, "laptop")
	tried := 0
	for _, scope := range []string{"repo:public_read", "repo:read", "repo:write", "repo:admin", "generated"} {
		secret := autoSecret
		if scope != "generated" {
			_, secret = w.pat(scope)
		}
		logins := map[string]string{
			"users/login": w.login(secret),
			"auth/token":  str(w.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": "ada", "secret": secret}).is(200), "access_token"),
		}
		if scope == "generated" {
			scope = "repo:admin"
		}
		for by, raw := range logins {
			if c := w.claims(raw); c.Scope != scope {
				t.Errorf("%s says scope %q, want %q", by, c.Scope, scope)
			}
		}
		before := w.held()
		for path, item := range doc.Paths.Map() {
			// What a token may do with itself is TestSelf's, and it may ask why.
			if !strings.HasPrefix(path, "/v2/") || slices.Contains(open, path) || strings.HasPrefix(path, "/v2/access-tokens/self") || path == "/v2/access/explain" {
				continue
			}
			for method := range item.Operations() {
				for _, target := range []string{strings.Replace(path, "{uuid}", auto, 1), strings.Replace(path, "{uuid}", "unknown", 1) + "/"} {
					for by, raw := range logins {
						out := w.ask(raw, method, target, `{"token_label":"x","is_active":true,"scopes":["repo:admin"]}`)
						if out.status != 403 || str(out.is(403), "message") != "token issued from personal access token is not allowed" {
							t.Errorf("%s of %s: %s %s: %d %s", by, scope, method, target, out.status, out.body)
						}
						tried++
					}
					w.ask(secret, method, target, nil).refused(401, "token", "a personal access token is none")
				}
			}
		}
		if got := w.held(); got != before {
			t.Errorf("%s changed something:\n%s\n%s", scope, before, got)
		}
	}
	if tried < 100 {
		t.Errorf("%d cells", tried)
	}
}

// A session made of a token counts as its use, and dies with it at once.
func TestASessionDiesWithItsToken(t *testing.T) {
	no := false
	for name, kill := range map[string]func(w *world, id string) error{
		"deactivated": func(w *world, id string) error {
			_, err := w.tokens.Change(w.t.Context(), "ada-id", id, token.Patch{Active: &no}, activity.By{})
			return err
		},
		"deleted": func(w *world, id string) error { return w.tokens.Delete(w.t.Context(), "ada-id", activity.By{}, id) },
		"expired": func(w *world, _ string) error { w.passes(5 * time.Minute); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made, secret, err := w.tokens.Create(t.Context(), "ada-id", token.Spec{
				Description: "ci", Scopes: []string{"repo:read", "repo:write"}, Expires: w.now().Add(4 * time.Minute).Format(time.RFC3339),
			})
			if err != nil {
				t.Fatal(err)
			}
			raw := w.login(secret.Reveal())
			c := w.claims(raw)
			s, err := w.grants.Live(t.Context(), c.Session)
			if err != nil || s.From != grant.FromToken || s.Token != made.ID || s.Personal() || c.Scope != "repo:read repo:write" || c.Hub.Source != "docker_pat|"+made.ID {
				t.Fatalf("%+v, %+v, %v", s, c, err)
			}
			if got, err := w.tokens.Get(t.Context(), "ada-id", made.ID); err != nil || !got.LastUsed.At.Equal(w.now()) || got.LastUsed.Addr != "127.0.0.1" || got.LastUsed.Agent != "test/1" {
				t.Errorf("used %+v, %v", got.LastUsed, err)
			}
			w.ask(raw, "GET", "/v2/access-tokens", nil).refused(403, "person", "not allowed")
			if err := kill(w, made.ID); err != nil {
				t.Fatal(err)
			}
			w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "ended", "not good any more")
		})
	}
}

// A login by a generated token keeps its session alive, and is over with it.
func TestALoginByAGeneratedToken(t *testing.T) {
	w := newWorld(t)
	mine := w.signIn("ada")
	_, secret := w.generate(mine, "laptop")
	w.passes(20 * 24 * time.Hour)
	raw := w.login(secret)
	if err := w.grants.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := w.grants.Live(t.Context(), mine.session.ID); err != nil || !s.LastUsed.Equal(w.now()) {
		t.Errorf("%+v, %v", s, err)
	}
	if err := w.grants.End(t.Context(), mine.session.ID, grant.WhySignedOut); err != nil {
		t.Fatal(err)
	}
	w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "ended", "not good any more")
}

func TestADisabledAccountLogsInNowhere(t *testing.T) {
	w := newWorld(t)
	w.words()
	_, secret := w.pat("repo:read")
	raw := w.login(hers)
	if err := w.store.ChangeAccount(t.Context(), "ada-id", func(a account.Account, _ bool) (account.Account, error) {
		a.Disabled = true
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{hers, secret} {
		out := w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": s}).is(401)
		if out["reason"] != "disabled" || out["detail"] != "Incorrect authentication credentials" {
			t.Errorf("%v", out)
		}
	}
	w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": "wrong"}).is(401)
	w.ask(raw, "GET", "/v2/access-tokens", nil).refused(401, "disabled", "disabled")
}

// When the store fails nobody is told that the password is wrong.
func TestALoginWhenTheStoreFails(t *testing.T) {
	w := newWorld(t)
	w.words()
	if err := w.store.(interface{ Close() error }).Close(); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"username": "ada", "password": hers})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(w.url+"/v2/users/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d", response.StatusCode)
	}
}
