//go:build linux

package desk

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The format of Xau(3): a wild family, no address, no number, a name, the cookie.
func TestAuthority(t *testing.T) {
	text := authority([]byte("0123456789abcdef"))
	want := "\xff\xff\x00\x00\x00\x00\x00\x12MIT-MAGIC-COOKIE-1\x00\x100123456789abcdef"
	if string(text) != want {
		t.Errorf("%q", text)
	}
}

// Only who has the cookie sees the screen, and nothing of it stays.
func TestScreen(t *testing.T) {
	d := newDesk(t)
	s, err := d.Screen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "a.png")
	if err := s.Picture(picture); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(picture); err != nil || !bytes.HasPrefix(raw, []byte("\x89PNG")) {
		t.Errorf("the picture: %.8q, %v", raw, err)
	}
	if things, err := s.Look(t.Context(), "nobody"); err != nil || len(things) != 0 {
		t.Errorf("an empty screen shows %v, %v", things, err)
	}
	watched := s.Watch()
	if dark, err := s.Dark(); err != nil || !dark {
		t.Errorf("an empty screen is dark: %v, %v", dark, err)
	}
	if lightest, looks, err := watched(); err != nil || lightest > half || looks == 0 {
		t.Errorf("an empty screen has %.0f %% of white in %d looks, %v", lightest, looks, err)
	}
	stranger := exec.CommandContext(t.Context(), "xdotool", "getmouselocation")
	for _, v := range d.Env() {
		if !strings.HasPrefix(v, "XAUTHORITY=") {
			stranger.Env = append(stranger.Env, v)
		}
	}
	if o, err := Run(stranger); err != nil || o.Code == 0 {
		t.Errorf("without the cookie: %+v, %v", o, err)
	}
	if _, err := Must(d.Program(t.Context(), "xdotool", "getmouselocation")); err != nil {
		t.Error(err)
	}
	s.Close()
	d.Close()
	if left := d.Processes(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestThing(t *testing.T) {
	at := Thing{States: []uint32{1<<checked | 1<<focused, 0}}
	if !at.Focused() || !at.Checked() || (Thing{}).Focused() || (Thing{States: []uint32{0, 1 << focused}}).Focused() {
		t.Error("states")
	}
	things := []Thing{{Name: "Sign in"}, {Text: "…ab12"}}
	if !says(things, "Sign") || !says(things, "ab12") || says(things, "out") {
		t.Error("words")
	}
}
