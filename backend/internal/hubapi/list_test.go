package hubapi_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// labels are those of a page, and the query of the next one; "": the last.
func (w *world) labels(who, query string) (all []string, next string) {
	w.t.Helper()
	out := w.ask(who, "GET", "/v2/access-tokens"+query, nil).is(200)
	for _, one := range out["results"].([]any) {
		all = append(all, str(one.(map[string]any), "token_label"))
	}
	address, _ := out["next"].(string)
	if _, q, ok := strings.Cut(address, "?"); ok {
		next = "?" + q
	}
	return all, next
}

func TestSearchFilterSort(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	w.create(ada.bearer, "deploy staging")
	w.passes(time.Second)
	off := w.create(ada.bearer, "Deploy production")
	w.passes(time.Second)
	w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"backup","scopes":["repo:admin"],"expires_at":"2026-11-23T12:05:00Z"}`).is(201)
	w.passes(time.Second)
	w.generate(ada, "laptop")
	w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+off, `{"is_active":false}`).is(200)
	w.passes(5 * time.Minute)
	for query, want := range map[string]string{
		"":                                  "Lanyard on laptop,backup,Deploy production,deploy staging",
		"search=deploy":                     "Deploy production,deploy staging",
		"search=DEPLOY%20stag":              "deploy staging",
		"search=laptop":                     "Lanyard on laptop",
		"search=nothing":                    "",
		"source=auto":                       "Lanyard on laptop",
		"source=manual&ordering=created":    "deploy staging,Deploy production,backup",
		"status=active":                     "Lanyard on laptop,deploy staging",
		"status=inactive":                   "Deploy production",
		"status=expired":                    "backup",
		"status=inactive&search=stag":       "",
		"ordering=description":              "backup,Deploy production,deploy staging,Lanyard on laptop",
		"ordering=-description":             "Lanyard on laptop,deploy staging,Deploy production,backup",
		"ordering=expires&source=manual":    "backup,deploy staging,Deploy production",
		"ordering=-status&source=manual":    "Deploy production,backup,deploy staging",
		"ordering=scopes&source=manual":     "backup,deploy staging,Deploy production",
		"ordering=source&search=la":         "Lanyard on laptop",
		"ordering=last_used&search=staging": "deploy staging",
	} {
		all, _ := w.labels(ada.bearer, "?"+query)
		if got := strings.Join(all, ","); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	out := w.ask(ada.bearer, "GET", "/v2/access-tokens?search=deploy&page_size=1", nil).is(200)
	if out["count"] != 2.0 || out["active_count"] != 2.0 || out["inactive_count"] != 1.0 {
		t.Errorf("counts %v of %v and %v", out["count"], out["active_count"], out["inactive_count"])
	}
}

// A page goes on where the one before ended, whatever comes and goes between.
func TestPagesWhileTokensComeAndGo(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	ids := map[string]string{}
	for i := range 10 {
		label := fmt.Sprint("t", i)
		ids[label] = w.create(ada.bearer, label)
		w.passes(time.Second)
	}
	seen, next := w.labels(ada.bearer, "?page_size=3&ordering=-created")
	for n := 0; next != ""; n++ {
		w.create(ada.bearer, fmt.Sprint("new", n)) // a new one comes before all
		w.passes(time.Second)
		w.ask(ada.bearer, "DELETE", "/v2/access-tokens/"+ids[seen[len(seen)-1]], nil).is(204) // the one that the page ended with
		var page []string
		page, next = w.labels(ada.bearer, next)
		seen = append(seen, page...)
	}
	if want := []string{"t9", "t8", "t7", "t6", "t5", "t4", "t3", "t2", "t1", "t0"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
}

// The address of the next page keeps the question.
func TestNextKeepsTheQuestion(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for i := range 5 {
		w.create(ada.bearer, fmt.Sprint("a&b=", i))
	}
	_, next := w.labels(ada.bearer, "?page_size=2&search=a%26b&ordering=description&source=manual&status=active&unknown=1")
	q, err := url.ParseQuery(strings.TrimPrefix(next, "?"))
	if err != nil || q.Get("search") != "a&b" || q.Get("ordering") != "description" || q.Get("source") != "manual" || q.Get("status") != "active" || q.Get("page") != "2" || q.Get("after") == "" {
		t.Errorf("next is %s", next)
	}
	if page, _ := w.labels(ada.bearer, next); !slices.Equal(page, []string{"a&b=2", "a&b=3"}) {
		t.Errorf("the second page: %q", page)
	}
}

// D9: a cursor is a place in an order. One of somebody else's list, and one
// made up, reach one's own tokens and nothing more.
func TestForgedCursor(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	for i := range 4 {
		w.create(ada.bearer, fmt.Sprint("ada", i))
		w.create(bob.bearer, fmt.Sprint("bob", i))
	}
	_, theirs := w.labels(ada.bearer, "?page_size=2")
	forged := func(text string) string { return "?after=" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, query := range []string{
		theirs, theirs + "&username=bob", forged(`["","","x"]`), forged(`["~","~","~"]`), forged(`["0","0","ada-id"]`), forged(`["","","x","y"]`),
	} {
		page, _ := w.labels(bob.bearer, query)
		for _, label := range page {
			if !strings.HasPrefix(label, "bob") {
				t.Errorf("%s: bob sees %q", query, label)
			}
		}
	}
	for _, text := range []string{`["","",""]`, `{}`, `[1,2,3]`, `null`, `x`, strings.Repeat("[", 500)} {
		w.ask(bob.bearer, "GET", "/v2/access-tokens"+forged(text), nil).refused(400, "invalid", "no page begins there")
	}
}
