package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"lanyard/backend/internal/keyringtest"
)

const typed = "ghp_0123456789abcdefWXYZ"

// screen is what a terminal shows.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// atPrompt is lanyard login --with-token on a terminal that has stopped
// showing what is typed.
func atPrompt(t *testing.T) (tty *os.File, shown *screen, cmd *exec.Cmd, read <-chan struct{}) {
	t.Helper()
	session := keyringtest.Start(t)
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, secret, _ := r.BasicAuth(); secret != typed {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(registry.Close)
	lanyard, err := exec.LookPath("lanyard")
	if err != nil {
		t.Fatal(err)
	}
	cmd = session.Command(lanyard, "login", "--server", strings.TrimPrefix(registry.URL, "http://"), "--username", "otto", "--with-token", "--yes")
	cmd.Env = append(cmd.Env, "LANYARD_HOME="+filepath.Join(session.Home, "lanyard"), "SHELL=/bin/sh")
	tty, err = pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = cmd.Process.Kill() })
	shown = new(screen)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(shown, tty) // ends with the program
	}()
	until(t, "the prompt", func() bool { return strings.Contains(shown.String(), "Token of otto at ") && !echoes(t, tty) })
	return tty, shown, cmd, done
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not come", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return mode.Lflag&unix.ECHO != 0
}

func TestTokenIsTypedUnseen(t *testing.T) {
	tty, shown, cmd, read := atPrompt(t)
	if _, err := tty.WriteString(typed + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	<-read
	if said := shown.String(); !strings.Contains(said, "Signed in as otto") || strings.Contains(said, "ghp_") {
		t.Errorf("the terminal shows %q", said)
	}
}

func TestNothingIsTyped(t *testing.T) {
	tty, shown, cmd, _ := atPrompt(t)
	if _, err := tty.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		t.Errorf("%v: %s", err, shown)
	}
}

// Ctrl-C at the prompt: the terminal shows again what is typed.
func TestPromptIsCancelled(t *testing.T) {
	tty, shown, cmd, _ := atPrompt(t)
	if _, err := tty.WriteString("ghp_half\x03"); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("%v: %s", err, shown)
	}
	if said := shown.String(); !echoes(t, tty) || strings.Contains(said, "ghp_") {
		t.Errorf("the terminal is left as it was for a password, or shows %q", said)
	}
}
