package hubapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/token"
)

func TestCreateAndShow(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	out := w.ask(ada.bearer, "POST", "/v2/access-tokens", map[string]any{
		"token_label": "CI", "scopes": []string{"repo:read", "repo:write"}, "expires_at": "2027-01-31T12:00:00Z", "is_active": false, "unknown": 1,
	})
	made := out.is(201)
	secret := str(made, "token")
	if !strings.HasPrefix(secret, "lyd_pat_") || !token.Plausible(secret) || str(made, "token_last_four") != secret[len(secret)-4:] {
		t.Errorf("the secret is %q, its last four %q", secret, str(made, "token_last_four"))
	}
	want := map[string]any{
		"uuid": made["uuid"], "client_id": "HUB", "creator_ip": "127.0.0.1", "creator_ua": "test/1",
		"created_at": "2026-11-23T12:00:00.000000Z", "last_used": nil, "generated_by": "manual", "is_active": true,
		"token": secret, "token_label": "CI", "scopes": []any{"repo:read", "repo:write"}, "expires_at": "2027-01-31T12:00:00Z",
		"is_expired": false, "is_pinned": false, "token_last_four": made["token_last_four"],
		"last_used_ip": "", "last_used_ua": "", "machine": "", "os": "", "session_id": nil,
		"status": "active", "repositories": []any{}, "previous": nil,
	}
	if got := fmt.Sprint(made); got != fmt.Sprint(want) {
		t.Errorf("created %v\nwant    %v", got, want)
	}
	if cache := out.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("a secret with Cache-Control %q", cache)
	}
	want["token"] = ""
	for _, path := range []string{"/v2/access-tokens/" + str(made, "uuid"), "/v2/access-tokens/" + str(made, "uuid") + "/", "/v2/access-tokens/" + strings.ToUpper(str(made, "uuid"))} {
		if got := w.ask(ada.bearer, "GET", path, nil).is(200); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("GET %s: %v\nwant %v", path, got, want)
		}
	}
	listed := w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
	if results, _ := listed["results"].([]any); len(results) != 1 || fmt.Sprint(results[0]) != fmt.Sprint(want) {
		t.Errorf("listed %v", listed)
	}
	if strings.Contains(w.log.String(), secret) {
		t.Error("the secret is in the log")
	}
	found, err := w.tokens.Find(t.Context(), secret)
	if err != nil || found.Usable(w.now()) != nil {
		t.Errorf("the secret is good for nothing: %v", err)
	}
}

// What is sent comes back as it was sent: order and repetition of scopes, the
// spelling of the expiry.
func TestEcho(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for name, c := range map[string]struct{ sent, scopes, expires string }{
		"one scope":        {`"scopes":["repo:admin"]`, `["repo:admin"]`, `null`},
		"an odd order":     {`"scopes":["repo:write","repo:read","repo:write"]`, `["repo:write","repo:read","repo:write"]`, `null`},
		"silence":          {`"unknown":{"a":[1]}`, `["repo:public_read"]`, `null`},
		"no scope":         {`"scopes":[]`, `["repo:public_read"]`, `null`},
		"null":             {`"scopes":null,"expires_at":null`, `["repo:public_read"]`, `null`},
		"seconds":          {`"expires_at":"2027-10-31T23:59:59Z"`, `["repo:public_read"]`, `"2027-10-31T23:59:59Z"`},
		"three digits":     {`"expires_at":"2027-10-31T23:59:59.500Z"`, `["repo:public_read"]`, `"2027-10-31T23:59:59.500Z"`},
		"six digits":       {`"expires_at":"2027-10-31T23:59:59.000000Z"`, `["repo:public_read"]`, `"2027-10-31T23:59:59.000000Z"`},
		"an offset":        {`"expires_at":"2027-10-31T23:59:59+02:00"`, `["repo:public_read"]`, `"2027-10-31T23:59:59+02:00"`},
		"an escaped digit": {`"expires_at":"\u0032027-10-31T23:59:59Z"`, `["repo:public_read"]`, `"2027-10-31T23:59:59Z"`},
	} {
		t.Run(name, func(t *testing.T) {
			made := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x",`+c.sent+`}`)
			made.is(201)
			later := w.ask(ada.bearer, "GET", "/v2/access-tokens/"+str(made.is(201), "uuid"), nil)
			for _, body := range [][]byte{made.body, later.body} {
				var got struct {
					Scopes  json.RawMessage `json:"scopes"`
					Expires json.RawMessage `json:"expires_at"`
				}
				if err := json.Unmarshal(body, &got); err != nil || string(got.Scopes) != c.scopes || string(got.Expires) != c.expires {
					t.Errorf("scopes %s, expires_at %s, %v", got.Scopes, got.Expires, err)
				}
			}
		})
	}
}

func TestLabels(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, label := range []string{"x", strings.Repeat("ä", 100), `"</script>&\`, "日本語 🐳", " spaces "} {
		id := str(w.ask(ada.bearer, "POST", "/v2/access-tokens", map[string]any{"token_label": label}).is(201), "uuid")
		if got := str(w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id, nil).is(200), "token_label"); got != label {
			t.Errorf("%q came back as %q", label, got)
		}
	}
}

func TestListPages(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for i := range 25 {
		w.create(ada.bearer, fmt.Sprint("t", i))
	}
	page := func(query string) (labels []string, out map[string]any) {
		t.Helper()
		out = w.ask(ada.bearer, "GET", "/v2/access-tokens"+query, nil).is(200)
		if out["count"] != 25.0 || out["active_count"] != 25.0 {
			t.Errorf("%s: count %v, active %v", query, out["count"], out["active_count"])
		}
		results, _ := out["results"].([]any)
		for _, one := range results {
			labels = append(labels, str(one.(map[string]any), "token_label"))
		}
		return labels, out
	}
	// next is another page by number, and says besides where it begins.
	is := func(address any, path string) bool {
		u, err := url.Parse(fmt.Sprint(address))
		if err != nil || u.Query().Get("after") == "" {
			return false
		}
		q := u.Query()
		q.Del("after")
		u.RawQuery = q.Encode()
		return u.String() == issuer+path
	}
	labels, first := page("")
	if len(labels) != 10 || labels[0] != "t24" || first["previous"] != nil || !is(first["next"], "/v2/access-tokens?page=2&page_size=10") {
		t.Errorf("the first page: %v, %v, %v", labels, first["previous"], first["next"])
	}

	// Follow next to the end, as clients do, and previous back.
	var all []string
	pages := 0
	for next := "?page_size=7"; ; pages++ {
		labels, out := page(next)
		all = append(all, labels...)
		address, _ := out["next"].(string)
		if address == "" {
			if want := issuer + "/v2/access-tokens?page=3&page_size=7"; out["previous"] != want {
				t.Errorf("before the last page: %v, want %s", out["previous"], want)
			}
			break
		}
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(address, issuer+"/v2") {
			t.Fatalf("next is %q", address)
		}
		next = "?" + u.RawQuery
	}
	if slices.Sort(all); pages != 3 || len(slices.Compact(all)) != 25 {
		t.Errorf("%d pages, %d tokens", pages+1, len(all))
	}
	if labels, out := page("?page=9"); len(labels) != 0 || out["next"] != nil || out["previous"] != issuer+"/v2/access-tokens?page=8&page_size=10" {
		t.Errorf("past the end: %v, %v, %v", labels, out["next"], out["previous"])
	}
	if labels, out := page("?page=1&page_size=100000"); len(labels) != 25 || out["next"] != nil {
		t.Errorf("a page for all: %d, %v", len(labels), out["next"])
	}
	if _, out := page("?page_size=1&page=3&page=4"); !is(out["next"], "/v2/access-tokens?page=4&page_size=1") {
		t.Errorf("page twice: the first counts, but next is %v", out["next"])
	}
	older := w.ask(ada.bearer, "GET", "/v2/api_tokens/?page_size=20", nil).is(200)
	if !is(older["next"], "/v2/api_tokens?page=2&page_size=20") {
		t.Errorf("by the older path next is %v", older["next"])
	}
	if w.ask(ada.bearer, "GET", "/v2/access-tokens?page_size=101", nil).is(200)["next"] != nil {
		t.Error("25 tokens on a page of a hundred have a next page")
	}
	w.hold("bob-id", 1005)
	out := w.ask(w.signIn("bob").bearer, "GET", "/v2/access-tokens?page_size=5000", nil).is(200)
	if results, _ := out["results"].([]any); len(results) != 1000 || !is(out["next"], "/v2/access-tokens?page=2&page_size=1000") {
		t.Errorf("more than a thousand on a page: %d, %v", len(results), out["next"])
	}
}

func TestListCounts(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	if out := w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200); out["count"] != 0.0 || fmt.Sprint(out["results"]) != "[]" {
		t.Errorf("none: %v", out)
	}
	off := w.create(ada.bearer, "off")
	w.create(ada.bearer, "on")
	w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"short","expires_at":"2026-11-23T12:05:00Z"}`).is(201)
	w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+off, `{"is_active":false}`).is(200)
	w.generate(ada, "laptop")
	w.passes(5 * time.Minute)
	out := w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
	if out["count"] != 4.0 || out["active_count"] != 2.0 || out["inactive_count"] != 1.0 { // what expired stays listed
		t.Errorf("count %v, active %v, inactive %v", out["count"], out["active_count"], out["inactive_count"])
	}
	var seen []string
	for _, one := range out["results"].([]any) {
		m := one.(map[string]any)
		seen = append(seen, fmt.Sprint(m["token_label"], " ", m["generated_by"], " active ", m["is_active"], " expired ", m["is_expired"], " on ", m["machine"], m["os"]))
		if _, there := m["installation"]; there {
			t.Error("the installation is shown")
		}
	}
	want := []string{
		"Lanyard on laptop auto active true expired false on laptoplinux", "short manual active true expired true on ",
		"on manual active true expired false on ", "off manual active false expired false on ",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("%q\nwant %q", seen, want)
	}
}

func TestLastUsed(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	_, secret := w.generate(ada, "laptop")
	found, err := w.tokens.Find(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	w.at(noon.Add(time.Minute + 1234*time.Microsecond))
	w.tokens.Used(found, "192.0.2.7", "docker/28.2.2")
	out := w.ask(ada.bearer, "GET", "/v2/access-tokens/"+found.ID, nil).is(200)
	if out["last_used"] != "2026-11-23T12:01:00.001234Z" || out["last_used_ip"] != "192.0.2.7" || out["last_used_ua"] != "docker/28.2.2" {
		t.Errorf("%v", out)
	}
	if _, err := time.Parse(time.RFC3339, str(out, "last_used")); err != nil {
		t.Error(err)
	}
}

func TestPatch(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	path := "/v2/access-tokens/" + id
	for _, c := range []struct {
		sent, label string
		active      bool
	}{
		{`{"token_label":"deploy"}`, "deploy", true},
		{`{"is_active":false}`, "deploy", false},
		{`{"token_label":"both","is_active":true}`, "both", true}, // Terraform's provider sends both always
		{`{"token_label":"both","is_active":true}`, "both", true},
		{`{"token_label":null,"is_active":false}`, "both", false},
		{`{"is_active":true,"repositories":["ada/x"],"expires_at":"2027-01-01T00:00:00Z","token":"x","uuid":"y"}`, "both", true}, // forgiven, not done
	} {
		out := w.ask(ada.bearer, "PATCH", path, c.sent).is(200)
		again := w.ask(ada.bearer, "GET", path+"/", nil).is(200)
		if out["token_label"] != c.label || out["is_active"] != c.active || fmt.Sprint(out) != fmt.Sprint(again) {
			t.Errorf("%s: %v, later %v", c.sent, out, again)
		}
		if fmt.Sprint(out["scopes"]) != "[repo:read]" || out["expires_at"] != nil || out["token"] != "" {
			t.Errorf("%s: %v", c.sent, out)
		}
	}
}

func TestPatchPins(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id, _ := w.generate(ada, "laptop")
	if out := w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+id, `{"is_pinned":true}`).is(200); out["is_pinned"] != true {
		t.Errorf("%v", out)
	}
	w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+w.create(ada.bearer, "CI"), `{"is_pinned":true}`).refused(400, "invalid", "needs no pin")
	for i := range 3 {
		other, _ := w.generate(w.signIn("ada"), fmt.Sprint("c", i))
		w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+other, `{"is_pinned":true}`).is(200)
	}
	fifth, _ := w.generate(w.signIn("ada"), "c3")
	w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+fifth, `{"is_pinned":true}`).refused(409, "limit", "at most 4 tokens can be pinned")
}

func TestDelete(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	path := "/v2/access-tokens/" + w.create(ada.bearer, "CI")
	out := w.ask(ada.bearer, "DELETE", path, nil)
	if out.is(204); len(out.body) != 0 {
		t.Errorf("204 with %q", out.body)
	}
	for _, method := range []string{"GET", "DELETE"} {
		w.ask(ada.bearer, method, path, nil).refused(404, "unknown", "not found")
	}
	w.ask(ada.bearer, "PATCH", path, `{"is_active":true}`).refused(404, "unknown", "not found")
	w.ask(ada.bearer, "DELETE", "/v2/access-tokens/"+w.create(ada.bearer, "with a slash")+"/", nil).is(204)
}

// A token is its owner's: to another it does not exist, as one that never was.
func TestAnothersToken(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	id := w.create(ada.bearer, "CI")
	before := w.held()
	none := "/v2/access-tokens/00000000-0000-4000-8000-000000000000"
	for _, c := range []struct{ method, body string }{{"GET", ""}, {"PATCH", `{"is_active":false}`}, {"DELETE", ""}} {
		theirs := w.ask(bob.bearer, c.method, "/v2/access-tokens/"+id, c.body)
		theirs.refused(404, "unknown", "not found")
		if unknown := w.ask(bob.bearer, c.method, none, c.body); string(unknown.body) != string(theirs.body) {
			t.Errorf("%s tells whose token there is: %s, unknown %s", c.method, theirs.body, unknown.body)
		}
	}
	if out := w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).is(200); out["count"] != 0.0 {
		t.Errorf("bob sees %v", out)
	}
	if w.held() != before {
		t.Error("something changed")
	}
}

func TestExpiredCanOnlyBeDeleted(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	path := "/v2/access-tokens/" + str(w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"short","expires_at":"2026-11-23T12:05:00Z"}`).is(201), "uuid")
	w.ask(ada.bearer, "PATCH", path, `{"is_active":false}`).is(200)
	w.passes(5 * time.Minute)
	if out := w.ask(ada.bearer, "GET", path, nil).is(200); out["is_expired"] != true || out["is_active"] != false {
		t.Errorf("%v", out)
	}
	w.ask(ada.bearer, "PATCH", path, `{"is_active":true}`).refused(409, "expired", "can only be deleted")
	w.ask(ada.bearer, "DELETE", path, nil).is(204)
}

func TestLimitByHand(t *testing.T) {
	w := newWorld(t)
	w.tokens.Limits.Manual = 2
	ada := w.signIn("ada")
	first := w.create(ada.bearer, "1")
	w.create(ada.bearer, "2")
	before := w.held()
	w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"3"}`).refused(409, "limit", "at most 2 tokens made by hand; delete one")
	if w.held() != before {
		t.Error("something changed")
	}
	w.ask(ada.bearer, "DELETE", "/v2/access-tokens/"+first, nil).is(204)
	w.create(ada.bearer, "3")
}

// hub-tool's own requests (docker/hub-tool pkg/hub/tokens.go).
func TestHubTool(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	made := w.ask(ada.bearer, "POST", "/v2/api_tokens", `{"token_label":"laptop","is_active":false}`).is(201)
	if made["is_active"] != true || fmt.Sprint(made["scopes"]) != "[repo:admin]" || made["token"] == "" {
		t.Errorf("%v", made)
	}
	for _, body := range []string{`{"is_active":false}`, `{"token_label":"","is_active":false}`, `{}`, ``} {
		if out := w.ask(ada.bearer, "POST", "/v2/api_tokens", body).is(201); out["token_label"] != "API token" {
			t.Errorf("%s: %v", body, out)
		}
	}
	if out := w.ask(ada.bearer, "POST", "/v2/api_tokens/", `{"scopes":["repo:read"]}`).is(201); fmt.Sprint(out["scopes"]) != "[repo:read]" {
		t.Errorf("%v", out)
	}
	path := "/v2/api_tokens/" + str(made, "uuid")
	if out := w.ask(ada.bearer, "PATCH", path, `{"is_active":false}`).is(200); out["is_active"] != false {
		t.Errorf("%v", out)
	}
	if out := w.ask(ada.bearer, "GET", "/v2/api_tokens?page=1&page_size=100", nil).is(200); out["count"] != 6.0 || out["next"] != nil {
		t.Errorf("%v", out)
	}
	w.ask(ada.bearer, "DELETE", path, nil).is(204)

	// It shows a message only if the whole body is a map of strings.
	for _, refused := range []said{
		w.ask(ada.bearer, "GET", path, nil), w.ask("", "GET", path, nil), w.ask(ada.bearer, "POST", "/v2/api_tokens", `{"token_label":7}`),
		w.ask(ada.bearer, "PUT", path, nil), w.ask(ada.bearer, "POST", "/v2/api_tokens", `{"scopes":["x"]}`), w.ask(ada.bearer, "GET", path+"/x/y", nil),
	} {
		var all map[string]string
		if err := json.Unmarshal(refused.body, &all); err != nil || all["message"] == "" || refused.status < 400 {
			t.Errorf("%d %s: %v", refused.status, refused.body, err)
		}
	}
}

// Older clients say JWT where newer ones say Bearer.
func TestSchemes(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, scheme := range []string{"Bearer", "bearer", "JWT"} {
		r, err := http.NewRequest(http.MethodGet, w.url+"/v2/access-tokens/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", scheme+" "+ada.bearer)
		out, err := w.exchange(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		out.t = t
		out.is(200)
	}
}
