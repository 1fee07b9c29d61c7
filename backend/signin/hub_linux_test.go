package signin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// hubFake stands for Docker Hub, which tests cannot reach: password sign-in,
// tokens, and its registry's answers to a name and a secret. What docker does
// there itself is tested with the real docker in e2e.
type hubFake struct {
	mu     sync.Mutex
	tokens map[string]string // secret by uuid
	made   int
	expire time.Time // of the access tokens
	down   bool

	page, refresh string // of the sign-in with a code
}

func (f *hubFake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errors.New("no network")
	}
	w := httptest.NewRecorder()
	switch r.URL.Host {
	case "hub.docker.com":
		f.api(w, r)
	case "login.docker.com":
		f.login(w, r)
	case "registry-1.docker.io":
		if r.Header.Get("Authorization") == "Bearer pass" {
			w.Header().Set("RateLimit-Limit", "200;w=21600")
			w.Header().Set("RateLimit-Remaining", "164;w=21600")
			w.WriteHeader(http.StatusOK)
			break
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`)
		w.WriteHeader(http.StatusUnauthorized)
	case "auth.docker.io":
		f.auth(w, r)
	default:
		return nil, fmt.Errorf("asked %s", r.URL)
	}
	return w.Result(), nil
}

func (f *hubFake) api(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	text, _ := io.ReadAll(http.MaxBytesReader(w, orEmpty(r.Body), 1<<16))
	_ = json.Unmarshal(text, &body)
	switch path := r.URL.Path; {
	case path == "/v2/users/login" && body["password"] == "right horse":
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"detail":"Require secondary authentication","login_2fa_token":"half"}`)
	case path == "/v2/users/2fa-login" && body["login_2fa_token"] == "half" && body["code"] == "123456":
		_ = json.NewEncoder(w).Encode(map[string]string{"token": f.access()})
	case r.Header.Get("Authorization") == "":
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"detail":"Incorrect authentication credentials"}`)
	case r.Method == http.MethodPost && path == "/v2/access-tokens":
		f.made++
		id, secret := fmt.Sprintf("id-%d", f.made), fmt.Sprintf("dckr_pat_made-%06d", f.made)
		f.tokens[id] = secret
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"uuid": id, "token": secret, "token_label": body["token_label"], "is_active": true})
	case r.Method == http.MethodDelete && strings.HasPrefix(path, "/v2/access-tokens/"):
		delete(f.tokens, strings.TrimPrefix(path, "/v2/access-tokens/"))
		w.WriteHeader(http.StatusAccepted)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// access is an access token of anna's.
func (f *hubFake) access() string {
	claims := fmt.Sprintf(`{"exp":%d,"https://hub.docker.com":{"username":"anna"}}`, f.expire.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// login is Docker's sign-in for a client that it registered for somebody.
func (f *hubFake) login(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	refuse := func(what string) {
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": what})
	}
	switch err := r.ParseForm(); {
	case err != nil || r.Form.Get("client_id") != "mine":
		refuse("invalid_client")
	case r.URL.Path == "/oauth/device/code" && r.Form.Get("audience") == "https://hub.docker.com":
		_ = json.NewEncoder(w).Encode(map[string]any{"device_code": "device", "user_code": "ABCD-EFGH", "verification_uri": f.page, "expires_in": 900, "interval": 1})
	case r.URL.Path == "/oauth/token" && r.Form.Get("device_code") == "device", r.URL.Path == "/oauth/token" && r.Form.Get("refresh_token") == f.refresh:
		f.refresh += "+"
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": f.access(), "refresh_token": f.refresh, "token_type": "Bearer", "expires_in": 600})
	default:
		refuse("invalid_grant")
	}
}

func (f *hubFake) auth(w http.ResponseWriter, r *http.Request) {
	_, password, _ := r.BasicAuth()
	for _, secret := range f.tokens {
		if secret == password {
			_, _ = io.WriteString(w, `{"token":"pass"}`)
			return
		}
	}
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `{"details":"incorrect username or password"}`)
}

func orEmpty(body io.ReadCloser) io.ReadCloser {
	if body == nil {
		return http.NoBody
	}
	return body
}

func hubWorld(t *testing.T) (*world, *hubFake, Hub) {
	w := newWorld(t)
	f := &hubFake{tokens: map[string]string{}, expire: time.Now().Add(10 * time.Minute), page: "https://login.docker.com/activate", refresh: "first"}
	w.computer.Transport = f
	return w, f, Hub{Computer: w.computer}
}

func typed(code string) func() (string, error) { return func() (string, error) { return code, nil } }

func TestHubByPasswordKeepsATokenAndEndsIt(t *testing.T) {
	w, f, h := hubWorld(t)
	got, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
	if err != nil || got.Account != (Account{client.HubURL, "anna"}) || got.Ends.IsZero() || got.IdleBy.IsZero() {
		t.Fatalf("%+v %v", got, err)
	}
	if r := w.state().Registries[machine.DockerHub]; r.Account != "anna" || len(w.docker.set) != 1 {
		t.Errorf("docker.io is served by %+v, docker is set up for %v", r, w.docker.set)
	}
	if pulls, err := w.computer.HubPulls(t.Context()); err != nil || pulls.Left != 164 || pulls.Limit != 200 {
		t.Errorf("pulls left: %+v %v", pulls, err)
	}
	// Once more: the earlier token is ended.
	if _, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456")); err != nil {
		t.Fatal(err)
	}
	if len(f.tokens) != 1 || f.tokens["id-2"] == "" {
		t.Errorf("at Docker Hub live %d tokens", len(f.tokens))
	}
	w.secretless(f.tokens["id-2"])
	r, err := w.computer.SignOut(t.Context(), got.Account)
	if err != nil || !r.Removed || !r.Revoked || !r.Refused || len(r.Alive) > 0 {
		t.Errorf("%+v %v", r, err)
	}
	w.clean()
	if len(f.tokens) != 0 {
		t.Error("the token lives on")
	}
}

func TestHubSaysWhatStaysAlive(t *testing.T) {
	for name, prepare := range map[string]func(*world, *hubFake){
		"access expired": func(w *world, _ *hubFake) { w.clock = time.Hour },
		"offline":        func(_ *world, f *hubFake) { f.down = true },
	} {
		t.Run(name, func(t *testing.T) {
			w, f, h := hubWorld(t)
			got, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
			if err != nil {
				t.Fatal(err)
			}
			prepare(w, f)
			r, err := w.computer.SignOut(t.Context(), got.Account)
			if err != nil || !r.Removed || r.Refused || len(r.Alive) != 1 || !strings.Contains(r.Alive[0], got.LastFour) || !strings.Contains(r.Alive[0], HubPage) {
				t.Errorf("%+v %v", r, err)
			}
			w.clean()
		})
	}
}

func TestHubAccessLastsMinutes(t *testing.T) {
	w, _, h := hubWorld(t)
	got, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Access(t.Context(), got.Account); err != nil {
		t.Errorf("at once: %v", err)
	}
	w.clock = time.Hour
	if _, err := w.computer.Access(t.Context(), got.Account); !errors.Is(err, ErrHubAgain) {
		t.Errorf("after an hour: %v", err)
	}
	if tidied, err := w.computer.Tidy(t.Context()); err != nil || len(tidied.Expired) > 0 {
		t.Errorf("tidy: %+v %v", tidied, err)
	}
	// The session there is counted here: 30 days without use.
	w.clock = 31 * 24 * time.Hour
	tidied, err := w.computer.Tidy(t.Context())
	if err != nil || len(tidied.Expired) != 1 {
		t.Errorf("tidy: %+v %v", tidied, err)
	}
	w.has()
}

func TestHubRefusalsChangeNothing(t *testing.T) {
	for name, one := range map[string]struct {
		password keychain.Secret
		code     func() (string, error)
		want     error
	}{
		"wrong password": {"wrong", typed("123456"), client.ErrPassword},
		"wrong code":     {"right horse", typed("000000"), client.ErrPassword},
		"no code":        {"right horse", func() (string, error) { return "", io.EOF }, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			w, f, h := hubWorld(t)
			if _, err := h.ByPassword(t.Context(), "anna", one.password, one.code); !errors.Is(err, one.want) || strings.Contains(err.Error(), "horse") {
				t.Errorf("%v", err)
			}
			w.has()
			if len(f.tokens) != 0 {
				t.Error("a token was made")
			}
		})
	}
}

// A token that no keychain keeps must not live at Docker Hub.
func TestHubLostKeychainUnmakesTheToken(t *testing.T) {
	w, f, h := hubWorld(t)
	_, err := h.ByPassword(t.Context(), "anna", "right horse", func() (string, error) {
		w.computer.Keychain.Worker = &keychain.Worker{Path: "/nowhere"}
		return "123456", nil
	})
	w.computer.Keychain.Worker = nil
	if err == nil || len(f.tokens) != 0 {
		t.Errorf("%v, and %d tokens live", err, len(f.tokens))
	}
	w.has()
}

// A second sign-in that no keychain keeps leaves the first as it was.
func TestHubLostKeychainKeepsTheEarlierSignIn(t *testing.T) {
	w, f, h := hubWorld(t)
	first, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.computer.hubKept(t.Context(), first.Account)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.ByPassword(t.Context(), "anna", "right horse", func() (string, error) {
		w.computer.Keychain.Worker = &keychain.Worker{Path: "/nowhere"}
		return "123456", nil
	})
	w.computer.Keychain.Worker = nil
	if err == nil || len(f.tokens) != 1 || f.tokens["id-1"] == "" {
		t.Errorf("%v, and at Docker Hub live %d tokens", err, len(f.tokens))
	}
	if now, err := w.computer.hubKept(t.Context(), first.Account); err != nil || now != before {
		t.Errorf("the keychain has another sign-in now: %v", err)
	}
	s := w.state()
	if s.Registries[machine.DockerHub].Account != "anna" || s.Buried(keychain.TokenName(client.HubURL, "anna")) {
		t.Error("the first is not served any more")
	}
}

// A write may have gone half-way: then what was there is written again, or
// nothing serves what is dead.
func TestHubPutBack(t *testing.T) {
	w, _, h := hubWorld(t)
	got, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
	if err != nil {
		t.Fatal(err)
	}
	c, a := w.computer, got.Account
	before, err := c.hubKept(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	dead := before.token
	dead.Secret, dead.UUID = "dckr_pat_dead", "id-dead"
	overwrite := func() {
		if err := c.Keychain.PutToken(t.Context(), a.Server, a.Name, dead); err != nil {
			t.Fatal(err)
		}
	}
	overwrite()
	if err := c.putBack(t.Context(), a, before); err != nil {
		t.Error(err)
	}
	if now, err := c.hubKept(t.Context(), a); err != nil || now != before {
		t.Errorf("not as before: %v", err)
	}
	overwrite()
	c.Keychain.Worker = &keychain.Worker{Path: "/nowhere"}
	err = c.putBack(t.Context(), a, before)
	c.Keychain.Worker = nil
	if _, served := w.state().Registries[machine.DockerHub]; err == nil || served {
		t.Errorf("it serves a token that is dead: %v", err)
	}
}

// fakeDocker is a docker that notes what it is asked, and its configuration.
func fakeDocker(t *testing.T) (path string, asked func() string) {
	t.Helper()
	dir := t.TempDir()
	notes := filepath.Join(dir, "notes")
	script := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'Docker version 28.2.2, build 1'; exit; fi\n" +
		"echo \"$@\" >>'" + notes + "'; cat \"$DOCKER_CONFIG/config.json\" >>'" + notes + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir + ":/usr/bin:/bin", func() string {
		text, err := os.ReadFile(notes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
}

// A second sign-in ends the first at Docker Hub, docker's session with it; what
// could not be ended is said.
func TestHubSecondSignInEndsTheFirst(t *testing.T) {
	path, asked := fakeDocker(t)
	for name, c := range map[string]struct {
		path   string
		signin string // how the first was made
		asked  string
		alive  string
	}{
		"by docker":            {path, hubByDocker, "logout\n" + hubConfig, ""},
		"by docker, now gone":  {t.TempDir(), hubByDocker, "", "docker's own session is still valid"},
		"by name and password": {path, hubByPassword, "", ""},
		"by a token not found": {path, "unknown", "", "could not be told"},
	} {
		t.Run(name, func(t *testing.T) {
			w, f, h := hubWorld(t)
			h.Helper = filepath.Join(t.TempDir(), "helper")
			h.Env = []string{"PATH=" + c.path, "XDG_RUNTIME_DIR=" + t.TempDir()}
			first, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
			if err != nil || len(first.Alive) > 0 {
				t.Fatal(first.Alive, err)
			}
			k, err := w.computer.hubKept(t.Context(), first.Account)
			if err != nil {
				t.Fatal(err)
			}
			k.session.SessionID, k.session.Refresh = c.signin, "v1.first..client"
			if c.signin == "unknown" {
				k.token.UUID = ""
			}
			if _, _, err := w.computer.hold(t.Context(), first.Account, k.token, &k.session, []string{machine.DockerHub}, func(string) {}); err != nil {
				t.Fatal(err)
			}
			before := asked()
			second, err := h.ByPassword(t.Context(), "anna", "right horse", typed("123456"))
			if err != nil || f.tokens["id-2"] == "" {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(asked(), before); got != c.asked {
				t.Errorf("docker was asked %q", got)
			}
			switch {
			case c.alive == "" && len(second.Alive) > 0:
				t.Errorf("still valid: %v", second.Alive)
			case c.alive != "" && (len(second.Alive) != 1 || !strings.Contains(second.Alive[0], c.alive)):
				t.Errorf("still valid: %v, want %q", second.Alive, c.alive)
			}
			if _, lives := f.tokens["id-1"]; lives != (c.signin == "unknown") {
				t.Errorf("the first token lives: %v", lives)
			}
		})
	}
}

// With an OAuth client of one's own the access is refreshed, as long as the
// client stays set.
func TestHubByDevice(t *testing.T) {
	w, f, h := hubWorld(t)
	h.Show = func(p Prompt) {
		if p.UserCode != "ABCD-EFGH" || p.URL != "https://login.docker.com/activate" {
			t.Errorf("shown %+v", p)
		}
	}
	if _, err := h.ByDevice(t.Context(), "another's"); err == nil {
		t.Error("signed in as another client")
	}
	got, err := h.ByDevice(t.Context(), "mine")
	if err != nil || got.Account.Name != "anna" || len(f.tokens) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	w.clock = time.Hour
	if _, err := w.computer.Access(t.Context(), got.Account); !errors.Is(err, ErrHubAgain) {
		t.Errorf("without the setting: %v", err)
	}
	err = w.computer.Dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.DockerHub.ClientID = "mine"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.expire = time.Now().Add(2 * time.Hour)
	for range 2 { // the second time from the keychain
		if _, err := w.computer.Access(t.Context(), got.Account); err != nil {
			t.Errorf("refreshed: %v", err)
		}
	}
	if f.refresh != "first++" {
		t.Errorf("the refresh token is %q", f.refresh)
	}
	f.refresh, w.clock = "ended there", 3*time.Hour
	if _, err := w.computer.Access(t.Context(), got.Account); !errors.Is(err, ErrHubAgain) {
		t.Errorf("ended there: %v", err)
	}
}

// A page elsewhere is not shown.
func TestHubHostilePage(t *testing.T) {
	for _, page := range []string{"https://login.docker.com.evil.example/", "http://login.docker.com/activate", "javascript:alert(1)", "https://login.docker.com/\x1b[2J"} {
		w, f, h := hubWorld(t)
		f.page = page
		h.Show = func(p Prompt) { t.Errorf("shown %q", p.URL) }
		if _, err := h.ByDevice(t.Context(), "mine"); !errors.Is(err, client.ErrNotServer) {
			t.Errorf("%q: %v", page, err)
		}
		w.has()
	}
}
