package hubapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// orgToken makes a token of acme as bob.
func (c *company) orgToken(body string) map[string]any {
	c.t.Helper()
	return c.ask(c.bob, "POST", "/v2/orgs/acme/access-tokens", body).is(201)
}

const reading = `"resources":[{"type":"TYPE_REPO","path":"acme/*","scopes":["scope-image-pull"]}]`

func TestOrganizationTokens(t *testing.T) {
	c := newCompany(t)
	said := c.ask(c.bob, "POST", "/v2/orgs/acme/access-tokens",
		`{"label":"CI","description":"of the pipeline","expires_at":"2027-01-31T12:00:00Z",`+reading+`}`)
	made := said.is(201)
	secret := str(made, "token")
	if !strings.HasPrefix(secret, "lyd_oat_") || said.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", made)
	}
	delete(made, "token")
	want := map[string]any{
		"id": made["id"], "label": "CI", "description": "of the pipeline", "created_by": "bob", "is_active": true,
		"created_at": "2026-11-23T12:00:00.000000Z", "expires_at": "2027-01-31T12:00:00Z", "last_used_at": nil,
		"resources": []any{map[string]any{"type": "TYPE_REPO", "path": "acme/*", "scopes": []any{"scope-image-pull"}}}, "is_expired": false,
		"token_last_four": secret[len(secret)-4:], "last_used_ip": "", "last_used_ua": "",
	}
	if fmt.Sprint(made) != fmt.Sprint(want) {
		t.Errorf("made %v\nwant %v", made, want)
	}
	path := "/v2/orgs/acme/access-tokens/" + str(made, "id")
	for name, who := range map[string]string{"its owner": c.bob, "an administrator": c.ada} {
		if out := c.ask(who, "GET", path, nil).is(200); fmt.Sprint(out) != fmt.Sprint(want) {
			t.Errorf("%s sees %v", name, out)
		}
	}
	out := c.ask(c.bob, "GET", "/v2/orgs/acme/access-tokens", nil).is(200)
	if out["total"] != 1.0 || out["next"] != nil || out["previous"] != nil || fmt.Sprint(out["results"]) != fmt.Sprint([]any{want}) {
		t.Errorf("%v", out)
	}
	out = c.ask(c.bob, "PATCH", path, `{"label":"deploy","description":"","is_active":false,"resources":[{"type":"TYPE_REPO","path":"acme/app","scopes":["repo:write"]}]}`).is(200)
	if out["label"] != "deploy" || out["is_active"] != false || fmt.Sprint(out["resources"]) != "[map[path:acme/app scopes:[repo:write] type:TYPE_REPO]]" || out["expires_at"] != "2027-01-31T12:00:00Z" {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "PATCH", path, `{"is_active":true}`).is(200)
	if out := c.basic("acme", secret, "GET", "/v2/access-tokens/self", nil).is(200); out["username"] != "acme" || fmt.Sprint(out["scopes"]) != "[]" || out["resources"] == nil {
		t.Errorf("itself: %v", out)
	}
	fresh := str(c.basic("acme", secret, "POST", "/v2/access-tokens/self/rotate", map[string]int{"overlap_seconds": 0}).is(200), "token")
	c.basic("acme", fresh, "DELETE", "/v2/access-tokens/self", nil).is(204)
	c.ask(c.bob, "GET", path, nil).refused(404, "unknown", "not found")
	for range 3 {
		c.orgToken(`{"label":"x",` + reading + `}`)
	}
	out = c.ask(c.bob, "GET", "/v2/orgs/acme/access-tokens?page_size=2", nil).is(200)
	if out["total"] != 3.0 || out["next"] != issuer+"/v2/orgs/acme/access-tokens?page=2&page_size=2" {
		t.Errorf("%v", out)
	}
}

func TestBadOrganizationTokens(t *testing.T) {
	c := newCompany(t)
	id := str(c.orgToken(`{"label":"CI",`+reading+`}`), "id")
	theirs := c.create(c.bob, "bob's own")
	before := c.state()
	post := func(who, body string) said { return c.ask(who, "POST", "/v2/orgs/acme/access-tokens", body) }
	one := func(path, scopes string) string {
		return `{"label":"x","resources":[{"type":"TYPE_REPO","path":"` + path + `","scopes":[` + scopes + `]}]}`
	}
	for name, x := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"made by a member":          {post(c.eve, `{"label":"x",`+reading+`}`), 403, "forbidden", "only owners of acme"},
		"made by a stranger":        {post(c.mal, `{"label":"x",`+reading+`}`), 404, "unknown", "not found"},
		"made by nobody":            {post("", `{"label":"x",`+reading+`}`), 401, "token", "unauthorized"},
		"without a label":           {post(c.bob, `{`+reading+`}`), 400, "invalid", "label is needed"},
		"without resources":         {post(c.bob, `{"label":"x"}`), 400, "invalid", "1 to 50 resources"},
		"resources a string":        {post(c.bob, `{"label":"x","resources":"acme/*"}`), 400, "invalid", "list of resources"},
		"another's name":            {post(c.bob, one("bob/app", `"scope-image-pull"`)), 400, "invalid", "a token of acme reaches acme/…"},
		"everything":                {post(c.bob, one("*/*", `"scope-image-pull"`)), 400, "invalid", "a token of acme reaches acme/…"},
		"another's name that looks": {post(c.bob, one("acme2/*", `"scope-image-pull"`)), 400, "invalid", "a token of acme reaches acme/…"},
		"the name alone":            {post(c.bob, one("acme", `"scope-image-pull"`)), 400, "invalid", "a token of acme reaches acme/…"},
		"a path that is none":       {post(c.bob, one("acme/../bob", `"scope-image-pull"`)), 400, "invalid", "neither a repository"},
		"without scopes":            {post(c.bob, one("acme/*", ``)), 400, "invalid", "needs a scope"},
		"an unknown scope":          {post(c.bob, one("acme/*", `"scope-org-admin"`)), 400, "invalid", "unknown scope"},
		"the organisation itself":   {post(c.bob, `{"label":"x","resources":[{"type":"TYPE_ORG","path":"acme","scopes":["scope-image-pull"]}]}`), 400, "invalid", "never administers"},
		"in the past":               {post(c.bob, `{"label":"x","expires_at":"2020-01-01T00:00:00Z",`+reading+`}`), 400, "invalid", "lies in the past"},
		"listed by a member":        {c.ask(c.eve, "GET", "/v2/orgs/acme/access-tokens", nil), 403, "forbidden", "only owners of acme"},
		"shown to a member":         {c.ask(c.eve, "GET", "/v2/orgs/acme/access-tokens/"+id, nil), 403, "forbidden", "only owners of acme"},
		"shown to a stranger":       {c.ask(c.mal, "GET", "/v2/orgs/acme/access-tokens/"+id, nil), 404, "unknown", "not found"},
		"changed by a member":       {c.ask(c.eve, "PATCH", "/v2/orgs/acme/access-tokens/"+id, `{"is_active":false}`), 403, "forbidden", "only owners of acme"},
		"deleted by a stranger":     {c.ask(c.mal, "DELETE", "/v2/orgs/acme/access-tokens/"+id, nil), 404, "unknown", "not found"},
		"changed in nothing":        {c.ask(c.bob, "PATCH", "/v2/orgs/acme/access-tokens/"+id, `{"expires_at":null}`), 400, "invalid", "nothing to change"},
		"changed to reach others":   {c.ask(c.bob, "PATCH", "/v2/orgs/acme/access-tokens/"+id, `{"resources":[{"type":"TYPE_REPO","path":"bob/*","scopes":["repo:read"]}]}`), 400, "invalid", "a token of acme"},
		"changed to reach nothing":  {c.ask(c.bob, "PATCH", "/v2/orgs/acme/access-tokens/"+id, `{"resources":[]}`), 400, "invalid", "1 to 50 resources"},
		"a person's token by id":    {c.ask(c.bob, "GET", "/v2/orgs/acme/access-tokens/"+theirs, nil), 404, "unknown", "not found"},
		"by the person's path":      {c.ask(c.bob, "GET", "/v2/access-tokens/"+id, nil), 404, "unknown", "not found"},
		"an unknown one":            {c.ask(c.bob, "DELETE", "/v2/orgs/acme/access-tokens/none", nil), 404, "unknown", "not found"},
	} {
		x.said.t = t
		t.Log(name)
		x.refused(x.status, x.reason, x.words)
	}
	if c.state() != before {
		t.Error("something changed")
	}
}

// What CI uses survives a person's leaving; its number is limited, expired
// ones included.
func TestOrganizationTokensOutliveAPerson(t *testing.T) {
	c := newCompany(t)
	c.tokens.Limits.Org = 2
	secret := str(c.orgToken(`{"label":"CI",`+reading+`}`), "token")
	c.orgToken(`{"label":"short","expires_at":"2026-11-23T12:05:00Z",` + reading + `}`)
	c.passes(5 * time.Minute)
	c.ask(c.bob, "POST", "/v2/orgs/acme/access-tokens", `{"label":"x",`+reading+`}`).refused(409, "limit", "at most 2 tokens, expired ones included")
	c.ask(c.bob, "PUT", "/v2/orgs/acme/members/eve", `{"role":"owner"}`).is(200)
	c.ask(c.bob, "DELETE", "/v2/orgs/acme/members/bob", nil).is(204)
	c.basic("acme", secret, "GET", "/v2/access-tokens/self", nil).is(200)
	if out := c.ask(c.eve, "GET", "/v2/orgs/acme/access-tokens", nil).is(200); out["total"] != 2.0 {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "GET", "/v2/orgs/acme/access-tokens", nil).refused(404, "unknown", "not found")
}

// An organisation's name and token sign a program in as Docker Hub has it: it
// may ask what the token may do, and nothing that administers; the session dies
// with the token.
func TestOrganizationTokenSignsIn(t *testing.T) {
	c := newCompany(t)
	made := c.orgToken(`{"label":"CI",` + reading + `}`)
	body := map[string]string{"identifier": "acme", "secret": str(made, "token")}
	raw := str(c.ask("", "POST", "/v2/auth/token", body).is(200), "access_token")
	if claims := c.claims(raw); claims.Hub.Username != "acme" || claims.Hub.Email != "" || claims.Scope != "scope-image-pull" {
		t.Errorf("%+v", claims)
	}
	if out := c.ask(raw, "GET", "/v2/access-tokens/self", nil).is(200); out["username"] != "acme" || out["token_label"] != "CI" {
		t.Errorf("%v", out)
	}
	before := c.state()
	for _, path := range []string{"GET /v2/access-tokens", "POST /v2/access-tokens", "GET /v2/orgs/acme", "POST /v2/orgs/acme/access-tokens", "DELETE /v2/orgs/acme", "GET /v2/access/repositories", "GET /v2/access/activity"} {
		method, path, _ := strings.Cut(path, " ")
		c.ask(raw, method, path, nil).refused(403, "person", "token issued from personal access token is not allowed")
	}
	if after := c.state(); after != before {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
	for name, identifier := range map[string]string{"a person's name": "bob", "another": "other", "its id": str(made, "id")} {
		if out := c.ask("", "POST", "/v2/auth/token", map[string]string{"identifier": identifier, "secret": str(made, "token")}); out.status != 401 {
			t.Errorf("%s: %d %s", name, out.status, out.body)
		}
	}
	if out := c.ask("", "POST", "/v2/users/login", map[string]string{"username": "acme", "password": str(made, "token")}).is(401); out["reason"] != "organization" {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "PATCH", "/v2/orgs/acme/access-tokens/"+str(made, "id"), `{"is_active":false}`).is(200)
	c.ask(raw, "GET", "/v2/access-tokens/self", nil).refused(401, "ended", "unauthorized")
	c.ask("", "POST", "/v2/auth/token", body).refused(401, "inactive", "deactivated")
}
