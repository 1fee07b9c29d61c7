package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// recorder stands in for lanyard: it writes down what it was started with, and
// then stays until it is let go.
const recorder = `#!/bin/sh
n=$(ls "$LANYARD_HOME" | grep -c started)
{
	echo "args $*"
	echo "cwd $(pwd)"
	echo "stat $(cat /proc/$$/stat)"
	for fd in /proc/$$/fd/*; do echo "fd ${fd##*/} $(readlink "$fd")"; done
	env | sed 's/^/env /'
} > "$LANYARD_HOME/started.$n.part"
mv "$LANYARD_HOME/started.$n.part" "$LANYARD_HOME/started.$n"
read _ < "$LANYARD_HOME/go"
`

// refreshing is a desk with the helper and a lanyard beside it, and ann's
// session, of which the service was heard as long ago as given.
func refreshing(t *testing.T, heard time.Duration) (d desk, helper string) {
	d = newDesk(t, keyringtest.Options{})
	d.signIn(host, time.Now().Add(80*24*time.Hour))
	home := filepath.Join(d.Home, "lanyard")
	t.Setenv("LANYARD_HOME", home)
	dirs, err := machine.DirsFrom(os.Getenv)
	must(t, err)
	d.file = dirs.StateFile()
	must(t, d.file.Update(func(s *machine.State) error {
		s.Added(keychain.TokenName(server, "ann"), time.Now().Add(-heard))
		s.Added(keychain.SessionName(server, "ann"), time.Now().Add(-heard))
		s.Serve(host, server, "ann")
		return nil
	}))
	bin := filepath.Join(d.Home, "bin")
	must(t, os.Mkdir(bin, 0o700))
	installed, err := exec.LookPath("docker-credential-lanyard")
	must(t, err)
	raw, err := os.ReadFile(installed)
	must(t, err)
	helper = filepath.Join(bin, "docker-credential-lanyard")
	must(t, os.WriteFile(helper, raw, 0o700))
	must(t, os.WriteFile(filepath.Join(bin, "lanyard"), []byte(recorder), 0o700))
	gate := filepath.Join(home, "go")
	must(t, syscall.Mkfifo(gate, 0o600))
	t.Cleanup(func() { // lets go whoever waits, if anybody does
		if file, err := os.OpenFile(gate, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			_, _ = file.WriteString("\n\n\n")
			_ = file.Close()
		}
	})
	return d, helper
}

// get is what a tool does, with something of its own that is nobody else's.
func (d desk) get(helper string) {
	d.Helper()
	leak, err := os.Open("/etc/hostname")
	must(d, err)
	defer leak.Close()
	cmd := d.Command(helper, "get")
	cmd.Env = append(cmd.Env, "LANYARD_HOME="+os.Getenv("LANYARD_HOME"), "TOOL_PASSWORD=canary", "DOCKER_AUTH_CONFIG=canary", "GOTRACEBACK=crash", "LC_ALL=C")
	cmd.ExtraFiles = []*os.File{leak}
	cmd.Stdin = strings.NewReader(host)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output() // which also waits for whoever holds the other end
	if err != nil || !strings.Contains(string(out), secret) || errs.Len() > 0 {
		d.Fatalf("get: %s %s %v", out, &errs, err)
	}
}

// started is what the recorders wrote, once there are n.
func (d desk) started(n int) []string {
	d.Helper()
	var all []string
	for end := time.Now().Add(20 * time.Second); len(all) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			d.Fatalf("%d of %d were started", len(all), n)
		}
		all = nil
		paths, err := filepath.Glob(filepath.Join(os.Getenv("LANYARD_HOME"), "started.?"))
		must(d, err)
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			must(d, err)
			all = append(all, string(raw))
		}
	}
	return all
}

// The helper starts `lanyard refresh`, which has nothing of the tool's, and is
// not waited for.
func TestRefreshIsDetached(t *testing.T) {
	d, helper := refreshing(t, 12*24*time.Hour)
	d.get(helper) // returns, though the recorder does not
	record := d.started(1)[0]
	lines := func(kind string) (all []string) {
		for line := range strings.Lines(record) {
			if rest, ok := strings.CutPrefix(line, kind+" "); ok {
				all = append(all, strings.TrimSuffix(rest, "\n"))
			}
		}
		return all
	}
	if got := lines("args"); len(got) != 1 || got[0] != "refresh" {
		t.Errorf("arguments %q", got)
	}
	if got := lines("cwd"); len(got) != 1 || got[0] != "/" {
		t.Errorf("folder %q", got)
	}
	stat := regexp.MustCompile(`^(\d+) \(.*\) \S (\d+) (\d+) (\d+)`).FindStringSubmatch(strings.Join(lines("stat"), ""))
	if len(stat) != 5 || stat[4] != stat[1] || stat[3] != stat[1] {
		t.Errorf("it leads no session of its own: %q", stat)
	}
	if parent, err := strconv.Atoi(stat[2]); err != nil || parent == os.Getpid() {
		t.Errorf("it is a child of %q", stat[2])
	}
	for _, fd := range lines("fd") {
		number, target, _ := strings.Cut(fd, " ")
		switch {
		case target == os.DevNull:
		case number == "1" && strings.Contains(target, "started"): // where the recorder writes to
		case strings.HasSuffix(target, "/bin/lanyard"): // the shell reads its script
		case number > "2" && strings.HasPrefix(target, "pipe:"): // the shell reads from readlink; were it one of the tool's, get would not have ended
		default:
			t.Errorf("it was handed %s", fd)
		}
	}
	for _, v := range lines("env") {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "HOME", "PATH", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "LANYARD_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "LC_ALL",
			"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
			"PWD", "OLDPWD", "SHLVL", "_": // the shell's own
		default:
			t.Errorf("it has %s of the tool's environment", name)
		}
	}
	if strings.Contains(record, "canary") {
		t.Errorf("a secret got through:\n%s", record)
	}
}

// Once in an hour, however many ask; and where it is not due, never.
func TestRefreshOnceAnHour(t *testing.T) {
	d, helper := refreshing(t, 12*24*time.Hour)
	for range 5 {
		d.get(helper)
	}
	d.started(1)
	stamp := filepath.Join(d.file.Dir, "refresh.stamp")
	hour := time.Now().Add(-machine.RefreshEvery - time.Second)
	must(t, os.Chtimes(stamp, hour, hour))
	d.get(helper)
	d.started(2)
	d.get(helper)
	if all := d.started(2); len(all) != 2 {
		t.Errorf("%d were started", len(all))
	}
}

func TestRefreshNotDue(t *testing.T) {
	d, helper := refreshing(t, time.Hour)
	d.get(helper)
	if _, err := os.Stat(filepath.Join(d.file.Dir, "refresh.stamp")); err == nil {
		t.Error("an hour after the service was heard it was begun")
	}
}

// A pasted token has no session to refresh; without lanyard beside it the
// helper claims nothing.
func TestRefreshOfNothing(t *testing.T) {
	d, helper := refreshing(t, 12*24*time.Hour)
	must(t, d.file.Update(func(s *machine.State) error {
		delete(s.Entries, keychain.SessionName(server, "ann"))
		return nil
	}))
	d.get(helper)
	must(t, d.file.Update(func(s *machine.State) error {
		s.Added(keychain.SessionName(server, "ann"), time.Now().Add(-12*24*time.Hour))
		return nil
	}))
	must(t, os.Remove(filepath.Join(filepath.Dir(helper), "lanyard")))
	d.get(helper)
	if _, err := os.Stat(filepath.Join(d.file.Dir, "refresh.stamp")); err == nil {
		t.Error("the hour was claimed")
	}
}
