package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/token"
)

// The tests named E1 to E10 are the items of the checklist in docs/security.md
// on registry token endpoints; E5 is in real_test.go, E7 in refresh_test.go, E9
// is the credential helper's.

func TestE1MoreActionsThanGrantedAreCutAndNoError(t *testing.T) {
	w := newWorld(t)
	var all []string
	for _, scope := range []string{"repo:admin", "repo:write", "repo:read", "repo:public_read"} {
		_, secret := w.pat(t, w.alice, scope, "")
		got := w.ask(t, "alice", secret, "repository:alice/app:pull,push,delete,*,fly", "repository:alice/app:")
		if got.status == http.StatusOK {
			all = append(all, strings.Join(claimsOf(t, got.Token).Access[0].Actions, ","))
		}
		if got := w.ask(t, "alice", secret); got.status != http.StatusOK || claimsOf(t, got.Token).Access == nil || len(claimsOf(t, got.Token).Access) != 0 {
			t.Errorf("%s, nothing asked: %d %s", scope, got.status, got.body)
		}
	}
	if want := []string{"delete,pull,push", "pull,push", "pull"}; !slices.Equal(all, want) {
		t.Errorf("granted %v, want %v", all, want)
	}
}

func TestE2TheScopeGrammarIsKept(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.admin, "repo:admin", "")
	for _, scope := range []string{
		"repository:root/../bob:pull", "repository:ROOT/app:pull", "repository:root//app:pull", "repository:root/app%2f..:pull",
		"repository(plugin:root/app:pull", "Repository:root/app:pull",
	} {
		if got := w.ask(t, "root", secret, scope); got.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", scope, got.status, got.body)
		}
	}
	for scope, want := range map[string]int{
		"plugin:root/app:pull": 0, "repository(plugin):root/app:pull": 1, "registry:catalog:*": 1, "registry:other:*": 0,
		strings.Repeat("repository:root/app:pull ", 1000): 1,
	} {
		if got := w.ask(t, "root", secret, scope); got.status != http.StatusOK || len(claimsOf(t, got.Token).Access) != want {
			t.Errorf("%.60q: %d %s", scope, got.status, got.body)
		}
	}
}

func TestE3NoTokenForAnotherAudience(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	for _, service := range [][]string{nil, {""}, {"evil.example"}, {host + " "}, {"http://" + host}, {host, second}, {strings.ToUpper(host)}} {
		w.serve(t, w.request(t, url.Values{"service": service}, "alice", secret)).refused(t, http.StatusBadRequest, "UNSUPPORTED", "unknown service")
	}
	for _, service := range []string{host, second} {
		got := w.serve(t, w.request(t, url.Values{"service": {service}}, "alice", secret))
		if c := claimsOf(t, got.Token); c.Aud != service {
			t.Errorf("aud %v, want %s", c.Aud, service)
		}
	}
}

func TestE4TheLifeOfAToken(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	for name, got := range map[string]reply{"GET": w.ask(t, "alice", secret), "POST": w.post(t, login("alice", secret)), "anonymous": w.ask(t, "", "")} {
		issued, err := time.Parse(time.RFC3339, got.IssuedAt)
		if err != nil || !strings.HasSuffix(got.IssuedAt, "Z") || !issued.Equal(w.now) {
			t.Errorf("%s: issued at %s, %v", name, got.IssuedAt, err)
		}
		if got.ExpiresIn < 60 || got.ExpiresIn > 300 || got.Token == "" || got.Token != got.AccessToken {
			t.Errorf("%s: %s", name, got.body)
		}
		if c := claimsOf(t, got.Token); c.Exp != w.now.Unix()+int64(got.ExpiresIn) {
			t.Errorf("%s: exp %d", name, c.Exp)
		}
	}
}

func TestE6BadCredentialsAreNeverAnonymous(t *testing.T) {
	w := newWorld(t)
	w.public(t, "alice/open")
	const scope = "repository:alice/open:pull"
	if got := w.ask(t, "", "", scope, "repository:alice/closed:pull", "repository:alice/open:push"); got.status != http.StatusOK {
		t.Fatal(got.body)
	} else if rights := claimsOf(t, got.Token).Access; len(rights) != 1 || rights[0].Name != "alice/open" || !slices.Equal(rights[0].Actions, []string{"pull"}) {
		t.Errorf("anonymous: %+v", rights)
	}
	for _, bad := range []struct{ user, secret string }{
		{"alice", "wrong"}, {"mallory", "wrong"}, {"alice", ""}, {"", password}, {"bob", "lyd_pat_"}, {"alice", token.NewSecret(token.Manual).Reveal()},
	} {
		w.ask(t, bad.user, bad.secret, scope).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "")
		w.post(t, login(bad.user, bad.secret, scope)).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "")
	}
}

// With a second factor the password alone opens nothing, says what does, and
// counts; containerd's repeat of it does not count again.
func TestE8ThePasswordOfAnAccountWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	err := w.db.ChangeAccount(context.Background(), w.alice.ID, func(a account.Account, _ bool) (account.Account, error) {
		a.Factors.TOTP = account.TOTP{Seed: []byte("sealed"), Since: w.now}
		return a, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		w.post(t, login("alice", password)).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "a personal access token as password")
		w.ask(t, "alice", password).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "a personal access token as password")
	}
	w.ask(t, "alice", password).refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "")
	for name, got := range map[string]reply{"GET": w.ask(t, "alice", secret), "POST": w.post(t, login("alice", secret))} {
		if got.status != http.StatusOK {
			t.Errorf("a token, by %s: %d %s", name, got.status, got.body)
		}
	}
}

// One budget for the pages, GET and POST, by whatever name (GO-2025-3468).
func TestE10OneBudgetOfWrongPasswords(t *testing.T) {
	w := newWorld(t)
	names := []string{"alice", "Alice", "alice@example.org", "ALICE@Example.ORG", " alice "}
	for i := range 10 {
		name, wrong := names[i%len(names)], fmt.Sprintf("wrong %d", i)
		switch i % 3 {
		case 0:
			w.ask(t, name, wrong).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong")
		case 1:
			w.post(t, login(name, wrong)).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong")
		case 2:
			if _, err := w.accounts.SignIn(context.Background(), name, wrong, "192.0.2.1"); !errors.Is(err, account.ErrWrong) {
				t.Fatal(err)
			}
		}
	}
	for _, name := range names {
		w.ask(t, name, password).refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many wrong passwords")
		w.post(t, login(name, password)).refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many wrong passwords")
		if _, err := w.accounts.SignIn(context.Background(), name, password, "192.0.2.1"); !errors.Is(err, account.ErrThrottled) {
			t.Errorf("%s on the pages: %v", name, err)
		}
	}
}

// public makes a repository of alice's that everybody may pull.
func (w *world) public(t testing.TB, name string) {
	t.Helper()
	err := w.db.ChangeRepository(context.Background(), name, func(access.Facts) (access.Repository, error) {
		return access.Repository{ID: "of " + name, Name: name, Public: true, CreatedAt: w.now}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTokenOf(t *testing.T) {
	w := newWorld(t)
	first, secret := w.pat(t, w.alice, "repo:admin", "")
	w.ask(t, "alice", secret, "repository:alice/app:pull", "repository:alice/base:pull", "repository:bob/app:pull")
	for name, c := range map[string]struct{ subject, repository, addr, want string }{
		"what was asked for":      {"alice", "alice/app", "192.0.2.1:4711", first.ID},
		"and the other":           {"alice", "alice/base", "192.0.2.1", first.ID},
		"seen from elsewhere":     {"alice", "alice/app", "[::1]:80", first.ID},
		"what was not granted":    {"alice", "bob/app", "192.0.2.1", ""},
		"what nobody asked for":   {"alice", "alice/other", "192.0.2.1", ""},
		"another subject":         {"bob", "alice/app", "192.0.2.1", ""},
		"an anonymous one's pull": {"", "alice/app", "192.0.2.1", ""},
	} {
		if got := w.handler.TokenOf(c.subject, c.repository, c.addr); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	w.ask(t, "alice", password, "repository:alice/app:pull")
	if got := w.handler.TokenOf("alice", "alice/app", "192.0.2.1"); got != "" {
		t.Errorf("by password: %q", got)
	}
	w.now = w.now.Add(6 * time.Minute)
	if got := w.handler.TokenOf("alice", "alice/base", "192.0.2.1"); got != "" {
		t.Errorf("past its time: %q", got)
	}
}
