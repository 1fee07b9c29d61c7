package dockercli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMajor(t *testing.T) {
	for said, want := range map[string]int{
		"Docker version 28.2.2, build e6534b4\n":    28,
		"Docker version 29.0.0-rc.1, build abc":     29,
		"Docker version 20.10.24+dfsg1, build 297e": 20,
		"podman version 4.3.1":                      0,
		"":                                          0,
	} {
		if got := major(said); got != want {
			t.Errorf("%q is %d, want %d", said, got, want)
		}
	}
}

// What docker 28.2.2 says, with colours and a carriage return a line.
const said = "\x1b[1mUSING WEB-BASED LOGIN\x1b[0m\r\n\r\nYour one-time device confirmation code is: \x1b[1mABCD-EFGH\x1b[0m\r\n" +
	"Press ENTER to open your browser or submit your device code here: https://login.docker.com/activate\r\n\r\nWaiting for authentication in the browser…\r\n"

func TestReadFindsPageAndCode(t *testing.T) {
	var got []Prompt
	text := read(strings.NewReader(said), heard{page: func(p Prompt) { got = append(got, p) }})
	if len(got) != 1 || got[0] != (Prompt{URL: "https://login.docker.com/activate", Code: "ABCD-EFGH"}) {
		t.Errorf("read %v", got)
	}
	if strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("kept %q", text)
	}
}

// A docker that is none may send people anywhere: nothing of it is shown.
func TestHostilePagesAreNotShown(t *testing.T) {
	for _, page := range []string{
		"http://login.docker.com/activate", "https://login.docker.com.evil.example/activate", "https://evil.example/?login.docker.com",
		"https://ann@login.docker.com/", "https://login.docker.com:8443/activate", "file:///etc/passwd", "javascript:alert(1)",
	} {
		text := strings.ReplaceAll(said, "https://login.docker.com/activate", page)
		read(strings.NewReader(text), heard{page: func(p Prompt) { t.Errorf("%s: showed %v", page, p) }})
	}
}

func TestReadHasAnEnd(t *testing.T) {
	text := read(strings.NewReader(strings.Repeat("x", 10<<20)), heard{page: func(Prompt) {}})
	if len(text) > 2*maxSaid {
		t.Errorf("kept %d bytes", len(text))
	}
}

// A prompt has no end of line: it is heard all the same, once.
func TestReadHearsAPrompt(t *testing.T) {
	asked := 0
	read(strings.NewReader("Failed to start web-based login\r\nUsername: "), heard{page: func(Prompt) {}, asked: func() { asked++ }})
	if asked != 1 {
		t.Errorf("heard %d times", asked)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if _, err := Find(t.Context(), ""); !errors.Is(err, ErrNone) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := Find(t.Context(), dir); !errors.Is(err, ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	name := filepath.Join(dir, "docker")
	fake(t, name, `echo "Docker version 20.10.24, build 1"`)
	if _, err := Find(t.Context(), dir); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "20.10.24") {
		t.Errorf("an old one: %v", err)
	}
	fake(t, name, `echo "Docker version 28.2.2, build 1"`)
	if got, err := Find(t.Context(), "/nowhere:"+dir); got != name || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

// fake is a docker that is none.
func fake(t *testing.T, name, script string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Docker ends with its own words; what moves the cursor is not repeated.
func TestLoginFails(t *testing.T) {
	name := filepath.Join(t.TempDir(), "docker")
	fake(t, name, `printf 'first\n\033[31mnot today\033[0m\n'; exit 3`)
	d := Docker{Path: name, Config: t.TempDir(), Bin: t.TempDir(), Env: os.Environ()}
	err := d.Login(t.Context(), true, func(Prompt) { t.Error("there was no page") })
	if !errors.Is(err, ErrFailed) || !strings.HasSuffix(err.Error(), "not today") {
		t.Errorf("%v", err)
	}
}

// Neither a name nor a password is typed into a docker that asks for them.
func TestLoginAsksForAPassword(t *testing.T) {
	name := filepath.Join(t.TempDir(), "docker")
	fake(t, name, `printf 'Username: '; read -r x; echo "typed $x"; sleep 60`)
	d := Docker{Path: name, Config: t.TempDir(), Bin: t.TempDir(), Env: os.Environ(), Linger: time.Second}
	if err := d.Login(t.Context(), true, func(Prompt) {}); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "could not begin") {
		t.Errorf("%v", err)
	}
}

func TestEnvironment(t *testing.T) {
	d := Docker{Path: "/docker", Config: "/c", Bin: "/b", Env: []string{"HOME=/h", "DOCKER_CONTEXT=far", "DOCKER_AUTH_CONFIG={}", "DOCKER_HOST=tcp://x", "DOCKER_CONFIG=/old", "PATH=/usr/bin"}}
	got := strings.Join(d.command(t.Context(), "login").Env, " ")
	if got != "HOME=/h DOCKER_CONFIG=/c PATH=/b:/usr/bin DOCKER_CLI_HINTS=false" {
		t.Errorf("runs in %s", got)
	}
}

func TestLogoutWarns(t *testing.T) {
	name := filepath.Join(t.TempDir(), "docker")
	fake(t, name, `echo "WARNING: could not revoke"`)
	d := Docker{Path: name, Config: t.TempDir(), Bin: t.TempDir(), Env: os.Environ()}
	if err := d.Logout(t.Context()); !errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
}
