package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// regctl shows nothing of our refusals, and of a registry's only a 403's: it gets a
// token all the same, with what was refused, for the registry that we are.
func TestRegctlIsToldByTheRegistry(t *testing.T) {
	w := newWorld(t)
	_, reading := w.pat(t, w.alice, "repo:read", "")
	refusedTo := func(agent, scope string) string {
		t.Helper()
		r := w.request(t, url.Values{"service": {host}, "scope": {scope}}, "alice", reading)
		r.Header.Set("User-Agent", agent)
		got := w.serve(t, r)
		if got.status != http.StatusOK {
			return got.Message
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.Token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims struct{ Refused json.RawMessage }
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		return string(claims.Refused)
	}
	const regctl = "regclient/regctl (v0.11.7)"
	for _, c := range []struct{ agent, scope, want string }{
		{regctl, "repository:alice/app:pull", ""},
		{regctl, "repository:alice/app:pull,push", `[{"type":"repository","name":"alice/app","actions":["push"]}]`},
		{regctl, "repository:bob/app:pull", `[{"type":"repository","name":"bob/app","actions":["pull"]}]`},
		{"skopeo/1.9.3", "repository:alice/app:pull,push", ""},
		{"skopeo/1.9.3", "repository:bob/app:pull", ""},
		{"docker/28.2.2", "repository:bob/app:pull", "alice may not pull bob/app: bob is not alice's; localhost:8460/alice/app would work"},
	} {
		if got := refusedTo(c.agent, c.scope); got != c.want {
			t.Errorf("%s asks for %s: %s, want %s", c.agent, c.scope, got, c.want)
		}
	}
}
