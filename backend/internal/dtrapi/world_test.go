package dtrapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/dtrapi"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

const (
	password = "seven violet harbours at noon"
	tokens   = "/api/v0/api_tokens"
	images   = "/api/v0/repositories"
)

// hashed is the password as it is kept; hashing takes its time.
var hashed = sync.OnceValue(func() string {
	hash, err := account.NewHasher().Hash(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return hash
})

// world is the service's real parts over a store in memory, with a clock of
// its own.
type world struct {
	now      time.Time
	db       *memstore.DB
	accounts *account.Service
	grants   *grant.Service
	tokens   *token.Service
	access   *access.Service
	logins   *caller.Login
	handler  http.Handler
	dtr      *dtrapi.Handler
	logged   bytes.Buffer

	root, ada, bob account.Account
}

// quick knows the right password without hashing it.
type quick struct{ *world }

func (w quick) Check(ctx context.Context, name, secret string, from activity.By) (caller.Who, error) {
	if a, err := w.accounts.ByLogin(ctx, name); err == nil && secret == password && !a.Disabled {
		return caller.Who{Account: a}, nil
	}
	return w.logins.Check(ctx, name, secret, from)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), db: memstore.New()}
	clock := func() time.Time { return w.now }
	key, err := keys.New(w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.accounts = &account.Service{Store: w.db, Hasher: account.NewHasher(), Now: clock}
	w.grants = &grant.Service{Store: w.db, Key: key.Service(), Limits: grant.DefaultLimits(), Now: clock}
	w.tokens = &token.Service{Store: w.db, Limits: token.DefaultLimits(), Now: clock}
	w.access = &access.Service{Store: w.db, Log: &activity.Log{Store: w.db, Now: clock}, Rights: access.Rights{Reserved: account.Reserved()}, Now: clock}
	w.dtr = &dtrapi.Handler{
		Store: w.db, Accounts: w.accounts, Tokens: w.tokens, Repositories: w.access, Now: clock, Log: slog.New(slog.NewTextHandler(&w.logged, nil)),
	}
	w.logins = &caller.Login{Store: w.db, Accounts: w.accounts, Tokens: w.tokens, Sessions: w.grants, Now: clock}
	w.dtr.Logins = quick{w}
	mux := http.NewServeMux()
	w.dtr.Mount(mux)
	w.handler = mux
	for _, one := range []struct {
		into *account.Account
		is   account.Account
	}{
		{&w.root, account.Account{ID: "0", Name: "root", Admin: true}},
		{&w.ada, account.Account{ID: "1", Name: "ada", Email: "ada@example.org"}},
		{&w.bob, account.Account{ID: "2", Name: "bob"}},
	} {
		one.is.Password, one.is.CreatedAt = hashed(), w.now
		if err := w.db.CreateAccount(context.Background(), one.is, false); err != nil {
			t.Fatal(err)
		}
		*one.into = one.is
	}
	return w
}

// pat makes a token by hand.
func (w *world) pat(t *testing.T, owner account.Account, label, scope string) (token.Token, string) {
	t.Helper()
	w.now = w.now.Add(time.Second)
	made, secret, err := w.tokens.Create(context.Background(), owner.ID, token.Spec{Description: label, Scopes: []string{scope}, By: activity.By{Agent: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	return made, secret.Reveal()
}

// generated makes a session, by way of a device, and its token.
func (w *world) generated(t *testing.T, owner account.Account, machine string) (grant.Session, token.Token) {
	t.Helper()
	ctx, code := context.Background(), "code for "+machine
	w.now = w.now.Add(time.Second)
	d, err := w.grants.BeginDevice(ctx, grant.Device{ID: grant.DeviceID(code), Client: "test"})
	if err == nil {
		err = w.grants.DecideDevice(ctx, d.ID, owner.ID, w.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := w.grants.RedeemDevice(ctx, code, "test", grant.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.grants.Used(ctx, session, 0); err != nil {
		t.Fatal(err)
	}
	made, _, err := w.tokens.Generate(ctx, owner.ID, token.For{Session: session.ID, Machine: machine})
	if err != nil {
		t.Fatal(err)
	}
	return session, made
}

// reply is all that the surface may answer.
type reply struct {
	status int
	header http.Header
	body   string
}

type apiToken struct {
	HashedToken, TokenLabel, GeneratedBy, CreatorUa, LastUsed, CreatedAt, Token string
	IsActive                                                                    bool
}

type repository struct {
	ID, Namespace, NamespaceType, Name, Visibility string
	Pulls, Pushes                                  int
}

// ask sends a request as user; body "" is none.
func (w *world) ask(t *testing.T, user, secret, method, target, body string, change ...func(*http.Request)) reply {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", "curl/8.5")
	if user != "" {
		r.SetBasicAuth(user, secret)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, fn := range change {
		fn(r)
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	result := recorder.Result()
	text, err := io.ReadAll(result.Body)
	if err != nil {
		t.Fatal(err)
	}
	if result.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %s: header %v", method, target, result.Header)
	}
	return reply{result.StatusCode, result.Header, string(text)}
}

// into decodes a good answer.
func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
}

// refused checks a refusal: one error, in the form that clients read.
func (r reply) refused(t *testing.T, status int, code, words string) {
	t.Helper()
	var body struct {
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || r.status != status || len(body.Errors) != 1 {
		t.Errorf("%d %s (%v), want %d %s", r.status, r.body, err, status, code)
		return
	}
	if one := body.Errors[0]; one.Code != code || !strings.Contains(one.Message, words) {
		t.Errorf("%d %s %q, want %d %s with %q", r.status, one.Code, one.Message, status, code, words)
	}
	if status == http.StatusUnauthorized && !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("challenge %q", r.header.Get("WWW-Authenticate"))
	}
}

// labels are those of a list, sorted.
func labels(all []apiToken) string {
	var names []string
	for _, one := range all {
		names = append(names, one.TokenLabel)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
