// Package notification has the desktop show a few words to a person, where the
// desktop can (freedesktop.org's Desktop Notifications, on the session bus). It
// starts nothing: where no program shows notifications, none is shown. What is
// worth one is others' to say.
package notification

// Shown is what a person sees. Body is plain text.
type Shown struct {
	ID          string // the caller's own, for what is opened
	Title, Body string
	Open        string // what opening it is called
	Urgent      bool   // it stays until a person puts it away
}
