package registry_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/registry"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

const (
	host     = "localhost:8460"
	second   = "registry.example:5000"
	password = "seven violet harbours at noon"
)

// world is the service's real parts over a store in memory, with a clock of
// its own.
type world struct {
	now      time.Time
	db       *memstore.DB
	accounts *account.Service
	grants   *grant.Service
	tokens   *token.Service
	keys     *keys.Keys
	handler  *registry.Handler
	logged   bytes.Buffer

	alice, bob, admin account.Account
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldAt(t, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
}

// worldAt is for tests with a registry in them, whose clock is its own.
func worldAt(t testing.TB, now time.Time) *world {
	t.Helper()
	w := &world{now: now, db: memstore.New()}
	clock := func() time.Time { return w.now }
	var err error
	if w.keys, err = keys.New(w.now); err != nil {
		t.Fatal(err)
	}
	w.accounts = &account.Service{Store: w.db, Hasher: account.NewHasher(), Now: clock}
	w.grants = &grant.Service{Store: w.db, Key: w.keys.Service(), Limits: grant.DefaultLimits(), Now: clock}
	w.tokens = &token.Service{Store: w.db, Limits: token.DefaultLimits(), Now: clock}
	w.handler = &registry.Handler{
		Store: w.db, Accounts: w.accounts, Tokens: w.tokens, Sessions: w.grants, Signer: w.keys,
		Issuer: host, Services: []string{host, second},
		Rights: access.Rights{Reserved: account.Reserved()},
		Now:    clock, Log: slog.New(slog.NewTextHandler(&w.logged, nil)),
	}
	for _, one := range []struct {
		into *account.Account
		new  account.New
	}{
		{&w.admin, account.New{Name: "root", Password: password, Admin: true}},
		{&w.alice, account.New{Name: "alice", Email: "alice@example.org", Password: password}},
		{&w.bob, account.New{Name: "bob", Password: password}},
	} {
		if *one.into, err = w.accounts.Create(context.Background(), one.new); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// pat makes a token by hand.
func (w *world) pat(t testing.TB, owner account.Account, scope, expires string) (token.Token, string) {
	t.Helper()
	made, secret, err := w.tokens.Create(context.Background(), owner.ID, token.Spec{Description: "test", Scopes: []string{scope}, Expires: expires})
	if err != nil {
		t.Fatal(err)
	}
	return made, secret.Reveal()
}

// generated makes a session, by way of a device, and its token.
func (w *world) generated(t testing.TB, owner account.Account) (grant.Session, string) {
	t.Helper()
	return w.generatedBy(t, owner, "")
}

// generatedBy is that on a computer of a name.
func (w *world) generatedBy(t testing.TB, owner account.Account, machine string) (grant.Session, string) {
	t.Helper()
	ctx := context.Background()
	code := "device code of " + owner.Name + machine
	d, err := w.grants.BeginDevice(ctx, grant.Device{ID: grant.DeviceID(code), Client: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.grants.DecideDevice(ctx, d.ID, owner.ID, w.now); err != nil {
		t.Fatal(err)
	}
	session, _, err := w.grants.RedeemDevice(ctx, code, "test", grant.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := w.tokens.Generate(ctx, owner.ID, token.For{Session: session.ID, Installation: machine, Machine: machine})
	if err != nil {
		t.Fatal(err)
	}
	return session, secret.Reveal()
}

// reply is all that the endpoint may answer.
type reply struct {
	status int
	header http.Header
	body   string

	Token        string `json:"token"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`
	IssuedAt     string `json:"issued_at"`

	Details string
	Message string
	Errors  []struct{ Code, Message string }
}

type right struct {
	Type, Name string
	Actions    []string
}

type tokenClaims struct {
	Iss, Sub, Jti string
	Aud           any
	Exp, Nbf, Iat int64
	Access        []right
}

func (w *world) request(t testing.TB, query url.Values, user, secret string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://"+host+"/token?"+query.Encode(), nil)
	r.Header.Set("User-Agent", "docker/28.2.2")
	if user != "" || secret != "" {
		r.SetBasicAuth(user, secret)
	}
	return r
}

// post asks with a form, as OAuth 2 clients do.
func (w *world) post(t testing.TB, form url.Values) reply {
	t.Helper()
	return w.serve(t, w.posting(form.Encode()))
}

func (w *world) posting(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://"+host+"/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "containerd/2.1.4")
	return r
}

func (w *world) serve(t testing.TB, r *http.Request) reply {
	t.Helper()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	result := recorder.Result()
	body, err := io.ReadAll(result.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{status: result.StatusCode, header: result.Header, body: string(body)}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%d %s: %v", got.status, body, err)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", got.header)
	}
	return got
}

func (w *world) ask(t testing.TB, user, secret string, scopes ...string) reply {
	t.Helper()
	return w.serve(t, w.request(t, url.Values{"service": {host}, "scope": scopes}, user, secret))
}

func claimsOf(t testing.TB, raw string) (c tokenClaims) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", raw)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// refused checks that an answer says code and words in each of the places in
// which clients look.
func (r reply) refused(t testing.TB, status int, code, words string) {
	t.Helper()
	if r.status != status || len(r.Errors) != 1 || r.Errors[0].Code != code || !strings.Contains(r.Message, words) {
		t.Errorf("%d %s, want %d %s with %q", r.status, r.body, status, code, words)
		return
	}
	if r.Details != r.Message || r.Errors[0].Message != r.Message {
		t.Errorf("the places differ: %s", r.body)
	}
	if r.Token != "" || r.AccessToken != "" {
		t.Errorf("a refusal with a token: %s", r.body)
	}
}
