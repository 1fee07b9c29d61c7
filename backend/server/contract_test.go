package server

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/grant"
	"lanyard/backend/internal/oauth"
)

// played is a scripted session: each step is held against the documents, ours
// and, by LANYARD_HUB_OPENAPI, Docker's.
type played struct{ *town }

func (p played) step(want int, method, path, body string, header ...string) answered {
	p.Helper()
	if strings.HasPrefix(body, "{") && !slices.Contains(header, "Content-Type") {
		header = append(header, "Content-Type", "application/json")
	}
	out, err := p.send(method, path, body, header...)
	if err != nil {
		p.Error(err)
	}
	if out.status != want {
		p.Errorf("%s %s %s: %d %.300s, want %d", method, path, body, out.status, out.body, want)
	}
	return out
}

func (p played) form(want int, path string, values ...string) answered {
	p.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return p.step(want, "POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func as(bearer string) string { return "Bearer " + bearer }

func TestContractOfOAuth(t *testing.T) {
	p := played{newTown(t, nil)}
	p.step(200, "GET", "/.well-known/openid-configuration", "")
	p.step(200, "GET", "/keys", "")
	// By a browser.
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {"lanyard"}, "redirect_uri": {"http://127.0.0.1:4711/callback"}, "response_type": {"code"}, "scope": {"openid profile email offline_access"},
		"state": {"s"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	begun := p.step(303, "GET", "/authorize?"+query.Encode(), "")
	to, err := url.Parse(begun.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(begun.header.Get("Set-Cookie"), ";")
	id, binding := to.Query().Get("request"), cookie[strings.IndexByte(cookie, '=')+1:]
	p.step(303, "GET", "/authorize/callback?id="+id, "", "Cookie", cookie) // nobody has decided
	if err := p.grants.Decide(t.Context(), id, binding, p.of["bob"].account.ID, p.at); err != nil {
		t.Fatal(err)
	}
	p.step(403, "GET", "/authorize/callback?id="+id, "") // another browser
	back := p.step(303, "GET", "/authorize/callback?id="+id, "", "Cookie", cookie)
	at, err := url.Parse(back.header.Get("Location"))
	if err != nil || at.Query().Get("code") == "" {
		t.Fatalf("%s %v", back.header, err)
	}
	code := []string{"grant_type", "authorization_code", "client_id", "lanyard", "code", at.Query().Get("code"), "redirect_uri", "http://127.0.0.1:4711/callback", "code_verifier"}
	p.form(400, "/oauth/token", append(code, strings.Repeat("w", 43))...)
	made := p.form(200, "/oauth/token", append(code, verifier)...).members(t)
	access, refresh := fmt.Sprint(made["access_token"]), fmt.Sprint(made["refresh_token"])
	for _, method := range []string{"GET", "POST"} {
		p.step(200, method, "/userinfo", "", "Authorization", as(access))
		p.step(401, method, "/userinfo", "")
		p.step(401, method, "/userinfo", "", "Authorization", as("x.y.z"))
	}
	p.step(400, "GET", "/userinfo?access_token=x", "")
	made = p.form(200, "/oauth/token", "grant_type", "refresh_token", "client_id", "lanyard", "refresh_token", refresh).members(t)
	p.form(400, "/oauth/token", "grant_type", "refresh_token", "client_id", "lanyard", "refresh_token", fmt.Sprint(made["refresh_token"]), "scope", "admin")
	p.form(200, "/oauth/revoke", "client_id", "lanyard", "token", fmt.Sprint(made["refresh_token"]))
	p.form(200, "/oauth/revoke", "client_id", "lanyard", "token", "unknown")
	p.form(400, "/oauth/token", "grant_type", "refresh_token", "client_id", "lanyard", "refresh_token", fmt.Sprint(made["refresh_token"]))
	p.step(401, "GET", "/userinfo", "", "Authorization", as(access))
	// Without one.
	given := p.form(200, "/oauth/device/code", "client_id", oauth.ClientDockerCLI, "scope", "openid offline_access", "audience", oauth.HubAudience).members(t)
	poll := []string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id", oauth.ClientDockerCLI, "device_code", fmt.Sprint(given["device_code"])}
	p.form(400, "/oauth/token", poll...)
	if err := p.grants.DecideDevice(t.Context(), grant.DeviceID(fmt.Sprint(given["device_code"])), p.of["bob"].account.ID, p.at); err != nil {
		t.Fatal(err)
	}
	p.form(200, "/oauth/token", poll...)
	p.form(400, "/oauth/token", poll...) // used
	// What is refused.
	for path, good := range map[string]string{"/oauth/token": "grant_type=refresh_token&client_id=lanyard", "/oauth/device/code": "client_id=lanyard&scope=openid", "/oauth/revoke": "client_id=lanyard&token=x"} {
		p.step(415, "POST", path, "{}")
		p.step(405, "GET", path, "")
		p.step(413, "POST", path, strings.Repeat("a", 70<<10), "Content-Type", "application/x-www-form-urlencoded")
		p.step(401, "POST", path, strings.Replace(good, "=lanyard", "=nobody", 1), "Content-Type", "application/x-www-form-urlencoded")
		p.step(400, "POST", path, good+"&"+good, "Content-Type", "application/x-www-form-urlencoded")
		p.step(400, "POST", path+"?x=1", good, "Content-Type", "application/x-www-form-urlencoded")
	}
	p.form(400, "/oauth/token", "grant_type", "password", "client_id", "lanyard", "username", "bob", "password", password)
	p.form(400, "/oauth/device/code", "client_id", "lanyard", "scope", "none")
	p.form(400, "/oauth/device/code", "client_id", "lanyard", "scope", "openid", "audience", "https://elsewhere.example")
	p.step(400, "GET", "/authorize", "")
	query.Set("code_challenge", "plain")
	p.step(303, "GET", "/authorize?"+query.Encode(), "")
}

func TestContractOfTheRegistrys(t *testing.T) {
	p := played{newTown(t, nil)}
	one := "/token?service=registry.example&scope=repository:bob/app:"
	for scope, secret := range p.of["bob"].tokens {
		want := 200
		if scope == "repo:public_read" {
			want = 403
		}
		p.step(want, "GET", one+"pull", "", basic("bob", secret)...)
		p.form(want, "/token", "grant_type", "password", "service", "registry.example", "username", "bob", "password", secret, "client_id", "test", "scope", "repository:bob/app:pull")
	}
	whole := p.step(200, "GET", one+"pull,push,delete&offline_token=true", "", basic("bob", p.of["bob"].tokens["repo:admin"])...).members(t)
	p.form(200, "/token", "grant_type", "refresh_token", "service", "registry.example", "refresh_token", fmt.Sprint(whole["refresh_token"]), "scope", "repository:bob/app:pull")
	p.step(200, "GET", one+"pull", "", basic("bob", password)...)
	p.step(200, "GET", "/token?service=registry.example&scope=repository:acme/app:pull", "", basic("acme", p.orgPass)...)
	p.step(200, "GET", one+"pull", "") // anonymous: an empty token
	p.step(200, "GET", "/token?service=registry.example&scope=registry:catalog:*", "", basic("ada", p.of["ada"].tokens["repo:admin"])...)
	for path, want := range map[string]int{
		"/token": 400, "/token?service=other.example": 400, one + "PULL": 400, "/token?service=registry.example&password=x": 400,
		"/token?service=registry.example&scope=repository:a/../b:pull": 400, "/token?service=%zz": 400,
	} {
		p.step(want, "GET", path, "", basic("bob", p.of["bob"].tokens["repo:read"])...)
	}
	p.step(403, "GET", one+"pull", "", basic("eve", p.of["eve"].tokens["repo:admin"])...)
	p.step(401, "GET", one+"pull", "", basic("eve", p.of["bob"].tokens["repo:admin"])...)
	p.step(401, "GET", one+"pull", "", "Authorization", "Basic =")
	p.step(401, "GET", one+"pull", "", basic("bob", "lyd_pat_short")...)
	p.step(415, "POST", "/token", "{}")
	p.form(400, "/token", "grant_type", "client_credentials")
	p.form(401, "/token", "grant_type", "refresh_token", "service", "registry.example", "refresh_token", "x")
	p.form(413, "/token", "grant_type", strings.Repeat("p", 65<<10))
	p.step(405, "DELETE", "/token", "")
	for range 12 {
		if _, err := p.send("GET", one+"pull", "", basic("max", "wrong")...); err != nil {
			t.Error(err)
		}
	}
	p.step(429, "GET", one+"pull", "", basic("max", "wrong")...)
	// Notifications.
	kind := "application/vnd.docker.distribution.events.v1+json"
	told := `{"events":[{"action":"pull","target":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:` + strings.Repeat("a", 64) + `","repository":"bob/app","tag":"1"},"request":{"method":"GET"},"actor":{"name":"bob"}}]}`
	secret := []string{"Authorization", as(p.notify), "Content-Type", kind}
	p.step(202, "POST", "/events?service=registry.example", told, secret...)
	p.step(202, "POST", "/events?service=registry.example", `{"events":[]}`, secret...)
	p.step(400, "POST", "/events?service=registry.example", `{}`, secret...)
	p.step(404, "POST", "/events?service=nobody.example", told, secret...)
	p.step(401, "POST", "/events?service=registry.example", told, "Content-Type", kind)
	p.step(415, "POST", "/events?service=registry.example", told, "Authorization", as(p.notify), "Content-Type", "text/plain")
	p.step(413, "POST", "/events?service=registry.example", `{"events":["`+strings.Repeat("a", 8<<20)+`"]}`, secret...)
	p.step(405, "GET", "/events?service=registry.example", "")
	// Operations.
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/.well-known/lanyard"} {
		p.step(200, "GET", path, "")
	}
}

func TestContractOfDTR(t *testing.T) {
	p := played{newTown(t, nil)}
	bob := append(basic("bob", password), "Content-Type", "application/json")
	at := "/api/v0/api_tokens"
	made := p.step(200, "POST", at, `{"tokenLabel":"ci"}`, bob...).members(t)
	one := at + "/" + fmt.Sprint(made["hashedToken"])
	p.step(200, "GET", at+"?pageSize=2&count=true", "", bob...)
	p.step(200, "GET", one, "", bob...)
	p.step(200, "GET", one, "", basic("bob", fmt.Sprint(made["token"]))...)
	p.step(200, "PATCH", one, `{"isActive":false}`, bob...)
	p.step(401, "GET", one, "", basic("bob", fmt.Sprint(made["token"]))...)
	p.step(200, "DELETE", one, "", bob...)
	p.step(404, "GET", one, "", bob...)
	p.step(200, "GET", "/api/v0/repositories?count=true", "", bob...)
	p.step(200, "GET", "/api/v0/repositories", "", basic("bob", p.of["bob"].tokens["repo:read"])...)
	p.step(200, "DELETE", at+"?generatedby=manual&usedbefore=2020-01-01", "", bob...)
	ada := append(basic("ada", password), "Content-Type", "application/json")
	p.step(200, "GET", at, "", ada...)
	p.step(200, "POST", at+"?username=bob", `{"tokenLabel":"by ada"}`, ada...)
	p.step(404, "GET", at+"?username=nobody", "", ada...)
	p.step(400, "DELETE", at, "", ada...)
	for path, want := range map[string]int{at + "?pageSize=0": 400, at + "?count=perhaps": 400, at + "?username=eve": 403, at + "?pageStart=%20": 400, "/api/v0/repositories?pageStart=A": 400} {
		p.step(want, "GET", path, "", bob...)
	}
	p.step(406, "GET", at, "", append(bob, "Accept", "text/html")...)
	p.step(405, "PUT", at, "", bob...)
	p.step(415, "POST", at, `{}`, append(basic("bob", password), "Content-Type", "text/plain")...)
	p.step(400, "POST", at, `{"tokenLabel":1}`, bob...)
	p.step(400, "PATCH", at+"/"+p.of["bob"].tried, `{}`, bob...)
	p.step(404, "PATCH", at+"/"+p.of["eve"].tried, `{"isActive":false}`, bob...)
	p.step(413, "POST", at, `{"tokenLabel":"`+strings.Repeat("a", 65<<10)+`"}`, bob...)
	p.step(401, "GET", at, "")
	p.step(403, "GET", at, "", basic("bob", p.of["bob"].tokens["repo:admin"])...)
	p.step(403, "GET", at, "", basic("acme", p.orgPass)...)
	p.step(404, "GET", "/api/v0/nothing", "", bob...)
}
