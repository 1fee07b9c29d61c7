package app

import (
	"reflect"
	"time"
)

// The events that the page hears.
const (
	eventSession      = "session"       // SessionView, when it changed
	eventSignIn       = "signin"        // PromptView, while one is under way
	eventClipboard    = "clipboard"     // ClipboardView, when a copied secret's time is over
	eventChanged      = "changed"       // ChangedView, when something was changed elsewhere
	eventSelfTest     = "selftest"      // SelfTestView, while one is under way
	eventNotices      = "notices"       // []NoticeView, when they are others
	eventNoticeOpened = "notice_opened" // OpenedView, when a person clicked what the desktop showed
	eventClosing      = "closing"       // nothing; the window would have closed with a secret in it that is nowhere else
)

// OpenedView is a notice that a person clicked on their desktop.
type OpenedView struct {
	ID    string `json:"id"`
	Place string `json:"place"`
}

// differs says whether the page is to be told. Each look is a use of the
// session and moves its end by disuse a little; that alone is no news until
// it has moved by an hour.
func differs(told, now SessionView) bool {
	before, errBefore := time.Parse(time.RFC3339, told.IdleEnds)
	after, errAfter := time.Parse(time.RFC3339, now.IdleEnds)
	if errBefore == nil && errAfter == nil && after.Sub(before).Abs() < time.Hour {
		told.IdleEnds = now.IdleEnds
	}
	return !reflect.DeepEqual(told, now)
}
