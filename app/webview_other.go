//go:build !(linux && cgo && webkit2_41)

package app

// webview is what draws the pages: the system's own, which does not say here.
func webview() string { return "" }
