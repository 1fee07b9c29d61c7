//go:build linux

package signin

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/tool"
)

// lending is a person's files of docker and podman.
type lending struct {
	*testing.T
	home, run string
	env       map[string]string
}

func newLending(t *testing.T) *lending {
	t.Helper()
	dir := t.TempDir()
	l := &lending{T: t, home: filepath.Join(dir, "home"), run: filepath.Join(dir, "run"), env: map[string]string{"PATH": "/usr/bin"}}
	l.env["XDG_RUNTIME_DIR"] = l.run
	for _, d := range []string{l.home, l.run} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func (l *lending) file(name, text string) {
	l.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		l.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		l.Fatal(err)
	}
}

func (l *lending) lender() Lender {
	here := tool.Here{Home: l.home, UID: os.Getuid()}
	for name, value := range l.env {
		here.Environ = append(here.Environ, name+"="+value)
	}
	return Lender{
		Here:   here,
		Helper: "/opt/lanyard/docker-credential-lanyard", State: filepath.Join(l.home, "state"),
	}
}

func (l *lending) lend() *Loan {
	l.Helper()
	loan, err := l.lender().Lend(Known{Account: Account{"https://r.example", "ann"}, Hosts: []string{"docker.io", "r.example"}})
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = loan.Close() })
	return loan
}

func (l *lending) json(path string) map[string]any {
	l.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		l.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		l.Fatal(err)
	}
	return v
}

func TestLoan(t *testing.T) {
	l := newLending(t)
	docker := filepath.Join(l.home, ".docker")
	l.file(docker+"/config.json", `{
		"auths": {"clear.example": {"auth": "Y2FuYXJ5OmNhbmFyeQ=="}, "marked.example": {}, "id.example": {"identitytoken": "canary"}},
		"credsStore": "secretservice", "credHelpers": {"ecr.example": "ecr-login", "r.example": "other"},
		"HttpHeaders": {"X-Auth": "canary"}, "currentContext": "far", "plugins": {"x": {"hooks": "y"}},
		"proxies": {"default": {"httpProxy": "http://ann:canary@proxy.example:3128"}}
	}`)
	l.file(docker+"/contexts/meta/far", "far")
	l.file(docker+"/cli-plugins/docker-x", "x")
	l.file(filepath.Join(l.run, "containers", "auth.json"), `{"auths": {"p.example": {"auth": "canary"}}, "credHelpers": {"ecr.example": "first", "p.example": "pass"}}`)
	l.env["DOCKER_AUTH_CONFIG"] = `{"auths":{"r.example":{"auth":"canary"}}}`
	loan := l.lend()

	want := map[string]any{
		"auths": map[string]any{"marked.example": map[string]any{}}, "credsStore": "secretservice", "currentContext": "far",
		"credHelpers": map[string]any{"ecr.example": "ecr-login", "r.example": "lanyard", "docker.io": "lanyard", "https://index.docker.io/v1/": "lanyard"},
		"plugins":     map[string]any{"x": map[string]any{"hooks": "y"}},
	}
	if diff := cmp.Diff(want, l.json(loan.Dir+"/config.json")); diff != "" {
		t.Error(diff)
	}
	want = map[string]any{"credHelpers": map[string]any{
		"ecr.example": "first", "p.example": "pass", "r.example": "lanyard", "docker.io": "lanyard", "https://index.docker.io/v1/": "lanyard",
	}}
	if diff := cmp.Diff(want, l.json(loan.Dir+"/auth.json")); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{"contexts/meta/far": "far", "cli-plugins/docker-x": "x"} {
		if got, err := os.ReadFile(filepath.Join(loan.Dir, name)); string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if target, err := os.Readlink(loan.Dir + "/bin/docker-credential-lanyard"); target != "/opt/lanyard/docker-credential-lanyard" {
		t.Errorf("the helper is %q, %v", target, err)
	}
	if filepath.Dir(loan.Dir) != l.run {
		t.Errorf("it lies in %s", loan.Dir)
	}
	if info, err := os.Stat(loan.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if len(loan.Left) != 5 || strings.Contains(strings.Join(loan.Left, ""), "canary") {
		t.Errorf("left out: %q", loan.Left)
	}

	env := loan.Environ([]string{"PATH=/usr/bin", "DOCKER_CONFIG=/x", "HOME=/h", "LANYARD_AS=eve@x", "DOCKER_AUTH_CONFIG=canary"})
	if diff := cmp.Diff([]string{
		"HOME=/h", "DOCKER_CONFIG=" + loan.Dir, "HELM_REGISTRY_CONFIG=" + loan.Dir + "/config.json", "LANYARD_AS=ann@https://r.example",
		"PATH=" + loan.Dir + "/bin:/usr/bin", "REGISTRY_AUTH_FILE=" + loan.Dir + "/auth.json",
	}, env); diff != "" {
		t.Error(diff)
	}

	secrets := 0
	err := filepath.WalkDir(loan.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "canary") || strings.Contains(string(text), "Y2FuYXJ5") {
			secrets++
		}
		return err
	})
	if err != nil || secrets > 0 {
		t.Errorf("%d files with a secret, %v", secrets, err)
	}

	if err := loan.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(l.run); err != nil || len(left) != 1 || left[0].Name() != "containers" {
		t.Errorf("%v, %v are left", left, err)
	}
	if _, err := os.Stat(docker + "/contexts/meta/far"); err != nil {
		t.Errorf("the person's own: %v", err)
	}
}

// Nothing there yet, and no folder in memory.
func TestLoanOfNothing(t *testing.T) {
	for name, run := range map[string]string{"none": "", "not there": "/nonexistent/run", "relative": "run", "open to others": "/tmp"} {
		t.Run(name, func(t *testing.T) {
			l := newLending(t)
			l.env["XDG_RUNTIME_DIR"] = run
			loan := l.lend()
			if filepath.Dir(loan.Dir) != filepath.Join(l.home, "state", "run") || len(loan.Left) != 0 {
				t.Errorf("%s, %q", loan.Dir, loan.Left)
			}
			if got := l.json(loan.Dir + "/config.json"); len(got) != 1 {
				t.Errorf("%v", got)
			}
		})
	}
}

// podman's variable alone counts, where it is set; plain headers and proxies
// come along.
func TestLoanKeepsWhatIsNoSecret(t *testing.T) {
	l := newLending(t)
	l.env["REGISTRY_AUTH_FILE"], l.env["DOCKER_CONFIG"] = filepath.Join(l.home, "own.json"), filepath.Join(l.home, "dc")
	l.file(l.home+"/own.json", `{"credHelpers": {"own.example": "x"}}`)
	l.file(l.run+"/containers/auth.json", `{"credHelpers": {"never.example": "x"}}`)
	l.file(l.home+"/dc/config.json", `{"HttpHeaders": {"User-Agent": "Docker-Client/19.03.1 (linux)"}, "proxies": {"default": {"httpProxy": "http://proxy:3128", "noProxy": "a@b"}}, "detachKeys": "ctrl-e,e"}`)
	loan := l.lend()
	got := l.json(loan.Dir + "/config.json")
	if got["HttpHeaders"] == nil || got["detachKeys"] == nil {
		t.Errorf("%v, left %q", got, loan.Left)
	}
	helpers, _ := l.json(loan.Dir + "/auth.json")["credHelpers"].(map[string]any)
	if helpers["own.example"] != "x" || helpers["never.example"] != nil {
		t.Errorf("%v", helpers)
	}
}

func TestLoanOfBadFiles(t *testing.T) {
	for name, text := range map[string]string{
		"broken": `{"auths":`, "a list": `[]`, "text": `canary`, "10 MB": strings.Repeat(" ", 10<<20),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLending(t)
			l.file(l.home+"/.docker/config.json", text)
			if _, err := l.lender().Lend(Known{}); !errors.Is(err, ErrConfig) || strings.Contains(err.Error(), "canary") {
				t.Error(err)
			}
			if left, _ := os.ReadDir(l.run); len(left) != 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
	for name, text := range map[string]string{
		"empty": "", "null": "null", "auths of another form": `{"auths": ["canary"], "credHelpers": 7, "HttpHeaders": "canary", "proxies": "canary@"}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLending(t)
			l.file(l.home+"/.docker/config.json", text)
			loan := l.lend()
			if got, err := os.ReadFile(loan.Dir + "/config.json"); err != nil || strings.Contains(string(got), "canary") {
				t.Errorf("%s %v", got, err)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		l := newLending(t)
		l.file(l.home+"/.docker/config.json/x", "")
		if _, err := l.lender().Lend(Known{}); !errors.Is(err, ErrConfig) {
			t.Error(err)
		}
	})
}

// What a killed run left goes with the next one; what lives, stays.
func TestLoansOfKilledRunsAreSwept(t *testing.T) {
	l := newLending(t)
	alive := l.lend()
	dead := filepath.Join(l.run, loanPrefix+"dead")
	l.file(dead+"/config.json", "{}")
	l.file(filepath.Join(l.run, "other", "file"), "")
	l.file(filepath.Join(l.run, loanPrefix+"file"), "")
	next := l.lend()
	entries, err := os.ReadDir(l.run)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Join(l.run, e.Name()))
	}
	want := []string{alive.Dir, next.Dir, filepath.Join(l.run, "other"), filepath.Join(l.run, loanPrefix+"file")}
	slices.Sort(want)
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
