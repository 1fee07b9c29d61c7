package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// running is a whole service with its registry, at http://localhost:8460 as
// far as it knows.
func running(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	address, err := NewAddress("", "127.0.0.1:8460", false)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Store: memstore.New(), Keys: k, Address: address, Storage: filepath.Join(t.TempDir(), "images"), Data: t.TempDir(),
		Tokens: token.DefaultLimits(), Sessions: grant.DefaultLimits(), Version: "test",
	}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ask(s http.Handler, method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestOnlyItsOwnName(t *testing.T) {
	s := running(t, func(c *Config) { c.Aliases = []string{"lanyard.internal:8460"} })
	for host, want := range map[string]int{
		"localhost:8460": http.StatusOK, "LOCALHOST:8460": http.StatusOK, "lanyard.internal:8460": http.StatusOK,
		"127.0.0.1:8460": http.StatusMisdirectedRequest, "evil.example": http.StatusMisdirectedRequest,
		"localhost": http.StatusMisdirectedRequest, "localhost:8461": http.StatusMisdirectedRequest,
		"localhost.evil.example:8460": http.StatusMisdirectedRequest,
	} {
		response := ask(s, http.MethodGet, "http://"+host+"/.well-known/lanyard", "")
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, response.StatusCode, want)
		}
		if want == http.StatusMisdirectedRequest {
			if text, _ := io.ReadAll(response.Body); !strings.Contains(string(text), "http://localhost:8460") {
				t.Errorf("%s: %q does not name the right address", host, text)
			}
		}
	}
	if response := ask(s, http.MethodGet, "http://10.0.0.1/healthz", ""); response.StatusCode != http.StatusOK {
		t.Errorf("healthz is asked by address: %d", response.StatusCode)
	}
}

// Every path goes to the surface that owns it, which answers in its own
// format, wrong methods and bodies of over 64 KiB included.
func TestWhoAnswers(t *testing.T) {
	s := running(t, nil)
	large := strings.Repeat("x", 70<<10)
	for name, row := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		says               string
	}{
		"registry":                   {"GET", "/v2/", "", nil, 401, `"code":"UNAUTHORIZED"`},
		"registry, a repository":     {"GET", "/v2/ada/app/manifests/1", "", nil, 401, `"code":"UNAUTHORIZED"`},
		"hub, no credentials":        {"GET", "/v2/access-tokens", "", nil, 401, `"message"`},
		"hub, wrong method":          {"PUT", "/v2/access-tokens", "", nil, 405, `"message"`},
		"hub, unknown path":          {"GET", "/v2/users/nobody", "", nil, 404, `not found`},
		"hub, reserved name":         {"GET", "/v2/auditlogs/", "", nil, 404, `not found`},
		"hub, large body":            {"POST", "/v2/access-tokens", large, []string{"Content-Type", "application/json"}, 401, `"message"`},
		"oauth, wrong content type":  {"POST", "/oauth/token", "{}", []string{"Content-Type", "application/json"}, 415, `"error"`},
		"oauth, by GET":              {"GET", "/oauth/token?grant_type=refresh_token", "", nil, 405, ""},
		"oauth, large body":          {"POST", "/oauth/token", "grant_type=" + large, []string{"Content-Type", "application/x-www-form-urlencoded"}, 413, ""},
		"oauth, nothing asked":       {"GET", "/authorize", "", nil, 400, ""},
		"token, unknown service":     {"GET", "/token?service=other.example", "", nil, 400, `"errors"`},
		"token, foreign credentials": {"GET", "/token?service=localhost:8460", "", []string{"Authorization", "Basic YWRhOmx5ZF9wYXRfeA=="}, 401, `"details"`},
		"token, by POST":             {"POST", "/token", "grant_type=password", []string{"Content-Type", "application/x-www-form-urlencoded"}, 401, "username and password of a form"},
		"dtr, nobody":                {"GET", "/api/v0/repositories", "", nil, 401, "NOT_AUTHENTICATED"},
		"dtr, unknown path":          {"GET", "/api/v0/x", "", nil, 404, "NO_SUCH_PATH"},
		"pages, wrong method":        {"DELETE", "/signin", "", nil, 405, "<html"},
		"pages, unknown":             {"GET", "/account/nothing", "", nil, 404, "<html"},
		"nothing there":              {"GET", "/nothing", "", nil, 404, ""},
		"ready":                      {"GET", "/readyz", "", nil, 200, "ok"},
		"metrics":                    {"GET", "/metrics", "", nil, 200, "go_goroutines"},
	} {
		t.Run(name, func(t *testing.T) {
			response := ask(s, row.method, "http://localhost:8460"+row.path, row.body, row.header...)
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != row.status || !strings.Contains(strings.ToLower(string(text)), strings.ToLower(row.says)) {
				t.Errorf("%d %.300s; want %d with %q", response.StatusCode, text, row.status, row.says)
			}
		})
	}
}

func TestWithoutStorageThereIsNoRegistry(t *testing.T) {
	s := running(t, func(c *Config) { c.Storage, c.Registries = "", []string{"registry.example:5000"} })
	if response := ask(s, http.MethodGet, "http://localhost:8460/v2/", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("/v2/ answers %d", response.StatusCode)
	}
	var info struct{ Registries []string }
	if err := json.NewDecoder(ask(s, http.MethodGet, "http://localhost:8460/.well-known/lanyard", "").Body).Decode(&info); err != nil {
		t.Fatal(err)
	}
	if len(info.Registries) != 1 || info.Registries[0] != "registry.example:5000" {
		t.Errorf("registries %v", info.Registries)
	}
}

func TestStorageThatCannotBe(t *testing.T) {
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	address, err := NewAddress("", "127.0.0.1:8460", false)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := New(Config{Store: memstore.New(), Keys: k, Address: address, Storage: "/dev/null/images", Data: t.TempDir()}); err == nil {
		t.Errorf("made %v", s)
	}
}

// The first administrator closes set-up for ever; only that one is told of.
func TestFirstAdministrator(t *testing.T) {
	told := 0
	s := running(t, func(c *Config) { c.SetUp = func() error { told++; return nil } })
	person := account.New{Name: "ada", Password: "seven green lanterns swaying"}
	if _, err := s.accounts.CreateFirst(t.Context(), person); err != nil || told != 1 {
		t.Fatalf("%v, told %d times", err, told)
	}
	person.Name = "eve"
	if _, err := s.accounts.CreateFirst(t.Context(), person); !errors.Is(err, account.ErrSetUp) {
		t.Fatalf("a second first administrator: %v", err)
	}
}
