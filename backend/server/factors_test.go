package server

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lanyard/backend/account"
	"lanyard/backend/token"
)

const (
	hers    = "correct horse battery staple"
	service = "service=localhost:8460"
)

// guarded is a service on whose account ada an authenticator app is on.
type guarded struct {
	*testing.T
	*Server
	mu     sync.Mutex
	at     time.Time
	ada    account.Account
	secret string
	codes  []string // recovery
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	return guardedOn(t, func(*Config) {})
}

func guardedOn(t *testing.T, change func(*Config)) *guarded {
	t.Helper()
	g := &guarded{T: t, at: time.Now().UTC()}
	g.Server = running(t, func(c *Config) { c.Now = g.now; change(c) })
	var err error
	if g.ada, err = g.Accounts().Create(t.Context(), account.New{Name: "ada", Password: hers, Admin: true}); err != nil {
		t.Fatal(err)
	}
	shown := account.Proof{At: g.now(), Second: true}
	if err := g.Accounts().BeginTOTP(t.Context(), g.ada.ID, shown); err != nil {
		t.Fatal(err)
	}
	a, err := g.Accounts().Account(t.Context(), g.ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	e, err := g.Accounts().PendingTOTP(a, shown, "Lanyard")
	if err != nil {
		t.Fatal(err)
	}
	g.secret = e.Secret
	if _, g.codes, err = g.Accounts().ConfirmTOTP(t.Context(), g.ada.ID, shown, g.code(), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	g.later(time.Minute)
	return g
}

func (g *guarded) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at
}

func (g *guarded) later(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = g.at.Add(d)
}

func (g *guarded) code() string {
	g.Helper()
	code, err := totp.GenerateCode(g.secret, g.now())
	if err != nil {
		g.Fatal(err)
	}
	return code
}

// says asks and returns status and body.
func (g *guarded) says(method, path, body string, header ...string) (int, string) {
	g.Helper()
	response := ask(g, method, "http://localhost:8460"+path, body, header...)
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (g *guarded) json(path, body string) (int, map[string]any) {
	g.Helper()
	status, text := g.says(http.MethodPost, path, body, "Content-Type", "application/json")
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		g.Fatalf("%s: %d %s", path, status, text)
	}
	return status, out
}

func basic(name, secret string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))}
}

// G4 and E8: every way in that is not a page, what it demands of an account
// with a second factor, and what the password alone gets there. The pages have
// their own table (internal/pages, TestEveryPageAndWhatItDemands).
func TestEveryWayInAndWhatItDemands(t *testing.T) {
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for name, way := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		says               string
	}{
		// Demands a token.
		"registry, Basic":             {"GET", "/token?" + service + "&scope=repository:ada/x:pull", "", basic("ada", hers), 401, "personal access token"},
		"registry, by e-mail":         {"GET", "/token?" + service, "", basic("ADA", hers), 401, "personal access token"},
		"registry, code for password": {"GET", "/token?" + service, "", basic("ada", "000000"), 401, "wrong user name or password"},
		"hub, auth/token":             {"POST", "/v2/auth/token", `{"identifier":"ada","secret":"` + hers + `"}`, nil, 401, "personal access token"},
		// Demands the second factor in a second request.
		"hub, users/login":         {"POST", "/v2/users/login", `{"username":"ada","password":"` + hers + `"}`, nil, 401, "Require secondary authentication on MFA enabled account"},
		"hub, 2fa-login, no token": {"POST", "/v2/users/2fa-login", `{"login_2fa_token":"x","code":"000000"}`, nil, 401, "Incorrect authentication credentials"},
		// Demands a session that a person began on the pages.
		"hub, Basic":          {"GET", "/v2/access-tokens", "", basic("ada", hers), 401, "bearer"},
		"oauth, password":     {"POST", "/oauth/token", url.Values{"grant_type": {"password"}, "client_id": {"lanyard"}, "username": {"ada"}, "password": {hers}}.Encode(), form, 400, "unsupported_grant_type"},
		"oauth, token":        {"POST", "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"lanyard"}, "refresh_token": {"lyd_ref_x_" + hers}}.Encode(), form, 400, "invalid_grant"},
		"oauth, userinfo":     {"GET", "/userinfo", "", basic("ada", hers), 401, ""},
		"oauth, silently":     {"GET", "/authorize?client_id=lanyard&response_type=code&redirect_uri=http://127.0.0.1:1/callback&prompt=none&scope=openid&code_challenge_method=S256&code_challenge=" + strings.Repeat("a", 43), "", nil, 303, ""},
		"the registry itself": {"GET", "/v2/ada/x/manifests/1", "", basic("ada", hers), 401, ""},
		// Pages, for the whole picture: without cookies each is the sign-in.
		"pages, account": {"GET", "/account/", "", basic("ada", hers), 303, ""},
		"pages, device":  {"GET", "/activate", "", basic("ada", hers), 303, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t)
			status, text := g.says(way.method, way.path, way.body, way.header...)
			if status != way.status || !strings.Contains(text, way.says) {
				t.Errorf("%d %s, want %d with %q", status, text, way.status, way.says)
			}
			for _, given := range []string{`"access_token":"ey`, `"token":"ey`, `"access":[{`} {
				if strings.Contains(text, given) {
					t.Errorf("the password alone is given %s", text)
				}
			}
		})
	}
}

// What leads in: the code after the password, and a personal access token,
// wherever a password is asked for.
func TestWhatASecondFactorLeavesOpen(t *testing.T) {
	g := newGuarded(t)
	_, first := g.json("/v2/users/login", `{"username":"ada","password":"`+hers+`"}`)
	challenge := fmt.Sprint(first["login_2fa_token"])
	status, out := g.json("/v2/users/2fa-login?refresh_token=true", `{"login_2fa_token":"`+challenge+`","code":"`+g.code()+`"}`)
	if status != 200 || out["token"] == nil {
		t.Errorf("the code: %d %v", status, out)
	}
	if status, text := g.says("GET", "/v2/access-tokens", "", "Authorization", "Bearer "+fmt.Sprint(out["token"])); status != 200 {
		t.Errorf("a person's own login: %d %s", status, text)
	}
	_, secret, err := g.tokens.Create(t.Context(), g.ada.ID, token.Spec{Description: "ci", Scopes: []string{"repo:admin"}})
	if err != nil {
		t.Fatal(err)
	}
	if status, text := g.says("GET", "/token?"+service+"&scope=repository:ada/x:pull", "", basic("ada", secret.Reveal())...); status != 200 || !strings.Contains(text, `"token"`) {
		t.Errorf("a token at the registry: %d %s", status, text)
	}
	for path, body := range map[string]string{
		"/v2/users/login": `{"username":"ada","password":"` + secret.Reveal() + `"}`,
		"/v2/auth/token":  `{"identifier":"ada","secret":"` + secret.Reveal() + `"}`,
	} {
		if status, out := g.json(path, body); status != 200 {
			t.Errorf("a token at %s: %d %v", path, status, out)
		}
	}
}

// E10: one budget for web, API, registry and Basic, whichever is tried first.
func TestOneBudgetForEveryDoor(t *testing.T) {
	doors := map[string]func(g *guarded, password string) (throttled bool){
		"registry": func(g *guarded, password string) bool {
			status, _ := g.says("GET", "/token?"+service, "", basic("ada", password)...)
			return status == http.StatusTooManyRequests
		},
		"users/login": func(g *guarded, password string) bool {
			status, _ := g.json("/v2/users/login", `{"username":"ADA","password":"`+password+`"}`)
			return status == http.StatusTooManyRequests
		},
		"auth/token": func(g *guarded, password string) bool {
			status, _ := g.json("/v2/auth/token", `{"identifier":" ada ","secret":"`+password+`"}`)
			return status == http.StatusTooManyRequests
		},
		"web": func(g *guarded, password string) bool { return g.web(password) == http.StatusTooManyRequests },
	}
	for first, guess := range doors {
		t.Run(first, func(t *testing.T) {
			g := newGuarded(t)
			for i := range 10 {
				if guess(g, "wrong") {
					t.Fatalf("guess %d waits", i)
				}
			}
			for name, door := range doors {
				if !door(g, hers) {
					t.Errorf("after ten at %s another is let through at %s", first, name)
				}
			}
		})
	}
	t.Run("a bit at each", func(t *testing.T) {
		g := newGuarded(t)
		tries := 0
		for !doors["registry"](g, "wrong") {
			tries++
			for _, name := range []string{"users/login", "auth/token", "web"} {
				if !doors[name](g, "wrong") {
					tries++
				}
			}
		}
		if tries != 10 {
			t.Errorf("%d guesses in all", tries)
		}
	})
	t.Run("codes and passwords", func(t *testing.T) {
		g := newGuarded(t)
		_, first := g.json("/v2/users/login", `{"username":"ada","password":"`+hers+`"}`)
		answer := func(code string) int {
			status, _ := g.json("/v2/users/2fa-login", `{"login_2fa_token":"`+fmt.Sprint(first["login_2fa_token"])+`","code":"`+code+`"}`)
			return status
		}
		for range 3 {
			doors["registry"](g, hers) // the password alone is refused there, and counts
		}
		wrong := "000000"
		if wrong == g.code() {
			wrong = "111111"
		}
		for i := range 2 {
			if status := answer(wrong); status != 401 {
				t.Errorf("code %d: %d", i, status)
			}
		}
		if status := answer(g.code()); status != http.StatusTooManyRequests {
			t.Errorf("three passwords and two codes, and a third code is tried: %d", status)
		}
	})
}

// web sends the sign-in form of a browser and returns the status.
func (g *guarded) web(password string) int {
	g.Helper()
	page := ask(g, http.MethodGet, "http://localhost:8460/signin", "")
	text, err := io.ReadAll(page.Body)
	if err != nil {
		g.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `name="token" value="`)
	form, _, _ := strings.Cut(after, `"`)
	header := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	for _, c := range page.Cookies() {
		header = append(header, "Cookie", c.Name+"="+c.Value)
	}
	status, _ := g.says(http.MethodPost, "/signin", url.Values{"token": {form}, "username": {"ada"}, "password": {password}}.Encode(), header...)
	if status == http.StatusForbidden && form == "" {
		g.Fatal("no form")
	}
	return status
}

// D5: whoever has the database file has no code, and neither seed nor recovery
// code in clear; with the keys beside it the service reads it after a restart.
func TestTheDatabaseTellsNoFactor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := guardedOn(t, func(c *Config) { c.Store, c.Keys = d.DB, d.Keys })
	file, err := os.ReadFile(filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base32.StdEncoding.DecodeString(g.secret)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(file, []byte(g.ada.ID)) {
		t.Fatal("this is not the database")
	}
	for _, marked := range append([]string{g.secret, string(raw), base64.StdEncoding.EncodeToString([]byte(g.secret)), base64.StdEncoding.EncodeToString(raw)}, g.codes...) {
		for _, form := range []string{marked, strings.ReplaceAll(marked, "-", ""), strings.ToLower(marked)} {
			if bytes.Contains(file, []byte(form)) {
				t.Errorf("the database has %q in clear", form)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenData(t.Context(), dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	s := running(t, func(c *Config) { c.Store, c.Keys, c.Now = again.DB, again.Keys, g.now })
	if _, err := s.Accounts().Second(t.Context(), g.ada.ID, g.code(), "192.0.2.1"); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
