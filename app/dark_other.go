//go:build !linux || !cgo || !webkit2_41

package app

// followDesktop: other systems' webviews know by themselves.
func followDesktop() {}

// choose: the page does it by itself.
func choose(string) {}
