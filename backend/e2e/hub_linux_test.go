package e2e_test

import (
	"crypto/tls"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/front"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

// hub is our own service under Docker Hub's names: a proxy that ends TLS for
// them with an authority of the test's, and reaches nothing else.
type hub struct {
	*person
	proxy *front.Proxy
}

func hubDesk(t *testing.T) *hub {
	p := sitDown(t, keyringtest.Options{}, clockPrograms)
	port := p.serve("https://"+front.HubHosts[0], front.HubHosts[1:]...)
	roots, certificate := authority(t, front.HubHosts...)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	h := &hub{p, p.through("127.0.0.1:"+port, front.HubHosts, config, roots)}
	ca := filepath.Join(p.Runtime, "hub-ca.pem")
	p.put(ca, string(roots), 0o600)
	p.Desk.Setenv("SSL_CERT_FILE", ca)
	return h
}

// login signs in by the unmodified docker; the person types the code.
func (h *hub) login() desk.Output {
	h.Helper()
	return h.follow(h.Lanyard(h.ctx, "login", "--server", "docker-hub", "--no-browser", "--yes"), func(said func(*regexp.Regexp) string) error {
		code := said(regexp.MustCompile(`asks for this code: ([A-Z]{4}-[A-Z]{4})$`))
		return h.browser.Enter(said(regexp.MustCompile(`^ +(https://login\.docker\.com/\S+)$`)), code)
	})
}

// asked is what the helper answers to one of docker's spellings.
func (p *person) asked(key string) (username, secret string) {
	p.Helper()
	cmd := p.Program(p.ctx, filepath.Join(p.Programs, "docker-credential-lanyard"), "get")
	cmd.Stdin = strings.NewReader(key)
	out, err := desk.Run(cmd)
	if err != nil {
		p.Fatal(err)
	}
	var answer struct{ Username, Secret string }
	_ = json.Unmarshal([]byte(out.Out), &answer) // not found is no JSON
	return answer.Username, answer.Secret
}

func TestDockerHubByDocker(t *testing.T) {
	h := hubDesk(t)
	before := h.config()
	out := h.login()
	if out.Code != 0 || !strings.Contains(out.Out, "Signed in as anna at https://hub.docker.com") {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	_, secret := h.asked("https://index.docker.io/v1/")
	if secret == "" || strings.Contains(out.Out+out.Err, secret) {
		t.Fatal("there is no token, or it was printed")
	}
	for _, key := range []string{"docker.io", "index.docker.io", "registry-1.docker.io"} {
		if name, got := h.asked(key); name != "anna" || got != secret {
			t.Errorf("%s: %q has another secret, or none", key, name)
		}
	}
	for _, key := range []string{"https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token"} {
		if name, got := h.asked(key); name+got != "" {
			t.Errorf("%s is answered", key)
		}
	}
	for _, line := range []string{
		"crane push " + h.image() + " index.docker.io/anna/hello:1",
		"crane digest index.docker.io/anna/hello:1",
	} {
		if out, err := desk.Must(h.Shell(h.ctx, line)); err != nil {
			t.Fatalf("%s: %v\n%s%s", line, err, out.Out, out.Err)
		}
	}
	list := h.must("token", "list", "--json")
	if !strings.Contains(list.Out, secret[len(secret)-4:]) {
		t.Errorf("the tokens at Docker Hub: %s", list.Out)
	}

	out = h.must("logout")
	if !strings.Contains(out.Out, "is refused") || strings.Contains(out.Out, "still valid") {
		t.Errorf("the receipt:\n%s", out.Out)
	}
	h.keyringIsEmpty()
	if now := h.config(); now != before {
		t.Errorf("docker's configuration is now %s", now)
	}
	if name, got := h.asked("docker.io"); name+got != "" {
		t.Error("it is still served")
	}
	if left, err := filepath.Glob(filepath.Join(h.Runtime, "lanyard-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A second sign-in takes the place of the first, which lives nowhere any more.
func TestDockerHubTwice(t *testing.T) {
	h := hubDesk(t)
	if out := h.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	first := h.entry(keychain.TokenName("https://hub.docker.com", "anna")).Secret
	out := h.login()
	if out.Code != 0 || strings.Contains(out.Out+out.Err, "still valid") {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	_, second := h.asked("docker.io")
	if second == "" || second == first {
		t.Fatal("the first token is served, or none")
	}
	list := h.must("token", "list", "--json")
	if strings.Contains(list.Out, first[len(first)-4:]) || !strings.Contains(list.Out, second[len(second)-4:]) {
		t.Errorf("the tokens at Docker Hub: %s", list.Out)
	}
	if out := h.must("logout"); !strings.Contains(out.Out, "is refused") || strings.Contains(out.Out, "still valid") {
		t.Errorf("the receipt:\n%s", out.Out)
	}
	h.keyringIsEmpty()
}

// Docker Hub's access lasts minutes: afterwards nothing can be managed, and the
// receipt says what is still valid there.
func TestDockerHubAccessExpired(t *testing.T) {
	h := hubDesk(t)
	if out := h.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	h.later(time.Hour)
	out := h.run("token", "list")
	if out.Code != 3 || !strings.Contains(out.Err, "lasts minutes") || !strings.Contains(out.Err, "lanyard login --server docker-hub") {
		t.Errorf("token list: exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	if _, secret := h.asked("docker.io"); secret == "" {
		t.Error("the token is not served any more")
	}
	out = h.must("logout")
	if !strings.Contains(out.Out, "still valid at Docker Hub") || !strings.Contains(out.Out, "https://app.docker.com/settings/personal-access-tokens") {
		t.Errorf("the receipt:\n%s", out.Out)
	}
	h.keyringIsEmpty()
}

// Where docker's sign-in does not answer, docker asks for a password, and
// nobody types one.
func TestDockerHubUnreachable(t *testing.T) {
	h := hubDesk(t)
	h.proxy.Down.Store(true)
	out := h.run("login", "--server", "docker-hub", "--no-browser")
	if out.Code != 1 || !strings.Contains(out.Err, "could not begin") {
		t.Errorf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	h.keyringIsEmpty()
	if h.config() != "" {
		t.Error("docker's configuration was written")
	}
}

func TestDockerHubWithoutDocker(t *testing.T) {
	h := hubDesk(t)
	h.Desk.Setenv("PATH", h.Runtime)
	out := h.run("login", "--server", "docker-hub")
	if out.Code != 1 || !strings.Contains(out.Err, "none on PATH") || !strings.Contains(out.Err, "--with-token") {
		t.Errorf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
}

// image is the path of a tiny image as an OCI layout.
func (h *hub) image() string {
	h.Helper()
	dir := filepath.Join(h.Runtime, "image")
	if _, err := desk.WriteImage(dir, "1", "hello"); err != nil {
		h.Fatal(err)
	}
	return dir
}
