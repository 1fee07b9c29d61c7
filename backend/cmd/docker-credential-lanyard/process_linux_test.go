package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

const (
	server   = "http://localhost:8460"
	host     = "localhost:8460"
	secret   = "lyd_auto_canary"
	notFound = "credentials not found in native keychain\n"
)

// The test binary is its own keychain worker. The helper is the real one,
// built once, as its release is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "keychain-worker" {
		if err := keychain.RunWorker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "lyd-bin-")
	if err == nil {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X main.version=v0-test", "-o", dir, ".")
		build.Stderr = os.Stderr
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		err = errors.Join(build.Run(), os.Setenv("PATH", dir+":"+os.Getenv("PATH")))
	}
	status := 1
	if err == nil {
		status = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

type desk struct {
	testing.TB
	*keyringtest.Session
	keys keychain.Keychain
	file machine.StateFile
}

func newDesk(t testing.TB, o keyringtest.Options) desk {
	t.Helper()
	s := keyringtest.StartWith(t, o)
	s.Enter(t)
	self, err := os.Executable()
	must(t, err)
	dirs, err := machine.DirsFrom(os.Getenv)
	must(t, err)
	return desk{t, s, keychain.Keychain{Worker: &keychain.Worker{Path: self}, Limit: time.Minute}, dirs.StateFile()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d desk) signIn(host string, ends time.Time) {
	d.Helper()
	d.serve(host)
	must(d, d.keys.PutToken(d.Context(), server, "ann", keychain.Token{Username: "ann", Secret: secret, Ends: ends, Idle: 720 * time.Hour}))
}

// serve is what the state knows of a sign-in.
func (d desk) serve(host string) {
	d.Helper()
	must(d, d.file.Update(func(s *machine.State) error {
		s.Added(keychain.TokenName(server, "ann"), time.Now())
		s.Serve(host, server, "ann")
		return nil
	}))
}

func (d desk) run(action, in string) (out, errs string, status int) {
	d.Helper()
	cmd := d.Command("docker-credential-lanyard", action)
	cmd.Stdin = strings.NewReader(in)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

func TestProcess(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	if out, errs, status := d.run("get", host); out != notFound || errs != "" || status != 1 {
		t.Errorf("unmanaged: %q %q %d", out, errs, status)
	}
	d.signIn(host, time.Now().Add(time.Hour))
	if out, errs, status := d.run("get", host); out != `{"ServerURL":"localhost:8460","Username":"ann","Secret":"lyd_auto_canary"}`+"\n" || errs != "" || status != 0 {
		t.Errorf("managed: %q %q %d", out, errs, status)
	}
	if out, errs, status := d.run("version", ""); out != "docker-credential-lanyard (lanyard) v0-test\n" || errs != "" || status != 0 {
		t.Errorf("version: %q %q %d", out, errs, status)
	}
	// Writes in its own process, without a worker.
	if out, errs, status := d.run("store", `{"ServerURL":"ghcr.io","Username":"bob","Secret":"x"}`); out != "" || errs != "" || status != 0 {
		t.Errorf("store: %q %q %d", out, errs, status)
	}
	if out, _, _ := d.run("get", "ghcr.io"); !strings.Contains(out, `"Username":"bob","Secret":"x"`) {
		t.Errorf("stored: %q", out)
	}
	if out, errs, status := d.run("erase", "ghcr.io"); out != "" || errs != "" || status != 0 {
		t.Errorf("erase: %q %q %d", out, errs, status)
	}
	if out, _, status := d.run("list", ""); out != `{"localhost:8460":"ann"}`+"\n" || status != 0 {
		t.Errorf("list: %q %d", out, status)
	}
}

// A session that ended while nothing was running: the first get after it
// removes it, and so it stays when the keyring comes back.
func TestProcessRemovesWhatHasEnded(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, time.Now().Add(-time.Second))
	out, errs, status := d.run("get", host)
	if out != notFound || !strings.HasPrefix(errs, "lanyard: ") || status != 1 {
		t.Errorf("get: %q %q %d", out, errs, status)
	}
	for range 2 {
		if found, err := d.Command("secret-tool", "search", "--all", "service", "lanyard").CombinedOutput(); len(found) > 0 {
			t.Errorf("secret-tool finds %s %v", found, err)
		}
		must(t, d.StartDaemon())
	}
}

func TestProcessInTime(t *testing.T) {
	for name, o := range map[string]keyringtest.Options{"prompt that nobody answers": {NoDaemon: true}, "no bus": {NoBus: true}} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, o)
			if !o.NoBus {
				d.StartFake(t, keyringtest.Hang).Add(keychain.Service, keychain.TokenName(server, "ann"), []byte(`{"v":1,"ends":"2020-01-01T00:00:00Z"}`))
			}
			d.serve(host)
			begin := time.Now()
			if out, errs, status := d.run("get", host); out != notFound || errs == "" || status != 1 {
				t.Errorf("get: %q %q %d", out, errs, status)
			}
			if out, _, status := d.run("store", `{"ServerURL":"ghcr.io","Username":"bob","Secret":"x"}`); out == "" || status != 1 {
				t.Errorf("store: %q %d", out, status)
			}
			// Two runs; the rest is for a busy computer.
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// go-keyring would run dbus-launch, which leaves daemons behind.
func TestProcessStartsNothing(t *testing.T) {
	d := newDesk(t, keyringtest.Options{NoBus: true})
	d.serve(host)
	launched := filepath.Join(d.Home, "launched")
	bin := filepath.Join(d.Home, "bin")
	must(t, os.Mkdir(bin, 0o700))
	must(t, os.WriteFile(filepath.Join(bin, "dbus-launch"), []byte("#!/bin/sh\ntouch "+launched+"\n"), 0o700))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, action := range []string{"get", "erase", "list"} {
		d.run(action, host)
	}
	d.run("store", `{"ServerURL":"ghcr.io","Username":"bob","Secret":"x"}`)
	if _, err := os.Stat(launched); err == nil {
		t.Error("dbus-launch was run")
	}
}

// registry is a stub that wants Basic credentials. It is a fake: it has one
// manifest.
func registry(t *testing.T) (address string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != "ann" || password != secret {
			w.Header().Set("WWW-Authenticate", `Basic realm="stub"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		asked.Add(1)
		switch {
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
			_, _ = io.WriteString(w, manifest)
		case strings.Contains(r.URL.Path, "/blobs/"):
			_, _ = io.WriteString(w, "{}")
		}
	}))
	t.Cleanup(s.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	return "localhost:" + port, asked
}

// The real docker CLI, by way of credHelpers.
func TestDocker(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	address, asked := registry(t)
	must(t, os.Mkdir(filepath.Join(d.Home, ".docker"), 0o700))
	config := filepath.Join(d.Home, ".docker", "config.json")
	raw, err := json.Marshal(map[string]any{"credHelpers": map[string]string{address: "lanyard"}})
	must(t, err)
	must(t, os.WriteFile(config, raw, 0o600))
	docker := func(args ...string) (string, error) {
		out, err := d.Command("docker", args...).CombinedOutput()
		if strings.Contains(string(out), "canary") {
			t.Errorf("docker %q shows the secret: %s", args, out)
		}
		return string(out), err
	}
	inspect := []string{"manifest", "inspect", "--insecure", address + "/ann/app:1"}

	if out, err := docker(inspect...); err == nil || asked.Load() != 0 {
		t.Errorf("without a sign-in: %s", out)
	}
	d.signIn(address, time.Now().Add(time.Hour))
	if out, err := docker(inspect...); err != nil || !strings.Contains(out, "schemaVersion") || asked.Load() == 0 {
		t.Errorf("signed in: %s %v", out, err)
	}
	if out, err := docker("login", "-u", "bob", "-p", "canary-other", address); err == nil {
		t.Errorf("docker login as another: %s", out)
	}
	if out, err := docker("logout", address); err != nil {
		t.Errorf("docker logout: %s %v", out, err)
	}
	if out, err := docker(inspect...); err == nil || !strings.Contains(out, "lanyard: "+address+" was logged out of") {
		t.Errorf("logged out: %s", out)
	}
	if raw, err := os.ReadFile(config); err != nil || strings.Contains(string(raw), "canary") {
		t.Errorf("config.json: %s %v", raw, err)
	}
	must(t, d.KillDaemon())
	d.serve(address)
	if out, err := docker(inspect...); err == nil || !strings.Contains(out, "lanyard: the keychain is locked") {
		t.Errorf("locked: %s", out)
	}
}
