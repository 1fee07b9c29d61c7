package hubapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/changes"
	"lanyard/backend/internal/gate"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

const issuer = "http://localhost:8460"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// signing makes one set of keys for all tests: an RSA key costs a second.
var signing = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(noon) })

// database is what the surface's parts ask of a store.
type database interface {
	token.Store
	grant.Store
	account.Store
	access.Store
	activity.Store
	caller.Store
}

// world is the surface with its real parts around it, over HTTP.
type world struct {
	t      *testing.T
	keys   *keys.Keys
	store  database
	tokens *token.Service
	grants *grant.Service
	access *access.Service
	acts   *activity.Log
	hub    *hubapi.Handler
	people *account.Service
	url    string
	log    *locked
	clock  atomic.Pointer[time.Time]
}

func newWorld(t *testing.T) *world { return newWorldOn(t, memstore.New()) }

func newWorldOn(t *testing.T, store database) *world {
	t.Helper()
	all, err := signing()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, keys: all, store: store, log: new(locked)}
	w.at(noon)
	now := func() time.Time { return *w.clock.Load() }
	w.tokens = &token.Service{Store: store, Limits: token.DefaultLimits(), Now: now}
	w.grants = &grant.Service{Store: store, Key: all.Service(), Limits: grant.DefaultLimits(), Now: now}
	sealer, err := all.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	accounts := &account.Service{Store: store, Hasher: account.NewHasher(), Sealer: sealer, Now: now}
	w.people = accounts
	w.acts = &activity.Log{Store: store, Now: now}
	w.access = &access.Service{Store: store, Log: w.acts, Now: now, Rights: access.Rights{Reserved: account.Reserved(), Host: "localhost:8460"}}
	mux := http.NewServeMux()
	w.hub = &hubapi.Handler{
		Tokens:    w.tokens,
		Access:    w.access,
		Activity:  w.acts,
		People:    accounts,
		Callers:   store,
		Sessions:  w.grants,
		PerMinute: 1_000_000, // time stands still
		Gate:      &gate.Gate{Issuer: issuer, Keys: all.OAuth().JWKS(), Sessions: w.grants, Accounts: accounts, Tokens: w.tokens, Organizations: w.access, Now: now},
		Logins:    &caller.Login{Store: store, Accounts: accounts, Tokens: w.tokens, Sessions: w.grants, Now: now},
		Factors:   accounts,
		Changes:   changes.New(),
		Key:       all.OAuth(),
		PublicURL: issuer, Now: now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	w.hub.Mount(mux)
	w.serve(mux)
	for i, name := range []string{"ada", "bob", "eve", "mal"} {
		a := account.Account{ID: name + "-id", Name: name, Admin: i == 0, CreatedAt: noon}
		if i > 1 {
			a.Email = name + "@example.com"
		}
		if err := store.CreateAccount(t.Context(), a, false); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) serve(mux *http.ServeMux) {
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	w.url = server.URL
}

// remount serves the surface again, set otherwise.
func (w *world) remount(change func(*hubapi.Handler)) {
	change(w.hub)
	mux := http.NewServeMux()
	w.hub.Mount(mux)
	w.serve(mux)
}

// locked lets handlers log at once, and a test read along.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (w *world) now() time.Time         { return *w.clock.Load() }
func (w *world) at(now time.Time)       { w.clock.Store(&now) }
func (w *world) passes(d time.Duration) { w.at(w.now().Add(d)) }

// computer is a session with an access token of it.
type computer struct {
	session grant.Session
	bearer  string
}

// signIn makes a session out of a device authorization, as the Docker CLI does.
func (w *world) signIn(name string) computer {
	w.t.Helper()
	ctx, code := context.Background(), uuid.NewString()
	decided := grant.Device{ID: grant.DeviceID(code), Client: "docker", Account: name + "-id", AuthTime: w.now()}
	if _, err := w.grants.BeginDevice(ctx, decided); err != nil {
		w.t.Fatal(err)
	}
	s, _, err := w.grants.RedeemDevice(ctx, code, "docker", grant.Origin{})
	if err != nil {
		w.t.Fatal(err)
	}
	return computer{s, w.bearer(s, nil)}
}

// bearer is an access token of a session, spoilt by change.
func (w *world) bearer(s grant.Session, change func(*bearer.Claims)) string {
	w.t.Helper()
	c := bearer.Claims{
		Issuer: issuer, Subject: s.Account, Audience: []string{issuer}, IssuedAt: w.now().Unix(), Expires: w.now().Add(bearer.Life).Unix(),
		ID: uuid.NewString(), Session: s.ID, Generation: 1, Client: s.Client, Scope: "openid offline_access",
	}
	if change != nil {
		change(&c)
	}
	raw, err := bearer.Sign(w.keys.OAuth(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// again is a fresh access token for a computer: after ten minutes.
func (w *world) again(c computer) computer { return computer{c.session, w.bearer(c.session, nil)} }

// said is an answer.
type said struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// ask sends body (nil: none; a string as it is; else as JSON) for who ("":
// nobody), and holds the exchange against the document in testdata.
func (w *world) ask(who, method, path string, body any) said {
	w.t.Helper()
	out, err := w.send(who, method, path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) send(who, method, path string, body any) (said, error) {
	var sent []byte
	switch b := body.(type) {
	case nil:
	case string:
		sent = []byte(b)
	default:
		var err error
		if sent, err = json.Marshal(b); err != nil {
			return said{}, err
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), method, w.url+path, bytes.NewReader(sent))
	if err != nil {
		return said{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "test/1")
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	return w.exchange(r, sent)
}

func (w *world) exchange(r *http.Request, sent []byte) (said, error) {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return said{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return said{}, err
	}
	if err := conforms(r, sent, response, got); err != nil {
		return said{}, fmt.Errorf("%s %s: %d: %w", r.Method, r.URL.Path, response.StatusCode, err)
	}
	return said{w.t, response.StatusCode, response.Header, got}, nil
}

// is checks the status and returns the JSON of the body.
func (s said) is(status int) map[string]any {
	s.t.Helper()
	if s.status != status {
		s.t.Fatalf("answered %d, want %d: %s", s.status, status, s.body)
	}
	if len(s.body) == 0 {
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal(s.body, &out); err != nil {
		s.t.Fatalf("%v: %s", err, s.body)
	}
	return out
}

// refused checks a refusal: its status, its reason and words in its message.
func (s said) refused(status int, reason, words string) {
	s.t.Helper()
	out := s.is(status)
	if out["reason"] != reason || !strings.Contains(fmt.Sprint(out["message"]), words) || out["detail"] != out["message"] {
		s.t.Errorf("%d %s, want reason %q and %q", s.status, s.body, reason, words)
	}
	if _, there := out["errinfo"]; !there || out["errinfo"] != nil {
		s.t.Errorf("errinfo is not null: %s", s.body)
	}
	if s.header.Get("Cache-Control") != "no-store" {
		s.t.Error("a refusal may be cached")
	}
}

func at(out map[string]any, path ...string) any {
	var v any = out
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func str(out map[string]any, path ...string) string {
	s, _ := at(out, path...).(string)
	return s
}

// generate makes the token of a computer's session and returns its id and secret.
func (w *world) generate(c computer, installation string) (id, secret string) {
	w.t.Helper()
	out := w.ask(c.bearer, "POST", "/v2/access-tokens/desktop-generate", map[string]string{
		"installation": installation, "machine": installation, "os": "linux",
	}).is(201)
	return str(out, "data", "uuid"), str(out, "data", "token")
}

// create makes a token by hand and returns its id.
func (w *world) create(who, label string) string {
	w.t.Helper()
	return str(w.ask(who, "POST", "/v2/access-tokens", map[string]any{"token_label": label, "scopes": []string{"repo:read"}}).is(201), "uuid")
}

// hold gives an account so many tokens made by hand.
func (w *world) hold(owner string, n int) {
	w.t.Helper()
	w.fill(w.t, owner, n)
}

func (w *world) fill(t testing.TB, owner string, n int) {
	t.Helper()
	if err := w.store.Change(t.Context(), owner, func(h token.Holding) (token.Holding, error) {
		h.Tokens = nil
		for i := range n {
			h.Tokens = append(h.Tokens, token.Token{
				ID: uuid.NewString(), Owner: owner, Hash: token.Hash(uuid.NewString()), LastFour: "abcd", Description: fmt.Sprint("token ", i),
				Scopes: []token.Scope{token.ScopeRead}, Source: token.Manual, Active: true, CreatedAt: noon.Add(time.Duration(i) * time.Second),
			})
		}
		return h, nil
	}); err != nil {
		t.Fatal(err)
	}
}

// held is all that ada holds, for comparing before and after.
func (w *world) held() string {
	w.t.Helper()
	h, err := w.tokens.Holding(w.t.Context(), "ada-id")
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("%+v", h)
}
