package hubapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/activity"
)

// acts are what somebody's activity says, the oldest first.
func (w *world) did(of string) []activity.Event {
	w.t.Helper()
	all, err := w.acts.Page(w.t.Context(), of, activity.Query{Most: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

func TestScopesOfATokenChange(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	path := "/v2/access-tokens/" + w.create(ada.bearer, "CI")
	w.passes(time.Second)
	out := w.ask(ada.bearer, "PATCH", path, `{"scopes":["repo:write","repo:read"],"token_label":"deploy"}`).is(200)
	if fmt.Sprint(out["scopes"]) != "[repo:write repo:read]" || out["token_label"] != "deploy" {
		t.Errorf("%v", out)
	}
	for _, e := range w.did("ada-id") {
		if e.Action == activity.TokenScoped && e.Details["from"] == "repo:read" && e.Details["to"] == "repo:write repo:read" {
			return
		}
	}
	t.Errorf("the activity does not say so: %+v", w.did("ada-id"))
}

func TestRotate(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	made := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"CI","scopes":["repo:write"],"expires_at":"2027-01-31T12:00:00Z","repositories":["ada/*"]}`).is(201)
	old, path := str(made, "token"), "/v2/access-tokens/"+str(made, "uuid")
	w.passes(time.Hour)
	ada = w.again(ada)
	said := w.ask(ada.bearer, "POST", path+"/rotate", `{"overlap_seconds":3600}`)
	out := said.is(200)
	fresh := str(out, "token")
	if fresh == old || fresh == "" || said.header.Get("Cache-Control") != "no-store" {
		t.Errorf("rotated to %v", out)
	}
	for _, same := range []string{"uuid", "created_at", "scopes", "expires_at", "token_label", "repositories", "is_active"} {
		if fmt.Sprint(out[same]) != fmt.Sprint(made[same]) {
			t.Errorf("%s was %v and is %v", same, made[same], out[same])
		}
	}
	if at(out, "previous", "token_last_four") != old[len(old)-4:] || at(out, "previous", "valid_until") != "2026-11-23T14:00:00.000000Z" || at(out, "previous", "last_used") != nil {
		t.Errorf("previous %v", out["previous"])
	}
	// Who still uses the old one is seen.
	w.basic("ada", old, "GET", "/v2/access-tokens/self", nil).is(200)
	shown := w.ask(ada.bearer, "GET", path, nil).is(200)
	if at(shown, "previous", "last_used") != "2026-11-23T13:00:00.000000Z" || at(shown, "previous", "last_used_ua") != "test/1" || shown["token"] != "" {
		t.Errorf("%v", shown)
	}
	w.passes(time.Hour)
	w.basic("ada", old, "GET", "/v2/access-tokens/self", nil).refused(401, "rotated", "use the new one")
	w.basic("ada", fresh, "GET", "/v2/access-tokens/self", nil).is(200)
	w.ask(w.again(ada).bearer, "POST", path+"/rotate", `{"overlap_seconds":0}`).is(200)
	w.basic("ada", fresh, "GET", "/v2/access-tokens/self", nil).refused(401, "rotated", "")
}

func TestRotateRefused(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	path := "/v2/access-tokens/" + w.create(bob.bearer, "CI")
	auto, _ := w.generate(bob, "laptop")
	off := "/v2/access-tokens/" + w.create(bob.bearer, "off")
	w.ask(bob.bearer, "PATCH", off, `{"is_active":false}`).is(200)
	short := "/v2/access-tokens/" + str(w.ask(bob.bearer, "POST", "/v2/access-tokens", `{"token_label":"short","expires_at":"2026-11-23T12:05:00Z"}`).is(201), "uuid")
	w.passes(5 * time.Minute)
	for body, words := range map[string]string{
		`{"overlap_seconds":-1}`: "from 0 to 2592000", `{"overlap_seconds":2592001}`: "from 0 to 2592000", `{"overlap_seconds":9223372036854775808}`: "whole number",
		`{"overlap_seconds":"1"}`: "whole number", `{"overlap_seconds":1.5}`: "whole number", `[]`: "not a JSON object", `{`: "broken JSON",
	} {
		w.ask(bob.bearer, "POST", path+"/rotate", body).refused(400, "invalid", words)
	}
	w.ask(bob.bearer, "POST", "/v2/access-tokens/"+auto+"/rotate", nil).refused(400, "invalid", "signing in again")
	w.ask(bob.bearer, "POST", off+"/rotate", nil).refused(409, "inactive", "activate it")
	w.ask(bob.bearer, "POST", short+"/rotate", nil).refused(409, "expired", "only be deleted")
	w.ask(ada.bearer, "POST", path+"/rotate", nil).refused(404, "unknown", "not found")
	w.ask(bob.bearer, "POST", "/v2/access-tokens/none/rotate", nil).refused(404, "unknown", "not found")
	w.ask("", "POST", path+"/rotate", nil).refused(401, "token", "unauthorized")
	if shown := w.ask(bob.bearer, "GET", path, nil).is(200); shown["previous"] != nil {
		t.Errorf("something was rotated: %v", shown)
	}
}

func TestBulk(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	var ids []string
	for i := range 5 {
		ids = append(ids, w.create(ada.bearer, fmt.Sprint(i)))
	}
	theirs := w.create(bob.bearer, "theirs")
	send := func(action string, ids ...string) said {
		return w.ask(ada.bearer, "POST", "/v2/access-tokens/bulk", map[string]any{"action": action, "uuids": ids})
	}
	out := send("deactivate", ids[0], strings.ToUpper(ids[1]), ids[0]).is(200)
	results, _ := out["results"].([]any)
	if out["done"] != 2.0 || len(results) != 2 || at(results[0].(map[string]any), "is_active") != false {
		t.Errorf("%v", out)
	}
	if out := send("activate", ids[0]).is(200); out["done"] != 1.0 {
		t.Errorf("%v", out)
	}
	before := w.held()
	for name, c := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"another's among them": {send("delete", ids[0], theirs), 404, "unknown", "not found"},
		"an unknown one":       {send("deactivate", ids[0], "none"), 404, "unknown", "not found"},
		"none":                 {send("delete"), 400, "invalid", "1 to 100 tokens"},
		"too many":             {send("delete", strings.Split(strings.Repeat("x,", 101)+ids[0], ",")...), 404, "unknown", "not found"}, // two of them differ
		"no action":            {send("", ids[0]), 400, "invalid", "activate, deactivate or delete"},
		"another action":       {send("rotate", ids[0]), 400, "invalid", "activate, deactivate or delete"},
		"no list":              {w.ask(ada.bearer, "POST", "/v2/access-tokens/bulk", `{"action":"delete","uuids":"x"}`), 400, "invalid", "list of strings"},
		"no body":              {w.ask(ada.bearer, "POST", "/v2/access-tokens/bulk", nil), 400, "invalid", "not a JSON object"},
		"nobody":               {w.ask("", "POST", "/v2/access-tokens/bulk", nil), 401, "token", "unauthorized"},
	} {
		c.said.t = t
		c.refused(c.status, c.reason, c.words)
		if w.held() != before {
			t.Errorf("%s: something changed", name)
		}
	}
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprint(i))
	}
	send("delete", many...).refused(400, "invalid", "1 to 100 tokens")
	if out := send("delete", ids[1:4]...).is(200); out["done"] != 3.0 || fmt.Sprint(out["results"]) != "[]" {
		t.Errorf("%v", out)
	}
	if left, _ := w.labels(ada.bearer, ""); !slices.Equal(left, []string{"4", "0"}) {
		t.Errorf("left are %q", left)
	}
	w.ask(bob.bearer, "GET", "/v2/access-tokens/"+theirs, nil).is(200)
}

func TestWhich(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	made := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"CI","scopes":["repo:read"]}`).is(201)
	old := str(made, "token")
	fresh := str(w.ask(ada.bearer, "POST", "/v2/access-tokens/"+str(made, "uuid")+"/rotate", nil).is(200), "token")
	theirs := str(w.ask(bob.bearer, "POST", "/v2/access-tokens", `{"token_label":"theirs"}`).is(201), "token")
	which := func(who, secret string) said {
		return w.ask(who, "POST", "/v2/access-tokens/which", map[string]string{"token": secret})
	}
	for secret, previous := range map[string]bool{old: true, fresh: false, " " + fresh + "\n": false} {
		out := which(ada.bearer, secret).is(200)
		if out["previous"] != previous || at(out, "token", "token_label") != "CI" || at(out, "token", "token") != "" {
			t.Errorf("%v", out)
		}
	}
	unknown, another := which(ada.bearer, "lyd_pat_000000000000000000000000000000000"), which(ada.bearer, theirs)
	another.refused(404, "unknown", "access token not found")
	unknown.refused(404, "unknown", "copy it again")
	deleted := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"gone"}`).is(201)
	w.ask(ada.bearer, "DELETE", "/v2/access-tokens/"+str(deleted, "uuid"), nil).is(204)
	if gone := which(ada.bearer, str(deleted, "token")); gone.status != 404 || string(gone.body) != string(another.body) {
		t.Errorf("a deleted one %s, another's %s", gone.body, another.body)
	}
	if mine := which(bob.bearer, fresh); string(mine.body) != string(another.body) {
		t.Errorf("bob learns %s", mine.body)
	}
	w.ask(ada.bearer, "POST", "/v2/access-tokens/which?username=bob", map[string]string{"token": theirs}).is(200)
	w.ask(ada.bearer, "POST", "/v2/access-tokens/which", `{}`).refused(400, "invalid", "token is needed")
	w.ask("", "POST", "/v2/access-tokens/which", map[string]string{"token": fresh}).refused(401, "token", "unauthorized")
	if log := w.log.String(); strings.Contains(log, fresh) || strings.Contains(log, old) || strings.Contains(log, theirs) {
		t.Error("a secret is in the log")
	}
}

// An administrator acts for another by name, and both find it in their activity.
func TestAdministratorsActForOthers(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	made := w.ask(ada.bearer, "POST", "/v2/access-tokens?username=bob", `{"token_label":"for bob"}`).is(201)
	path := "/v2/access-tokens/" + str(made, "uuid")
	w.ask(ada.bearer, "GET", path, nil).refused(404, "unknown", "not found")
	w.ask(bob.bearer, "GET", path, nil).is(200)
	w.ask(ada.bearer, "GET", path+"?username=BOB", nil).is(200)
	w.passes(time.Second) // the order of acts is that of time
	w.ask(ada.bearer, "PATCH", path+"?username=bob", `{"is_active":false}`).is(200)
	w.passes(time.Second)
	w.ask(ada.bearer, "PATCH", path+"?username=bob", `{"is_active":true}`).is(200)
	w.passes(time.Second)
	w.ask(ada.bearer, "POST", path+"/rotate?username=bob", nil).is(200)
	if out := w.ask(ada.bearer, "GET", "/v2/access-tokens?username=bob", nil).is(200); out["count"] != 1.0 {
		t.Errorf("%v", out)
	}
	w.passes(time.Second)
	w.ask(ada.bearer, "DELETE", path+"?username=bob", nil).is(204)
	for _, of := range []string{"ada-id", "bob-id"} {
		var done []string
		for _, e := range w.did(of) {
			if e.Subject == str(made, "uuid") {
				done = append(done, string(e.Action)+" by "+e.ActorName)
			}
		}
		want := "token.created by ada,token.deactivated by ada,token.activated by ada,token.rotated by ada,token.deleted by ada"
		if got := strings.Join(done, ","); got != want {
			t.Errorf("%s's activity: %s, want %s", of, got, want)
		}
	}
	before := w.held()
	for _, c := range [][3]string{
		{"GET", "/v2/access-tokens", ""}, {"POST", "/v2/access-tokens", `{"token_label":"x"}`}, {"POST", "/v2/access-tokens/bulk", `{"action":"delete","uuids":["x"]}`},
		{"POST", "/v2/access-tokens/which", `{"token":"x"}`}, {"DELETE", "/v2/access-tokens/sessions", ""}, {"GET", "/v2/access/activity", ""},
		{"GET", "/v2/access/explain?repository=ada/app&action=pull", ""},
	} {
		for _, name := range []string{"ada", "nobody", "ada%00"} {
			sign := "?"
			if strings.Contains(c[1], "?") {
				sign = "&"
			}
			w.ask(bob.bearer, c[0], c[1]+sign+"username="+name, c[2]).refused(403, "forbidden", "only administrators act for somebody else")
		}
	}
	if w.held() != before {
		t.Error("something changed")
	}
	w.ask(ada.bearer, "GET", "/v2/access-tokens?username=nobody", nil).refused(404, "unknown", "not found: there is no user")
	w.ask(ada.bearer, "POST", "/v2/access-tokens/desktop-generate?username=bob", nil).refused(400, "invalid", "cannot be used here")
	w.ask(ada.bearer, "GET", "/v2/access-tokens/session?username=bob", nil).refused(400, "invalid", "cannot be used here")
	w.ask(bob.bearer, "GET", "/v2/access-tokens?username=bob", nil).is(200)
}

// Signing somebody out everywhere: theirs end, the administrator's own stay.
func TestAdministratorEndsSessions(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	other := w.signIn("bob")
	if out := w.ask(ada.bearer, "DELETE", "/v2/access-tokens/sessions?username=bob", nil).is(200); out["ended"] != 2.0 {
		t.Errorf("%v", out)
	}
	w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).refused(401, "ended", "")
	w.ask(other.bearer, "GET", "/v2/access-tokens", nil).refused(401, "ended", "")
	w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
}
