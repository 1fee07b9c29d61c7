package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// dock is a registry and the eight tools, each with the helper named for the
// registry in the file that it reads. Whatever a tool has the helper do is in log.
type dock struct {
	desk
	address string
	dead    atomic.Bool  // nobody is let in any more
	saw     atomic.Value // string: who got the manifest last
	log     string
	files   []string // of the tools
}

// watched stands before the helper and writes down what it is asked, without
// secrets.
const watched = `#!/bin/sh
in=$(cat)
key=$(printf '%%s' "$in" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/')
echo "$1 $key" >> '%s'
printf '%%s' "$in" | exec '%s' "$@"
`

func newDock(t *testing.T) *dock {
	d := &dock{desk: newDesk(t, keyringtest.Options{})}
	const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if d.dead.Load() || user+":"+password != "ann:"+secret && user+":"+password != "bob:own" {
			w.Header().Set("WWW-Authenticate", `Basic realm="stub"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED","message":"the token is refused"}]}`)
			return
		}
		if strings.Contains(r.URL.Path, "/manifests/") {
			d.saw.Store(user)
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
			_, _ = io.WriteString(w, manifest)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(s.Close)
	d.address = "localhost" + s.URL[strings.LastIndex(s.URL, ":"):]

	real, err := exec.LookPath("docker-credential-lanyard")
	must(t, err)
	bin := filepath.Join(d.Home, "bin")
	d.log = filepath.Join(d.Home, "asked")
	must(t, os.Mkdir(bin, 0o700))
	must(t, os.WriteFile(filepath.Join(bin, "docker-credential-lanyard"), fmt.Appendf(nil, watched, d.log, real), 0o700))
	t.Setenv("PATH", bin+":"+toolsBin()+":"+os.Getenv("PATH"))
	storage := filepath.Join(d.Home, "storage.conf")
	t.Setenv("CONTAINERS_STORAGE_CONF", storage)
	must(t, os.WriteFile(storage, fmt.Appendf(nil, "[storage]\ndriver = \"vfs\"\nrunroot = %q\ngraphroot = %q\n", filepath.Join(d.Home, "r"), filepath.Join(d.Home, "g")), 0o600))

	helpers, err := json.Marshal(map[string]any{"credHelpers": map[string]string{d.address: "lanyard"}})
	must(t, err)
	hosts, err := json.Marshal(map[string]any{"hosts": map[string]any{d.address: map[string]string{"tls": "disabled", "credHelper": "docker-credential-lanyard"}}})
	must(t, err)
	for path, text := range map[string][]byte{
		filepath.Join(d.Home, ".docker", "config.json"):                     helpers,
		filepath.Join(d.Runtime, "containers", "auth.json"):                 helpers,
		filepath.Join(d.Home, ".config", "helm", "registry", "config.json"): helpers,
		filepath.Join(d.Home, ".regctl", "config.json"):                     hosts,
		// podman and buildah want a policy on signatures, for which the system may have none.
		filepath.Join(d.Home, ".config", "containers", "policy.json"): []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`),
	} {
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, text, 0o600))
		if filepath.Base(path) != "policy.json" {
			d.files = append(d.files, path)
		}
	}
	return d
}

// tool runs a tool, with what it may read, and returns what it had the helper do.
func (d *dock) tool(in string, args ...string) (out string, asked []string, err error) {
	d.Helper()
	_ = os.Remove(d.log)
	cmd := d.Command(args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(in)
	raw, err := cmd.CombinedOutput()
	if strings.Contains(string(raw), secret) {
		d.Errorf("%q shows the secret: %s", args, raw)
	}
	log, _ := os.ReadFile(d.log)
	return string(raw), strings.Split(strings.TrimSpace(string(log)), "\n"), err
}

// toolsBin is where build/tools.sh puts other people's programs.
func toolsBin() string {
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "..", "build", "tools")
	}
	dir, err := filepath.Abs(filepath.Join(tools, "bin"))
	if err != nil {
		return tools
	}
	return dir
}

// client is how one of the tools is told to log in, log out, and pull anew.
type client struct {
	name                string
	login, logout, pull []string
	// aside: its login and logout never reach the helper.
	aside bool
}

func clients(a string) []client {
	image := a + "/ann/app:1"
	containers := func(name string, pull ...string) client {
		return client{
			name: name, pull: pull,
			login: []string{name, "login", "--tls-verify=false", "-u", "bob", "--password-stdin", a}, logout: []string{name, "logout", a},
		}
	}
	return []client{
		{
			name: "docker", login: []string{"docker", "login", "-u", "bob", "--password-stdin", a}, logout: []string{"docker", "logout", a},
			pull: []string{"docker", "manifest", "inspect", "--insecure", image},
		},
		containers("podman", "podman", "pull", "--tls-verify=false", image),
		containers("buildah", "buildah", "pull", "--policy=always", "--tls-verify=false", image),
		containers("skopeo", "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+image),
		{
			name: "crane", login: []string{"crane", "auth", "login", "-u", "bob", "--password-stdin", a}, logout: []string{"crane", "auth", "logout", a},
			pull: []string{"crane", "manifest", image},
		},
		{
			name: "regctl", login: []string{"regctl", "registry", "login", "-u", "bob", "--pass-stdin", a}, logout: []string{"regctl", "registry", "logout", a},
			pull: []string{"regctl", "manifest", "get", image}, aside: true,
		},
		{
			name: "oras", login: []string{"oras", "login", "--plain-http", "-u", "bob", "--password-stdin", a}, logout: []string{"oras", "logout", a},
			pull: []string{"oras", "manifest", "fetch", "--plain-http", image},
		},
		{
			name:  "helm",
			login: []string{"helm", "registry", "login", "--plain-http", "-u", "bob", "--password-stdin", a}, logout: []string{"helm", "registry", "logout", a},
			pull: []string{"helm", "pull", "--plain-http", "oci://" + a + "/ann/app", "--version", "1"},
		},
	}
}

// pulls checks as whom a tool pulls; "": as nobody. asked is what it had the
// helper do, which is nothing but get.
func (d *dock) pulls(c client, as string) {
	d.Helper()
	d.saw.Store("")
	out, asked, err := d.tool("", c.pull...)
	if saw := d.saw.Load(); saw != as {
		d.Errorf("%s pulled as %q, want %q: %v %s", c.name, saw, as, err, out)
	}
	for _, one := range asked {
		if one != "get "+d.address {
			d.Errorf("%s asked the helper to %q", c.name, one)
		}
	}
}

// What the tools do with the helper when a person logs in and out by hand on a
// registry that Lanyard signed in to, and when its token is refused. docs/tools.md
// says the same in words.
func TestToolsLoginAndLogoutByHand(t *testing.T) {
	d := newDock(t)
	for _, c := range clients(d.address) {
		t.Run(c.name, func(t *testing.T) {
			d.TB = t
			d.signIn(d.address, time.Now().Add(time.Hour))
			d.pulls(c, "ann")

			d.dead.Store(true) // a token that the registry refuses: no tool takes it away
			d.pulls(c, "")
			d.dead.Store(false)
			d.pulls(c, "ann")

			out, asked, err := d.tool("own", c.login...)
			if c.aside {
				if slices.Contains(asked, "store "+d.address) {
					t.Errorf("login: asked %q: it is not as the docs say", asked)
				}
			} else if err == nil || !strings.Contains(out, "is signed in to with Lanyard, as ann") {
				t.Errorf("login over the sign-in: %v %s", err, out)
			}
			d.pulls(c, "ann")

			for range 2 {
				out, asked, err := d.tool("", c.logout...)
				if err != nil {
					t.Errorf("logout: %v %s", err, out)
				}
				for _, one := range asked {
					if one != "erase "+d.address && (one != "" || !c.aside) {
						t.Errorf("logout asked the helper to %q", one)
					}
				}
			}
			if c.aside {
				d.pulls(c, "ann")
				return
			}
			d.pulls(c, "")

			if out, _, err := d.tool("own", c.login...); err != nil {
				t.Errorf("login with one's own: %v %s", err, out)
			}
			d.pulls(c, "bob")
			for _, path := range d.files {
				if raw, err := os.ReadFile(path); err != nil || strings.Contains(string(raw), "own") || strings.Contains(string(raw), "Ym9iOm93bg") {
					t.Errorf("%s: %s %v", path, raw, err)
				}
			}
			d.serve(d.address) // lanyard login
			d.pulls(c, "ann")
			if out, _, err := d.tool("", c.logout...); err != nil {
				t.Errorf("logout: %v %s", err, out)
			}
			d.pulls(c, "")
		})
	}
}

// As the store for everything, of a registry that Lanyard did not sign in to.
func TestToolsCredsStore(t *testing.T) {
	d := newDock(t)
	const file = `{"credsStore":"lanyard"}`
	for _, path := range d.files {
		if !strings.Contains(path, ".regctl") {
			must(t, os.WriteFile(path, []byte(file), 0o600))
		}
	}
	for _, c := range clients(d.address) {
		if c.aside || slices.Contains([]string{"podman", "buildah", "skopeo"}, c.name) {
			continue // these read no credsStore
		}
		t.Run(c.name, func(t *testing.T) {
			d.TB = t
			if out, _, err := d.tool("own", c.login...); err != nil {
				t.Fatalf("login: %v %s", err, out)
			}
			d.saw.Store("")
			if out, _, err := d.tool("", c.pull...); d.saw.Load() != "bob" {
				t.Errorf("pulled as %q: %v %s", d.saw.Load(), err, out)
			}
			if out, errs, _ := d.run("list", ""); !strings.Contains(out, `"bob"`) {
				t.Errorf("list: %s %s", out, errs)
			}
			for range 2 {
				if out, _, err := d.tool("", c.logout...); err != nil {
					t.Errorf("logout: %v %s", err, out)
				}
			}
			if out, _, _ := d.run("list", ""); out != "{}\n" {
				t.Errorf("after the logout: %s", out)
			}
			for _, path := range d.files {
				if raw, err := os.ReadFile(path); err != nil || strings.Contains(string(raw), "Ym9iOm93bg") {
					t.Errorf("%s: %s %v", path, raw, err)
				}
			}
		})
	}
}
