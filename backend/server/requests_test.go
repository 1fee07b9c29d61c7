package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

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

// How many of the bad values are strange, and after them other people's.
const strange, foreign = 20, 11

// bad are values that are wrong in one way or another: of another type, too
// long, empty, with characters that nobody types, and other people's.
func (w *town) bad(in string) []any {
	eve := w.of["eve"]
	words := []any{
		"", strings.Repeat("a", 5000), "a\x00b", "a\r\nX-Injected: 1", "\u202e\u0007", "\xff\xfe", "%00", "' OR 1=1 --", "../../etc/passwd", "a/../../b", "*", "*/*", "{}", "null",
		"99999999999999999999", "-1", "0", "1e9", "NaN", "2026-13-45T99:99:99Z",
		"eve", eve.account.ID, eve.account.Email, eve.tried, "eve/app", "acme", "acme/app", w.orgID, w.acme.ID, eve.tokens["repo:admin"], "ada",
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
