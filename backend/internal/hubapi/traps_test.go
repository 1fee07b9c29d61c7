package hubapi_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lanyard/backend/internal/hubapi"
)

// What real clients need beyond the Hub's document, one test each.

// hub-tool shows a reason only where the whole body is a map of strings.
func TestHubToolErrorMap(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for name, refused := range map[string]said{
		"nobody":               w.ask("", "GET", "/v2/api_tokens", nil),
		"an unknown token":     w.ask(ada.bearer, "GET", "/v2/api_tokens/x", nil),
		"a bad field":          w.ask(ada.bearer, "POST", "/v2/api_tokens", `{"token_label":7,"scopes":7}`),
		"a bad body":           w.ask(ada.bearer, "PATCH", "/v2/api_tokens/x", `{`),
		"another's tokens":     w.ask(w.signIn("bob").bearer, "GET", "/v2/api_tokens?username=ada", nil),
		"a session of a token": w.ask(w.madeOf("ada", w.create(ada.bearer, "CI")), "GET", "/v2/api_tokens", nil),
	} {
		var all map[string]*string
		if err := json.Unmarshal(refused.body, &all); err != nil || all["message"] == nil || all["detail"] == nil || refused.status < 400 {
			t.Errorf("%s: %d %s: %v", name, refused.status, refused.body, err)
		}
	}
}

// hub-tool sends is_active false when it creates, and means nothing by it.
func TestHubToolCreatesInactive(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v2/api_tokens", "/v2/access-tokens"} {
		if out := w.ask(w.signIn("ada").bearer, "POST", path, `{"token_label":"x","is_active":false}`).is(201); out["is_active"] != true {
			t.Errorf("%s: %v", path, out)
		}
	}
}

// hub-tool knows no scopes, and may send no label.
func TestHubToolSendsNoScopes(t *testing.T) {
	w := newWorld(t)
	out := w.ask(w.signIn("ada").bearer, "POST", "/v2/api_tokens", `{"is_active":false}`).is(201)
	if fmt.Sprint(out["scopes"]) != "[repo:admin]" || out["token_label"] == "" {
		t.Errorf("%v", out)
	}
}

// hub-tool parses the id, and times that are RFC 3339 or null.
func TestHubToolParses(t *testing.T) {
	w := newWorld(t)
	out := w.ask(w.signIn("ada").bearer, "POST", "/v2/api_tokens", `{"token_label":"x"}`).is(201)
	if _, err := uuid.Parse(str(out, "uuid")); err != nil {
		t.Error(err)
	}
	if _, err := time.Parse(time.RFC3339, str(out, "created_at")); err != nil {
		t.Error(err)
	}
	if last, there := out["last_used"]; last != nil || !there {
		t.Errorf("never used is %v", last)
	}
}

// hub-tool sends is_active alone, and always.
func TestHubToolPatches(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	path := "/v2/api_tokens/" + w.create(ada.bearer, "CI")
	for _, active := range []bool{false, true} {
		if out := w.ask(ada.bearer, "PATCH", path, map[string]bool{"is_active": active}).is(200); out["is_active"] != active || out["token_label"] != "CI" {
			t.Errorf("%v", out)
		}
	}
}

// Terraform's provider compares what comes back with what it sent, byte by byte.
func TestTerraformExpiresAt(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	form := regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$`)
	for _, sent := range []string{"2027-10-31T23:59:59Z", "2027-10-31T23:59:59.5Z", "2027-10-31T23:59:59.123456Z"} {
		out := w.ask(ada.bearer, "POST", "/v2/access-tokens", map[string]any{"token_label": "x", "expires_at": sent}).is(201)
		later := w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+str(out, "uuid"), `{"token_label":"x","is_active":false}`).is(200)
		if out["expires_at"] != sent || later["expires_at"] != sent || !form.MatchString(sent) {
			t.Errorf("%s came back as %v, later %v", sent, out["expires_at"], later["expires_at"])
		}
	}
	if out := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x"}`).is(201); out["expires_at"] != nil {
		t.Errorf("never is %v", out["expires_at"])
	}
}

// Terraform's provider expects scopes in its own order, and none left out.
func TestTerraformScopes(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, sent := range []string{`["repo:read","repo:write"]`, `["repo:write","repo:read"]`, `["repo:admin","repo:public_read"]`} {
		id := str(w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x","scopes":`+sent+`}`).is(201), "uuid")
		if later := w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id, nil); !strings.Contains(string(later.body), `"scopes":`+sent) {
			t.Errorf("%s came back in %s", sent, later.body)
		}
	}
}

// Terraform's provider takes an absolute next only where it begins with the
// address it was given; so it is built from the public URL, whatever a request says.
func TestTerraformNext(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	w.hold("ada-id", 30)
	for _, path := range []string{"/v2/access-tokens", "/v2/access-tokens/", "/v2/api_tokens"} {
		next := str(w.ask(ada.bearer, "GET", path+"?page_size=10", nil).is(200), "next")
		if !strings.HasPrefix(next, issuer+strings.TrimSuffix(path, "/")+"?") {
			t.Errorf("next of %s is %s", path, next)
		}
	}
}

// Terraform's provider knows what is gone by two words, and not by the status.
func TestTerraformNotFound(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, path := range []string{"/v2/access-tokens/x", "/v2/api_tokens/x", "/v2/orgs/none", "/v2/orgs/none/access-tokens", "/v2/access/repositories/ada/x", "/v2/auditlogs/none", "/v2/nothing/at/all"} {
		if out := w.ask(ada.bearer, "GET", path, nil); path != "/v2/nothing/at/all" && (out.status != 404 || !strings.Contains(strings.ToLower(str(out.is(404), "message")), "not found")) {
			t.Errorf("%s: %d %s", path, out.status, out.body)
		}
	}
}

// The Hub's statuses: 201 for what was made, 204 for what was deleted.
func TestHubStatuses(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	path := "/v2/access-tokens/" + str(w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x"}`).is(201), "uuid")
	w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
	w.ask(ada.bearer, "GET", path, nil).is(200)
	w.ask(ada.bearer, "PATCH", path, `{"is_active":true}`).is(200)
	if out := w.ask(ada.bearer, "DELETE", path, nil); out.status != 204 || len(out.body) != 0 {
		t.Errorf("%d %q", out.status, out.body)
	}
}

// Every answer says how much one may still ask; beyond it is 429, with the
// moment to come back in both of the Hub's headers.
func TestHubRateLimit(t *testing.T) {
	w := newWorld(t)
	w.remount(func(h *hubapi.Handler) { h.PerMinute = 3 })
	ada, bob := w.signIn("ada"), w.signIn("bob")
	for i, path := range []string{"/v2/access-tokens", "/v2/access-tokens/x", "/v2/orgs"} {
		out := w.ask(ada.bearer, "GET", path, nil)
		if out.header.Get("X-RateLimit-Limit") != "3" || out.header.Get("X-RateLimit-Remaining") != fmt.Sprint(2-i) || out.header.Get("X-RateLimit-Reset") == "" {
			t.Errorf("%s: %v", path, out.header)
		}
	}
	out := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x"}`)
	out.refused(429, "requests", "wait, as Retry-After says")
	if out.header.Get("Retry-After") != "20" || out.header.Get("X-Retry-After") != fmt.Sprint(noon.Unix()+20) || out.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%v", out.header)
	}
	if w.held() != "{Tokens:[] Losses:[] Evictions:[] Acts:[] Ends:[]}" {
		t.Errorf("something was made: %s", w.held())
	}
	w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).is(200)
	for _, path := range []string{"/v2/access-tokens", "/v2/users/x", "/v2/orgs"} { // of nobody: by address
		w.ask("", "PUT", path, nil)
	}
	w.ask("", "GET", "/v2/access-tokens", nil).refused(429, "requests", "too many")
	w.passes(20 * time.Second)
	w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
}
