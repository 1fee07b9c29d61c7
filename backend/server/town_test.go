package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/internal/openapi"
	"lanyard/backend/internal/openapitest"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// town is a service with people in it: ada administers, olga owns the
// organisation acme in which max is, bob and eve are nobody's. Whatever one of
// them keeps to themselves has a canary in it, see canary.
type town struct {
	*testing.T
	*Server
	db      *memstore.DB
	log     bytes.Buffer
	at      time.Time
	of      map[string]*resident
	acme    access.Organization
	orgID   string // of acme's token
	orgPass string
	notify  string // the secret of registries
}

// resident is a person with what they have.
type resident struct {
	account account.Account
	bearer  string            // their own session
	tokens  map[string]string // secrets by scope
	ids     map[string]string // likewise
	of      map[string]string // sessions made from those tokens, likewise
	tried   string            // a token on which things are tried
}

// password is everybody's. Its hash is made once: it takes a while.
const password = "seven green lanterns swaying"

var (
	townKeys = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(time.Now()) })
	hashed   = sync.OnceValues(func() (string, error) { return account.NewHasher().Hash(context.Background(), password) })
	allOf    = []string{"repo:admin", "repo:write", "repo:read", "repo:public_read"}
)

// canary marks what is name's own.
func canary(name string) string { return "canary-of-" + name }

func newTown(t *testing.T, change func(*Config)) *town {
	t.Helper()
	k, err := townKeys()
	if err != nil {
		t.Fatal(err)
	}
	address, err := NewAddress("", "127.0.0.1:8460", false)
	if err != nil {
		t.Fatal(err)
	}
	w := &town{T: t, db: memstore.New(), at: time.Now().UTC().Truncate(time.Microsecond), of: map[string]*resident{}}
	c := Config{
		Store: w.db, Keys: k, Address: address, Data: t.TempDir(), Registries: []string{"registry.example", "localhost:8460"}, RefreshTokens: true,
		Tokens: token.DefaultLimits(), Sessions: grant.DefaultLimits(), Version: "test", HubPerMinute: 1 << 30,
		Now: func() time.Time { return w.at }, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	if change != nil {
		change(&c)
	}
	if w.Server, err = New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"ada", "bob", "eve", "max", "olga"} {
		w.settle(name)
	}
	w.found()
	secret, err := os.ReadFile(secretPath(c.Data))
	if err != nil {
		t.Fatal(err)
	}
	w.notify = strings.TrimSpace(string(secret))
	return w
}

// must ends the test on an error.
func must[V any](t *testing.T) func(v V, err error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *town) settle(name string) {
	w.Helper()
	ctx := w.Context()
	one := &resident{tokens: map[string]string{}, ids: map[string]string{}, of: map[string]string{}}
	one.account = account.Account{
		ID: uuid.NewString(), Name: name, Email: name + "@" + canary(name) + ".example", Admin: name == "ada",
		Password: must[string](w.T)(hashed()), CreatedAt: w.at,
	}
	if err := w.db.CreateAccount(ctx, one.account, false); err != nil {
		w.Fatal(err)
	}
	w.of[name] = one
	one.bearer = w.session(name, "")
	by := activity.By{Account: one.account.ID, Name: name, Addr: "192.0.2.7", Agent: canary(name)}
	for _, scope := range append(allOf, "tried") {
		spec := token.Spec{Description: scope + " " + canary(name), Scopes: []string{scope}, By: by}
		if scope == "tried" {
			spec.Scopes = []string{"repo:read"}
		}
		t, secret, err := w.tokens.Create(ctx, one.account.ID, spec)
		if err != nil {
			w.Fatal(err)
		}
		if scope == "tried" {
			one.tried = t.ID
			continue
		}
		one.tokens[scope], one.ids[scope] = secret.Reveal(), t.ID
		one.of[scope] = w.session(name, t.ID)
	}
	if _, err := w.access.CreateRepository(ctx, access.Actor{By: by}, name+"/app", canary(name), false); err != nil {
		w.Fatal(err)
	}
	w.at = w.at.Add(time.Millisecond)
}

// found makes the organisation, with a team and a token.
func (w *town) found() {
	w.Helper()
	ctx, olga := w.Context(), w.of["olga"].account
	ada := access.Actor{By: activity.By{Account: w.of["ada"].account.ID, Name: "ada"}, Admin: true}
	must[access.Organization](w.T)(w.access.CreateOrganization(ctx, ada, "acme", canary("olga"), olga.ID))
	hers := access.Actor{By: activity.By{Account: olga.ID, Name: "olga", Agent: canary("olga")}}
	must[access.Organization](w.T)(w.access.Join(ctx, hers, "acme", w.of["max"].account.ID, "max", false))
	w.acme = must[access.Organization](w.T)(w.access.SetTeam(ctx, hers, "acme", "dev", func(g access.Team, _ bool) (access.Team, error) {
		g.Description, g.Members = canary("olga"), []string{w.of["max"].account.ID}
		return g, nil
	}))
	must[access.Repository](w.T)(w.access.CreateRepository(ctx, hers, "acme/app", canary("olga"), false))
	t, secret, err := w.tokens.CreateOrg(ctx, w.acme.ID, token.OrgSpec{
		Label: canary("olga"), Resources: []token.Resource{{Type: "TYPE_REPO", Path: "acme/app", Scopes: []string{"scope-image-pull"}}}, By: hers.By,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.orgID, w.orgPass = t.ID, secret.Reveal()
}

// session is an access token: of a person's own sign-in, or one made from a token.
func (w *town) session(name, madeOf string) string {
	w.Helper()
	ctx, one := w.Context(), w.of[name].account
	var s grant.Session
	if madeOf == "" {
		code := uuid.NewString()
		if _, err := w.grants.BeginDevice(ctx, grant.Device{ID: grant.DeviceID(code), Client: "lanyard", Account: one.ID, AuthTime: w.at, Scopes: []string{"openid"}}); err != nil {
			w.Fatal(err)
		}
		var err error
		if s, _, err = w.grants.RedeemDevice(ctx, code, "lanyard", grant.Origin{Agent: canary(name)}); err != nil {
			w.Fatal(err)
		}
	} else {
		s = must[grant.Session](w.T)(w.grants.BeginDirect(ctx, grant.Direct{Account: one.ID, From: grant.FromToken, Token: madeOf, AuthTime: w.at}))
	}
	issuer := w.config.Address.Public.String()
	return must[string](w.T)(bearer.Sign(w.config.Keys.OAuth(), bearer.Claims{
		Issuer: issuer, Subject: one.ID, Audience: []string{issuer}, IssuedAt: w.at.Unix(), Expires: w.at.Add(bearer.Life).Unix(),
		ID: uuid.NewString(), Session: s.ID, Generation: 1, Client: s.Client, Scope: "openid profile email",
	}))
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

func (a answered) members(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%d %.200s: %v", a.status, a.body, err)
	}
	return out
}

// send makes one exchange and holds it against the documents. header: pairs.
func (w *town) send(method, path, body string, header ...string) (answered, error) {
	r := httptest.NewRequest(method, openapi.Written+path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	asked := r.Clone(r.Context())
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	out := answered{recorder.Code, recorder.Result().Header, recorder.Body.String()}             //nolint:bodyclose // a recorder's
	if out.status == http.StatusMovedPermanently || out.status == http.StatusTemporaryRedirect { // the mux, to the path's clean form
		return out, nil
	}
	if err := openapitest.Conforms(asked, []byte(body), out.status, out.header, []byte(out.body)); err != nil {
		return out, fmt.Errorf("%s %s %.200s: %d %.300s: %w", method, path, body, out.status, out.body, err)
	}
	return out, nil
}

// kept is all that there is of name, and of nobody else, in words; "" as name:
// all that is left.
func (w *town) kept(name string) string {
	w.Helper()
	ctx := w.Context()
	var b strings.Builder
	owner := w.acme.ID
	if name != "" {
		one := must[account.Account](w.T)(w.db.Account(ctx, w.of[name].account.ID))
		owner = one.ID
		fmt.Fprintf(&b, "%s %s %v %v %v\n", one.Name, one.Email, one.Password, one.Disabled, one.Admin)
	}
	for _, t := range must[token.Holding](w.T)(w.db.Holding(ctx, owner)).Tokens {
		t.LastUsed, t.Previous = token.Use{}, nil // of a rotation, the hash tells
		fmt.Fprintf(&b, "%+v\n", t)
	}
	for _, s := range must[[]grant.Session](w.T)(w.db.SessionsOf(ctx, owner)) {
		fmt.Fprintf(&b, "%s %s %s\n", s.ID, s.EndedAt, s.Why)
	}
	for _, o := range must[[]access.Organization](w.T)(w.db.Organizations(ctx)) {
		if name == "" {
			fmt.Fprintf(&b, "%+v\n", o)
		}
	}
	for _, r := range must[[]access.Repository](w.T)(w.db.Repositories(ctx, "", 1000)) {
		if mine, _, _ := strings.Cut(r.Name, "/"); mine == name || name == "" && w.of[mine] == nil {
			fmt.Fprintf(&b, "%+v\n", r)
		}
	}
	return b.String()
}

// all is everything that is kept, by whose it is.
func (w *town) all() map[string]string {
	out := map[string]string{"": w.kept("")}
	for name := range w.of {
		out[name] = w.kept(name)
	}
	return out
}

func inFolder(dir string) func(*Config) {
	return func(c *Config) { c.Storage, c.Registries = filepath.Join(dir, "images"), []string{"registry.example"} }
}
