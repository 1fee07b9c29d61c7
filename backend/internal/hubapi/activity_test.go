package hubapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/store/memstore"
)

func TestActivity(t *testing.T) {
	w := newWorld(t)
	bob, eve := w.signIn("bob"), w.signIn("eve")
	id := w.create(bob.bearer, "CI")
	w.passes(time.Second)
	w.ask(bob.bearer, "PATCH", "/v2/access-tokens/"+id, `{"token_label":"deploy"}`).is(200)
	w.passes(time.Second)
	w.ask(bob.bearer, "DELETE", "/v2/access-tokens/"+id, nil).is(204)
	w.create(eve.bearer, "eve's")
	out := w.ask(bob.bearer, "GET", "/v2/access/activity?action=token.&limit=2", nil).is(200)
	page := out["results"].([]any)
	if len(page) != 2 || !strings.HasPrefix(fmt.Sprint(out["next"]), issuer+"/v2/access/activity?action=token.&before=") {
		t.Fatalf("%v", out)
	}
	last := page[0].(map[string]any)
	if last["action"] != "token.deleted" || last["actor"] != "bob-id" || last["actor_name"] != "bob" || last["subject"] != id || last["label"] != "deploy" ||
		last["ip"] != "127.0.0.1" || last["agent"] != "test/1" || last["at"] != "2026-11-23T12:00:02.000000Z" {
		t.Errorf("%v", last)
	}
	if renamed := page[1].(map[string]any); renamed["action"] != "token.renamed" || at(renamed, "details", "from") != "CI" {
		t.Errorf("%v", renamed)
	}
	rest := w.ask(bob.bearer, "GET", strings.TrimPrefix(str(out, "next"), issuer), nil).is(200)
	if page := rest["results"].([]any); len(page) != 1 || rest["next"] != nil || str(page[0].(map[string]any), "action") != "token.created" {
		t.Errorf("%v", rest)
	}
	for query, n := range map[string]int{
		"?subject=" + id: 3, "?subject=none": 0, "?from=2026-11-23T12:00:02Z&action=token": 1, "?to=2026-11-23T12:00:01Z&action=token": 1, "?action=repository": 0,
	} {
		if page := w.ask(bob.bearer, "GET", "/v2/access/activity"+query, nil).is(200)["results"].([]any); len(page) != n {
			t.Errorf("%s: %v", query, page)
		}
	}
	ada := w.signIn("ada")
	if page := w.ask(ada.bearer, "GET", "/v2/access/activity?username=bob&action=token", nil).is(200)["results"].([]any); len(page) != 3 {
		t.Errorf("an administrator sees %v", page)
	}
}

func TestBadActivity(t *testing.T) {
	w := newWorld(t)
	bob := w.signIn("bob")
	for query, words := range map[string]string{
		"limit=0": "from 1", "limit=1001": "from 1", "limit=x": "from 1", "before=x": "is no event", "before=" + strings.Repeat("0", 200): "is no event",
		"from=yesterday": "must be a date and time", "to=2026-13-01T00:00:00Z": "must be a date and time", "before=%00": "is no event",
	} {
		w.ask(bob.bearer, "GET", "/v2/access/activity?"+query, nil).refused(400, "invalid", words)
		w.ask(bob.bearer, "GET", "/v2/access/activity?format=jsonl&"+query, nil).refused(400, "invalid", words)
	}
	w.ask("", "GET", "/v2/access/activity", nil).refused(401, "token", "unauthorized")
}

// All of it, an object a line, however much that is.
func TestActivityInLines(t *testing.T) {
	w := newWorld(t)
	bob := w.signIn("bob")
	var events []activity.Event
	for i := range 2500 {
		events = append(events, activity.New("bob-id", activity.TokenRenamed, activity.By{Name: "bob"}, noon.Add(time.Duration(i)*time.Millisecond)).Of("x", fmt.Sprint(i)))
	}
	if err := w.store.AddEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	w.passes(time.Minute)
	for _, as := range []string{"?action=token.renamed&format=jsonl", "?action=token.renamed"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v2/access/activity"+as, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+bob.bearer)
		r.Header.Set("Accept", "application/jsonl")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/jsonl" || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", response.StatusCode, response.Header)
		}
		n := 2500
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			n--
			var one struct{ Action, Label string }
			if err := json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &one); err != nil || one.Label != fmt.Sprint(n) {
				t.Fatalf("line %s: %v, want label %d", lines.Bytes(), err, n)
			}
		}
		if n != 0 {
			t.Errorf("%d lines are missing", n)
		}
	}
}

// forgetful fails at the second page of an activity.
type forgetful struct {
	*memstore.DB
	asked int
}

func (f *forgetful) Events(ctx context.Context, account, before string, most int, fn func(activity.Event) bool) ([]activity.Event, error) {
	if f.asked++; f.asked == 2 {
		return nil, errDisk
	}
	return f.DB.Events(ctx, account, before, most, fn)
}

// Lines that end too early are no whole answer.
func TestActivityCutOff(t *testing.T) {
	w := newWorldOn(t, &forgetful{DB: memstore.New()})
	bob := w.signIn("bob")
	var events []activity.Event
	for i := range 1500 {
		events = append(events, activity.New("bob-id", activity.TokenRenamed, activity.By{}, noon.Add(time.Duration(i)*time.Microsecond)))
	}
	if err := w.store.AddEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	w.passes(time.Minute)
	if out, err := w.send(bob.bearer, "GET", "/v2/access/activity?format=jsonl&action=token.renamed", nil); err == nil {
		t.Errorf("a part was taken for all: %d, %d bytes", out.status, len(out.body))
	}
}

func TestAuditLog(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/app"}`).is(201)
	c.passes(time.Second)
	c.ask(c.bob, "PATCH", "/v2/access/repositories/bob/app", `{"visibility":"public"}`).is(200)
	c.passes(time.Second)
	logs := func(who, path string) []any {
		t.Helper()
		return c.ask(who, "GET", "/v2/auditlogs/"+path, nil).is(200)["logs"].([]any)
	}
	got := logs(c.bob, "bob?action=repo.change_privacy")
	if len(got) != 1 || fmt.Sprint(got[0]) != "map[account:bob action:repo.change_privacy action_description:Privacy Changed: bob/app actor:bob data:map[subject:bob/app to:public] name:bob/app timestamp:2026-11-23T12:00:01Z]" {
		t.Errorf("%v", got)
	}
	all := len(logs(c.bob, "bob?page_size=100"))
	for path, n := range map[string]int{
		"bob?page_size=1": 1, "bob?page_size=1&page=2": 1, "bob?page_size=100&page=2": 0, "bob?actor=eve": 0, "bob?name=bob/app": 2, "BOB?actor=bob": all, "bob?action=repo.create": 1,
		"bob?from=2026-11-23T12:00:01Z": 1, "bob?to=2026-11-23T12:00:01Z&name=bob/app": 1,
	} {
		if got := logs(c.bob, path); len(got) != n {
			t.Errorf("%s: %d, want %d", path, len(got), n)
		}
	}
	c.orgToken(`{"label":"CI",` + reading + `}`)
	if got := logs(c.bob, "acme?action=token.created"); len(got) != 1 || at(got[0].(map[string]any), "name") != "CI" {
		t.Errorf("an organisation's: %v", got)
	}
	if got := logs(c.ada, "bob?action=repo.create"); len(got) != 1 {
		t.Errorf("an administrator sees %v", got)
	}
	actions := c.ask(c.bob, "GET", "/v2/auditlogs/bob/actions", nil).is(200)
	if at(actions, "actions", "repo", "label") != "Repository" || !strings.Contains(fmt.Sprint(at(actions, "actions", "repo", "actions")), "change_privacy") {
		t.Errorf("%v", actions)
	}
	for _, path := range []string{"bob", "bob/actions", "nobody", "acme%00"} {
		c.ask(c.mal, "GET", "/v2/auditlogs/"+path, nil).refused(404, "unknown", "not found")
	}
	c.ask(c.eve, "GET", "/v2/auditlogs/acme", nil).refused(403, "forbidden", "only owners of acme")
	c.ask(c.bob, "GET", "/v2/auditlogs/bob?page=1000&page_size=1000", nil).refused(400, "invalid", "use from and to")
	c.ask(c.bob, "GET", "/v2/auditlogs/bob?from=x", nil).refused(400, "invalid", "must be a date and time")
	c.ask("", "GET", "/v2/auditlogs/bob", nil).refused(401, "token", "unauthorized")
}
