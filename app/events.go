package app

import (
	"reflect"
	"time"
)

// The events that the page hears.
const (
	eventSession   = "session"   // SessionView, when it changed
	eventSignIn    = "signin"    // PromptView, while one is under way
	eventClipboard = "clipboard" // ClipboardView, when a copied secret's time is over
	eventClosing   = "closing"   // nothing; the window would have closed with a secret in it that is nowhere else
)

// changed says whether the page is to be told. Each look is a use of the
// session and moves its end by disuse a little; that alone is no news until
// it has moved by an hour.
func changed(told, now SessionView) bool {
	before, errBefore := time.Parse(time.RFC3339, told.IdleEnds)
	after, errAfter := time.Parse(time.RFC3339, now.IdleEnds)
	if errBefore == nil && errAfter == nil && after.Sub(before).Abs() < time.Hour {
		told.IdleEnds = now.IdleEnds
	}
	return !reflect.DeepEqual(told, now)
}
