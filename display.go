package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// errNoDisplay: there is nothing to open a window on.
var errNoDisplay = errors.New("the window cannot be opened")

// gtkFailed is what Wails panics with where GTK finds no display that lets it in.
const gtkFailed = "failed to init GTK"

// onDisplay runs the window. Where there is no display for it, Wails panics,
// which would show a person goroutines.
func onDisplay(window func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			if p.Error() != gtkFailed {
				panic(p)
			}
			err = noDisplay(os.Getenv)
		default:
			panic(p)
		}
	}()
	return window()
}

// hasDisplay says whether the environment names one.
func hasDisplay(getenv func(string) string) bool {
	return getenv("DISPLAY")+getenv("WAYLAND_DISPLAY") != ""
}

// noDisplay says why, and what to do.
func noDisplay(getenv func(string) string) error {
	const instead = "In a terminal, \"lanyard login\" signs in without a window."
	if !hasDisplay(getenv) {
		return fmt.Errorf("%w: this session has no display (neither DISPLAY nor WAYLAND_DISPLAY is set).\n"+
			"Start it on the desktop, or over SSH with \"ssh -X\". %s", errNoDisplay, instead)
	}
	var named []string
	for _, name := range []string{"WAYLAND_DISPLAY", "DISPLAY"} {
		if at := getenv(name); at != "" {
			named = append(named, fmt.Sprintf("%s=%q", name, at))
		}
	}
	return fmt.Errorf("%w: the display that the environment names (%s) does not answer, or does not let this program in.\n"+
		"Start it in a terminal of the desktop itself; after \"su\" or \"sudo\", as the person who is signed in there. %s",
		errNoDisplay, strings.Join(named, ", "), instead)
}
