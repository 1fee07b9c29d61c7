package registry_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// login is what containerd and helm send first.
func login(user, secret string, scopes ...string) url.Values {
	return url.Values{
		"grant_type": {"password"}, "service": {host}, "client_id": {"containerd-client"},
		"username": {user}, "password": {secret}, "scope": {strings.Join(scopes, " ")},
	}
}

func TestPost(t *testing.T) {
	w := newWorld(t)
	made, secret := w.pat(t, w.alice, "repo:write", "")
	for name, pass := range map[string]string{"a token": secret, "the password": password} {
		t.Run(name, func(t *testing.T) {
			got := w.post(t, login("alice", pass, "repository:alice/app:pull,push,delete", "repository:bob/app:pull", "repository:alice/base:pull"))
			if got.status != http.StatusOK || got.AccessToken == "" || got.Token != got.AccessToken || got.ExpiresIn != 300 || got.RefreshToken != "" {
				t.Fatalf("%d %s", got.status, got.body)
			}
			want := "repository:alice/app:pull,push repository:alice/base:pull"
			if pass == password {
				want = "repository:alice/app:delete,pull,push repository:alice/base:pull"
			}
			if got.Scope != want {
				t.Errorf("scope %q, want %q", got.Scope, want)
			}
			if c := claimsOf(t, got.Token); c.Sub != "alice" || c.Aud != host || len(c.Access) != 2 {
				t.Errorf("%+v", c)
			}
		})
	}
	held, err := w.tokens.Get(context.Background(), w.alice.ID, made.ID)
	if err != nil || held.LastUsed.Agent != "containerd/2.1.4" {
		t.Errorf("last used %+v, %v", held.LastUsed, err)
	}
}

// One scope parameter or several, joined by spaces or not: all the same.
func TestScopesOfAForm(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	want := []right{{"repository", "alice/a", []string{"pull", "push"}}, {"repository", "alice/b", []string{"pull"}}}
	for _, scopes := range [][]string{
		{"repository:alice/a:pull,push repository:alice/b:pull"},
		{"repository:alice/a:pull repository:alice/b:pull", "repository:alice/a:push"},
		{"repository:alice/a:pull,push", "repository:alice/b:pull"},
	} {
		form := login("alice", secret)
		form["scope"] = scopes
		if diff := cmp.Diff(want, claimsOf(t, w.post(t, form).Token).Access); diff != "" {
			t.Errorf("%q: %s", scopes, diff)
		}
	}
}

func TestBadForms(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	with := func(name string, values ...string) string {
		form := login("alice", secret)
		form[name] = values
		return form.Encode()
	}
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		code   string
		words  string
	}{
		"no grant type":        {body: with("grant_type"), status: 400, code: "UNSUPPORTED", words: "grant_type is password or refresh_token"},
		"an unknown one":       {body: with("grant_type", "client_credentials"), status: 400, code: "UNSUPPORTED", words: `not "client_credentials"`},
		"two":                  {body: with("grant_type", "password", "password"), status: 400, code: "UNSUPPORTED", words: "grant_type is there twice"},
		"two user names":       {body: with("username", "alice", "bob"), status: 400, code: "UNSUPPORTED", words: "username is there twice"},
		"two passwords":        {body: with("password", secret, password), status: 400, code: "UNSUPPORTED", words: "password is there twice"},
		"no user name":         {body: with("username"), status: 401, code: "UNAUTHORIZED", words: "user name and a token"},
		"no password":          {body: with("password", ""), status: 401, code: "UNAUTHORIZED", words: "user name and a token"},
		"no service":           {body: with("service"), status: 400, code: "UNSUPPORTED", words: "unknown service"},
		"another service":      {body: with("service", "evil.example"), status: 400, code: "UNSUPPORTED", words: "unknown service"},
		"two services":         {body: with("service", host, second), status: 400, code: "UNSUPPORTED", words: "unknown service"},
		"a malformed scope":    {body: with("scope", "repository:alice/../bob:pull"), status: 400, code: "NAME_INVALID", words: "malformed scope"},
		"nothing":              {body: "", status: 400, code: "UNSUPPORTED", words: "grant_type"},
		"no form":              {body: "service=%zz", status: 400, code: "UNSUPPORTED", words: "unreadable form"},
		"too large":            {body: with("scope", strings.Repeat("a", 64<<10)), status: 413, code: "UNSUPPORTED", words: "larger than 64 KiB"},
		"JSON":                 {body: `{}`, change: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, status: 415, code: "UNSUPPORTED", words: "x-www-form-urlencoded"},
		"no type":              {body: with("scope"), change: func(r *http.Request) { r.Header.Del("Content-Type") }, status: 415, code: "UNSUPPORTED", words: "x-www-form-urlencoded"},
		"Basic beside it":      {body: with("scope"), change: func(r *http.Request) { r.SetBasicAuth("alice", secret) }, status: 400, code: "UNSUPPORTED", words: "into one of the two"},
		"a password in both":   {body: with("scope"), change: func(r *http.Request) { r.URL.RawQuery = "password=x" }, status: 400, code: "UNSUPPORTED", words: "never into an address"},
		"a token cut off":      {body: with("password", secret[:20]), status: 401, code: "UNAUTHORIZED", words: "not a whole token"},
		"a token of another's": {body: with("username", "bob"), status: 401, code: "UNAUTHORIZED", words: "not known here"},
		"another's repository": {body: with("scope", "repository:bob/app:pull"), status: 403, code: "DENIED", words: "alice may not pull bob/app"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.posting(c.body)
			if c.change != nil {
				c.change(r)
			}
			w.serve(t, r).refused(t, c.status, c.code, c.words)
		})
	}
	if strings.Contains(w.logged.String(), secret) || strings.Contains(w.logged.String(), password) {
		t.Error("a secret is in the log")
	}
	if !strings.Contains(w.logged.String(), "user=alice") {
		t.Errorf("the log does not say who:\n%s", w.logged.String())
	}
}

// containerd gives a password by POST and, when it is wrong, again by GET.
func TestAWrongPasswordGivenByPostAndGetCountsOnce(t *testing.T) {
	w := newWorld(t)
	wrong := func() {
		t.Helper()
		w.post(t, login("alice", "wrong")).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name or password")
		w.ask(t, "alice", "wrong").refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name or password")
	}
	for range 9 {
		wrong()
	}
	if got := w.post(t, login("alice", password)); got.status != http.StatusOK {
		t.Fatalf("nine pairs of tries: %d %s", got.status, got.body)
	}
	for range 10 {
		wrong()
	}
	w.ask(t, "alice", "wrong").refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "half a minute")
	w.post(t, login("alice", password)).refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "half a minute")
}

// A repeat is the same password for the same name from the same address within
// moments; all else is another guess.
func TestOnlyARepeatIsOne(t *testing.T) {
	for name, c := range map[string]struct {
		between func(*world)
		ask     func(*world) *http.Request
	}{
		"another password": {ask: func(w *world) *http.Request { return w.request(t, url.Values{"service": {host}}, "alice", "wronger") }},
		"another address": {ask: func(w *world) *http.Request {
			r := w.request(t, url.Values{"service": {host}}, "alice", "wrong")
			r.RemoteAddr = "192.0.2.7:1234"
			return r
		}},
		"a second GET": {
			between: func(w *world) { w.ask(t, "alice", "wrong") },
			ask:     func(w *world) *http.Request { return w.request(t, url.Values{"service": {host}}, "alice", "wrong") },
		},
		"a second POST": {ask: func(w *world) *http.Request { return w.posting(login("alice", "wrong").Encode()) }},
		"later": {
			between: func(w *world) { w.now = w.now.Add(5e9) },
			ask:     func(w *world) *http.Request { return w.request(t, url.Values{"service": {host}}, "alice", "wrong") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			asked := &counting{Accounts: w.handler.Accounts}
			w.handler.Accounts = asked
			w.post(t, login("alice", "wrong"))
			if c.between != nil {
				c.between(w)
			}
			before := asked.n
			w.serve(t, c.ask(w)).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong")
			if asked.n != before+1 {
				t.Errorf("asked %d times", asked.n-before)
			}
		})
	}
}
