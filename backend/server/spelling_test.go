package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// D7: a token is worth the same however its path is spelled and by whatever
// method it is asked for: no spelling lets it administer, and none changes
// anything. The registry lies beside the Hub's paths here.
func TestOneDecisionOnEverySpelling(t *testing.T) {
	w := newTown(t, inFolder(t.TempDir()))
	one := "/" + w.of["bob"].tried
	spellings := []string{
		"/v2/access-tokens", "/v2/access-tokens/", "/v2//access-tokens", "//v2/access-tokens", "/v2/./access-tokens", "/v2/x/../access-tokens",
		"/v2/%61ccess-tokens", "/v2/access%2Dtokens", "/v2/access-tokens%2F", "/v2%2Faccess-tokens", "/V2/access-tokens", "/v2/Access-Tokens",
		"/v2/access-tokens;a=b", "/v2/access-tokens%00", "/v2/api_tokens", "/v2/api_tokens/", "/v2/api%5Ftokens", "/v2/access-tokens.json",
		"/api/v0/api_tokens", "/api/v0/api_tokens/", "/api//v0/api_tokens", "/api/v0/%61pi_tokens",
	}
	for _, path := range spellings {
		for _, also := range []string{"", one, "%2F" + one[1:], "/" + one} {
			w.spelled(path + also)
		}
	}
}

// spelled asks for one spelling by every method with a token in each form.
func (w *town) spelled(path string) {
	w.Helper()
	before := w.kept("bob")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "GET ", "get"} {
		method = strings.TrimSpace(method)
		for kind, value := range map[string]string{
			"Bearer": as(w.of["bob"].tokens["repo:admin"]), "a session": as(w.of["bob"].made("repo:admin")), "JWT": "JWT " + w.of["bob"].made("repo:admin"),
			"Basic": basic("bob", w.of["bob"].tokens["repo:admin"])[1], "Basic, no name": basic("", w.of["bob"].tokens["repo:admin"])[1],
		} {
			r := httptest.NewRequest(method, "http://localhost:8460/", strings.NewReader(`{"token_label":"more","tokenLabel":"more","is_active":false}`))
			r.URL.Path, r.URL.RawPath = unescaped(path), path
			r.Header.Set("Authorization", value)
			r.Header.Set("Content-Type", "application/json")
			for _, header := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
				r.Header.Set(header, "DELETE")
			}
			recorder := httptest.NewRecorder()
			w.ServeHTTP(recorder, r)
			itself := method != "DELETE" && strings.HasPrefix(path, "/api") && strings.Contains(path, w.of["bob"].tried)
			if recorder.Code < 300 && !itself || recorder.Code >= 500 {
				w.Errorf("%s %s by %s: %d %.200s", method, path, kind, recorder.Code, recorder.Body)
			}
		}
	}
	if w.kept("bob") != before {
		w.Fatalf("%s has changed something", path)
	}
}

// unescaped is a path as the server of net/http gives it to handlers.
func unescaped(path string) string {
	r, err := http.NewRequest(http.MethodGet, "http://localhost:8460"+path, nil)
	if err != nil {
		return path
	}
	return r.URL.Path
}

// D7: the same secret decides the same wherever it is shown.
func TestOneDecisionOnEveryDoor(t *testing.T) {
	for name, spoil := range map[string]func(w *town){
		"good": nil,
		"deactivated": func(w *town) {
			played{w}.step(200, "PATCH", "/v2/access-tokens/"+w.of["bob"].ids["repo:write"], `{"is_active":false}`, "Authorization", as(w.of["bob"].bearer()))
		},
		"deleted": func(w *town) {
			played{w}.step(204, "DELETE", "/v2/access-tokens/"+w.of["bob"].ids["repo:write"], "", "Authorization", as(w.of["bob"].bearer()))
		},
		"its owner disabled": func(w *town) {
			if err := w.accounts.SetDisabled(w.Context(), w.of["bob"].account.ID, true); err != nil {
				w.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, nil)
			made := w.of["bob"].made("repo:write")
			if spoil != nil {
				spoil(w)
			}
			w.T = t
			secret := w.of["bob"].tokens["repo:write"]
			good, bad := http.StatusOK, http.StatusUnauthorized
			p := played{w}
			want := good
			if spoil != nil {
				want = bad
			}
			p.step(want, "GET", "/token?service=registry.example&scope=repository:bob/app:pull", "", basic("bob", secret)...)
			p.form(want, "/token", "grant_type", "password", "service", "registry.example", "username", "bob", "password", secret, "scope", "repository:bob/app:pull", "client_id", "c")
			p.step(want, "POST", "/v2/users/login", `{"username":"bob","password":"`+secret+`"}`)
			p.step(want, "POST", "/v2/auth/token", `{"identifier":"bob","secret":"`+secret+`"}`)
			p.step(want, "GET", "/v2/access-tokens/self", "", basic("bob", secret)...)
			p.step(want, "GET", "/v2/access-tokens/self", "", "Authorization", as(made))
			p.step(want, "GET", "/v2/access/explain?repository=bob/app&action=push", "", basic("bob", secret)...)
			p.step(want, "GET", "/api/v0/repositories", "", basic("bob", secret)...)
		})
	}
}
