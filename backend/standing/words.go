package standing

import (
	"fmt"
	"time"
)

// Words are what is said in a state. Says is one sentence for all three; what
// can be done about it is one button in the window, one command in the
// terminal. The helper serves the token, or says why not, on stderr.
type Words struct {
	// Name is the state in the window's contract and in --json, where those
	// need less than is known: the states of one end share a name.
	Name    string
	Says    string // "": nothing is to be said
	Do      string // what to do, in the window
	Button  string // its one button; "": none, as it goes on by itself
	Command string // the terminal's one command; "": none
	Helper  string // the helper's reason; "": it serves
}

// Words are those of a state, which are in the table below.
func (s State) Words() Words { return words[s] }

const (
	again   = "Sign in again"
	login   = "lanyard login"
	removed = " Its token was removed from this computer."
)

// words is the table.
var words = map[State]Words{
	SignedOut: {
		Name: "signed_out", Button: "Sign in", Command: login,
		Helper: "signed out: run `lanyard login`",
	},
	SigningIn: {
		Name: "signed_out", Says: "A sign-in is under way.", Do: "Finish it in the browser.", Button: "Cancel",
		Helper: "a sign-in is under way: finish it in the browser",
	},
	Active: {Name: "active"},
	Expiring: {
		Name: "active", Says: "The session ends soon.", Do: "Sign in again to begin a new one.",
		Button: again, Command: login,
	},
	Offline: {
		Name: "offline", Says: "The service does not answer. The token is kept, and its end is counted on this computer.",
		Do: "Check the network. Lanyard asks again by itself.", Button: "Try again", Command: "lanyard status",
	},
	Deactivated: {
		Name: "deactivated", Says: "This computer's token was deactivated, so every pull and push with it is refused.",
		Do: "Activate it, or sign out.", Button: "Activate it", Command: "lanyard token activate",
	},
	Evicted: {
		Name: "replaced", Says: "This computer's token gave way to another computer's (an account has at most five).",
		Do:     "Make it anew. The computer of yours that was used least recently then gives way, if there are five.",
		Button: "Take a place again", Command: login,
	},
	Expired: {
		Name: "expired", Says: "The session is over: its time ran out, or its token was taken out of the keychain. Nothing of it is left on this computer.",
		Do: "Sign in again.", Button: again, Command: login,
		Helper: "the session has run out: run `lanyard login`",
	},
	Deleted: {
		Name: "ended", Says: "This computer's token was deleted in the list of the account, which ended the session." + removed,
		Do: "Sign in again.", Button: again, Command: login,
		Helper: "this computer's token was deleted: run `lanyard login`",
	},
	Revoked: {
		Name: "ended", Says: "The session was ended at the service, by you or by somebody who may." + removed,
		Do: "Sign in again.", Button: again, Command: login,
		Helper: "the session was ended at the service: run `lanyard login`",
	},
	Superseded: {
		Name: "ended", Says: "This computer signed in once more with the same account, which ended this session." + removed,
		Do: "Sign in again.", Button: again, Command: login,
		Helper: "the session was ended by a later sign-in: run `lanyard login`",
	},
	Reused: {
		Name: "ended", Says: "A copy of this session was used, so the service ended it." + removed,
		Do: "Sign in again, and look at where the account is signed in.", Button: again, Command: login,
		Helper: "the service ended the session, as a copy of it was used: run `lanyard login`",
	},
	Disabled: {
		Name: "ended", Says: "The account is disabled at the service." + removed,
		Do: "Ask an administrator to enable it, then sign in again.", Button: again, Command: login,
		Helper: "the account is disabled: ask an administrator, then run `lanyard login`",
	},
	Gone: {
		Name: "ended", Says: "The service does not know the account any more." + removed,
		Do: "Sign in with another account.", Button: again, Command: login,
		Helper: "the account is gone: run `lanyard login`",
	},
	Ended: {
		Name: "ended", Says: "The session was ended at the service, which does not say why." + removed,
		Do: "Sign in again.", Button: again, Command: login,
		Helper: "the session was ended at the service: run `lanyard login`",
	},
	Locked: {
		Name: "keychain_locked", Says: "The keychain is locked or does not answer, so the tools go on without credentials.",
		Do: "Unlock it.", Button: "Unlock", Command: "lanyard keychain unlock",
		Helper: "the keychain is locked: unlock it and try again",
	},
	Missing: {
		Name: "keychain_missing", Says: "No keychain answers in this session, and Lanyard keeps secrets nowhere else.",
		Do: "Start one, such as GNOME Keyring or KeePassXC's Secret Service.", Button: "Try again", Command: "lanyard status",
		Helper: "no keychain answers in this session: sign in to the desktop, or start a Secret Service on the session's D-Bus",
	},
	Unknown: {Name: "unknown", Says: "How this account stands could not be found out.", Do: "Try again.", Button: "Try again", Command: "lanyard status"},
}

// GaveWay is what Evicted says where it is known to whom and when.
func GaveWay(by string, at time.Time) string {
	if by == "" {
		by = "another computer"
	}
	if at.IsZero() {
		return fmt.Sprintf("This computer's token gave way to %s (an account has at most five).", by)
	}
	return fmt.Sprintf("This computer's token gave way to %s on %s (an account has at most five).", by, Day(at))
}

// Day is a time as people read it.
func Day(at time.Time) string { return at.Local().Format("2 January 2006 15:04") }
