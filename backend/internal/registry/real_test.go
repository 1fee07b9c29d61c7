package registry_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/auth"
	_ "github.com/distribution/distribution/v3/registry/auth/token"

	"lanyard/backend/internal/registry"
)

// tool finds another's program, see make build/tools.
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

// listen serves the endpoint on a port of its own and returns its realm.
func (w *world) listen(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/token", w.handler)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + port + "/token"
}

// stanza prints what the registry named service has to be told.
func (w *world) stanza(t *testing.T, realm, service string) string {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, w.keys.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := registry.PrintStanza(&b, registry.Stanza{Realm: realm, Service: service, Issuer: host, CAFile: ca}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var listening = regexp.MustCompile(`listening on 127\.0\.0\.1:(\d+)`)

// debian starts Debian's docker-registry 2.8.2 with the printed stanza and
// returns its localhost:port.
func debian(t *testing.T, stanza string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: info}\nstorage:\n  filesystem: {rootdirectory: %q}\n  delete: {enabled: true}\nhttp: {addr: \"127.0.0.1:0\"}\n%s", filepath.Join(dir, "images"), stanza)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), tool(t, "docker-registry"), "serve", config)
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	port, ended := make(chan string, 1), make(chan struct{})
	var said bytes.Buffer
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			said.Write(append(lines.Bytes(), '\n'))
			if found := listening.FindSubmatch(lines.Bytes()); found != nil {
				port <- string(found[1])
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait() // killed
	})
	select {
	case p := <-port:
		return "localhost:" + p
	case <-ended:
		t.Fatalf("docker-registry ended:\n%s", said.String())
	case <-time.After(20 * time.Second):
		t.Fatal("docker-registry does not listen")
	}
	return ""
}

// A registry that people run already, told to trust us by the printed stanza,
// used with the clients that people have.
func TestE5DebiansRegistryTakesOurTokens(t *testing.T) {
	w := worldAt(t, time.Now())
	const service = "team registry" // any text: it is only compared
	w.handler.Services = []string{host, service}
	at := debian(t, w.stanza(t, w.listen(t), service))
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	_, reading := w.pat(t, w.alice, "repo:read", "")

	home := t.TempDir()
	client := func(program string, args ...string) (string, error) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, tool(t, program), args...)
		cmd.Env = []string{"HOME=" + home, "DOCKER_CONFIG=" + home, "PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=" + home}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	signIn := func(secret string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), tool(t, "crane"), "auth", "login", at, "-u", "alice", "--password-stdin")
		cmd.Env = []string{"HOME=" + home, "DOCKER_CONFIG=" + home}
		cmd.Stdin = strings.NewReader(secret)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("crane auth login: %v\n%s", err, out)
		}
	}
	layer := filepath.Join(home, "layer.tar")
	if err := os.WriteFile(layer, make([]byte, 1024), 0o600); err != nil { // an empty archive
		t.Fatal(err)
	}

	signIn(secret)
	image := at + "/alice/app:1"
	for _, args := range [][]string{
		{"crane", "append", "-f", layer, "-t", image},
		{"crane", "manifest", image},
		{"skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://" + image, "docker://" + at + "/alice/copy:1"},
		{"regctl", "registry", "set", "--tls", "disabled", at},
		{"regctl", "image", "copy", image, at + "/alice/third:1"},
		{"skopeo", "delete", "--tls-verify=false", "docker://" + at + "/alice/copy:1"},
	} {
		if out, err := client(args[0], args[1:]...); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, refused := range []struct{ name, shows, program, args string }{
		{"another's, by crane", "bob is not alice's; " + service + "/alice/app would work", "crane", "append -f " + layer + " -t " + at + "/bob/app:1"},
		{"another's, by skopeo", "requested access to the resource is denied", "skopeo", "inspect --tls-verify=false docker://" + at + "/bob/app:1"},
	} {
		t.Run(refused.name, func(t *testing.T) {
			out, err := client(refused.program, strings.Fields(refused.args)...)
			if err == nil || !strings.Contains(out, refused.shows) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}

	signIn(reading)
	if out, err := client("crane", "manifest", image); err != nil {
		t.Errorf("a token for reading: %v\n%s", err, out)
	}
	if out, err := client("crane", "append", "-f", layer, "-t", at+"/alice/app:2"); err == nil {
		t.Errorf("a token for reading pushed\n%s", out)
	}
	if err := os.Remove(filepath.Join(home, "config.json")); err != nil {
		t.Fatal(err)
	}
	if out, err := client("crane", "manifest", image); err == nil {
		t.Errorf("pulled without signing in\n%s", out)
	}
}

// And no others: not of another service, for another registry, or of
// yesterday.
func TestE5DebiansRegistryTakesNoOthers(t *testing.T) {
	w := worldAt(t, time.Now())
	at := debian(t, w.stanza(t, w.listen(t), second))
	_, secret := w.pat(t, w.alice, "repo:admin", "")
	take := func(w *world, service string) string {
		return w.serve(t, w.request(t, url.Values{"service": {service}, "scope": {"repository:alice/app:pull"}}, "alice", secret)).Token
	}
	other, yesterday := worldAt(t, time.Now()), worldAt(t, time.Now())
	_, foreign := other.pat(t, other.alice, "repo:admin", "")
	_, old := yesterday.pat(t, yesterday.alice, "repo:admin", "")
	yesterday.keys, yesterday.handler.Signer = w.keys, w.keys
	yesterday.now = yesterday.now.Add(-24 * time.Hour)
	good := take(w, second)
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"ours":                  {good, http.StatusOK},
		"none":                  {"", http.StatusUnauthorized},
		"for another registry":  {take(w, host), http.StatusUnauthorized},
		"of another service":    {other.serve(t, other.request(t, url.Values{"service": {second}}, "alice", foreign)).Token, http.StatusUnauthorized},
		"of yesterday":          {yesterday.serve(t, yesterday.request(t, url.Values{"service": {second}}, "alice", old)).Token, http.StatusUnauthorized},
		"with another's rights": {strings.Join([]string{strings.Split(good, ".")[0], strings.Split(take(w, host), ".")[1], strings.Split(good, ".")[2]}, "."), http.StatusUnauthorized},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		if answer.StatusCode != c.want {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
}

// Distribution v3 with the same stanza, as far as a token is concerned.
func TestDistribution3ReadsTheStanza(t *testing.T) {
	w := worldAt(t, time.Now())
	for _, service := range []string{host, "registry.example:443", `a "name" \ with: #marks 'é'`} {
		t.Run(service, func(t *testing.T) {
			w.handler.Services = []string{service}
			config, err := configuration.Parse(strings.NewReader("version: 0.1\nstorage: {inmemory: {}}\n" + w.stanza(t, "http://localhost:8460/token", service)))
			if err != nil {
				t.Fatal(err)
			}
			controller, err := auth.GetAccessController(config.Auth.Type(), config.Auth.Parameters())
			if err != nil {
				t.Fatal(err)
			}
			_, secret := w.pat(t, w.alice, "repo:write", "")
			got := w.serve(t, w.request(t, url.Values{"service": {service}, "scope": {"repository:alice/app:pull,push"}}, "alice", secret))
			for action, may := range map[string]bool{"pull": true, "push": true, "delete": false} {
				req := httptest.NewRequest(http.MethodGet, "http://"+host+"/v2/", nil)
				req.Header.Set("Authorization", "Bearer "+got.Token)
				_, err := controller.Authorized(req, auth.Access{Resource: auth.Resource{Type: "repository", Name: "alice/app"}, Action: action})
				var challenge auth.Challenge
				if (err == nil) != may || err != nil && !errors.As(err, &challenge) {
					t.Errorf("%s: %v", action, err)
				}
			}
		})
	}
}

func TestPrintStanzaSaysWhatItCannotWrite(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read.Close(), write.Close()); err != nil {
		t.Fatal(err)
	}
	if err := registry.PrintStanza(write, registry.Stanza{}); err == nil {
		t.Error("no error")
	}
}
