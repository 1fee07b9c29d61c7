// Package storetest is what every store must pass: one suite over all nouns,
// and two wrappers, Again, which runs every fn twice, and Watch, which checks
// each commit of tokens against a model. It leaves the rules to the nouns and
// files to the stores' own tests.
package storetest

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// Store is all that one database does.
type Store interface {
	token.Store
	grant.Store
	account.Store
	access.Store
	activity.Store
	caller.Store
	browser.Store

	// Sweep drops what nobody needs at now; a bounded piece of it each call.
	Sweep(ctx context.Context, now time.Time) error
	// Close ends all; later calls fail.
	Close() error
}

// Run runs the suite, each test on a Store of its own that open makes and
// closes.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, part := range []struct {
		noun  string
		tests map[string]func(t *testing.T, s Store)
	}{
		{"Token", tokenTests},
		{"Rotation", rotationTests},
		{"Uses", usesTests},
		{"Cap", capTests},
		{"Presented", presentedTests},
		{"Request", requestTests},
		{"Device", deviceTests},
		{"Session", sessionTests},
		{"Account", accountTests},
		{"Access", accessTests},
		{"Activity", activityTests},
		{"Browser", browserTests},
		{"Sweep", sweepTests},
		{"Store", storeTests},
	} {
		t.Run(part.noun, func(t *testing.T) {
			for name, test := range part.tests {
				t.Run(name, func(t *testing.T) { test(t, open(t)) })
			}
		})
	}
}

var storeTests = map[string]func(t *testing.T, s Store){
	"a caller who left is served nothing and changes nothing": func(t *testing.T, s Store) {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if err := s.CreateAccount(ctx, person("a"), false); err == nil {
			t.Error("CreateAccount with a cancelled context succeeded")
		}
		if _, err := s.Account(ctx, "a"); err == nil {
			t.Error("Account with a cancelled context succeeded")
		}
		_, err := s.Account(t.Context(), "a")
		wantErr(t, err, account.ErrNotFound)
	},
	"closed": func(t *testing.T, s Store) {
		ctx := t.Context()
		must(t, s.CreateAccount(ctx, person("a"), false))
		must(t, s.Close())
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if _, err := s.Account(ctx, "a"); err == nil {
			t.Error("read after Close succeeded")
		}
		if err := s.CreateAccount(ctx, person("b"), false); err == nil {
			t.Error("write after Close succeeded")
		}
	},
}

// dawn is the suite's beginning of time; nothing in it asks a clock.
var dawn = time.Date(2026, 3, 4, 5, 6, 7, 891_011_000, time.UTC)

// after is dawn and so many minutes.
func after(minutes int) time.Time { return dawn.Add(time.Duration(minutes) * time.Minute) }

func person(id string) account.Account {
	return account.Account{
		ID: id, Name: "name-" + id, Email: id + "@example.org", Password: "$argon2id$" + id,
		CreatedAt: after(1), SignedOutAt: after(2),
	}
}

// byHand is a token with every field set that one made by hand has.
func byHand(owner, id string, born time.Time) token.Token {
	return token.Token{
		ID: id, Owner: owner, Hash: token.Hash("secret of " + id), LastFour: "abcd", Description: "of " + id,
		Scopes: []token.Scope{token.ScopeRead, token.ScopeWrite}, Source: token.Manual, Active: true,
		CreatedAt: born, ExpiresAt: born.Add(24 * time.Hour), ExpiresText: "as sent",
		LastUsed: token.Use{At: born.Add(time.Second), Addr: "192.0.2.1", Agent: "docker"},
		Creator:  token.Use{Addr: "192.0.2.2", Agent: "firefox"},
	}
}

// generated is the auto-generated token of a session.
func generated(owner, id, session string, born time.Time) token.Token {
	return token.Token{
		ID: id, Owner: owner, Hash: token.Hash("secret of " + id), LastFour: "efgh", Description: "of " + id,
		Scopes: []token.Scope{token.ScopeAdmin}, Source: token.Auto, Active: true, Pinned: true, CreatedAt: born,
		Session: session, Installation: "installation of " + session, Machine: "laptop", OS: "linux",
	}
}

func request(id string) grant.Request {
	return grant.Request{
		ID: id, Client: "cli", RedirectURI: "http://127.0.0.1:1/callback", State: "s", Nonce: "n", Challenge: "c",
		Scopes: []string{"openid", "offline_access"}, Audience: []string{"https://hub.docker.com"}, LoginHint: "h",
		Prompt: []string{"login"}, Browser: token.Hash("browser of " + id), Machine: "laptop", CreatedAt: dawn,
		Account: "owner", AuthTime: after(1), Code: token.Hash("code of " + id), CodeAt: after(2),
	}
}

func device(id, userCode string) grant.Device {
	return grant.Device{
		ID: token.Hash(id), UserCode: userCode, Client: "cli", Scopes: []string{"openid"}, Audience: []string{"a"},
		CreatedAt: dawn, ExpiresAt: after(15), Addr: "192.0.2.1", Agent: "lanyard", Machine: "server",
		Account: "owner", AuthTime: after(1),
	}
}

func session(id, owner string) grant.Session {
	return grant.Session{
		ID: id, Account: owner, Client: "cli", Scopes: []string{"openid"}, Audience: []string{"a"},
		CreatedAt: dawn, AuthTime: dawn, EndsAt: dawn.Add(90 * 24 * time.Hour), Idle: 30 * 24 * time.Hour, ClaimBy: after(10),
		Addr: "192.0.2.1", Agent: "firefox",
		Refresh: grant.Refresh{Generation: 1, Current: token.Hash("refresh of " + id), Previous: token.Hash("before"), RotatedAt: dawn, CurrentUsed: true},
	}
}

// begin keeps a session as the service does: by redeeming a code.
func begin(t *testing.T, s Store, one grant.Session) {
	t.Helper()
	r := request("for " + one.ID)
	must(t, s.Put(t.Context(), r))
	must(t, s.RedeemRequest(t.Context(), r.Code, func(r grant.Request) (grant.Request, grant.Session, error) {
		r.Session = one.ID
		return r, one, nil
	}))
}

// Begin keeps a session that is first used at a time, for tests of what needs
// a living one.
func Begin(t *testing.T, s Store, id, account string, at time.Time) {
	t.Helper()
	one := session(id, account)
	one.CreatedAt, one.ClaimBy, one.EndsAt = at, at.Add(time.Minute), at.Add(90*day)
	begin(t, s, one.Use(0, at))
}

// hold makes tokens all that owner holds.
func hold(t *testing.T, s Store, owner string, tokens ...token.Token) {
	t.Helper()
	must(t, s.Change(t.Context(), owner, func(h token.Holding) (token.Holding, error) {
		h.Tokens = tokens
		return h, nil
	}))
}

func held(t *testing.T, s Store, owner string) token.Holding {
	t.Helper()
	h, err := s.Holding(t.Context(), owner)
	must(t, err)
	return h
}

func idsOf(h token.Holding) []string {
	ids := []string{}
	for _, t := range h.Tokens {
		ids = append(ids, t.ID)
	}
	return ids
}

// same wants two rows equal to the last bit: the zone of their times too.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s differs (-want +got):\n%s\nwant %#v\ngot  %#v", what, cmp.Diff(want, got), want, got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at once calls fn in n goroutines that begin together, and returns what each said.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = fn(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

func failed(errs []error) (n int, first error) {
	for _, err := range errs {
		if err != nil {
			n++
			if first == nil {
				first = err
			}
		}
	}
	return n, first
}

func numbered(word string, i int) string { return fmt.Sprintf("%s-%02d", word, i) }
