//go:build !linux || !cgo || !webkit2_41

package app

// followDesktop: other systems' webviews know by themselves.
func followDesktop() {}

// expect: they are told by the window's background.
func expect(string, bool) {}

// choose: the page does it by itself.
func choose(string) {}
