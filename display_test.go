package main

import (
	"errors"
	"strings"
	"testing"
)

// What Wails panics with where there is no display is said in a sentence; any
// other panic is one.
func TestOnDisplay(t *testing.T) {
	if err := onDisplay(func() error { panic(errors.New(gtkFailed)) }); !errors.Is(err, errNoDisplay) {
		t.Errorf("without a display: %v", err)
	}
	broken := errors.New("broken")
	if err := onDisplay(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("an error: %v", err)
	}
	for name, of := range map[string]any{"an error": broken, "a text": "broken"} {
		func() {
			defer func() {
				if p := recover(); p != of {
					t.Errorf("%s: %v", name, p)
				}
			}()
			_ = onDisplay(func() error { panic(of) })
			t.Errorf("%s: no panic", name)
		}()
	}
}

func TestNoDisplay(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"none":        {nil, []string{"no display", "ssh -X", "lanyard login"}},
		"a dead one":  {map[string]string{"DISPLAY": ":99"}, []string{`DISPLAY=":99"`, "does not answer", "lanyard login"}},
		"two of them": {map[string]string{"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, []string{`WAYLAND_DISPLAY="wayland-0", DISPLAY=":0"`}},
	} {
		err := noDisplay(func(name string) string { return c.env[name] })
		for _, words := range c.says {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %q is not in %v", name, words, err)
			}
		}
	}
}
