//go:build !linux || bindings

package main

import (
	"io"

	"github.com/wailsapp/wails/v2/pkg/options"

	"lanyard/app"
)

// single is what the window is known by to a second start.
const single = "lanyard-desktop"

// lock leaves it to Wails to raise the first.
func lock(window *app.App) *options.SingleInstanceLock {
	return &options.SingleInstanceLock{UniqueId: single, OnSecondInstanceLaunch: func(options.SecondInstanceData) { window.SecondInstance() }}
}

// elsewhere is Wails' to find out on other systems; and what writes the
// bindings opens no window.
func elsewhere(func(string) string, chan<- struct{}, io.Writer) (bool, error) { return false, nil }
