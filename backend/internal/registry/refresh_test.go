package registry_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/internal/registry"
	"lanyard/backend/token"
)

// counting counts how often accounts are asked.
type counting struct {
	registry.Accounts
	n int
}

func (c *counting) SignIn(ctx context.Context, login, password, addr string) (account.Account, error) {
	c.n++
	return c.Accounts.SignIn(ctx, login, password, addr)
}

// offline asks for a refresh token as docker login does.
func (w *world) offline(t testing.TB, user, secret, service string) string {
	t.Helper()
	got := w.serve(t, w.request(t, url.Values{"service": {service}, "offline_token": {"true"}, "client_id": {"docker"}, "account": {user}}, user, secret))
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return got.RefreshToken
}

func (w *world) refresh(t testing.TB, refresh, service string, scopes ...string) reply {
	t.Helper()
	return w.post(t, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "service": {service}, "client_id": {"docker"}, "scope": {strings.Join(scopes, " ")},
	})
}

// withRefresh is a world whose operator switched refresh tokens on.
func withRefresh(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.handler.RefreshKey = w.keys.Service()
	return w
}

func TestRefreshTokensAreSwitchedOn(t *testing.T) {
	w := withRefresh(t)
	_, secret := w.pat(t, w.alice, "repo:write", "")
	given := w.offline(t, "alice", secret, host)
	if !strings.HasPrefix(given, "lyd_rrt_") || strings.Contains(given, "..") || strings.Contains(given, secret) || len(given) > 200 {
		t.Fatalf("given %q", given)
	}
	form := login("alice", secret)
	form.Set("access_type", "offline")
	if got := w.post(t, form); got.RefreshToken != given {
		t.Errorf("by POST %q, by GET %q: one token has two", got.RefreshToken, given)
	}
	if got := w.ask(t, "alice", secret); got.RefreshToken != "" {
		t.Error("given unasked")
	}
	if got := w.offline(t, "alice", password, host); got != "" {
		t.Error("a password, which nobody can revoke by itself, is worth a refresh token")
	}
	for range 3 { // docker uses one again and again
		got := w.refresh(t, given, host, "repository:alice/app:pull,push,delete")
		if got.status != http.StatusOK || got.AccessToken == "" || got.RefreshToken != "" {
			t.Fatalf("%d %s", got.status, got.body)
		}
		c := claimsOf(t, got.AccessToken)
		if c.Sub != "alice" || len(c.Access) != 1 || strings.Join(c.Access[0].Actions, ",") != "pull,push" {
			t.Errorf("more or less than the token itself: %+v", c)
		}
	}
	w.handler.RefreshKey = nil // switched off again
	if got := w.offline(t, "alice", secret, host); got != "" {
		t.Error("given where it is switched off")
	}
	w.refresh(t, given, host).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "--registry-refresh-tokens")
}

// E7: what docker keeps in the place of a token is worth no more than that
// token, at that registry, and ends with it.
func TestE7ARefreshTokenEndsWithItsToken(t *testing.T) {
	ctx := context.Background()
	no := false
	for name, c := range map[string]struct {
		end   func(*testing.T, *world, token.Token) error
		words string
	}{
		"deactivated": {func(_ *testing.T, w *world, one token.Token) error {
			_, err := w.tokens.Change(ctx, w.alice.ID, one.ID, token.Patch{Active: &no}, activity.By{})
			return err
		}, "this token is deactivated"},
		"deleted": {func(_ *testing.T, w *world, one token.Token) error {
			return w.tokens.Delete(ctx, w.alice.ID, activity.By{}, one.ID)
		}, "deleted"},
		"expired": {func(_ *testing.T, w *world, _ token.Token) error {
			w.now = w.now.Add(48 * time.Hour)
			return nil
		}, "this token has expired"},
		"rotated without overlap": {func(_ *testing.T, w *world, one token.Token) error {
			_, _, err := w.tokens.Rotate(ctx, w.alice.ID, one.ID, 0, activity.By{})
			return err
		}, "replaced by another"},
		"the account is disabled": {func(_ *testing.T, w *world, _ token.Token) error {
			return w.accounts.SetDisabled(ctx, w.alice.ID, true)
		}, "account is disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			w := withRefresh(t)
			one, secret := w.pat(t, w.alice, "repo:admin", w.now.Add(24*time.Hour).Format(time.RFC3339))
			given := w.offline(t, "alice", secret, host)
			if got := w.refresh(t, given, host); got.status != http.StatusOK {
				t.Fatal(got.body)
			}
			if err := c.end(t, w, one); err != nil {
				t.Fatal(err)
			}
			w.refresh(t, given, host).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", c.words)
		})
	}
	t.Run("the session ended", func(t *testing.T) {
		w := withRefresh(t)
		session, secret := w.generated(t, w.alice)
		given := w.offline(t, "alice", secret, host)
		if err := w.grants.End(ctx, session.ID, "signed out"); err != nil {
			t.Fatal(err)
		}
		w.refresh(t, given, host).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "the sign-in of this token has ended")
	})
	t.Run("at another registry", func(t *testing.T) {
		w := withRefresh(t)
		_, secret := w.pat(t, w.alice, "repo:admin", "")
		given := w.offline(t, "alice", secret, host)
		w.refresh(t, given, second).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "no refresh token for this registry")
	})
	t.Run("seen in the list", func(t *testing.T) {
		w := withRefresh(t)
		one, secret := w.pat(t, w.alice, "repo:admin", "")
		given := w.offline(t, "alice", secret, host)
		w.now = w.now.Add(time.Hour)
		w.refresh(t, given, host)
		if held, err := w.tokens.Get(ctx, w.alice.ID, one.ID); err != nil || !held.LastUsed.At.Equal(w.now) {
			t.Errorf("last used %+v, %v", held.LastUsed, err)
		}
	})
}

// While both secrets of a rotated token are accepted, so is what was made of
// the earlier one, and the list shows that somebody still uses it.
func TestARefreshTokenInTheOverlap(t *testing.T) {
	w := withRefresh(t)
	ctx := context.Background()
	one, secret := w.pat(t, w.alice, "repo:admin", "")
	given := w.offline(t, "alice", secret, host)
	if _, _, err := w.tokens.Rotate(ctx, w.alice.ID, one.ID, time.Hour, activity.By{}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	if got := w.refresh(t, given, host); got.status != http.StatusOK {
		t.Fatal(got.body)
	}
	if held, err := w.tokens.Get(ctx, w.alice.ID, one.ID); err != nil || held.Previous == nil || !held.Previous.LastUsed.At.Equal(w.now) {
		t.Errorf("%+v, %v", held.Previous, err)
	}
	w.now = w.now.Add(time.Hour)
	w.refresh(t, given, host).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "replaced by another")
}

func TestWhatIsNoRefreshToken(t *testing.T) {
	w := withRefresh(t)
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	given := w.offline(t, "alice", secret, host)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(given, "lyd_rrt_"))
	if err != nil {
		t.Fatal(err)
	}
	raw[3] ^= 1
	another := w.keys.Service()
	another[0] ^= 1
	w.handler.RefreshKey = another
	foreign := w.offline(t, "alice", secret, host)
	w.handler.RefreshKey = w.keys.Service()
	for name, c := range map[string]struct{ text, words string }{
		"nothing":                   {"", "no refresh token"},
		"something":                 {"x", "no refresh token"},
		"the prefix":                {"lyd_rrt_", "no refresh token"},
		"cut off":                   {given[:len(given)-1], "no refresh token"},
		"longer":                    {given + "A", "no refresh token"},
		"of another hash":           {"lyd_rrt_" + base64.RawURLEncoding.EncodeToString(raw), "no refresh token"},
		"of another service's key":  {foreign, "no refresh token"},
		"without prefix":            {strings.TrimPrefix(given, "lyd_rrt_"), "no refresh token"},
		"the token itself":          {secret, "give it as the password"},
		"a sign-in's refresh token": {"lyd_ref_0_x", "no refresh token"},
	} {
		t.Run(name, func(t *testing.T) {
			w.refresh(t, c.text, host).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", c.words)
		})
	}
	w.ask(t, "alice", given).refused(t, http.StatusUnauthorized, "UNAUTHORIZED", "sign in with a user name and a token")
	if strings.Contains(w.logged.String(), given) {
		t.Error("a refresh token is in the log")
	}
}
