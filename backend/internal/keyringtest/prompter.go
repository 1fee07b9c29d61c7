//go:build linux

package keyringtest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Screen is a display that nobody sees, on which the keyring's real prompter
// (gcr) asks.
type Screen struct {
	t       TB
	session *Session
	display string
}

const prompter = `[D-BUS Service]
Name=org.gnome.keyring.SystemPrompter
Exec=/usr/bin/env DISPLAY=%s NO_AT_BRIDGE=1 /usr/libexec/gcr-prompter
`

// StartScreen lets the keyring ask, from its next prompt on. It needs Xvfb and
// xdotool.
func (s *Session) StartScreen(t TB) *Screen {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := s.child("Xvfb", "-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{in}
	err = cmd.Start()
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(fmt.Errorf("start Xvfb: %w", err))
	}
	screen := &Screen{t: t, session: s, display: ":" + strings.TrimSpace(number)}
	file := filepath.Join(s.dir, "services", "prompter.service")
	if err := os.WriteFile(file, fmt.Appendf(nil, prompter, screen.display), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := s.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err; err != nil {
		t.Fatal(err)
	}
	return screen
}

// Asks says whether a prompt is on the screen.
func (s *Screen) Asks() bool {
	out, _ := s.tool("search", "--onlyvisible", "--class", "gcr-prompter")
	return out != ""
}

// Await waits until there is a prompt, or none.
func (s *Screen) Await(asks bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); s.Asks() != asks; {
		if time.Now().After(end) {
			s.t.Fatal(fmt.Sprintf("waited %v for a prompt: %v", patience, asks))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Type types into what is on the screen, and presses a key.
func (s *Screen) Type(text, key string) {
	s.t.Helper()
	if text != "" {
		if _, err := s.tool("type", "--delay", "20", text); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := s.tool("key", key); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Screen) tool(args ...string) (string, error) {
	cmd := s.session.child("xdotool", args...)
	cmd.Env = append(cmd.Env, "DISPLAY="+s.display)
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
