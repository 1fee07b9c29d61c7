//go:build !(linux && cgo && webkit2_41)

package app

// webview is what draws the pages: the system's own, which does not say here.
func webview() string { return "" }

// zooms: there is no way to it through Wails here that a choice could go.
const zooms = false

func zoom(int) {}
