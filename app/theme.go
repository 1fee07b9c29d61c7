package app

// Themes that a person can choose; "" is the desktop's.
const (
	themeLight = "light"
	themeDark  = "dark"
)

// Colour is one of the window itself, before the page has painted.
type Colour struct{ R, G, B uint8 }

// The page's own background, in light and dark.
var (
	lightPage = Colour{0xf1, 0xef, 0xe9}
	darkPage  = Colour{0x11, 0x16, 0x1a}
)

// Background is what the window shows until its page does: by the person's
// choice, or by the desktop's, dark, where they made none.
func Background(chosen string, dark bool) Colour {
	if chosen == themeDark || chosen != themeLight && dark {
		return darkPage
	}
	return lightPage
}

// Expect is for before there is a window: what there is of it before its page
// is light or dark from its first moment on, too.
func Expect(chosen string, dark bool) { expect(chosen, dark) }

// Theme is the person's choice when the window began; "": none, or one that
// cannot be read.
func (a *App) Theme() string { return a.core.chosen.Theme }
