package server

import (
	"fmt"
	"strings"
	"testing"
)

func TestContractOfTheHub(t *testing.T) {
	p := played{newTown(t, inFolder(t.TempDir()))}
	bob := []string{"Authorization", as(p.of["bob"].bearer())}
	secret := p.of["bob"].tokens["repo:write"]

	// Logins.
	p.step(200, "POST", "/v2/users/login", `{"username":"bob","password":"`+password+`"}`)
	p.step(200, "POST", "/v2/users/login?refresh_token=true", `{"username":"bob@`+canary("bob")+`.example","password":"`+secret+`"}`)
	p.step(200, "POST", "/v2/auth/token", `{"identifier":"bob","secret":"`+secret+`"}`)
	for body, want := range map[string]int{
		`{"username":"bob","password":"wrong"}`: 401, `{"username":"bob"}`: 400, `[]`: 400, `{"username":1,"password":true}`: 400, `{"username":"eve","password":"` + secret + `"}`: 401,
	} {
		p.step(want, "POST", "/v2/users/login", body)
	}
	p.step(401, "POST", "/v2/users/2fa-login", `{"login_2fa_token":"x","code":"000000"}`)
	p.step(400, "POST", "/v2/auth/token", `{"identifier":"bob"}`)

	// Tokens.
	at := "/v2/access-tokens"
	made := p.step(201, "POST", at, `{"token_label":"ci","scopes":["repo:read"],"expires_at":"2027-06-01T00:00:00Z","repositories":["bob/*"]}`,
		bob...)
	one := at + "/" + fmt.Sprint(made.members(t)["uuid"])
	for _, path := range []string{at, at + "?page=1&page_size=2", at + "?search=ci&source=manual&status=active&ordering=-created", one, at + "/session", "/v2/api_tokens"} {
		p.step(200, "GET", path, "", bob...)
	}
	p.step(200, "PATCH", one, `{"token_label":"ci 2","is_active":false,"scopes":["repo:write"]}`, bob...)
	p.step(409, "POST", one+"/rotate", ``, bob...)
	p.step(200, "POST", at+"/bulk", `{"action":"activate","uuids":["`+one[len(at)+1:]+`"]}`, bob...)
	p.step(200, "POST", one+"/rotate", `{"overlap_seconds":60}`, bob...)
	p.step(200, "POST", at+"/which", `{"token":"`+secret+`"}`, bob...)
	p.step(404, "POST", at+"/which", `{"token":"`+p.of["eve"].tokens["repo:read"]+`"}`, bob...)
	p.step(201, "POST", at+"/desktop-generate", ``, bob...)
	p.step(201, "POST", at+"/desktop-generate", `{"installation":"i","machine":"m","os":"linux"}`, bob...)
	for _, who := range [][]string{basic("bob", secret), {"Authorization", as(p.of["bob"].made("repo:write"))}} {
		p.step(200, "GET", at+"/self", "", who...)
		p.step(200, "GET", "/v2/access/explain?repository=bob/app&action=push", "", who...)
	}
	p.step(200, "GET", at+"/self", "", basic("acme", p.orgPass)...)
	p.step(200, "POST", at+"/self/rotate", ``, basic("bob", p.of["bob"].tokens["repo:read"])...)
	p.step(204, "DELETE", at+"/self", "", basic("bob", p.of["bob"].tokens["repo:public_read"])...)
	p.step(401, "GET", at+"/self", "", basic("bob", password)...)
	p.step(403, "GET", at+"/self", "", bob...)
	p.step(200, "GET", one+"/reach", "", bob...)
	p.step(200, "GET", at+"/"+p.of["bob"].tried+"/uses", "", bob...)
	for _, below := range []string{"/reach", "/uses"} {
		p.step(404, "GET", at+"/"+p.of["eve"].tried+below, "", bob...)
		p.step(403, "GET", one+below, "", "Authorization", as(p.of["bob"].made("repo:admin")))
	}
	p.step(204, "DELETE", one, "", bob...)
	p.step(404, "GET", one, "", bob...)
	p.step(404, "PATCH", at+"/"+p.of["eve"].tried, `{"is_active":false}`, bob...)
	for body, want := range map[string]int{`{`: 400, `{"token_label":""}`: 400, `{"token_label":"x","scopes":["root"]}`: 400, `{"token_label":"x","expires_at":"2001-01-01T00:00:00Z"}`: 400} {
		p.step(want, "POST", at, body, bob...)
	}
	for _, query := range []string{"?page=0", "?page_size=x", "?ordering=owner", "?after=x"} {
		p.step(400, "GET", at+query, "", bob...)
	}
	p.step(413, "POST", at, `{"token_label":"`+strings.Repeat("a", 65<<10)+`"}`, bob...)
	p.step(405, "PUT", at, ``, bob...)
	p.step(401, "GET", at, "")
	p.step(401, "GET", at, "", "Authorization", as("x.y.z"))
	p.step(403, "GET", at, "", "Authorization", as(p.of["bob"].made("repo:admin")))
	p.step(403, "GET", at+"?username=eve", "", bob...)
	ada := []string{"Authorization", as(p.of["ada"].bearer())}
	p.step(200, "GET", at+"?username=eve", "", ada...)
	p.step(201, "POST", at+"?username=eve", `{"token_label":"by ada"}`, ada...)

	// Organisations.
	olga, eve := []string{"Authorization", as(p.of["olga"].bearer())}, []string{"Authorization", as(p.of["eve"].bearer())}
	org := "/v2/orgs/acme"
	p.step(201, "POST", "/v2/orgs", `{"name":"umbra","owner":"eve"}`, ada...)
	p.step(403, "POST", "/v2/orgs", `{"name":"third"}`, bob...)
	p.step(409, "POST", "/v2/orgs", `{"name":"bob"}`, ada...)
	p.step(204, "DELETE", "/v2/orgs/umbra", "", eve...)
	for _, path := range []string{"/v2/orgs", org, org + "/members", org + "/groups", org + "/groups/dev", org + "/groups/dev/members", org + "/access-tokens", org + "/access-tokens/" + p.orgID, "/v2/auditlogs/acme", "/v2/auditlogs/acme/actions"} {
		p.step(200, "GET", path, "", olga...)
		if path != "/v2/orgs" {
			p.step(404, "GET", path, "", eve...)
		}
	}
	p.step(200, "PUT", org+"/members/bob", `{"role":"member"}`, olga...)
	p.step(403, "PUT", org+"/members/eve", `{"role":"owner"}`, bob...)
	p.step(201, "POST", org+"/groups", `{"name":"ops","description":"d","right":"read"}`, olga...)
	p.step(200, "PATCH", org+"/groups/ops", `{"right":"write"}`, olga...)
	p.step(200, "PUT", org+"/groups/ops", `{"name":"ops"}`, olga...)
	p.step(200, "POST", org+"/groups/ops/members", `{"member":"bob"}`, olga...)
	p.step(204, "DELETE", org+"/groups/ops/members/bob", "", olga...)
	p.step(204, "DELETE", org+"/groups/ops", "", olga...)
	p.step(204, "DELETE", org+"/members/bob", "", olga...)
	p.step(409, "DELETE", org+"/members/olga", "", olga...)
	own := p.step(201, "POST", org+"/access-tokens", `{"label":"ci","resources":[{"type":"TYPE_REPO","path":"acme/*","scopes":["scope-image-pull"]}]}`, olga...).members(t)
	p.step(200, "PATCH", org+"/access-tokens/"+fmt.Sprint(own["id"]), `{"label":"ci 2","is_active":false}`, olga...)
	p.step(204, "DELETE", org+"/access-tokens/"+fmt.Sprint(own["id"]), "", olga...)
	p.step(404, "GET", org+"/access-tokens/"+fmt.Sprint(own["id"]), "", olga...)
	p.step(400, "POST", org+"/access-tokens", `{"label":"ci"}`, olga...)

	// Repositories and rights.
	p.step(201, "POST", "/v2/access/repositories", `{"name":"bob/deep/er","visibility":"public"}`, bob...)
	p.step(409, "POST", "/v2/access/repositories", `{"name":"bob/deep/er"}`, bob...)
	p.step(403, "POST", "/v2/access/repositories", `{"name":"eve/x"}`, bob...)
	p.step(200, "GET", "/v2/access/repositories?page_size=1", "", bob...)
	p.step(200, "GET", "/v2/access/repositories/bob/deep/er", "", eve...)
	p.step(404, "GET", "/v2/access/repositories/bob/app", "", eve...)
	p.step(200, "PATCH", "/v2/access/repositories/bob/deep/er", `{"description":"d","visibility":"private"}`, bob...)
	p.step(200, "PUT", "/v2/access/rights/bob/deep/er", `{"user":"eve","right":"read"}`, bob...)
	p.step(200, "DELETE", "/v2/access/rights/bob/deep/er?user=eve", "", bob...)
	p.step(200, "GET", "/v2/access/explain?repository=eve/app&action=push", "", bob...)
	p.step(400, "GET", "/v2/access/explain?repository=eve/app&action=burn", "", bob...)
	p.step(204, "DELETE", "/v2/access/repositories/bob/deep/er", "", bob...)
	p.step(404, "GET", "/v2/access/tags/bob/nothing", "", bob...)

	// Activity.
	p.step(200, "GET", "/v2/access/activity?limit=3&action=token.", "", bob...)
	p.step(200, "GET", "/v2/access/activity?format=jsonl", "", bob...)
	p.step(400, "GET", "/v2/access/activity?limit=0", "", bob...)
	p.step(403, "GET", "/v2/access/activity?username=eve", "", bob...)
	p.step(200, "GET", "/v2/auditlogs/bob", "", bob...)
	p.step(404, "GET", "/v2/nothing", "")

	// Sessions, and what becomes of the account.
	for _, path := range []string{"/v2/access/sessions", "/v2/access/factors", "/v2/access/changes", "/v2/access/changes?after=unknown"} {
		p.step(200, "GET", path, "", bob...)
		p.step(401, "GET", path, "")
		p.step(403, "GET", path, "", "Authorization", as(p.of["bob"].made("repo:admin")))
	}
	p.step(400, "GET", "/v2/access/changes?after="+strings.Repeat("x", 65), "", bob...)
	p.step(400, "DELETE", "/v2/access/sessions", "", bob...)
	p.step(200, "DELETE", "/v2/access/sessions?others=true", "", bob...)
	p.step(404, "DELETE", "/v2/access/sessions/nothing", "", bob...)
	p.step(200, "DELETE", at+"/sessions", "", bob...)
	p.step(401, "GET", at, "", bob...)
}
