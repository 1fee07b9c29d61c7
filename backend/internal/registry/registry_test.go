package registry_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

func TestAToken(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	got := w.serve(t, w.request(t, url.Values{
		"service": {host}, "scope": {"repository:alice/app:pull,push"},
		"account": {"alice"}, "client_id": {"docker"}, "offline_token": {"true"},
	}, "alice", secret))
	if got.status != http.StatusOK || got.Token == "" || got.Token != got.AccessToken {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got.RefreshToken != "" {
		t.Error("docker would keep a refresh token in the place of the person's own")
	}
	if got.ExpiresIn != 300 || got.IssuedAt != "2026-11-23T09:00:00Z" {
		t.Errorf("expires_in %d, issued_at %s", got.ExpiresIn, got.IssuedAt)
	}
	c := claimsOf(t, got.Token)
	if len(c.Jti) != 32 {
		t.Errorf("jti %q", c.Jti)
	}
	c.Jti = ""
	at := w.now.Unix()
	want := tokenClaims{Iss: host, Sub: "alice", Aud: host, Exp: at + 300, Nbf: at - 60, Iat: at,
		Access: []right{{"repository", "alice/app", []string{"pull", "push"}}}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherRegistryIsTheAudience(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	got := w.serve(t, w.request(t, url.Values{"service": {second}}, "alice", secret))
	if c := claimsOf(t, got.Token); c.Aud != second || c.Iss != host {
		t.Errorf("aud %v, iss %s", c.Aud, c.Iss)
	}
	w.serve(t, w.request(t, url.Values{"service": {second}, "scope": {"repository:bob/app:push"}}, "alice", secret)).
		refused(t, http.StatusForbidden, "DENIED", second+"/alice/app would work")
}

func TestIntersection(t *testing.T) {
	w := newWorld(t)
	secrets := map[string]string{}
	for name, scope := range map[string]string{"delete": "repo:admin", "write": "repo:write", "read": "repo:read", "public": "repo:public_read"} {
		_, secrets[name] = w.pat(t, w.alice, scope, "")
	}
	_, secrets["admin"] = w.pat(t, w.admin, "repo:admin", "")
	secrets["password"] = password
	for _, c := range []struct {
		name, user, secret string
		scopes             []string
		want               []right
	}{
		{"everything under one's own name", "alice", "delete", []string{"repository:alice/app:pull,push,delete"},
			[]right{{"repository", "alice/app", []string{"delete", "pull", "push"}}}},
		{"with the password", "alice", "password", []string{"repository:alice/app:pull,push"},
			[]right{{"repository", "alice/app", []string{"pull", "push"}}}},
		{"by e-mail", "Alice@Example.org", "delete", []string{"repository:alice/app:pull"},
			[]right{{"repository", "alice/app", []string{"pull"}}}},
		{"a token for writing deletes nothing", "alice", "write", []string{"repository:alice/app:pull,push,delete"},
			[]right{{"repository", "alice/app", []string{"pull", "push"}}}},
		{"a token for reading", "alice", "read", []string{"repository:alice/app:pull,push"},
			[]right{{"repository", "alice/app", []string{"pull"}}}},
		{"a star is spelt out", "alice", "write", []string{"repository:alice/app:*"},
			[]right{{"repository", "alice/app", []string{"pull", "push"}}}},
		{"unknown actions are left out", "alice", "delete", []string{"repository:alice/app:pull,administer"},
			[]right{{"repository", "alice/app", []string{"pull"}}}},
		{"unknown types are left out", "alice", "delete", []string{"plugin:alice/app:pull repository:alice/app:pull"},
			[]right{{"repository", "alice/app", []string{"pull"}}}},
		{"repeated and joined", "alice", "delete", []string{"repository:alice/a:pull repository:alice/b:pull", "repository:alice/a:push"},
			[]right{{"repository", "alice/a", []string{"pull", "push"}}, {"repository", "alice/b", []string{"pull"}}}},
		{"half of it, for a mount", "alice", "delete", []string{"repository:alice/app:pull,push", "repository:bob/app:pull"},
			[]right{{"repository", "alice/app", []string{"pull", "push"}}}},
		{"a name of one component is an administrator's", "root", "admin", []string{"repository:app:push"},
			[]right{{"repository", "app", []string{"push"}}}},
		{"the catalogue is an administrator's", "root", "admin", []string{"registry:catalog:*"},
			[]right{{"registry", "catalog", []string{"*"}}}},
		{"and nobody else's", "alice", "delete", []string{"registry:catalog:*"}, []right{}},
		{"no scope, as docker login", "alice", "delete", nil, []right{}},
		{"a scope without actions", "alice", "delete", []string{"repository:bob/app:"}, []right{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.ask(t, c.user, secrets[c.secret], c.scopes...)
			if got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if diff := cmp.Diff(c.want, claimsOf(t, got.Token).Access); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingOfWhatWasAskedIsARefusalThatHelps(t *testing.T) {
	w := newWorld(t)
	_, full := w.pat(t, w.alice, "repo:admin", "")
	_, public := w.pat(t, w.alice, "repo:public_read", "")
	for _, c := range []struct{ name, secret, scope, words string }{
		{"another's", full, "repository:bob/app:pull,push", "alice may not push bob/app: bob is not alice's; localhost:8460/alice/app would work"},
		{"a name of one component", full, "repository:app:push", "localhost:8460/alice/app would work"},
		{"a reserved name", full, "repository:users/app:push", "reserved name; localhost:8460/alice/app would work"},
		{"a token for less", public, "repository:alice/app:pull", "its access permissions do not reach that far"},
		{"two of another's", full, "repository:bob/a:pull repository:bob/b:pull", "alice may not pull bob/a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.ask(t, "alice", c.secret, c.scope).refused(t, http.StatusForbidden, "DENIED", c.words)
		})
	}
}

// skopeo 1.9 makes "invalid status code from registry 403" of a refusal, but
// shows what a registry says to an empty token.
func TestClientsThatShowNoRefusalGetTheRegistrys(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	for _, agent := range []string{"skopeo/1.9.3", "libpod/4.3.1", "Buildah/1.28.2", "containers/5.22 (github.com/containers/image)"} {
		r := w.request(t, url.Values{"service": {host}, "scope": {"repository:bob/app:pull"}}, "alice", secret)
		r.Header.Set("User-Agent", agent)
		got := w.serve(t, r)
		if got.status != http.StatusOK {
			t.Errorf("%s: %d %s", agent, got.status, got.body)
			continue
		}
		if rights := claimsOf(t, got.Token).Access; len(rights) != 0 {
			t.Errorf("%s: %v", agent, rights)
		}
	}
}

func TestAnonymous(t *testing.T) {
	w := newWorld(t)
	got := w.ask(t, "", "", "repository:alice/app:pull", "registry:catalog:*")
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if c := claimsOf(t, got.Token); c.Sub != "" || c.Access == nil || len(c.Access) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	many := make([]string, 101)
	for i := range many {
		many[i] = "repository:alice/app" + strings.Repeat("a", i) + ":pull"
	}
	for _, c := range []struct {
		name  string
		query url.Values
		code  string
		words string
	}{
		{"no service", url.Values{}, "UNSUPPORTED", "unknown service"},
		{"an unknown service", url.Values{"service": {"evil.example"}}, "UNSUPPORTED", "this service signs tokens for localhost:8460, registry.example:5000"},
		{"two services", url.Values{"service": {host, second}}, "UNSUPPORTED", "unknown service"},
		{"the service in capitals", url.Values{"service": {"LOCALHOST:8460"}}, "UNSUPPORTED", "unknown service"},
		{"a scope of two parts", url.Values{"service": {host}, "scope": {"repository:alice"}}, "NAME_INVALID", "malformed scope"},
		{"a path upwards", url.Values{"service": {host}, "scope": {"repository:alice/../bob:pull"}}, "NAME_INVALID", "malformed scope"},
		{"capitals", url.Values{"service": {host}, "scope": {"repository:alice/App:pull"}}, "NAME_INVALID", "malformed scope"},
		{"an empty name", url.Values{"service": {host}, "scope": {"repository::pull"}}, "NAME_INVALID", "malformed scope"},
		{"a control character", url.Values{"service": {host}, "scope": {"repository:alice/\x00app:pull"}}, "NAME_INVALID", "malformed scope"},
		{"too many scopes", url.Values{"service": {host}, "scope": many}, "NAME_INVALID", "more than 100 scopes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.serve(t, w.request(t, c.query, "alice", secret)).refused(t, http.StatusBadRequest, c.code, c.words)
		})
	}
	t.Run("an unreadable query", func(t *testing.T) {
		r := w.request(t, url.Values{}, "alice", secret)
		r.URL.RawQuery = "service=" + host + "&scope=%zz"
		w.serve(t, r).refused(t, http.StatusBadRequest, "UNSUPPORTED", "unreadable query")
	})
	for _, name := range []string{"password", "refresh_token"} {
		t.Run("a "+name+" in the address", func(t *testing.T) {
			w.serve(t, w.request(t, url.Values{"service": {host}, name: {secret}}, "alice", secret)).
				refused(t, http.StatusBadRequest, "UNSUPPORTED", "never into an address")
		})
	}
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		t.Run(method, func(t *testing.T) {
			r := w.request(t, url.Values{"service": {host}}, "alice", secret)
			r.Method = method
			got := w.serve(t, r)
			got.refused(t, http.StatusMethodNotAllowed, "UNSUPPORTED", "GET or POST")
			if got.header.Get("Allow") != "GET, POST" {
				t.Errorf("Allow: %s", got.header.Get("Allow"))
			}
		})
	}
	if holding, err := w.tokens.Holding(context.Background(), w.alice.ID); err != nil || !holding.Tokens[0].LastUsed.At.IsZero() {
		t.Errorf("a refused request counts as a use: %v", err)
	}
}

func TestBadCredentials(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	_, good := w.pat(t, w.alice, "repo:admin", "")
	off, inactive := w.pat(t, w.alice, "repo:admin", "")
	no := false
	if _, err := w.tokens.Change(ctx, w.alice.ID, off.ID, token.Patch{Active: &no}, activity.By{}); err != nil {
		t.Fatal(err)
	}
	_, expiring := w.pat(t, w.alice, "repo:admin", w.now.Add(time.Hour).Format(time.RFC3339))
	gone, deleted := w.pat(t, w.alice, "repo:admin", "")
	if err := w.tokens.Delete(ctx, w.alice.ID, activity.By{}, gone.ID); err != nil {
		t.Fatal(err)
	}
	session, orphan := w.generated(t, w.alice)
	if err := w.grants.End(ctx, session.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	_, disabled := w.pat(t, w.bob, "repo:admin", "")
	if err := w.accounts.SetDisabled(ctx, w.bob.ID, true); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)

	const unknown = "wrong user name, or a token that is not known here"
	for _, c := range []struct{ name, user, secret, words string }{
		{"a deactivated token", "alice", inactive, "deactivated"},
		{"an expired token", "alice", expiring, "expired"},
		{"the token of a session that ended", "alice", orphan, "the sign-in of this token has ended"},
		{"a disabled account's token", "bob", disabled, "account is disabled"},
		{"a disabled account's password", "bob", password, "account is disabled"},
		{"a deleted token", "alice", deleted, "was deleted by a person on 2026-11-23 09:00 UTC; make another one"},
		{"a token never made", "alice", token.NewSecret(token.Manual).Reveal(), unknown},
		{"a token under another's name", "bob", good, unknown},
		{"a disabled account's token under another's name", "alice", disabled, unknown},
		{"a deactivated token under another's name", "root", inactive, unknown},
		{"a token cut off", "alice", good[:len(good)-1], "not a whole token"},
		{"a token mistyped", "alice", good[:len(good)-1] + "-", "not a whole token"},
		{"a wrong password", "alice", "six violet harbours at noon", "wrong user name or password"},
		{"nobody's name", "mallory", password, "wrong user name or password"},
		{"no password", "alice", "", "HTTP Basic"},
		{"no name", "", password, "HTTP Basic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.ask(t, c.user, c.secret, "repository:alice/app:pull")
			got.refused(t, http.StatusUnauthorized, "UNAUTHORIZED", c.words)
			if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("challenge %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
	for name, header := range map[string][]string{
		"Bearer":           {"Bearer " + good},
		"Basic, no base64": {"Basic !"},
		"empty":            {""},
		"two":              {"Basic YWxpY2U6eA==", "Basic YWxpY2U6eQ=="},
	} {
		t.Run("Authorization: "+name, func(t *testing.T) {
			r := w.request(t, url.Values{"service": {host}}, "", "")
			r.Header["Authorization"] = header
			w.serve(t, r).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "HTTP Basic")
		})
	}
	for _, secret := range []string{good, inactive, expiring, deleted, orphan, disabled, password} {
		if strings.Contains(w.logged.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
	// Somebody pastes the token into the wrong field.
	w.ask(t, good, "x").refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name or password")
	if strings.Contains(w.logged.String(), good) {
		t.Error("a token given as user name is in the log")
	}
}

// What is refused says nothing of whether the name or the token was wrong.
func TestAWrongNameAndAWrongTokenLookAlike(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	wrongName := w.ask(t, "bob", secret)
	wrongToken := w.ask(t, "alice", token.NewSecret(token.Manual).Reveal())
	nobody := w.ask(t, "mallory", token.NewSecret(token.Auto).Reveal())
	if wrongName.body != wrongToken.body || wrongToken.body != nobody.body {
		t.Errorf("they differ:\n%s%s%s", wrongName.body, wrongToken.body, nobody.body)
	}
}

func TestGuessingIsSlowedDownTogetherWithThePages(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.ask(t, "alice", "wrong").refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong")
	}
	for range 5 { // 192.0.2.1 is httptest's client
		if _, err := w.accounts.SignIn(context.Background(), "alice@example.org", "wrong", "192.0.2.1"); !errors.Is(err, account.ErrWrong) {
			t.Fatal(err)
		}
	}
	got := w.ask(t, "alice", password)
	got.refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many wrong passwords")
	if got.header.Get("Retry-After") == "" {
		t.Error("does not say when")
	}
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	if got := w.ask(t, "alice", secret); got.status != http.StatusOK {
		t.Errorf("a good token suffers: %d %s", got.status, got.body)
	}
}

func TestAUseKeepsTokenAndSessionAlive(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	session, secret := w.generated(t, w.alice)
	use := func() int { return w.ask(t, "alice", secret, "repository:alice/app:pull").status }
	flush := func() {
		t.Helper()
		if err := errors.Join(w.tokens.Flush(ctx), w.grants.Flush(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(5 * time.Minute)
	if use() != http.StatusOK {
		t.Fatal("refused at once")
	}
	// The first use claims the session without waiting for the next flush.
	if one, err := w.db.Session(ctx, session.ID); err != nil || !one.LastUsed.Equal(w.now) {
		t.Errorf("the session was not claimed: %v, %v", one.LastUsed, err)
	}
	flush()
	held, err := w.tokens.List(ctx, w.alice.ID)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	if got, want := held[0].LastUsed, (token.Use{At: w.now, Addr: "192.0.2.1", Agent: "docker/28.2.2"}); got != want {
		t.Errorf("last used %+v, want %+v", got, want)
	}
	// Used daily it lives to the 90th day and no further.
	for day := 1; day < 90; day++ {
		w.now = session.CreatedAt.Add(time.Duration(day) * 24 * time.Hour)
		if use() != http.StatusOK {
			t.Fatalf("refused on day %d", day)
		}
		flush()
	}
	w.now = session.CreatedAt.Add(90 * 24 * time.Hour)
	w.ask(t, "alice", secret).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "the sign-in of this token has ended")
}

func TestAnUnusedSessionTakesItsTokenAlong(t *testing.T) {
	w := newWorld(t)
	_, secret := w.generated(t, w.alice)
	w.now = w.now.Add(time.Minute)
	if got := w.ask(t, "alice", secret); got.status != http.StatusOK {
		t.Fatal(got.body)
	}
	w.now = w.now.Add(30 * 24 * time.Hour)
	w.ask(t, "alice", secret).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "the sign-in of this token has ended")
}

// broken is a store, and everything else, on a disk that is gone.
type broken struct{ err error }

func (b broken) Presented(context.Context, [32]byte, []string) (caller.Presented, error) {
	return caller.Presented{}, b.err
}

func (b broken) SignRegistry(any, time.Time) (string, error) { return "", b.err }

func (b broken) Facts(context.Context, []string) (access.Known, error) { return nil, b.err }

type unwritable broken

func (u unwritable) Used(context.Context, grant.Session, int) error { return u.err }

func TestFaultsOfTheService(t *testing.T) {
	b := broken{errors.New("read /secret/place: input/output error")}
	for name, harm := range map[string]func(*world){
		"the store fails":                            func(w *world) { w.handler.Store = b },
		"the signing fails":                          func(w *world) { w.handler.Signer = b },
		"the claim of the session cannot be written": func(w *world) { w.handler.Sessions = unwritable(b) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, secret := w.generated(t, w.alice)
			harm(w)
			got := w.ask(t, "alice", secret)
			got.refused(t, http.StatusServiceUnavailable, "UNAVAILABLE", "cannot answer")
			if strings.Contains(got.body, "/secret/place") || !strings.Contains(w.logged.String(), "level=ERROR") {
				t.Errorf("answer %s, log %s", got.body, w.logged.String())
			}
		})
	}
}

func TestTokensAreNeverTwice(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	var ids []string
	for range 20 {
		ids = append(ids, claimsOf(t, w.ask(t, "alice", secret).Token).Jti)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 20 {
		t.Error("an id came twice")
	}
}

// Whoever has the secret of a token that gave way, and its owner's name, is
// told which, why, when, and what to do; nobody else is.
func TestTokenThatGaveWay(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	var first string
	for i, machine := range []string{"one", "two", "three", "four", "five", "six"} {
		w.now = w.now.Add(time.Minute)
		_, secret := w.generatedBy(t, w.alice, machine)
		if i == 0 {
			first = secret
		}
	}
	w.ask(t, "alice", first).refused(t, http.StatusUnauthorized, "UNAUTHORIZED",
		"this computer's token gave way on 2026-11-23 09:06 UTC to that of six, since the account had no room for both; lanyard login takes a place again")
	w.ask(t, "bob", first).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name, or a token that is not known here")
	if err := w.accounts.SetDisabled(ctx, w.alice.ID, true); err != nil {
		t.Fatal(err)
	}
	w.ask(t, "alice", first).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name, or a token that is not known here")
}

// E8: where there is a second factor the password is refused in words, counts
// as a wrong one, and a token is what works.
func TestThePasswordBesideASecondFactor(t *testing.T) {
	w := newWorld(t)
	_, secret := w.pat(t, w.alice, "repo:read", "")
	if err := w.db.ChangeAccount(t.Context(), w.alice.ID, func(a account.Account, _ bool) (account.Account, error) {
		a.Factors.Passkeys = []account.Passkey{{ID: []byte("k"), Name: "k", PublicKey: []byte("x")}}
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		user := []string{"alice", "Alice@example.org"}[i%2]
		w.ask(t, user, password, "repository:alice/app:pull").refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "personal access token")
	}
	w.ask(t, "alice", password).refused(t, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many")
	if got := w.ask(t, "alice", secret, "repository:alice/app:pull"); got.status != http.StatusOK || got.Token == "" {
		t.Errorf("the token: %d %s", got.status, got.body)
	}
	w.now = w.now.Add(time.Minute)
	w.ask(t, "alice", "wrong").refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "wrong user name or password")
}
