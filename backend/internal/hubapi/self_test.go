package hubapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/grant"
)

// basic asks with a name and a secret.
func (w *world) basic(name, secret, method, path string, body any) said {
	w.t.Helper()
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			w.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, bytes.NewReader(sent))
	if err != nil {
		w.t.Fatal(err)
	}
	r.SetBasicAuth(name, secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "test/1")
	out, err := w.exchange(r, sent)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// madeOf is an access token of a session that was made of a personal access
// token, as /v2/auth/token makes it.
func (w *world) madeOf(name, id string) string {
	w.t.Helper()
	s, err := w.grants.BeginDirect(w.t.Context(), grant.Direct{
		Account: name + "-id", Client: "hub", Audience: []string{issuer}, From: grant.FromToken, Token: id, AuthTime: w.now(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.bearer(s, nil)
}

func TestSelf(t *testing.T) {
	w := newWorld(t)
	bob := w.signIn("bob")
	made := w.ask(bob.bearer, "POST", "/v2/access-tokens", `{"token_label":"CI","scopes":["repo:read"],"expires_at":"2027-01-31T12:00:00Z"}`).is(201)
	id, secret := str(made, "uuid"), str(made, "token")
	session := w.madeOf("bob", id)
	for name, out := range map[string]said{
		"by Basic":                w.basic("bob", secret, "GET", "/v2/access-tokens/self", nil),
		"with a slash":            w.basic("bob", secret, "GET", "/v2/access-tokens/self/", nil),
		"by a session made of it": w.ask(session, "GET", "/v2/access-tokens/self", nil),
	} {
		if got := out.is(200); got["uuid"] != id || got["username"] != "bob" || got["token"] != "" || out.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if shown := w.ask(bob.bearer, "GET", "/v2/access-tokens/"+id, nil).is(200); shown["last_used"] != "2026-11-23T12:00:00.000000Z" {
		t.Errorf("the use is not noted: %v", shown)
	}

	w.passes(time.Second) // the order of acts is that of time
	out := w.basic("bob", secret, "POST", "/v2/access-tokens/self/rotate", map[string]int{"overlap_seconds": 60}).is(200)
	fresh := str(out, "token")
	if fresh == "" || fresh == secret || fmt.Sprint(out["scopes"]) != "[repo:read]" || out["expires_at"] != "2027-01-31T12:00:00Z" || out["username"] != "bob" {
		t.Errorf("%v", out)
	}
	// Whoever has the secret before that may have found it somewhere.
	w.basic("bob", secret, "GET", "/v2/access-tokens/self", nil).is(200)
	w.basic("bob", secret, "POST", "/v2/access-tokens/self/rotate", nil).refused(403, "rotated", "only the present one")
	w.ask(session, "POST", "/v2/access-tokens/self/rotate", nil).refused(403, "rotated", "only the present one")
	w.passes(time.Minute)
	w.ask(w.madeOf("bob", id), "POST", "/v2/access-tokens/self/rotate", map[string]int{"overlap_seconds": 0}).is(200)
	w.basic("bob", fresh, "DELETE", "/v2/access-tokens/self", nil).refused(401, "rotated", "use the new one")

	w.passes(time.Second)
	w.ask(w.madeOf("bob", id), "DELETE", "/v2/access-tokens/self", nil).is(204)
	w.ask(bob.bearer, "GET", "/v2/access-tokens/"+id, nil).refused(404, "unknown", "not found")
	var did []string
	for _, e := range w.did("bob-id") {
		if e.Subject == id {
			did = append(did, string(e.Action)+" by "+e.ActorName+" via "+e.Details["via"])
		}
	}
	want := "token.created by bob via ,token.rotated by bob via token,token.rotated by bob via token,token.deleted by bob via token"
	if got := strings.Join(did, ","); got != want {
		t.Errorf("the owner finds %s\nwant %s", got, want)
	}
}

func TestSelfRefused(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	made := w.ask(bob.bearer, "POST", "/v2/access-tokens", `{"token_label":"CI","expires_at":"2026-11-23T12:05:00Z"}`).is(201)
	id, secret := str(made, "uuid"), str(made, "token")
	_, auto := w.generate(bob, "laptop")
	for name, c := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"nobody":                 {w.ask("", "GET", "/v2/access-tokens/self", nil), 401, "token", "unauthorized"},
		"another's name":         {w.basic("ada", secret, "GET", "/v2/access-tokens/self", nil), 401, "credentials", "wrong name, or a token"},
		"no name":                {w.basic("", secret, "DELETE", "/v2/access-tokens/self", nil), 401, "credentials", "wrong name, or a token"},
		"a password":             {w.basic("bob", "correct horse battery", "GET", "/v2/access-tokens/self", nil), 401, "credentials", "passwords do not count"},
		"no secret":              {w.basic("bob", "", "GET", "/v2/access-tokens/self", nil), 401, "credentials", "wrong name, or a token"},
		"a token as bearer":      {w.ask(secret, "GET", "/v2/access-tokens/self", nil), 401, "token", "unauthorized"},
		"a person":               {w.ask(ada.bearer, "GET", "/v2/access-tokens/self", nil), 403, "only_token", "send your user name and the token by Basic"},
		"a person who rotates":   {w.ask(ada.bearer, "POST", "/v2/access-tokens/self/rotate", nil), 403, "only_token", "permission denied"},
		"an automatic rotates":   {w.basic("bob", auto, "POST", "/v2/access-tokens/self/rotate", nil), 400, "invalid", "signing in again"},
		"a bad overlap":          {w.basic("bob", secret, "POST", "/v2/access-tokens/self/rotate", map[string]any{"overlap_seconds": "x"}), 400, "invalid", "whole number"},
		"a session made of none": {w.ask(w.madeOf("bob", "none"), "GET", "/v2/access-tokens/self", nil), 401, "ended", "unauthorized"},
	} {
		c.said.t = t
		t.Log(name)
		c.refused(c.status, c.reason, c.words)
	}
	if out := w.basic("ada", secret, "GET", "/v2/access-tokens/self", nil); !strings.HasPrefix(out.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("asks for %q", out.header.Get("WWW-Authenticate"))
	}
	path := "/v2/access-tokens/" + id
	w.ask(bob.bearer, "PATCH", path, `{"is_active":false}`).is(200)
	w.basic("bob", secret, "GET", "/v2/access-tokens/self", nil).refused(401, "inactive", "its owner can activate it")
	w.ask(bob.bearer, "PATCH", path, `{"is_active":true}`).is(200)
	w.passes(5 * time.Minute)
	w.basic("bob", secret, "DELETE", "/v2/access-tokens/self", nil).refused(401, "expired", "make another one")
	w.ask(bob.bearer, "GET", path, nil).is(200)
	if strings.Contains(w.log.String(), secret) {
		t.Error("the secret is in the log")
	}
}

// The token of a session ends its session with itself.
func TestSelfOfASession(t *testing.T) {
	w := newWorld(t)
	bob := w.signIn("bob")
	_, secret := w.generate(bob, "laptop")
	if out := w.basic("bob", secret, "GET", "/v2/access-tokens/self", nil).is(200); out["generated_by"] != "auto" || out["machine"] != "laptop" {
		t.Errorf("%v", out)
	}
	w.passes(time.Second)
	w.basic("bob", secret, "DELETE", "/v2/access-tokens/self", nil).is(204)
	w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).refused(401, "ended", "sign in again")
	w.basic("bob", secret, "GET", "/v2/access-tokens/self", nil).refused(401, "deleted", "deleted")
	if all := w.did("bob-id"); all[len(all)-1].Action != activity.TokenDeleted {
		t.Errorf("%+v", all)
	}
}
