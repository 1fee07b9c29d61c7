package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What a token may do beside pulling and pushing: look at itself, replace and
// revoke itself, ask why, read what it may pull, and let a program in for ten
// minutes as itself.
var allowedToTokens = []string{
	"GET /v2/access-tokens/self", "DELETE /v2/access-tokens/self", "POST /v2/access-tokens/self/rotate", "GET /v2/access/explain",
	"GET /api/v0/repositories", "GET /userinfo", "POST /userinfo", "GET /token",
}

// D6: with a token nobody administers. Every operation of the document that
// asks who one is, with the token of each scope, as it is and as a session
// made of it: refused with the reason, and nothing changed. (Docker's words
// for a session made of a token stand in gate.ErrPerson.)
func TestATokenNeverAdministers(t *testing.T) {
	tried := 0
	for _, o := range operationsOf(t) {
		if security := o.op.Security; security != nil && len(*security) == 0 || o.path == "/events" || slices.Contains(allowedToTokens, o.String()) {
			continue
		}
		w := newTown(t, nil)
		before := w.all()
		for _, scope := range allOf {
			for kind, header := range map[string][]string{
				"a session": {"Authorization", as(w.of["bob"].made(scope))}, "Basic": basic("bob", w.of["bob"].tokens[scope]),
				"its owner's session, the administrator's": {"Authorization", as(w.of["ada"].made(scope))}, "the administrator's": basic("ada", w.of["ada"].tokens[scope]),
				"the raw token": {"Authorization", as(w.of["bob"].tokens[scope])}, "an organisation's": basic("acme", w.orgPass),
			} {
				path, body := w.request(o, spot{"none", ""}, nil)
				out, err := w.send(o.method, path, body, append(header, "Content-Type", "application/json")...)
				if err != nil {
					t.Error(err)
				}
				tried++
				dtr := strings.HasPrefix(o.path, "/api/v0/")
				if want := http.StatusForbidden; strings.Contains(kind, "session") && !dtr && (out.status != want || !strings.Contains(out.body, "token issued from personal access token is not allowed")) {
					t.Errorf("%s by %s of %s: %d %.200s", o, kind, scope, out.status, out.body)
				}
				if out.status != http.StatusForbidden && out.status != http.StatusUnauthorized {
					t.Errorf("%s by %s of %s: %d %.200s", o, kind, scope, out.status, out.body)
				}
			}
		}
		for name, was := range before {
			if is := w.kept(name); is != was {
				t.Errorf("%s changed what is %q's:\n%s\n%s", o, name, was, is)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d cells", tried)
	}
}

// D6: nor on the pages, which know no token at all.
func TestATokenOpensNoPage(t *testing.T) {
	w := newTown(t, nil)
	for _, path := range []string{"/account/", "/account/security", "/account/security/password", "/account/security/app", "/activate", "/signin/confirm"} {
		for _, header := range [][]string{basic("bob", w.of["bob"].tokens["repo:admin"]), {"Authorization", as(w.of["bob"].made("repo:admin"))}, {"Authorization", as(w.of["bob"].bearer())}} {
			response := ask(w, http.MethodGet, "http://localhost:8460"+path, "", header...)
			if response.StatusCode == http.StatusOK {
				t.Errorf("%s opens", path)
			}
		}
	}
}

// D8: there is no way up: not by changing scopes, not by a new expiry, not by
// waking what has expired, neither by the token nor, for what never changes, by
// its owner.
func TestNoWayUp(t *testing.T) {
	p := played{newTown(t, nil)}
	bob := []string{"Authorization", as(p.of["bob"].bearer())}
	at := "/v2/access-tokens/" + p.of["bob"].ids["repo:read"]
	for _, header := range [][]string{{"Authorization", as(p.of["bob"].made("repo:read"))}, basic("bob", p.of["bob"].tokens["repo:read"])} {
		before := p.kept("bob")
		for _, body := range []string{`{"scopes":["repo:admin"]}`, `{"expires_at":null}`, `{"is_active":true}`} {
			if out, err := p.send("PATCH", at, body, append(header, "Content-Type", "application/json")...); err != nil || out.status < 400 {
				t.Errorf("%s: %d %v", body, out.status, err)
			}
		}
		if p.kept("bob") != before {
			t.Error("something has changed")
		}
	}
	made := p.step(201, "POST", "/v2/access-tokens", `{"token_label":"short","scopes":["repo:read"],"expires_at":"`+p.at.AddDate(0, 0, 1).Format("2006-01-02T15:04:05Z")+`"}`, bob...).members(t)
	short, ends := "/v2/access-tokens/"+made["uuid"].(string), made["expires_at"]
	for _, body := range []string{`{"expires_at":"2099-01-01T00:00:00Z"}`, `{"expires_at":null,"token_label":"longer"}`, `{"expires_at":null}`} {
		out, err := p.send("PATCH", short, body, append(bob, "Content-Type", "application/json")...)
		if err != nil {
			t.Error(err)
		}
		if out.status == 200 && out.members(t)["expires_at"] != ends {
			t.Errorf("%s: %s", body, out.body)
		}
	}
	p.at = p.at.AddDate(0, 0, 2)
	bob = []string{"Authorization", as(p.sign(p.begin("bob", "")))}
	for _, body := range []string{`{"is_active":true}`, `{"scopes":["repo:admin"]}`, `{"token_label":"x"}`} {
		p.step(409, "PATCH", short, body, bob...)
	}
	p.step(409, "POST", short+"/rotate", ``, bob...)
	p.step(204, "DELETE", short, "", bob...)
}
