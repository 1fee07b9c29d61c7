//go:build !linux || bindings

package main

// darkDesktop: other systems' webviews know by themselves.
func darkDesktop(func(string) string) bool { return false }
