package hubapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lanyard/backend/token"
)

// asked is a request to each route, with what it needs; U is a token of bob's,
// O one of acme's.
var asked = []struct {
	method, path, body string
	open               string // who passes beside bob and the administrator: "", member, everybody
}{
	{"GET", "/v2/access-tokens", "", "own"},
	{"POST", "/v2/access-tokens", `{"token_label":"x"}`, "own"},
	{"GET", "/v2/access-tokens/U", "", ""},
	{"PATCH", "/v2/access-tokens/U", `{"token_label":"x"}`, ""},
	{"PATCH", "/v2/access-tokens/U", `{"scopes":["repo:admin"]}`, ""},
	{"POST", "/v2/access-tokens/U/rotate", ``, ""},
	{"DELETE", "/v2/access-tokens/U", "", ""},
	{"POST", "/v2/access-tokens/bulk", `{"action":"delete","uuids":["U"]}`, ""},
	{"POST", "/v2/access-tokens/desktop-generate", "", "own"},
	{"GET", "/v2/access-tokens/session", "", "own"},
	{"DELETE", "/v2/access-tokens/sessions", "", "own"},
	{"POST", "/v2/access-tokens/which", `{"token":"x"}`, "own"},
	{"GET", "/v2/api_tokens", "", "own"},
	{"POST", "/v2/api_tokens", ``, "own"},
	{"GET", "/v2/api_tokens/U", "", ""},
	{"PATCH", "/v2/api_tokens/U", `{"is_active":false}`, ""},
	{"DELETE", "/v2/api_tokens/U", "", ""},
	{"GET", "/v2/orgs", "", "own"},
	{"POST", "/v2/orgs", `{"name":"another"}`, "admin"},
	{"GET", "/v2/orgs/acme", "", "member"},
	{"GET", "/v2/orgs/acme/members", "", "member"},
	{"PUT", "/v2/orgs/acme/members/mal", `{"role":"owner"}`, ""},
	{"DELETE", "/v2/orgs/acme/members/bob", "", ""},
	{"GET", "/v2/orgs/acme/groups", "", "member"},
	{"POST", "/v2/orgs/acme/groups", `{"name":"new"}`, ""},
	{"GET", "/v2/orgs/acme/groups/dev", "", "member"},
	{"PUT", "/v2/orgs/acme/groups/dev", `{"right":"admin"}`, ""},
	{"PATCH", "/v2/orgs/acme/groups/dev", `{"right":"admin"}`, ""},
	{"GET", "/v2/orgs/acme/groups/dev/members", "", "member"},
	{"POST", "/v2/orgs/acme/groups/dev/members", `{"member":"bob"}`, ""},
	{"DELETE", "/v2/orgs/acme/groups/dev/members/eve", "", ""},
	{"DELETE", "/v2/orgs/acme/groups/dev", "", ""},
	{"GET", "/v2/orgs/acme/access-tokens", "", ""},
	{"POST", "/v2/orgs/acme/access-tokens", `{"label":"x",` + reading + `}`, ""},
	{"GET", "/v2/orgs/acme/access-tokens/O", "", ""},
	{"PATCH", "/v2/orgs/acme/access-tokens/O", `{"label":"x"}`, ""},
	{"DELETE", "/v2/orgs/acme/access-tokens/O", "", ""},
	{"DELETE", "/v2/orgs/acme", "", ""},
	{"GET", "/v2/access/repositories", "", "own"},
	{"POST", "/v2/access/repositories", `{"name":"acme/new"}`, "told"},
	{"GET", "/v2/access/repositories/acme/app", "", "member"},
	{"PATCH", "/v2/access/repositories/acme/app", `{"visibility":"public"}`, ""},
	{"PUT", "/v2/access/rights/acme/app", `{"user":"mal","right":"admin"}`, ""},
	{"DELETE", "/v2/access/rights/acme/app?user=eve", "", ""},
	{"GET", "/v2/access/tags/acme/app", "", "member"},
	{"DELETE", "/v2/access/tags/acme/app?tag=v1", "", ""},
	{"DELETE", "/v2/access/repositories/acme/app", "", ""},
	{"GET", "/v2/access/activity", "", "own"},
	{"GET", "/v2/auditlogs/acme", "", ""},
	{"GET", "/v2/auditlogs/acme/actions", "", ""},
}

// ids replaces the letters of asked.
func (c *company) ids() *strings.Replacer {
	user := c.create(c.bob, "bob's")
	org := str(c.orgToken(`{"label":"CI",`+reading+`}`), "id")
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	c.hub.Images = &shelf{tags: map[string][]string{"acme/app": {"v1"}}}
	return strings.NewReplacer("/U", "/"+user, `"U"`, `"`+user+`"`, "/O", "/"+org)
}

// attempt is a way to ask, and how it is refused.
type attempt struct {
	send          func(method, path, body string) said
	status        int
	reason, words string
}

// D6, D8: nobody, and whoever holds a token in whatever form, is refused everything
// but what a token may do with itself; and nothing changes.
func TestNoTokenAdministers(t *testing.T) {
	c := newCompany(t)
	fill := c.ids()
	refused := map[string]attempt{"nobody": {func(m, p, b string) said { return c.ask("", m, p, b) }, 401, "token", "unauthorized"}}
	for _, scope := range []token.Scope{token.ScopeAdmin, token.ScopeWrite, token.ScopeRead, token.ScopePublicRead} {
		for _, who := range []string{"bob", "ada"} {
			bearer := map[string]string{"bob": c.bob, "ada": c.ada}[who]
			made := c.ask(bearer, "POST", "/v2/access-tokens", map[string]any{"token_label": "x", "scopes": []token.Scope{scope}}).is(201)
			secret, session := str(made, "token"), c.world.madeOf(who, str(made, "uuid"))
			name := fmt.Sprint(who, "'s ", scope)
			refused[name+" as bearer"] = attempt{func(m, p, b string) said { return c.ask(secret, m, p, b) }, 401, "token", "unauthorized"}
			refused[name+" by Basic"] = attempt{func(m, p, b string) said { return c.by(who, secret, m, p, b) }, 401, "token", "unauthorized"}
			refused[name+" as a session"] = attempt{func(m, p, b string) said { return c.ask(session, m, p, b) }, 403, "person", "token issued from personal access token is not allowed"}
		}
	}
	before := c.state()
	for name, one := range refused {
		for _, a := range asked {
			out := one.send(a.method, fill.Replace(a.path), fill.Replace(a.body))
			if out.status != one.status {
				t.Errorf("%s: %s %s: %d %s", name, a.method, a.path, out.status, out.body)
				continue
			}
			if reason := out.is(one.status)["reason"]; strings.HasPrefix(a.path, "/v2/api_tokens") && reason != one.reason {
				t.Errorf("%s: %s %s: %s", name, a.method, a.path, out.body)
			} else if !strings.HasPrefix(a.path, "/v2/api_tokens") {
				out.refused(one.status, one.reason, one.words)
			}
		}
	}
	if c.state() != before {
		t.Error("something changed")
	}
}

// by asks with a name and a secret and a body as it is.
func (c *company) by(name, secret, method, path, body string) said {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(name, secret)
	out, err := c.exchange(r, []byte(body))
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// D9: what is somebody's is as unknown to a stranger as what never was, and a
// member who may see it may not change it.
func TestOthersThings(t *testing.T) {
	c := newCompany(t)
	fill := c.ids()
	nothing := strings.NewReplacer("/U", "/00000000-0000-4000-8000-000000000000", `"U"`, `"00000000-0000-4000-8000-000000000000"`,
		"/O", "/x", "acme", "none", "/mal", "/bob")
	before := c.state()
	for _, a := range asked {
		if a.open == "own" {
			continue
		}
		stranger := c.ask(c.mal, a.method, fill.Replace(a.path), fill.Replace(a.body))
		unknown := c.ask(c.mal, a.method, nothing.Replace(a.path), nothing.Replace(a.body))
		switch {
		case a.open == "admin" && stranger.status == 403:
		case a.open == "told" && (stranger.status != 403 || unknown.status != 403), a.open != "told" && (stranger.status != 404 || unknown.status != 404):
			t.Errorf("%s %s: %d %s, of what never was %d %s", a.method, a.path, stranger.status, stranger.body, unknown.status, unknown.body)
		case strings.ReplaceAll(string(stranger.body), "acme", "none") != string(unknown.body):
			t.Errorf("%s %s tells that it is there: %s, else %s", a.method, a.path, stranger.body, unknown.body)
		}
		member := c.ask(c.eve, a.method, fill.Replace(a.path), fill.Replace(a.body))
		if ok := member.status < 300; ok != (a.open == "member") || !ok && member.status != 403 && member.status != 404 {
			t.Errorf("a member: %s %s: %d %s", a.method, a.path, member.status, member.body)
		}
	}
	if after := c.state(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// D7: however a path is spelled, the decision is the same, and a method in a
// header is none.
func TestSameDecisionOnEverySpelling(t *testing.T) {
	c := newCompany(t)
	fill := c.ids()
	pat := str(c.ask(c.bob, "POST", "/v2/access-tokens", `{"token_label":"x","scopes":["repo:admin"]}`).is(201), "token")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	before := c.state()
	for _, a := range asked {
		path, query, _ := strings.Cut(fill.Replace(a.path), "?")
		for _, spelled := range []string{
			path, path + "/", path + "//", "/" + path, strings.Replace(path, "/v2/", "/v2//", 1), strings.Replace(path, "/v2/", "/v2/./", 1),
			strings.Replace(path, "/v2/", "/v2/x/../", 1), "/v2/" + strings.ReplaceAll(path[len("/v2/"):], "/", "%2f"), strings.ToUpper(path), path + "%00", path + ";x=1", path + "%20",
		} {
			for name, who := range map[string]string{"nobody": "", "a token": "Bearer " + pat, "a stranger": "Bearer " + c.mal} {
				for _, method := range []string{a.method, "OPTIONS", "HEAD"} {
					if method == "HEAD" && (a.method == "GET" || name != "a token") || method == "OPTIONS" && name != "a stranger" {
						continue
					}
					if name == "a stranger" && (a.open == "own" || a.open == "everybody") {
						continue
					}
					u, err := url.Parse(c.url)
					if err != nil {
						t.Fatal(err)
					}
					u.Opaque = "//" + u.Host + spelled
					r := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{
						"X-Http-Method-Override": {a.method}, "X-Method-Override": {a.method}, "X-Http-Method": {a.method},
						"X-Original-Url": {path}, "X-Rewrite-Url": {path}, "X-Forwarded-User": {"bob"},
					}}
					u.RawQuery = query
					if who != "" {
						r.Header.Set("Authorization", who)
					}
					response, err := client.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					response.Body.Close()
					ours := name == "a stranger" && method != a.method && a.method != "" // what a stranger may ask of themselves
					if response.StatusCode < 300 && !ours {
						t.Errorf("%s: %s %s: %d", name, method, spelled, response.StatusCode)
					}
				}
			}
		}
	}
	if after := c.state(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// D12: a secret is in the answer that makes it, and in no other.
func TestSecretsAreShownOnce(t *testing.T) {
	c := newCompany(t)
	fill := c.ids()
	made := c.ask(c.bob, "POST", "/v2/access-tokens", `{"token_label":"x"}`).is(201)
	secrets := []string{
		str(made, "token"), str(c.orgToken(`{"label":"x",`+reading+`}`), "token"),
		str(c.ask(c.bob, "POST", "/v2/access-tokens/"+str(made, "uuid")+"/rotate", nil).is(200), "token"),
	}
	_, auto := c.generate(computer{bearer: c.bob}, "laptop")
	secrets = append(secrets, auto)
	answers := []said{
		c.ask(c.bob, "PATCH", "/v2/access-tokens/"+str(made, "uuid"), `{"token_label":"y"}`),
		c.ask(c.bob, "POST", "/v2/access-tokens/which", map[string]string{"token": secrets[2]}),
		c.ask(c.ada, "GET", "/v2/access-tokens?username=bob", nil),
		c.basic("bob", secrets[2], "GET", "/v2/access-tokens/self", nil),
	}
	for _, a := range asked {
		if a.method == "GET" {
			answers = append(answers, c.ask(c.bob, "GET", fill.Replace(a.path), nil))
		}
	}
	for _, out := range answers {
		if out.status != 200 || out.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v %s", out.status, out.header, out.body)
		}
		for _, secret := range secrets {
			if len(secret) < 40 || strings.Contains(string(out.body), secret) || strings.Contains(c.log.String(), secret) {
				t.Errorf("a secret is in %s, or in the log", out.body)
			}
		}
	}
}
