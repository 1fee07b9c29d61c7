package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"lanyard/backend/internal/openapitest"
)

// An operation is one method of one path of the document, and how to ask for
// it so that it would do something.
type operation struct {
	method, path string
	op           *openapi3.Operation
	shared       openapi3.Parameters
}

func (o operation) String() string { return o.method + " " + o.path }

func operationsOf(t *testing.T) []operation {
	t.Helper()
	doc, err := openapitest.Ours()
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{method, path, op, item.Parameters})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// form says what the body is: "" none.
func (o operation) form() string {
	if o.op.RequestBody == nil {
		return ""
	}
	if o.op.RequestBody.Value.Content["application/x-www-form-urlencoded"] != nil {
		return "application/x-www-form-urlencoded"
	}
	if o.path == "/events" {
		return "application/vnd.docker.distribution.events.v1+json"
	}
	return "application/json"
}

// A spot is where something can be put into a request.
type spot struct{ in, name string }

// spots are all parameters and fields of the body.
func (o operation) spots() (all []spot) {
	for _, p := range slices.Concat(o.shared, o.op.Parameters) {
		all = append(all, spot{p.Value.In, p.Value.Name})
	}
	if form := o.form(); form != "" {
		for _, media := range o.op.RequestBody.Value.Content {
			for _, name := range slices.Sorted(maps.Keys(media.Schema.Value.Properties)) {
				if one := (spot{"body", name}); !slices.Contains(all, one) {
					all = append(all, one)
				}
			}
		}
		all = append(all, spot{"body", ""})
	}
	return all
}

// good are values with which bob, or whoever may, asks for the right thing.
func (w *town) good(o operation) map[spot]any {
	bob := w.of["bob"]
	values := map[spot]any{
		{"path", "uuid"}: bob.tried, {"path", "hashedtoken"}: bob.tried, {"path", "org"}: "acme", {"path", "group"}: "dev", {"path", "username"}: "max",
		{"path", "id"}: w.orgID, {"path", "account"}: "bob", {"path", "name"}: "bob/app",
		{"query", "repository"}: "bob/app", {"query", "action"}: "pull", {"query", "tag"}: "1", {"query", "user"}: "eve", {"query", "service"}: "registry.example",
		{"query", "client_id"}: "lanyard", {"query", "redirect_uri"}: "http://127.0.0.1:4711/callback", {"query", "id"}: "x",
		{"query", "usedbefore"}: "2001-01-01",
	}
	bodies := map[string]map[string]any{
		"POST /v2/users/login":                       {"username": "bob", "password": bob.tokens["repo:read"]},
		"POST /v2/users/2fa-login":                   {"login_2fa_token": "x", "code": "000000"},
		"POST /v2/auth/token":                        {"identifier": "bob", "secret": bob.tokens["repo:read"]},
		"POST /v2/access-tokens":                     {"token_label": "new", "scopes": []any{"repo:read"}},
		"POST /v2/api_tokens":                        {"token_label": "new"},
		"POST /v2/access-tokens/bulk":                {"action": "deactivate", "uuids": []any{bob.tried}},
		"POST /v2/access-tokens/which":               {"token": bob.tokens["repo:read"]},
		"POST /v2/orgs":                              {"name": "umbra"},
		"POST /v2/orgs/{org}/groups":                 {"name": "ops"},
		"POST /v2/orgs/{org}/access-tokens":          {"label": "new", "resources": []any{map[string]any{"type": "TYPE_REPO", "path": "acme/app", "scopes": []any{"scope-image-pull"}}}},
		"PUT /v2/orgs/{org}/members/{username}":      {"role": "member"},
		"POST /v2/orgs/{org}/groups/{group}/members": {"member": "max"},
		"POST /v2/access/repositories":               {"name": "bob/new"},
		"PUT /v2/access/rights/{name}":               {"user": "eve", "right": "read"},
		"POST /oauth/token":                          {"grant_type": "refresh_token", "client_id": "lanyard", "refresh_token": "x"},
		"POST /oauth/device/code":                    {"client_id": "lanyard", "scope": "openid"},
		"POST /oauth/revoke":                         {"client_id": "lanyard", "token": "x"},
		"POST /token":                                {"grant_type": "password", "service": "registry.example", "username": "bob", "password": bob.tokens["repo:read"]},
		"POST /events":                               {"events": []any{}},
		"POST /api/v0/api_tokens":                    {"tokenLabel": "new"},
		"PATCH /api/v0/api_tokens/{hashedtoken}":     {"tokenLabel": "new"},
		"PATCH /v2/access-tokens/{uuid}":             {"token_label": "new"},
		"PATCH /v2/api_tokens/{uuid}":                {"token_label": "new"},
		"PATCH /v2/access/repositories/{name}":       {"description": "new"},
		"PATCH /v2/orgs/{org}/access-tokens/{id}":    {"label": "new"},
		"PATCH /v2/orgs/{org}/groups/{group}":        {"description": "new"},
		"PUT /v2/orgs/{org}/groups/{group}":          {"name": "dev", "description": "new"},
	}
	for name, value := range bodies[o.String()] {
		values[spot{"body", name}] = value
	}
	return values
}

// bad are values that are wrong in one way or another: of another type, too
// long, empty, with characters that nobody types, and other people's.
func (w *town) bad(in string) []any {
	eve := w.of["eve"]
	words := []any{
		"", strings.Repeat("a", 5000), "a\x00b", "a\r\nX-Injected: 1", "\u202e\u0007", "\xff\xfe", "%00", "' OR 1=1 --", "../../etc/passwd", "a/../../b", "*", "*/*", "{}", "null",
		"99999999999999999999", "-1", "0", "1e9", "NaN", "2026-13-45T99:99:99Z",
		"eve", eve.account.ID, eve.account.Email, eve.tried, "eve/app", "acme", "acme/app", w.orgID, w.acme.ID, eve.tokens["repo:admin"], "ada", "nobody",
	}
	if in != "body" {
		return words
	}
	return append(words, nil, true, 12.5, -1, 1e300, []any{}, []any{1, nil, "x"}, []any{eve.tried}, []any{[]any{}}, map[string]any{}, map[string]any{"a": map[string]any{}})
}

// request builds what is sent, with bad in the place of spot.
func (w *town) request(o operation, at spot, bad any) (path, body string) {
	values := w.good(o)
	values[at] = bad
	path = o.path
	query, members := url.Values{}, map[string]any{}
	for _, p := range slices.Concat(o.shared, o.op.Parameters) {
		one := spot{p.Value.In, p.Value.Name}
		v, given := values[one]
		switch {
		case one.in == "path" && one.name == "name":
			path = strings.Replace(path, "{name}", (&url.URL{Path: fmt.Sprint(v)}).EscapedPath(), 1)
		case one.in == "path":
			path = strings.Replace(path, "{"+one.name+"}", url.PathEscape(fmt.Sprint(v)), 1)
		case given:
			query.Set(one.name, fmt.Sprint(v))
		}
	}
	for one, v := range values {
		if one.in == "body" && one.name != "" {
			members[one.name] = v
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	switch form := o.form(); {
	case form == "":
	case at == spot{"body", ""}:
		text, err := json.Marshal(bad)
		if err != nil {
			w.Fatal(err)
		}
		if body = string(text); o.form() == "application/x-www-form-urlencoded" {
			body = fmt.Sprint(bad)
		}
	case form == "application/x-www-form-urlencoded":
		fields := url.Values{}
		for name, v := range members {
			fields.Set(name, fmt.Sprint(v))
		}
		body = fields.Encode()
	default:
		text, err := json.Marshal(members)
		if err != nil {
			w.Fatal(err)
		}
		body = strings.ReplaceAll(string(text), `\ufffd`, "\xff") // broken text arrives as it is
	}
	return path, body
}

// A role is who asks, and how it shows that.
type role struct {
	name, who string // what it is, and whose; "": nobody's
	kind      string // of the proof: none, bearer (a person's own sign-in), made (a session made of a token), basic
	header    func(w *town) []string
}

// asks says whether an operation is for the likes of a role.
func (r role) asks(o operation) bool {
	switch {
	case o.path == "/token" || strings.HasPrefix(o.path, "/api/v0/") || strings.HasPrefix(o.path, "/v2/access-tokens/self"):
		return r.kind == "basic"
	case o.path == "/events":
		return r.name == "a registry"
	case o.op.Security != nil && len(*o.op.Security) == 0:
		return r.kind == "none"
	}
	return r.kind == "bearer"
}

func roles() []role {
	all := []role{{"nobody", "", "none", func(*town) []string { return nil }}}
	for _, name := range []string{"ada", "bob", "eve", "olga", "max"} {
		all = append(all, role{name, name, "bearer", func(w *town) []string { return []string{"Authorization", as(w.of[name].bearer())} }})
	}
	for _, scope := range allOf {
		all = append(all,
			role{"a session of bob's " + scope, "bob", "made", func(w *town) []string { return []string{"Authorization", as(w.of["bob"].made(scope))} }},
			role{"bob's " + scope, "bob", "basic", func(w *town) []string { return basic("bob", w.of["bob"].tokens[scope]) }})
	}
	return append(all,
		role{"bob's password", "bob", "basic", func(*town) []string { return basic("bob", password) }},
		role{"acme's token", "acme", "basic", func(w *town) []string { return basic("acme", w.orgPass) }},
		role{"a registry", "", "made", func(w *town) []string { return []string{"Authorization", as(w.notify)} }},
	)
}

// One cell of the matrix, by numbers so that a failure can be repeated.
type cell struct {
	o    operation
	at   spot
	bad  int
	role role
}

// TestBadInput tries every parameter and field of the document with what is
// wrong, as each role. Whatever comes: no fault of the service, the answer's
// form is the dialect's, with words (the document says so), nobody sees
// another's, and what was refused changed nothing, nor what was not anything
// of another's. LANYARD_FAULTS=1 tries all of it; else it is a part, by a seed.
func TestBadInput(t *testing.T) {
	var cells []cell
	w := newTown(t, nil)
	for _, o := range operationsOf(t) {
		for _, at := range o.spots() {
			for bad := range w.bad(at.in) {
				for _, r := range roles() {
					if r.name == "bob's password" && !strings.HasPrefix(o.path, "/api/v0/") { // it takes a while
						continue
					}
					cells = append(cells, cell{o, at, bad, r})
				}
			}
		}
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("LANYARD_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	total := len(cells)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(total, func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	if os.Getenv("LANYARD_FAULTS") == "" {
		cells = some(cells)
	}
	t.Logf("LANYARD_SEED=%d: %d of %d", seed, len(cells), total)
	before, done, faults := w.all(), 0, 0
	statuses := map[int]int{}
	for _, c := range cells {
		status, changed, wrong := w.try(c, before)
		statuses[status]++
		if done++; changed || done%100 == 0 { // and throttles forget
			w = newTown(t, nil)
			before = w.all()
		}
		for _, one := range wrong {
			t.Error(one)
		}
		if faults += len(wrong); faults > 20 {
			break
		}
	}
	t.Logf("answers: %v", statuses)
}

// some is a part of the cells, most of them of those who may ask there.
func some(cells []cell) (part []cell) {
	const lively, dull = 500, 150
	var of [2]int
	for _, c := range cells {
		kind, most := 0, lively
		if !c.role.asks(c.o) {
			kind, most = 1, dull
		}
		if of[kind] < most {
			of[kind]++
			part = append(part, c)
		}
	}
	return part
}

// try sends one cell, and says whether something is not as it was, and what is wrong.
func (w *town) try(c cell, before map[string]string) (status int, changed bool, wrong []string) {
	w.Helper()
	blame := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	bad := w.bad(c.at.in)[c.bad]
	path, body := w.request(c.o, c.at, bad)
	if _, err := url.ParseRequestURI(path); err != nil {
		w.Fatal(err)
	}
	header := c.role.header(w)
	if form := c.o.form(); form != "" {
		header = append(header, "Content-Type", form)
	}
	out, err := w.send(c.o.method, path, body, header...)
	said := fmt.Sprintf("%s with %s %s %.80q as %s: %.300s\n%d %.400s", c.o, c.at.in, c.at.name, fmt.Sprint(bad), c.role.name, path+" "+body, out.status, out.body)
	if err != nil {
		blame("%v\n%s", err, said)
	}
	if out.status >= http.StatusInternalServerError {
		blame("the service is at fault: %s\n%s", said, w.log.String())
	}
	if c.role.who != "ada" {
		for name, one := range w.of {
			mayKnow := name == c.role.who || c.role.who == "olga" && name == "max" || name == "olga" && (c.role.who == "max" || c.role.who == "acme")
			echo := fmt.Sprint(bad)
			shown := strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(out.header, out.body), echo, ""), url.QueryEscape(echo), "")
			if !mayKnow && strings.Contains(shown, canary(name)) {
				blame("something of %s's: %s", name, said)
			}
			for _, secret := range one.tokens {
				if strings.Contains(shown, secret) {
					blame("a secret of %s's: %s", name, said)
				}
			}
		}
	}
	if out.header.Get("X-Injected") != "" {
		blame("a header of the client's: %s", said)
	}
	after := w.all()
	for name, was := range before {
		if after[name] == was {
			continue
		}
		changed = true
		own := name == c.role.who || name == "" && (c.role.who == "olga" || c.role.who == "acme") || c.role.who == "ada"
		own = own || name == "" && c.role.who == "max" && c.o.String() == "DELETE /v2/orgs/{org}/members/{username}" // who leaves
		if slices.Contains([]string{"/v2/users/login", "/v2/auth/token", "/token", "/events"}, c.o.path) {
			own = true // whoever has the secret
		}
		if !own || out.status >= 300 {
			blame("%q has changed: %s\n%s", name, said, differing(was, after[name]))
		}
	}
	return out.status, changed, wrong
}

// differing are the lines that only one of the two has.
func differing(was, is string) string {
	var all []string
	for _, line := range strings.Split(was, "\n") {
		if !strings.Contains(is, line) {
			all = append(all, "- "+line)
		}
	}
	for _, line := range strings.Split(is, "\n") {
		if !strings.Contains(was, line) {
			all = append(all, "+ "+line)
		}
	}
	return strings.Join(all, "\n")
}

// Every operation that takes a body is tried with one that would do something.
func TestTheMatrixHasEveryBody(t *testing.T) {
	w := newTown(t, nil)
	for _, o := range operationsOf(t) {
		if o.form() == "" || !o.op.RequestBody.Value.Required {
			continue
		}
		some := false
		for at := range w.good(o) {
			some = some || at.in == "body"
		}
		if !some {
			t.Errorf("%s has no good body", o)
		}
	}
}
