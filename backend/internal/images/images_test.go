package images_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lanyard/backend/internal/images"
	"lanyard/backend/keys"
)

// rig is a registry on a real listener with a token endpoint beside it, as in
// the service: one host for both.
type rig struct {
	host   string // localhost:port
	keys   *keys.Keys
	dir    string
	logged *buffer
	images *images.Registry
	config images.Config
	// handler answers in the place of the listener; nil: the listener does.
	handler http.Handler
	inside  chan struct{} // told when a slow push is under way
	busy    chan string   // who was asked to try again later
}

// status is what a handler answered with.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// told says so on its first Read.
type told struct {
	io.ReadCloser
	once sync.Once
	read chan struct{}
}

func (b *told) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.read) })
	return b.ReadCloser.Read(p)
}

func start(t *testing.T) *rig {
	t.Helper()
	return startAs(t, func(*images.Config) {})
}

// startAs starts a registry with other settings.
func startAs(t testing.TB, change func(*images.Config)) *rig {
	t.Helper()
	now := time.Now()
	k, err := keys.New(now)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	r := &rig{host: "localhost:" + port, keys: k, dir: filepath.Join(t.TempDir(), "images"), logged: new(buffer)}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, k.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	c := images.Config{
		Dir: r.dir, Realm: "http://" + r.host + "/token", Service: r.host, Issuer: r.host, CAFile: ca,
		Reserved: []string{"users", "auth"},
		Explain: func(subject, repository, action string) string {
			return fmt.Sprintf("%s may not %s %s; \"%s/%s\" would work", subject, action, repository, r.host, subject)
		},
		Logger: slog.New(slog.NewTextHandler(r.logged, nil)),
	}
	change(&c)
	registry, err := images.New(c)
	if err != nil {
		t.Fatal(err)
	}
	r.images, r.config = registry, c
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	r.busy = make(chan string, 1000)
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, req *http.Request) {
		s := &status{ResponseWriter: w}
		registry.ServeHTTP(s, req)
		if s.code == http.StatusTooManyRequests {
			r.busy <- req.UserAgent()
		}
	})
	r.inside = make(chan struct{})
	mux.HandleFunc("PUT /v2/alice/app/manifests/slow", func(w http.ResponseWriter, req *http.Request) {
		req.Body = &told{ReadCloser: req.Body, read: r.inside}
		registry.ServeHTTP(w, req)
	})
	mux.HandleFunc("GET /token", r.token)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(server.Close)
	return r
}

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	Access   []access `json:"access"`
}

func (r *rig) claims(user string, rights ...access) claims {
	now := time.Now()
	return claims{Issuer: r.host, Subject: user, Audience: r.host, Expires: now.Add(5 * time.Minute).Unix(), Issued: now.Unix(), Access: rights}
}

func (r *rig) sign(t testing.TB, c claims) string {
	t.Helper()
	token, err := r.keys.SignRegistry(c, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// granted: everything under one's own name, and reading elsewhere.
func granted(user, repository string) []string {
	if strings.HasPrefix(repository, user+"/") {
		return []string{"pull", "push", "delete"}
	}
	return []string{"pull"}
}

// token is the smallest endpoint that other people's clients are content with.
func (r *rig) token(w http.ResponseWriter, req *http.Request) {
	user, _, _ := req.BasicAuth()
	var rights []access
	for _, param := range req.URL.Query()["scope"] {
		for _, scope := range strings.Fields(param) {
			parts := strings.Split(scope, ":")
			rights = append(rights, access{parts[0], parts[1], granted(user, parts[1])})
		}
	}
	token, err := r.keys.SignRegistry(r.claims(user, rights...), time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// do sends one request of the registry's API; path may be a Location.
func (r *rig) do(t testing.TB, method, path, token string, body []byte, kind string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.host+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Accept", ociManifest+", */*")
	var resp *http.Response
	if r.handler != nil {
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		resp = w.Result()
	} else if resp, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer)
}

func digest(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

const ociManifest = "application/vnd.oci.image.manifest.v1+json"

// upload pushes a blob and returns its digest.
func (r *rig) upload(t testing.TB, repository, token string, content []byte) string {
	t.Helper()
	resp, answer := r.do(t, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", token, nil, "")
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("begin an upload: %s %s", resp.Status, answer)
	}
	at := resp.Header.Get("Location")
	if !strings.HasPrefix(at, "/v2/"+repository+"/blobs/uploads/") {
		t.Fatalf("the upload lies at %q, which names a host", at)
	}
	resp, answer = r.do(t, http.MethodPut, at+"&digest="+digest(content), token, content, "application/octet-stream")
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("finish an upload: %s %s", resp.Status, answer)
	}
	return digest(content)
}

func (r *rig) push(t *testing.T, repository, token string) string {
	t.Helper()
	config := []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`)
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`,
		ociManifest, r.upload(t, repository, token, config), len(config))
	resp, answer := r.do(t, http.MethodPut, "/v2/"+repository+"/manifests/1", token, manifest, ociManifest)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("push a manifest: %s %s", resp.Status, answer)
	}
	return digest(manifest)
}

func TestPushPullDelete(t *testing.T) {
	r := start(t)
	token := r.sign(t, r.claims("alice", access{"repository", "alice/app", []string{"pull", "push", "delete"}}))
	pushed := r.push(t, "alice/app", token)

	resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, "")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Docker-Content-Digest") != pushed {
		t.Errorf("pull: %s %s", resp.Status, resp.Header)
	}
	large := bytes.Repeat([]byte("lanyard "), 1<<18) // two megabytes: far over the limit of other bodies
	if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/blobs/"+r.upload(t, "alice/app", token, large), token, nil, ""); resp.ContentLength != int64(len(large)) {
		t.Errorf("a large layer came back with %d bytes", resp.ContentLength)
	}
	if resp, answer := r.do(t, http.MethodDelete, "/v2/alice/app/manifests/"+pushed, token, nil, ""); resp.StatusCode != http.StatusAccepted {
		t.Errorf("delete: %s %s", resp.Status, answer)
	}
	if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after the delete: %s", resp.Status)
	}
}

func TestRefused(t *testing.T) {
	r := start(t)
	all := access{"repository", "alice/app", []string{"pull", "push", "delete"}}
	r.push(t, "alice/app", r.sign(t, r.claims("alice", all)))

	for name, change := range map[string]func(*claims){
		"another audience": func(c *claims) { c.Audience = "localhost:5000" },
		"another issuer":   func(c *claims) { c.Issuer = "evil.example" },
		"expired":          func(c *claims) { c.Expires = time.Now().Add(-2 * time.Minute).Unix() },
		"no right":         func(c *claims) { c.Access = nil },
		"another's right":  func(c *claims) { c.Access[0].Name = "alice/other" },
	} {
		t.Run(name, func(t *testing.T) {
			c := r.claims("alice", access{"repository", "alice/app", []string{"pull", "push"}})
			change(&c)
			if resp, answer := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", r.sign(t, c), nil, ""); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s", resp.Status, answer)
			}
		})
	}
	t.Run("no token", func(t *testing.T) {
		resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", "", nil, "")
		want := fmt.Sprintf(`Bearer realm="http://%s/token",service="%s",scope="repository:alice/app:pull"`, r.host, r.host)
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != want {
			t.Errorf("%s, %s", resp.Status, got)
		}
	})
	t.Run("not a token", func(t *testing.T) {
		if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", "lyd_pat_x", nil, ""); resp.StatusCode != http.StatusUnauthorized {
			t.Error(resp.Status)
		}
	})
	t.Run("another authority", func(t *testing.T) {
		other, err := keys.New(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		token, err := other.SignRegistry(r.claims("alice", all), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusUnauthorized {
			t.Error(resp.Status)
		}
	})
	t.Run("a reserved name", func(t *testing.T) {
		token := r.sign(t, r.claims("alice", access{"repository", "users/app", []string{"pull", "push"}}))
		resp, answer := r.do(t, http.MethodPost, "/v2/users/app/blobs/uploads/", token, nil, "")
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "NAME_INVALID") {
			t.Errorf("%s %s", resp.Status, answer)
		}
	})
	if log := r.logged.String(); log != "" {
		t.Errorf("everyday refusals are in the log: %s", log)
	}
}

// A client that came by another name, or through a proxy that lies, is never
// sent to another host.
func TestLocationsNameNoHost(t *testing.T) {
	r := start(t)
	token := r.sign(t, r.claims("alice", access{"repository", "alice/app", []string{"pull", "push"}}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.host+"/v2/alice/app/blobs/uploads/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("X-Forwarded-Host", "evil.example")
	req.Header.Set("Forwarded", "host=evil.example;proto=https")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if at := resp.Header.Get("Location"); resp.StatusCode != http.StatusAccepted || !strings.HasPrefix(at, "/v2/") {
		t.Errorf("%s, Location %q", resp.Status, at)
	}
}

func TestARefusalExplains(t *testing.T) {
	r := start(t)
	alices := access{"repository", "alice/app", []string{"pull", "push"}}
	r.push(t, "alice/app", r.sign(t, r.claims("alice", alices)))
	reading := access{"repository", "bob/app", []string{"pull"}}
	for _, c := range []struct {
		name         string
		rights       []access
		method, path string
		repository   string
		action       string
	}{
		{"pull", nil, http.MethodGet, "/v2/bob/app/manifests/1", "bob/app", "pull"},
		{"push with the right to pull", []access{reading}, http.MethodPost, "/v2/bob/app/blobs/uploads/", "bob/app", "push"},
		{"delete", []access{reading}, http.MethodDelete, "/v2/bob/app/manifests/1", "bob/app", "delete"},
		{"mount from another's", []access{alices}, http.MethodPost, "/v2/alice/app/blobs/uploads/?mount=sha256:00&from=bob/app", "bob/app", "pull"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, answer := r.do(t, c.method, c.path, r.sign(t, r.claims("alice", c.rights...)), nil, "")
			var got struct {
				Errors []struct{ Code, Message string }
			}
			if err := json.Unmarshal([]byte(answer), &got); err != nil || len(got.Errors) != 1 {
				t.Fatalf("%v in %s", err, answer)
			}
			words := fmt.Sprintf(`alice may not %s %s; "%s/alice" would work`, c.action, c.repository, r.host)
			if resp.StatusCode != http.StatusUnauthorized || got.Errors[0].Code != "DENIED" || got.Errors[0].Message != words {
				t.Errorf("%s %s", resp.Status, answer)
			}
			header := resp.Header.Get("WWW-Authenticate")
			if !strings.Contains(header, `error="insufficient_scope"`) || !strings.Contains(header, `error_description="`+strings.ReplaceAll(words, `"`, "'")+`"`) {
				t.Errorf("challenge %s", header)
			}
		})
	}
	t.Run("what is no repository's keeps the library's words", func(t *testing.T) {
		resp, answer := r.do(t, http.MethodGet, "/v2/_catalog", r.sign(t, r.claims("alice")), nil, "")
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(answer, `"UNAUTHORIZED"`) {
			t.Errorf("%s %s", resp.Status, answer)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, k.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := images.Config{Dir: filepath.Join(t.TempDir(), "images"), Realm: "http://localhost/token", Service: "s", Issuer: "i", CAFile: ca}
	for _, bad := range []struct {
		name   string
		change func(*images.Config)
		folder bool
	}{
		{"a file for a folder", func(c *images.Config) { c.Dir = file }, true},
		{"a folder in a file", func(c *images.Config) { c.Dir = filepath.Join(file, "images") }, true},
		{"a folder that cannot be written, even by root", func(c *images.Config) { c.Dir = "/proc/self" }, true},
		{"a relative folder", func(c *images.Config) { c.Dir = "images" }, true},
		{"no authority", func(c *images.Config) { c.CAFile = filepath.Join(t.TempDir(), "none.pem") }, false},
		{"an empty authority", func(c *images.Config) { c.CAFile = file }, false},
	} {
		t.Run(bad.name, func(t *testing.T) {
			c := good
			bad.change(&c)
			registry, err := images.New(c)
			if err == nil {
				t.Fatal("opened", registry.Close())
			}
			if errors.Is(err, images.ErrFolder) != bad.folder {
				t.Error(err)
			}
		})
	}
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	// The library's sink of events has no end; it sleeps and holds nothing.
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreTopFunction("github.com/docker/go-events.(*Broadcaster).run"))
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, k.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := images.New(images.Config{Dir: t.TempDir(), Realm: "http://localhost/token", Service: "s", Issuer: "i", CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Close(); err != nil {
		t.Error(err)
	}
}

// A registry whose folder breaks under it says so in the log and in no answer
// more than that.
func TestAFaultOfTheFolderIsLogged(t *testing.T) {
	r := start(t)
	token := r.sign(t, r.claims("alice", access{"repository", "alice/app", []string{"pull", "push"}}))
	if err := errors.Join(os.RemoveAll(r.dir), os.WriteFile(r.dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if resp, answer := r.do(t, http.MethodPost, "/v2/alice/app/blobs/uploads/", token, nil, ""); resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", resp.Status, answer)
	}
	log := r.logged.String()
	if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "alice/app") {
		t.Errorf("log: %s", log)
	}
	if strings.Contains(log, token) || strings.Contains(log, "Bearer") {
		t.Errorf("the log holds a token: %s", log)
	}
}

// tool finds another's program, see make tools.
func tool(t *testing.T, name string) string {
	t.Helper()
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "..", "build", "tools")
	}
	path, err := filepath.Abs(filepath.Join(tools, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not there: run make build/tools", path)
	}
	return path
}

// run runs a client with nothing of this computer's settings.
func run(t *testing.T, home, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, program), args...)
	cmd.Env = []string{"HOME=" + home, "DOCKER_CONFIG=" + home, "PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=" + home}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The clients people have, against the registry as it is mounted in the
// service.
func TestRealClients(t *testing.T) {
	r := start(t)
	home := t.TempDir()
	layer := filepath.Join(home, "layer.tar")
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	if err := errors.Join(archive.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 5}), second(archive.Write([]byte("hello"))), archive.Close(),
		os.WriteFile(layer, content.Bytes(), 0o600),
		os.WriteFile(filepath.Join(home, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":"YWxpY2U6eA=="}}}`, r.host), 0o600)); err != nil {
		t.Fatal(err)
	}
	must := func(program string, args ...string) string {
		t.Helper()
		out, err := run(t, home, program, args...)
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
		}
		return out
	}
	image := r.host + "/alice/app"
	must("crane", "append", "-f", layer, "-t", image+":crane")
	must("crane", "pull", image+":crane", filepath.Join(home, "crane.tar"))
	must("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+image+":crane", "docker://"+r.host+"/alice/copy:skopeo")
	must("skopeo", "copy", "--src-tls-verify=false", "docker://"+r.host+"/alice/copy:skopeo", "dir:"+filepath.Join(home, "pulled"))
	must("regctl", "registry", "set", "--tls", "disabled", r.host)
	must("regctl", "image", "copy", image+":crane", r.host+"/alice/third:regctl")
	if out := must("regctl", "tag", "ls", r.host+"/alice/third"); !strings.HasSuffix(out, "\nregctl\n") {
		t.Errorf("tags: %s", out)
	}

	// A token that reaches half of it: pull, not push.
	for _, c := range []struct {
		program string
		args    []string
		shows   string
	}{
		{"crane", []string{"append", "-f", layer, "-t", r.host + "/bob/app:1"}, "alice may not push bob/app"},
		{"skopeo", []string{"copy", "--dest-tls-verify=false", "dir:" + filepath.Join(home, "pulled"), "docker://" + r.host + "/bob/app:1"}, "alice may not push bob/app"},
		{"regctl", []string{"image", "copy", image + ":crane", r.host + "/bob/app:1"}, "unauthorized"}, // shows no registry's words
	} {
		out, err := run(t, home, c.program, c.args...)
		if err == nil || !strings.Contains(out, c.shows) {
			t.Errorf("%s: %v\n%s", c.program, err, out)
		}
	}
}

func second(_ int, err error) error { return err }
