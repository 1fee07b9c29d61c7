package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// On a terminal a passphrase is asked for twice when it is fresh, and never
// shown.
func TestPassphraseOnATerminal(t *testing.T) {
	home := t.TempDir()
	getenv := func(name string) string {
		if name == "LANYARD_HOME" {
			return home
		}
		return ""
	}
	for _, name := range []string{"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "CREDENTIALS_DIRECTORY"} {
		t.Setenv(name, "")
	}
	const end = '\x04' // what the screen shows last
	typed := func(args []string, lines ...string) (code int, screen, out string) {
		t.Helper()
		mine, theirs, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		// Not before the test is over: a read that was left behind knows its
		// terminal by a number, which the next one would get.
		t.Cleanup(func() { _, _ = mine.Close(), theirs.Close() })
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		read := make(chan string, 1)
		go func() {
			var seen strings.Builder
			in := bufio.NewReader(mine)
			for next := 0; ; {
				r, _, err := in.ReadRune()
				if err != nil {
					read <- seen.String()
					return
				}
				if r == end {
					read <- seen.String()
					return
				}
				seen.WriteRune(r)
				if !strings.HasSuffix(seen.String(), ": ") || next == len(lines) {
					continue
				}
				silent(t, theirs)
				if lines[next] == "^C" { // what a signal does
					interrupt()
				} else {
					_, _ = io.WriteString(mine, lines[next]+"\n")
				}
				next++
			}
		}()
		var result bytes.Buffer
		code = run(ctx, args, terminal{In: theirs, Out: &result, Err: theirs, Getenv: getenv})
		if ctx.Err() != nil { // the read that was left behind ends with a line
			_, _ = io.WriteString(mine, "\n")
		}
		_, _ = io.WriteString(theirs, string(end))
		return code, <-read, result.String()
	}
	made := func() bool {
		_, err := os.Stat(filepath.Join(home, "state", "keychain.age"))
		return err == nil
	}

	if code, screen, _ := typed([]string{"keychain", "use", "file"}, "correct horse battery", "incorrect horse battery"); code == 0 || made() || !strings.Contains(screen, "not the same") {
		t.Errorf("two passphrases: %d %q", code, screen)
	}
	if code, screen, _ := typed([]string{"keychain", "use", "file"}, ""); code != exitKeychain || made() {
		t.Errorf("none: %d %q", code, screen)
	}
	if code, screen, _ := typed([]string{"keychain", "use", "file"}, "^C"); code == 0 || made() || !strings.Contains(screen, "stopped") {
		t.Errorf("interrupted: %d %q", code, screen)
	}
	code, screen, out := typed([]string{"keychain", "use", "file"}, "correct horse battery", "correct horse battery")
	if code != 0 || !made() || strings.Contains(screen+out, "horse") || !strings.Contains(screen, "Once more: ") {
		t.Errorf("made: %d %q %q", code, screen, out)
	}
	t.Cleanup(func() { typed([]string{"keychain", "lock"}) })
	typed([]string{"keychain", "lock"})
	if code, screen, _ := typed([]string{"keychain", "unlock"}, "correct horse staple"); code != exitKeychain || !strings.Contains(screen, "wrong passphrase") || strings.Contains(screen, "horse") {
		t.Errorf("wrong: %d %q", code, screen)
	}
	if code, screen, out := typed([]string{"keychain", "unlock"}, "correct horse battery"); code != 0 || !strings.Contains(out, "is open") || strings.Contains(screen, "Once more") {
		t.Errorf("unlocked: %d %q %q", code, screen, out)
	}
}

// silent waits until a terminal shows nothing of what is typed.
func silent(t *testing.T, terminal *os.File) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err == nil && state.Lflag&unix.ECHO == 0 {
			return
		}
	}
	t.Error("what is typed is shown")
}
