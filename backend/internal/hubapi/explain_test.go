package hubapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExplain(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	made := c.ask(c.eve, "POST", "/v2/access-tokens", `{"token_label":"CI","scopes":["repo:read"],"repositories":["acme/*"]}`).is(201)
	id, secret := str(made, "uuid"), str(made, "token")
	oat := str(c.orgToken(`{"label":"CI",`+reading+`}`), "token")
	for name, x := range map[string]struct {
		said
		want, words string // allowed, rule, and whether a token stands between
	}{
		"one's own":                  {c.ask(c.bob, "GET", "/v2/access/explain?repository=bob/x&action=push", nil), "true own false", "under the name bob"},
		"an owner":                   {c.ask(c.bob, "GET", "/v2/access/explain?repository=acme/app&action=delete", nil), "true owner false", "an owner of acme"},
		"by a team":                  {c.ask(c.eve, "GET", "/v2/access/explain?repository=acme/app&action=pull", nil), "true team false", "the team acme/dev"},
		"not so far":                 {c.ask(c.eve, "GET", "/v2/access/explain?repository=acme/app&action=push", nil), "false team false", "eve may not push acme/app"},
		"a stranger":                 {c.ask(c.mal, "GET", "/v2/access/explain?repository=acme/app&action=pull", nil), "false  false", "mal may not pull acme/app"},
		"of one's token":             {c.ask(c.eve, "GET", "/v2/access/explain?repository=eve/x&action=pull&token="+id, nil), "false own true", "limited to acme/*"},
		"of a person":                {c.ask(c.ada, "GET", "/v2/access/explain?repository=acme/app&action=pull&username=eve", nil), "true team false", "the team acme/dev"},
		"of a person's token":        {c.ask(c.ada, "GET", "/v2/access/explain?repository=acme/app&action=push&username=eve&token="+id, nil), "false team true", "eve may not push"},
		"of the token that asks":     {c.basic("eve", secret, "GET", "/v2/access/explain?repository=acme/app&action=pull", nil), "true team true", "let it pull"},
		"of the session's token":     {c.ask(c.madeOf("eve", id), "GET", "/v2/access/explain?repository=acme/app&action=delete", nil), "false team true", "eve may not delete"},
		"of an organisation's token": {c.basic("acme", oat, "GET", "/v2/access/explain?repository=acme/app&action=pull", nil), "true organization true", "a token of acme"},
		"of that in another's name":  {c.basic("acme", oat, "GET", "/v2/access/explain?repository=bob/x&action=pull", nil), "false  true", "under that name"},
	} {
		x.said.t = t
		out := x.is(200)
		if got := fmt.Sprint(out["allowed"], " ", out["rule"], " ", out["token"] != ""); got != x.want || !strings.Contains(string(x.body), x.words) {
			t.Errorf("%s: %s, %s", name, got, x.body)
		}
	}
	c.ask(c.eve, "PATCH", "/v2/access-tokens/"+id, `{"is_active":false}`).is(200)
	if out := c.ask(c.eve, "GET", "/v2/access/explain?repository=acme/app&action=pull&token="+id, nil).is(200); out["allowed"] != false || out["why"] != "token is deactivated" {
		t.Errorf("%v", out)
	}
}

func TestExplainRefused(t *testing.T) {
	c := newCompany(t)
	made := c.ask(c.eve, "POST", "/v2/access-tokens", `{"token_label":"CI","expires_at":"2026-11-23T12:05:00Z"}`).is(201)
	id, secret := str(made, "uuid"), str(made, "token")
	for name, x := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"nobody":                  {c.ask("", "GET", "/v2/access/explain?repository=a/b&action=pull", nil), 401, "token", "unauthorized"},
		"no repository":           {c.ask(c.eve, "GET", "/v2/access/explain?action=pull", nil), 400, "invalid", "repository is needed"},
		"no action":               {c.ask(c.eve, "GET", "/v2/access/explain?repository=a/b", nil), 400, "invalid", "pull, push or delete"},
		"another action":          {c.ask(c.eve, "GET", "/v2/access/explain?repository=a/b&action=*", nil), 400, "invalid", "pull, push or delete"},
		"a name that is none":     {c.ask(c.eve, "GET", "/v2/access/explain?repository=A/b&action=pull", nil), 400, "invalid", "no name of a repository"},
		"another's token":         {c.ask(c.bob, "GET", "/v2/access/explain?repository=a/b&action=pull&token="+id, nil), 404, "unknown", "not found"},
		"an unknown token":        {c.ask(c.bob, "GET", "/v2/access/explain?repository=a/b&action=pull&token=x", nil), 404, "unknown", "not found"},
		"another person":          {c.ask(c.bob, "GET", "/v2/access/explain?repository=a/b&action=pull&username=eve", nil), 403, "forbidden", "only administrators"},
		"a token of another":      {c.basic("eve", secret, "GET", "/v2/access/explain?repository=a/b&action=pull&username=bob", nil), 403, "person", "not allowed"},
		"a token of a token":      {c.ask(c.madeOf("eve", id), "GET", "/v2/access/explain?repository=a/b&action=pull&token="+id, nil), 403, "person", "not allowed"},
		"a token by a wrong name": {c.basic("bob", secret, "GET", "/v2/access/explain?repository=a/b&action=pull", nil), 401, "credentials", "wrong name"},
	} {
		x.said.t = t
		t.Log(name)
		x.refused(x.status, x.reason, x.words)
	}
	c.passes(5 * time.Minute)
	c.basic("eve", secret, "GET", "/v2/access/explain?repository=a/b&action=pull", nil).refused(401, "expired", "has expired")
}
