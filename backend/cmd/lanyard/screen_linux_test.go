package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
)

// onScreen runs lanyard on a terminal of a size.
func onScreen(t *testing.T, home string, size pty.Winsize, env []string, args ...string) (*screen, *exec.Cmd) {
	t.Helper()
	lanyard, err := exec.LookPath("lanyard")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), lanyard, args...)
	cmd.Env = append([]string{"HOME=" + home, "LANYARD_HOME=" + home, "PATH=" + os.Getenv("PATH"), "SHELL=/bin/sh", "TERM=xterm"}, env...)
	tty, err := pty.StartWithSize(cmd, &size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = cmd.Process.Kill() })
	shown := new(screen)
	go func() { _, _ = io.Copy(shown, tty) }() // ends with the program
	return shown, cmd
}

// A device sign-in at a made-up service: the QR code where there is room for
// it, in colours or without, and the address and the code always.
func TestQRCode(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := "http://localhost:" + r.Host[strings.LastIndex(r.Host, ":")+1:]
		switch r.URL.Path {
		case "/oauth/device/code":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri":"%s/activate","verification_uri_complete":"%[1]s/activate?user_code=ABCD-EFGH","expires_in":900}`, at)
		case "/oauth/token":
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"authorization_pending"}`)
		default:
			fmt.Fprint(w, about(r.URL.Path, at, at))
		}
	}))
	defer service.Close()
	address := "http://localhost:" + service.URL[strings.LastIndex(service.URL, ":")+1:]
	home := t.TempDir()
	lanyard, err := exec.LookPath("lanyard")
	if err != nil {
		t.Fatal(err)
	}
	use := exec.CommandContext(t.Context(), lanyard, "keychain", "use", "file", "--key-file", filepath.Join(home, "key"))
	use.Env = []string{"HOME=" + home, "LANYARD_HOME=" + home}
	if out, err := use.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, c := range map[string]struct {
		size          pty.Winsize
		env           []string
		drawn, colour bool
	}{
		"room":       {pty.Winsize{Rows: 40, Cols: 100}, nil, true, true},
		"no colour":  {pty.Winsize{Rows: 40, Cols: 100}, []string{"NO_COLOR=1"}, true, false},
		"narrow":     {pty.Winsize{Rows: 40, Cols: 30}, nil, false, false},
		"low":        {pty.Winsize{Rows: 12, Cols: 100}, nil, false, false},
		"a dumb one": {pty.Winsize{Rows: 40, Cols: 100}, []string{"TERM=dumb"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			shown, cmd := onScreen(t, home, c.size, c.env, "login", "--server", address, "--device")
			until(t, "the code", func() bool { return strings.Contains(shown.String(), "Ctrl-C cancels") })
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			said := shown.String()
			if !strings.Contains(said, "enter the code ABCD-EFGH") || !strings.Contains(said, "open "+address+"/activate") {
				t.Errorf("%q", said)
			}
			if got := strings.Contains(said, "▀"); got != c.drawn {
				t.Errorf("drawn: %v", got)
			}
			if got := strings.Contains(said, "\x1b[30;107m"); got != c.colour {
				t.Errorf("in colours: %v", got)
			}
		})
	}
}

// A table on a terminal is as wide as it; what takes long says so, and is gone
// again with the answer.
func TestOnATerminal(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	long := `{"at":"2026-11-20T10:00:00Z","tool":"/usr/bin/docker","folder":"/home/ada/` + strings.Repeat("deep/", 30) + `","host":"registry.example","account":"ada","server":"https://registry.example","last_four":"AbCd"}` + "\n"
	if err := os.WriteFile(filepath.Join(home, "state", "ledger.jsonl"), []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, cmd := onScreen(t, home, pty.Winsize{Rows: 24, Cols: 80}, nil, "uses")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	until(t, "the table", func() bool { return strings.Contains(shown.String(), "docker") })
	for line := range strings.Lines(shown.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\r\n")); n > 80 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	if !strings.Contains(shown.String(), "…") {
		t.Errorf("nothing was cut: %s", shown)
	}
}

func TestProgress(t *testing.T) {
	answer := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-answer }))
	defer service.Close()
	address := "http://localhost:" + service.URL[strings.LastIndex(service.URL, ":")+1:]
	home := t.TempDir()
	shown, cmd := onScreen(t, home, pty.Winsize{Rows: 24, Cols: 80}, nil, "login", "--server", address)
	until(t, "the line", func() bool { return strings.Contains(shown.String(), "Asking "+address+" … 1 s") })
	close(answer)
	_ = cmd.Wait()
	until(t, "the end", func() bool { return strings.Contains(shown.String(), "not a Lanyard server") })
	if said := shown.String(); !strings.Contains(said, "\r\x1b[Klanyard: ") {
		t.Errorf("the line stays: %q", said)
	}
	var silent strings.Builder
	w := terminal{Err: &silent, Getenv: os.Getenv}
	w.waits = newWaiting(w)
	done := w.waitFor("Asking %s", address)
	done()
	if silent.Len() != 0 || w.waits != nil {
		t.Errorf("in a pipe it says %q", silent.String())
	}
}
