package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/token"
)

// kept is a sink that keeps.
type kept struct {
	mu  sync.Mutex
	all []access.Seen
	got chan struct{}
}

func newKept() *kept { return &kept{got: make(chan struct{}, 1000)} }

func (k *kept) Seen(_ context.Context, all ...access.Seen) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range all {
		k.all = append(k.all, s)
		k.got <- struct{}{}
	}
	return nil
}

// first waits for so many and returns them.
func (k *kept) first(t *testing.T, n int) []access.Seen {
	t.Helper()
	for range n {
		select {
		case <-k.got:
		case <-time.After(20 * time.Second):
			k.mu.Lock()
			defer k.mu.Unlock()
			t.Fatalf("of %d only these were seen: %+v", n, k.all)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all[:n]
}

// tool finds another's program, see make build/tools.
func tool(t *testing.T, name string) string {
	t.Helper()
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "build", "tools")
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

const external = "registry.example:5000"

// team is a service on a real listener, with a person, their token and a
// stanza for a registry that they run besides.
func team(t *testing.T, sink *kept) (host, stanza, id, secret string) {
	t.Helper()
	s, address := serving(t, func(c *Config) { c.Seen = sink })
	made, shown := firstToken(t, s)
	return address.Host(), stanzaOf(t, s, address), made.ID, shown
}

// serving is a service on a real listener, which a registry besides trusts.
func serving(t *testing.T, change func(*Config)) (*Server, Address) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, err := NewAddress("", listener.Addr().String(), false)
	if err != nil {
		t.Fatal(err)
	}
	s := running(t, func(c *Config) {
		c.Address, c.Registries = address, []string{external}
		change(c)
	})
	server := httptest.NewUnstartedServer(s)
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return s, address
}

// firstToken makes the first administrator, ada, and a token of hers.
func firstToken(t *testing.T, s *Server) (token.Token, string) {
	t.Helper()
	ada, err := s.accounts.CreateFirst(t.Context(), account.New{Name: "ada", Password: "seven green lanterns swaying"})
	if err != nil {
		t.Fatal(err)
	}
	made, shown, err := s.tokens.Create(t.Context(), ada.ID, token.Spec{Description: "test", Scopes: []string{"repo:admin"}})
	if err != nil {
		t.Fatal(err)
	}
	return made, shown.Reveal()
}

// stanzaOf is what that registry is told.
func stanzaOf(t *testing.T, s *Server, address Address) string {
	t.Helper()
	var b bytes.Buffer
	if err := PrintRegistryConfig(&b, address, external, s.config.Data, authorityPath(s.config.Data)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var listening = regexp.MustCompile(`listening on 127\.0\.0\.1:(\d+)`)

// debian starts Debian's docker-registry 2.8.2 with the printed stanza.
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

// version3 is distribution v3 with the printed stanza, as its own program
// puts it together.
func version3(t *testing.T, stanza string) string {
	t.Helper()
	config, err := configuration.Parse(strings.NewReader("version: 0.1\nstorage:\n  filesystem: {rootdirectory: " + t.TempDir() + "}\n  delete: {enabled: true}\n" + stanza))
	if err != nil {
		t.Fatal(err)
	}
	app := handlers.NewApp(context.Background(), config)
	server := httptest.NewServer(app)
	t.Cleanup(func() {
		server.Close()
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "localhost:" + port
}

// What people do to registries that were told of the service by the printed
// stanza, and to the one inside, arrives at one place.
func TestWhatRegistriesSee(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, stanza string) string{
		"distribution 2.8 of Debian": debian,
		"distribution 3":             version3,
		"the registry inside":        nil,
	} {
		t.Run(name, func(t *testing.T) {
			sink := newKept()
			at, stanza, id, secret := team(t, sink)
			registry := at
			if start != nil {
				at, registry = start(t, stanza), external
			}
			home := t.TempDir()
			crane := func(args ...string) string {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, tool(t, "crane"), args...)
				cmd.Env = []string{"HOME=" + home, "DOCKER_CONFIG=" + home}
				cmd.Stdin = strings.NewReader(secret)
				var out, said bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &said
				if err := cmd.Run(); err != nil {
					t.Fatalf("crane %s: %v\n%s", strings.Join(args, " "), err, said.String())
				}
				return strings.TrimSpace(out.String())
			}
			crane("auth", "login", at, "-u", "ada", "--password-stdin")
			layer := filepath.Join(home, "layer.tar")
			if err := os.WriteFile(layer, make([]byte, 1024), 0o600); err != nil { // an empty archive
				t.Fatal(err)
			}
			image := at + "/ada/app"
			crane("append", "-f", layer, "-t", image+":1")
			digest := crane("digest", image+":1") // a HEAD
			crane("index", "append", "-t", image+":multi", "-m", image+":1", "--flatten=false")
			index := crane("digest", image+":multi")
			crane("pull", image+"@"+index, filepath.Join(home, "image.tar"))
			crane("delete", image+"@"+digest)

			all := sink.first(t, 5)
			for i, want := range []access.Seen{
				{Action: access.Push, Tag: "1", Digest: digest},
				{Action: access.Pull, Tag: "1", Digest: digest}, // for the index
				{Action: access.Push, Tag: "multi", Digest: index},
				{Action: access.Pull, Digest: index}, // and its one image, which counts with it
				{Action: access.Delete, Digest: digest},
			} {
				got := all[i]
				if got.Action != want.Action || got.Tag != want.Tag || got.Digest != want.Digest || got.Registry != registry || got.Repository != "ada/app" ||
					got.Subject != "ada" || got.Token != id || got.Addr == "" || !strings.HasPrefix(got.Agent, "crane/") || time.Since(got.At).Abs() > time.Minute ||
					(got.Size > 0) != (want.Action != access.Delete) {
					t.Errorf("%d: %+v, want %+v", i, got, want)
				}
			}
		})
	}
}
