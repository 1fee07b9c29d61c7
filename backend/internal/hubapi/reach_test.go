package hubapi_test

import (
	"fmt"
	"testing"
	"time"

	"lanyard/backend/access"
)

// reach is what a token reaches, in short.
func (w *world) reach(who, id string) string {
	w.t.Helper()
	out := w.ask(who, "GET", "/v2/access-tokens/"+id+"/reach", nil).is(200)
	return fmt.Sprint(out["results"], out["more"])
}

func TestReach(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	for _, name := range []string{"bob/app", "bob/web"} {
		w.ask(bob.bearer, "POST", "/v2/access/repositories", map[string]string{"name": name}).is(201)
	}
	w.ask(ada.bearer, "POST", "/v2/access/repositories", `{"name":"ada/open","visibility":"public"}`).is(201)
	w.ask(ada.bearer, "POST", "/v2/access/repositories", `{"name":"ada/secret"}`).is(201)
	made := func(body string) string {
		return str(w.ask(bob.bearer, "POST", "/v2/access-tokens", body).is(201), "uuid")
	}
	all := made(`{"token_label":"all","scopes":["repo:admin"]}`)
	for what, c := range map[string][2]string{
		"all":            {all, "[map[actions:[pull] repository:ada/open] map[actions:[pull push delete] repository:bob/app] map[actions:[pull push delete] repository:bob/web]] 0"},
		"its scope":      {made(`{"token_label":"read","scopes":["repo:read"]}`), "[map[actions:[pull] repository:ada/open] map[actions:[pull] repository:bob/app] map[actions:[pull] repository:bob/web]] 0"},
		"what is public": {made(`{"token_label":"public","scopes":["repo:public_read"]}`), "[map[actions:[pull] repository:ada/open]] 0"},
		"its limit":      {made(`{"token_label":"one","scopes":["repo:write"],"repositories":["bob/w*"]}`), "[map[actions:[pull push] repository:bob/web]] 0"},
	} {
		if got := w.reach(bob.bearer, c[0]); got != c[1] {
			t.Errorf("%s: %s\nwant %s", what, got, c[1])
		}
	}
	// At this moment: a right that was given, one that was taken, a token that is off, one that has expired.
	w.ask(ada.bearer, "PUT", "/v2/access/rights/ada/secret", `{"user":"bob","right":"write"}`).is(200)
	if got := w.reach(bob.bearer, all); got != "[map[actions:[pull] repository:ada/open] map[actions:[pull push] repository:ada/secret] map[actions:[pull push delete] repository:bob/app] map[actions:[pull push delete] repository:bob/web]] 0" {
		t.Error(got)
	}
	brief := made(`{"token_label":"brief","scopes":["repo:admin"],"expires_at":"2026-11-24T12:00:00Z"}`)
	w.ask(bob.bearer, "PATCH", "/v2/access-tokens/"+all, `{"is_active":false}`).is(200)
	w.passes(25 * time.Hour)
	bob = w.again(bob)
	for what, id := range map[string]string{"off": all, "expired": brief} {
		if got := w.reach(bob.bearer, id); got != "[] 0" {
			t.Errorf("%s: %s", what, got)
		}
	}
	w.ask(w.again(ada).bearer, "GET", "/v2/access-tokens/"+all+"/reach", nil).refused(404, "unknown", "not found")
	w.ask(bob.bearer, "GET", "/v2/access-tokens/x/reach", nil).refused(404, "unknown", "not found")
}

// A hundred are named, the rest is counted.
func TestReachOfMany(t *testing.T) {
	w := newWorld(t)
	bob := w.signIn("bob")
	for i := range 350 {
		name := fmt.Sprintf("%s/r%03d", []string{"bob", "eve"}[i%2], i)
		if err := w.store.ChangeRepository(t.Context(), name, func(access.Facts) (access.Repository, error) {
			return access.Repository{ID: name, Name: name}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	out := w.ask(bob.bearer, "GET", "/v2/access-tokens/"+w.create(bob.bearer, "ci")+"/reach", nil).is(200)
	if named, _ := out["results"].([]any); len(named) != 100 || out["more"] != 75.0 {
		t.Errorf("%d, and %v more", len(named), out["more"])
	}
}

func TestUses(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	id := w.create(bob.bearer, "ci")
	uses := func() string {
		return fmt.Sprint(w.ask(bob.bearer, "GET", "/v2/access-tokens/"+id+"/uses", nil).is(200)["results"])
	}
	if got := uses(); got != "[]" {
		t.Error(got)
	}
	one, err := w.tokens.Get(t.Context(), "bob-id", id)
	if err != nil {
		t.Fatal(err)
	}
	w.tokens.Used(one, "192.0.2.1", "docker/28")
	w.passes(time.Minute)
	w.tokens.Used(one, "192.0.2.1", "docker/28")
	if err := w.tokens.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.passes(time.Minute)
	w.tokens.Used(one, "192.0.2.2", "curl") // not written yet
	want := "[map[agent:curl count:1 first_used:2026-11-23T12:02:00.000000Z ip:192.0.2.2 last_used:2026-11-23T12:02:00.000000Z]" +
		" map[agent:docker/28 count:2 first_used:2026-11-23T12:00:00.000000Z ip:192.0.2.1 last_used:2026-11-23T12:01:00.000000Z]]"
	if got := uses(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id+"/uses", nil).refused(404, "unknown", "not found")
	w.ask(bob.bearer, "GET", "/v2/access-tokens/"+id+"/uses?username=ada", nil).refused(403, "forbidden", "")
	w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id+"/uses?username=bob", nil).is(200)
}
