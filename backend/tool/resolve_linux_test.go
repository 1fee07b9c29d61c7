package tool

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// around is a home with the real tools and made-up helpers: docker-credential-red
// answers with the user red, blue with blue, none with nothing.
type around struct {
	*testing.T
	here Here
	host string // of a registry that asks by Basic, and tells nobody anything
	mu   sync.Mutex
	user string // whom the registry saw last
}

func settle(t *testing.T, helpers ...string) *around {
	t.Helper()
	home := t.TempDir()
	a := &around{T: t}
	bin := filepath.Join(home, "bin")
	for _, name := range Names() {
		a.link(string(name), filepath.Join(bin, string(name)))
	}
	a.put(filepath.Join(home, "storage.conf"), "[storage]\ndriver = \"vfs\"\nrunroot = \""+home+"/run/storage\"\ngraphroot = \""+home+"/storage\"\n", 0o600)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, _, ok := r.BasicAuth(); ok {
			a.mu.Lock()
			a.user = user
			a.mu.Unlock()
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	a.host = "localhost:" + server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	for _, name := range append([]string{"red", "blue", "none"}, helpers...) {
		script := "#!/bin/sh\n[ \"$1\" = get ] || { printf '{\"" + a.host + "\":\"" + name + "\"}'; exit; }\n" +
			"printf '{\"Username\":\"" + name + "\",\"Secret\":\"s\"}'\n"
		if name == "none" {
			script = "#!/bin/sh\n[ \"$1\" = get ] || { printf '{}'; exit; }\nprintf 'credentials not found in native keychain'\nexit 1\n"
		}
		a.put(filepath.Join(bin, "docker-credential-"+name), script, 0o755)
	}
	a.here = Here{
		Home: home, UID: os.Getuid(), Path: []string{bin, "/usr/bin", "/bin"},
		Environ: []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home + "/run", "CONTAINERS_STORAGE_CONF=" + home + "/storage.conf", "LANG=C.UTF-8"},
	}
	return a
}

// link finds a tool that the tests bring, or the person's.
func (a *around) link(name, to string) {
	a.Helper()
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "build", "tools")
	}
	path, err := filepath.Abs(filepath.Join(tools, "bin", name))
	if err != nil {
		a.Fatal(err)
	}
	if !exists(path) {
		if path, err = exec.LookPath(name); err != nil {
			a.Fatalf("%v (make build/tools fetches it)", err)
		}
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Symlink(path, to)); err != nil {
		a.Fatal(err)
	}
}

func (a *around) put(path, text string, mode os.FileMode) {
	a.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode)); err != nil {
		a.Fatal(err)
	}
}

// says is whom the steps lead to, with the made-up helpers.
func says(steps []Step) string {
	for _, s := range steps {
		switch {
		case s.Env != "":
			return "env"
		case s.Helper == "none":
		case s.Helper != "":
			return s.Helper
		default:
			return s.User
		}
	}
	return ""
}

// real is whom the tool itself would be.
func (a *around) real(t Tool) string {
	a.Helper()
	if t.Name.HasCommand() {
		asked, err := a.here.Ask(a.Context(), t, a.host)
		if err != nil && !errors.Is(err, ErrNone) {
			a.Errorf("%s: %v", t.Name, err)
		}
		return asked.User
	}
	image := a.host + "/a/b:1"
	args := map[Name][]string{
		Docker: {"manifest", "inspect", "--insecure", image},
		Oras:   {"manifest", "fetch", "--plain-http", image},
		Helm:   {"pull", "oci://" + a.host + "/a/b", "--version", "1.0.0", "--plain-http"},
		Regctl: {"--host", "reg=" + a.host + ",tls=disabled", "manifest", "head", image},
	}[t.Name]
	a.user = ""
	_, err := a.here.run(a.Context(), t.Path, args...)
	if err == nil {
		a.Errorf("%s was let in", t.Name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.user
}

// What Resolve says is what each of the real tools does.
func TestResolveIsWhatTheToolsDo(t *testing.T) {
	const (
		red   = `{"credHelpers":{"$HOST":"red"}}`
		blue  = `{"credHelpers":{"$HOST":"blue"}}`
		clear = `{"auths":{"$HOST":{"auth":"b3R0bzp4"}}}` // otto:x
	)
	for _, c := range []struct {
		name    string
		files   map[string]string // under the home
		environ []string
		helpers []string
	}{
		{name: "nothing"},
		{name: "credHelpers", files: map[string]string{".docker/config.json": red}},
		{name: "credsStore", files: map[string]string{".docker/config.json": `{"credsStore":"red"}`}},
		{name: "in clear", files: map[string]string{".docker/config.json": clear}},
		{name: "in clear, as a URL", files: map[string]string{".docker/config.json": `{"auths":{"http://$HOST/v1/":{"auth":"b3R0bzp4"}}}`}},
		{name: "in clear and credHelpers", files: map[string]string{".docker/config.json": `{"auths":{"$HOST":{"auth":"b3R0bzp4"}},"credHelpers":{"$HOST":"red"}}`}},
		{name: "credHelpers before credsStore", files: map[string]string{".docker/config.json": `{"credsStore":"blue","credHelpers":{"$HOST":"red"}}`}},
		{name: "credsStore that lists nothing", files: map[string]string{".docker/config.json": `{"credsStore":"none","credHelpers":{"$HOST":"red"}}`}},
		{name: "podman's file in clear", files: map[string]string{".docker/config.json": red, "run/containers/auth.json": clear}},
		{name: "podman's file with a helper that has nothing", files: map[string]string{".docker/config.json": red, "run/containers/auth.json": `{"credHelpers":{"$HOST":"none"}}`}},
		{name: "podman's file alone", files: map[string]string{"run/containers/auth.json": clear}},
		{name: "podman's other file", files: map[string]string{".docker/config.json": red, ".config/containers/auth.json": blue}},
		{name: "podman's file by a variable", files: map[string]string{".docker/config.json": red, "my.json": clear}, environ: []string{"REGISTRY_AUTH_FILE=$HOME/my.json"}},
		{name: "docker's file by a variable", files: map[string]string{"dc/config.json": red, "run/containers/auth.json": clear}, environ: []string{"DOCKER_CONFIG=$HOME/dc"}},
		{name: "podman told to ask a program", files: map[string]string{".docker/config.json": red, ".config/containers/registries.conf": `credential-helpers = ["blue"]`}},
		{name: "podman told to ask files first", files: map[string]string{".docker/config.json": red, ".config/containers/registries.conf": "credential-helpers = [\"containers-auth.json\",\n  \"blue\"]\n"}},
		{name: "helm's file in clear", files: map[string]string{".docker/config.json": red, ".config/helm/registry/config.json": clear}},
		{name: "helm's file for others", files: map[string]string{".docker/config.json": red, ".config/helm/registry/config.json": `{"auths":{"x.example":{}}}`}},
		{name: "regctl's file in clear", files: map[string]string{".docker/config.json": red, ".regctl/config.json": `{"hosts":{"$HOST":{"user":"otto","pass":"x"}}}`}},
		{name: "regctl's file in clear with a helper", files: map[string]string{".docker/config.json": red, ".regctl/config.json": `{"hosts":{"$HOST":{"user":"otto","pass":"x","credHelper":"docker-credential-blue"}}}`}},
		{name: "regctl's helper", files: map[string]string{".docker/config.json": red, ".regctl/config.json": `{"hosts":{"$HOST":{"credHelper":"docker-credential-blue"}}}`}},
		{name: "regctl without docker's file", files: map[string]string{".docker/config.json": red, ".regctl/config.json": `{"incDockerCred":false}`}},
		{name: "a native store that nobody named", helpers: []string{"secretservice"}},
		{name: "a native store, and docker's file", files: map[string]string{".docker/config.json": red}, helpers: []string{"secretservice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := settle(t, c.helpers...)
			for name, text := range c.files {
				a.put(filepath.Join(a.here.Home, name), strings.ReplaceAll(text, "$HOST", a.host), 0o600)
			}
			for _, v := range c.environ {
				a.here.Environ = append(a.here.Environ, strings.ReplaceAll(v, "$HOME", a.here.Home))
			}
			found := a.here.Find(t.Context())
			if len(found) != len(Names()) {
				t.Fatalf("found %v", found)
			}
			env, _ := a.here.EnvAuth()
			for _, one := range found {
				var all []Config
				for _, f := range a.here.Files(one.Name) {
					all = append(all, Read(f))
				}
				around := Around{Native: a.here.Native(), EnvAuth: env, Version: one.Version}
				if i := slices.IndexFunc(all, func(c Config) bool { return c.CredsStore != "" }); i >= 0 {
					around.Listed = a.here.Listed(t.Context(), all[i].CredsStore)
				}
				steps := one.Name.Resolve(all, around, a.host)
				if got, want := says(steps), a.real(one); got != want {
					t.Errorf("%s %s is %q, and Resolve says %q: %+v", one.Name, one.Version, want, got, steps)
				}
			}
		})
	}
}

func TestVersions(t *testing.T) {
	a := settle(t)
	for _, one := range a.here.Find(t.Context()) {
		if strings.Count(one.Version, ".") != 2 || !strings.HasPrefix(one.Path, a.here.Home) {
			t.Errorf("%+v", one)
		}
	}
}

func TestHelperAsked(t *testing.T) {
	a := settle(t)
	for name, script := range map[string]string{
		"silent": "exec sleep 60", "mute": "exit 0", "odd": "echo '<html>'", "broken": "echo 'it is hunter2' ; echo 'no bus' >&2; exit 1",
		"why": "printf 'credentials not found in native keychain'; echo 'lanyard: the keychain is locked' >&2; exit 1",
	} {
		a.put(filepath.Join(a.here.Home, "bin", "docker-credential-"+name), "#!/bin/sh\n"+script+"\n", 0o755)
	}
	for _, c := range []struct {
		helper, user string
		err          error
		says         string
	}{
		{"red", "red", nil, ""},
		{"none", "", ErrNone, ""},
		{"why", "", ErrNone, "the keychain is locked"},
		{"gone", "", ErrMissing, "docker-credential-gone"},
		{"../red", "", ErrMissing, ""},
		{"mute", "", ErrFailed, "not understood"},
		{"odd", "", ErrFailed, "not understood"},
		{"broken", "", ErrFailed, "no bus"},
		{"silent", "", ErrFailed, "no answer within"},
	} {
		t.Run(c.helper, func(t *testing.T) {
			asked, err := a.here.Helper(t.Context(), c.helper, a.host)
			if asked.User != c.user || !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v %v", asked, err)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}
