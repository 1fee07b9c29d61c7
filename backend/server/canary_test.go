package server

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/oauth"
	"lanyard/backend/token"
)

// forms are how a secret could lie in a file.
func forms(secret string) map[string][]byte {
	all := map[string][]byte{
		"as it is": []byte(secret), "base64": []byte(base64.StdEncoding.EncodeToString([]byte(secret))),
		"base64url": []byte(base64.RawURLEncoding.EncodeToString([]byte(secret))), "hex": []byte(hex.EncodeToString([]byte(secret))),
		"an address": []byte(url.QueryEscape(secret)),
	}
	if seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil && len(seed) >= 16 {
		all["its bytes"] = seed
	}
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(raw) >= 16 {
		all["its bytes of base64"] = raw
	}
	if parts := strings.SplitN(secret, "_", 4); parts[0] == "lyd" { // lyd_pat_SECRET, lyd_ref_FAMILY_SECRET
		all["without its prefix"] = []byte(parts[len(parts)-1])
	}
	return all
}

// D5: whoever takes the database, or the backup that is written beside it, has
// no secret: no password, token, refresh token, code, cookie, seed or recovery
// code, in no form. What seals the seeds lies outside the file.
func TestTheDatabaseHoldsNoSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "service")
	now := time.Now().UTC()
	data, err := OpenData(t.Context(), dir, now)
	if err != nil {
		t.Fatal(err)
	}
	s := running(t, func(c *Config) { c.Store, c.Keys, c.Data, c.Storage = data.DB, data.Keys, dir, "" })
	secrets := secretsOf(t, &guarded{T: t, Server: s, at: now})
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(database, []byte("canary-label")) {
		t.Fatal("the database is not what is looked at")
	}
	// A copy of the file is the backup there is.
	for name, secret := range secrets {
		if len(secret) < 6 {
			t.Fatalf("%s: %q", name, secret)
		}
		for form, text := range forms(secret) {
			if bytes.Contains(database, text) {
				t.Errorf("%s lies in the database: %s", name, form)
			}
		}
	}
	// Nor do the keys, which are beside it.
	err = filepath.WalkDir(filepath.Join(dir, keysName), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(key) >= 32 && bytes.Contains(database, bytes.TrimSpace(key)) {
			t.Errorf("%s lies in the database", d.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secretsOf makes one secret of every kind there is.
func secretsOf(t *testing.T, g *guarded) map[string]string {
	t.Helper()
	ctx := t.Context()
	var err error
	if g.ada, err = g.Accounts().Create(ctx, account.New{Name: "ada", Password: hers, Admin: true}); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"the password": hers}
	shown := account.Proof{At: g.now(), Second: true}
	if err := g.Accounts().BeginTOTP(ctx, g.ada.ID, shown); err != nil {
		t.Fatal(err)
	}
	a := must[account.Account](t)(g.Accounts().Account(ctx, g.ada.ID))
	e := must[account.Enrolment](t)(g.Accounts().PendingTOTP(a, shown, "Lanyard"))
	secrets["the app's seed"], g.secret = e.Secret, e.Secret
	_, codes, err := g.Accounts().ConfirmTOTP(ctx, g.ada.ID, shown, g.code(), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range codes {
		secrets[fmt.Sprint("recovery code ", i)] = code
		secrets[fmt.Sprint("recovery code without its marks ", i)] = strings.NewReplacer("-", "", " ", "").Replace(code)
	}
	_, made, err := g.tokens.Create(ctx, g.ada.ID, token.Spec{Description: "canary-label", Scopes: []string{"repo:admin"}})
	if err != nil {
		t.Fatal(err)
	}
	secrets["a token"] = made.Reveal()
	for _, client := range []string{"lanyard", oauth.ClientDockerCLI} {
		status, begun := g.says("POST", "/oauth/device/code", "client_id="+client+"&scope=openid+offline_access", "Content-Type", "application/x-www-form-urlencoded")
		device := answered{status, nil, begun}.members(t)
		code := device["device_code"].(string)
		secrets["a device code of "+client] = code
		if err := g.grants.DecideDevice(ctx, grant.DeviceID(code), g.ada.ID, time.Now().UTC()); err != nil {
			t.Fatal(err)
		}
		status, given := g.says("POST", "/oauth/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {client}, "device_code": {code}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		tokens := answered{status, nil, given}.members(t)
		secrets["an access token of "+client], secrets["a refresh token of "+client] = tokens["access_token"].(string), tokens["refresh_token"].(string)
		status, given = g.says("POST", "/v2/access-tokens/desktop-generate", "", "Authorization", as(tokens["access_token"].(string)))
		secrets["an auto-generated token of "+client] = answered{status, nil, given}.members(t)["data"].(map[string]any)["token"].(string)
	}
	_, first := g.json("/v2/users/login", `{"username":"ada","password":"`+hers+`"}`)
	secrets["a challenge"] = first["login_2fa_token"].(string)
	page := ask(g, http.MethodGet, "http://localhost:8460/signin", "")
	for _, c := range page.Cookies() {
		secrets["the cookie "+c.Name] = c.Value
	}
	return secrets
}

// D12: a secret is in the one answer that made it, which nobody may keep, and
// nowhere else: no list, no activity, no log.
func TestASecretIsShownOnce(t *testing.T) {
	p := played{newTown(t, nil)}
	bob, olga := []string{"Authorization", as(p.of["bob"].bearer())}, []string{"Authorization", as(p.of["olga"].bearer())}
	name := append(basic("bob", password), "Content-Type", "application/json")
	secrets := map[string]string{"acme's": p.orgPass, "the registries'": p.notify}
	for scope, one := range p.of["bob"].tokens {
		secrets[scope] = one
	}
	for what, out := range map[string]answered{
		"by hand":      p.step(201, "POST", "/v2/access-tokens", `{"token_label":"ci"}`, bob...),
		"generated":    p.step(201, "POST", "/v2/access-tokens/desktop-generate", ``, bob...),
		"rotated":      p.step(200, "POST", "/v2/access-tokens/"+p.of["bob"].tried+"/rotate", ``, bob...),
		"itself":       p.step(200, "POST", "/v2/access-tokens/self/rotate", ``, basic("bob", p.of["bob"].tokens["repo:write"])...),
		"by the alias": p.step(201, "POST", "/v2/api_tokens", `{"token_label":"hub-tool"}`, bob...),
		"of acme":      p.step(201, "POST", "/v2/orgs/acme/access-tokens", `{"label":"ci","resources":[{"type":"TYPE_REPO","path":"acme/*","scopes":["scope-image-pull"]}]}`, olga...),
		"DTR's":        p.step(200, "POST", "/api/v0/api_tokens", `{}`, name...),
	} {
		members := out.members(t)
		if data, ok := members["data"].(map[string]any); ok {
			members = data
		}
		secret, _ := members["token"].(string)
		if !token.Plausible(secret) || strings.Count(out.body, secret) != 1 {
			t.Errorf("%s: %s", what, out.body)
		}
		if out.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", what, out.header.Get("Cache-Control"))
		}
		secrets[what] = secret
	}
	var all strings.Builder
	ada := []string{"Authorization", as(p.of["ada"].bearer())}
	for _, who := range [][]string{bob, ada, olga} {
		for _, path := range []string{
			"/v2/access-tokens?page_size=100", "/v2/api_tokens?page_size=100", "/v2/access-tokens/" + p.of["bob"].tried, "/v2/access-tokens/session", "/v2/access-tokens?username=bob&page_size=100",
			"/v2/orgs/acme/access-tokens", "/v2/access/activity?limit=1000", "/v2/access/activity?format=jsonl", "/v2/access/activity?username=bob&format=jsonl", "/v2/auditlogs/bob?page_size=100", "/v2/auditlogs/acme?page_size=100",
		} {
			out, err := p.send("GET", path, "", who...)
			if err != nil {
				t.Error(err)
			}
			all.WriteString(out.body)
		}
	}
	all.WriteString(p.step(200, "GET", "/api/v0/api_tokens?pageSize=100", "", name...).body)
	all.WriteString(p.step(200, "GET", "/metrics", "").body)
	for what, secret := range secrets {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s is shown again", what)
		}
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("%s is in the log", what)
		}
	}
	if !strings.Contains(all.String(), "repo:write "+canary("bob")) || p.log.Len() == 0 {
		t.Error("what was looked at is not it")
	}
}
