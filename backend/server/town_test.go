package server

import (
	"bytes"
	"context"
	"log/slog"
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
	tokens  map[string]string        // secrets by scope
	ids     map[string]string        // likewise
	tried   string                   // a token on which things are tried
	begun   map[string]grant.Session // by the token that each was made of; "": the person's own
	signed  map[string]string        // access tokens of those, once they are asked for
	sign    func(grant.Session) string
}

// bearer is an access token of the person's own sign-in, made of that of a
// session made of their token of a scope. Signing takes a while.
func (r *resident) bearer() string           { return r.once("") }
func (r *resident) made(scope string) string { return r.once(r.ids[scope]) }

func (r *resident) once(madeOf string) string {
	if r.signed[madeOf] == "" {
		r.signed[madeOf] = r.sign(r.begun[madeOf])
	}
	return r.signed[madeOf]
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
	one := &resident{tokens: map[string]string{}, ids: map[string]string{}, begun: map[string]grant.Session{}, signed: map[string]string{}, sign: w.sign}
	one.account = account.Account{
		ID: uuid.NewString(), Name: name, Email: name + "@" + canary(name) + ".example", Admin: name == "ada",
		Password: must[string](w.T)(hashed()), CreatedAt: w.at,
	}
	if err := w.db.CreateAccount(ctx, one.account, false); err != nil {
		w.Fatal(err)
	}
	w.of[name] = one
	one.begun[""] = w.begin(name, "")
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
		one.begun[t.ID] = w.begin(name, t.ID)
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

// begin makes a session: a person's own, or one of a token.
func (w *town) begin(name, madeOf string) grant.Session {
	w.Helper()
	ctx, one := w.Context(), w.of[name].account
	if madeOf != "" {
		return must[grant.Session](w.T)(w.grants.BeginDirect(ctx, grant.Direct{Account: one.ID, From: grant.FromToken, Token: madeOf, AuthTime: w.at}))
	}
	code := uuid.NewString()
	must[grant.Device](w.T)(w.grants.BeginDevice(ctx, grant.Device{ID: grant.DeviceID(code), Client: "lanyard", Account: one.ID, AuthTime: w.at, Scopes: []string{"openid"}}))
	s, _, err := w.grants.RedeemDevice(ctx, code, "lanyard", grant.Origin{Agent: canary(name)})
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// sign makes an access token of a session.
func (w *town) sign(s grant.Session) string {
	w.Helper()
	issuer := w.config.Address.Public.String()
	return must[string](w.T)(bearer.Sign(w.config.Keys.OAuth(), bearer.Claims{
		Issuer: issuer, Subject: s.Account, Audience: []string{issuer}, IssuedAt: w.at.Unix(), Expires: w.at.Add(bearer.Life).Unix(),
		ID: uuid.NewString(), Session: s.ID, Generation: 1, Client: s.Client, Scope: "openid profile email",
	}))
}

func inFolder(dir string) func(*Config) {
	return func(c *Config) { c.Storage, c.Registries = filepath.Join(dir, "images"), []string{"registry.example"} }
}
