//go:build linux

package app

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/signin"
)

// A copied secret goes after half a minute, if it is still there.
func TestCopiedSecretGoes(t *testing.T) {
	for name, c := range map[string]struct {
		between func(w *Window, s *fakeScreen) // after ten seconds
		left    string                         // after 30
		said    []ClipboardView
	}{
		"by itself":              {func(*Window, *fakeScreen) {}, "", []ClipboardView{{Cleared: true}}},
		"something else copied":  {func(_ *Window, s *fakeScreen) { s.lie("theirs", false) }, "theirs", []ClipboardView{{Cleared: false}}},
		"the window closed":      {func(w *Window, _ *fakeScreen) { w.forget() }, "", nil},
		"copied, another closed": {func(w *Window, s *fakeScreen) { s.lie("theirs", false); w.forget() }, "theirs", nil},
		"another secret copied":  {func(w *Window, _ *fakeScreen) { _, _ = w.CopySecret("second") }, "second", nil},
		"the same copied again":  {func(w *Window, _ *fakeScreen) { _, _ = w.CopySecret("first") }, "first", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeScreen{}
				w := &Window{core: newCore(Parts{Computer: &signin.Computer{}, Open: func(string) error { return nil }}, s)}
				v, err := w.CopySecret("first")
				if want := stamp(time.Now().Add(30 * time.Second)); err != nil || v.Clears != want {
					t.Errorf("%+v, %v, want %s", v, err, want)
				}
				if text, marked := s.clipboard(); text != "first" || !marked {
					t.Errorf("%q, marked %v", text, marked)
				}
				time.Sleep(10 * time.Second)
				c.between(w, s)
				time.Sleep(20*time.Second + time.Millisecond)
				synctest.Wait()
				if text, _ := s.clipboard(); text != c.left {
					t.Errorf("after half a minute: %q", text)
				}
				var said []ClipboardView
				for _, e := range s.events {
					if v, ok := e.view.(ClipboardView); ok && e.name == eventClipboard {
						said = append(said, v)
					}
				}
				if len(said) != len(c.said) || len(said) == 1 && said[0] != c.said[0] {
					t.Errorf("the page was told %v", said)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if text, _ := s.clipboard(); text != "" && text != "theirs" {
					t.Errorf("at last: %q", text)
				}
			})
		})
	}
}

func TestCopySecretTooLong(t *testing.T) {
	s := &fakeScreen{}
	w := &Window{core: newCore(Parts{Computer: &signin.Computer{}}, s)}
	if _, err := w.CopySecret(strings.Repeat("x", maxCopied+1)); err == nil {
		t.Error("it was copied")
	}
	if text, _ := s.clipboard(); text != "" {
		t.Error("it was copied")
	}
}
