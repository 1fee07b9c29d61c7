package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"lanyard/backend/autostart"
	"lanyard/backend/client"
	"lanyard/backend/e2e/usermanager"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
)

// typing is a terminal at which somebody types text.
func typing(t *testing.T, text string) (at terminal, out, err *bytes.Buffer) {
	t.Helper()
	keys, tty, failed := pty.Open()
	if failed != nil {
		t.Fatal(failed)
	}
	t.Cleanup(func() { _ = keys.Close(); _ = tty.Close() })
	if _, failed := io.WriteString(keys, text); failed != nil {
		t.Fatal(failed)
	}
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return terminal{In: tty, Out: out, Err: err, Getenv: os.Getenv}, out, err
}

// The first sign-in asks once whether the system may start the own registry;
// no is remembered, yes is done at once, and without a terminal nobody is asked.
func TestAskedAtFirstRun(t *testing.T) {
	m := usermanager.MadeUp(t)
	for _, v := range m.Env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Setenv("LANYARD_HOME", filepath.Join(m.Home, "lanyard"))
	lanyard, err := exec.LookPath("lanyard")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := machine.DirsFrom(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{own: ownservice.Of(dirs, lanyard, version)}
	ctx := t.Context()

	var said bytes.Buffer
	p.askAutomatic(ctx, terminal{In: strings.NewReader("y\n"), Out: &said, Err: &said, Getenv: os.Getenv})
	if said.Len() > 0 || !p.own.MayAsk(ctx) {
		t.Errorf("without a terminal: %s", said.String())
	}

	at, _, errs := typing(t, "n\n")
	p.askAutomatic(ctx, at)
	if !strings.Contains(errs.String(), "Shall the system start") || !strings.Contains(errs.String(), "not asked again") {
		t.Errorf("no: %s", errs)
	}
	at, _, errs = typing(t, "y\n")
	p.askAutomatic(ctx, at)
	if errs.Len() > 0 {
		t.Errorf("asked again: %s", errs)
	}

	if err := os.Remove(p.own.Asked); err != nil {
		t.Fatal(err)
	}
	at, out, errs := typing(t, "y\n")
	p.askAutomatic(ctx, at)
	if a, err := p.own.Automatic(ctx); a.Service != autostart.Current || a.Janitor != autostart.Current || !a.Running || err != nil {
		t.Errorf("yes: %+v %v\n%s%s", a, err, out, errs)
	}
	if !strings.Contains(out.String(), "from log-in on") {
		t.Errorf("yes: %s%s", out, errs)
	}
	if err := p.own.Uninstall(ctx, ownservice.Set{Service: true, Janitor: true}); err != nil {
		t.Error(err)
	}
	if err := p.own.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// A person compares the fingerprint, and says yes or no.
func TestTrustAskedOnTheTerminal(t *testing.T) {
	t.Setenv("LANYARD_HOME", t.TempDir())
	chain, err := certificates("good")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(lanyardServer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{chain}}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(chain.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typed string
		code  int
		says  string
	}{
		{"n\n", exitUnreachable, "nothing was trusted"},
		{"\n", exitUnreachable, "nothing was trusted"},
		{"y\n", 0, "Kept in"},
		{"", 0, ""}, // nobody is asked again
	} {
		at, out, errs := typing(t, c.typed)
		if code := run(t.Context(), []string{"trust", "localhost:" + port}, at); code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%q: exit %d\n%s%s", c.typed, code, out, errs)
		}
		if c.typed != "" && !strings.Contains(errs.String(), "tell you the fingerprint "+client.Fingerprint(ca)) {
			t.Errorf("%q: %s", c.typed, errs)
		}
	}
}

// What cannot be brought back is asked about; no answer is no.
func TestSureOnATerminal(t *testing.T) {
	for typed, sureOf := range map[string]bool{"y\n": true, "yes\n": true, "n\n": false, "\n": false, "\x04": false} {
		at, _, errs := typing(t, typed)
		if err := sure(at, false, "Delete acme/app?"); (err == nil) != sureOf || err != nil && exitCode(err) != exitFailed {
			t.Errorf("%q: %v", typed, err)
		}
		if !strings.Contains(errs.String(), "Delete acme/app? [y/N]") {
			t.Errorf("%q: %s", typed, errs)
		}
	}
	at, _, errs := typing(t, "")
	if err := sure(at, true, "Delete acme/app?"); err != nil || errs.Len() > 0 {
		t.Errorf("told by --yes: %v %s", err, errs)
	}
	if err := sure(terminal{In: strings.NewReader("y\n")}, false, "Delete acme/app?"); exitCode(err) != exitUsage {
		t.Errorf("from a pipe: %v", err)
	}
}
