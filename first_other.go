//go:build !linux || bindings

package main

import "io"

// elsewhere is Wails' to find out on other systems; and what writes the
// bindings opens no window.
func elsewhere(func(string) string, io.Writer) (bool, error) { return false, nil }
