// Package standing is how an account stands on this computer: the states, the
// moves between them, and what window, terminal and helper say in each. It is
// one table and no memory: who looks at an account finds out what happened
// (signin), this package says what that makes of it and how it is put.
package standing

import "time"

// State is how an account stands, in one word.
type State string

// The states.
const (
	SignedOut State = "signed_out"
	SigningIn State = "signing_in"

	Active   State = "active"
	Expiring State = "expiring" // active, and over within days
	Offline  State = "offline"  // the service does not answer; the token is kept

	Deactivated State = "deactivated" // a person deactivated this computer's token
	Evicted     State = "evicted"     // its token gave way to another computer's

	Expired    State = "expired"    // by time
	Deleted    State = "deleted"    // a person deleted this computer's token
	Revoked    State = "revoked"    // a person ended the session
	Superseded State = "superseded" // this computer signed in again, elsewhere in its files
	Reused     State = "reused"     // a copy of the session was used
	Disabled   State = "disabled"   // the account is
	Gone       State = "gone"       // the account is
	Ended      State = "ended"      // at the service, which does not say why

	Locked  State = "keychain_locked"
	Missing State = "keychain_missing"
	Unknown State = "unknown"
)

// Event is what moves an account from one state to the next.
type Event string

// The events. Those of a service's answer are named after what it says.
const (
	Begins  Event = "a sign-in begins"
	Kept    Event = "a sign-in is kept"
	Failed  Event = "a sign-in fails"
	LeftOut Event = "a person signs out"

	Answered Event = "the service says that it lives"
	Nearing  Event = "its end is near"
	Silent   Event = "the service does not answer"
	Past     Event = "its time is over"

	SaysDeactivated Event = "the service says: token deactivated"
	SaysEvicted     Event = "the service says: token evicted"
	SaysDeleted     Event = "the service says: token deleted"
	SaysRevoked     Event = "the service says: session revoked"
	SaysSuperseded  Event = "the service says: signed in again"
	SaysReused      Event = "the service says: used twice"
	SaysDisabled    Event = "the service says: account disabled"
	SaysGone        Event = "the service says: account gone"
	SaysEnded       Event = "the service says: ended"

	Locks    Event = "the keychain is locked"
	Vanishes Event = "no keychain answers"
)

// signedIn are the states in which this computer has a session, as far as is
// known; over are those in which it has none.
var (
	signedIn = []State{Active, Expiring, Offline, Deactivated, Evicted, Locked, Missing, Unknown}
	over     = []State{SignedOut, Expired, Deleted, Revoked, Superseded, Reused, Disabled, Gone, Ended}
)

// moves is the machine: an event moves an account from any of these states to
// that one, and from no other.
var moves = map[Event]struct {
	from [][]State
	to   State
}{
	Begins:  {[][]State{signedIn, over}, SigningIn},
	Kept:    {[][]State{{SigningIn}, signedIn, over}, Active}, // by another program, where this one did not see it begin
	Failed:  {[][]State{{SigningIn}}, SignedOut},
	LeftOut: {[][]State{signedIn, over}, SignedOut},

	Answered: {[][]State{signedIn}, Active},
	Nearing:  {[][]State{{Active, Expiring}}, Expiring}, // elsewhere something else matters more
	Silent:   {[][]State{signedIn}, Offline},
	Past:     {[][]State{signedIn}, Expired},

	SaysDeactivated: {[][]State{signedIn}, Deactivated},
	SaysEvicted:     {[][]State{signedIn}, Evicted},
	SaysDeleted:     {[][]State{signedIn}, Deleted},
	SaysRevoked:     {[][]State{signedIn}, Revoked},
	SaysSuperseded:  {[][]State{signedIn}, Superseded},
	SaysReused:      {[][]State{signedIn}, Reused},
	SaysDisabled:    {[][]State{signedIn}, Disabled},
	SaysGone:        {[][]State{signedIn}, Gone},
	SaysEnded:       {[][]State{signedIn}, Ended},

	Locks:    {[][]State{signedIn}, Locked},
	Vanishes: {[][]State{signedIn, {SignedOut}}, Missing},
}

// Next is where an event takes an account; ok is false if the table has no
// such move, and the state is then as it was.
func (s State) Next(e Event) (next State, ok bool) {
	move := moves[e]
	for _, group := range move.from {
		for _, from := range group {
			if from == s {
				return move.to, true
			}
		}
	}
	return s, false
}

// SignedIn says whether this computer has a session, as far as is known.
func (s State) SignedIn() bool {
	for _, one := range signedIn {
		if one == s {
			return true
		}
	}
	return false
}

// Said is the event of the service's word for what became of a session
// (client.Ended). A word that nobody here knows is an end all the same.
func Said(reason string) Event {
	switch reason {
	case "expired":
		return Past
	case "deleted":
		return SaysDeleted
	case "revoked":
		return SaysRevoked
	case "superseded":
		return SaysSuperseded
	case "reused":
		return SaysReused
	case "disabled":
		return SaysDisabled
	case "gone":
		return SaysGone
	}
	return SaysEnded
}

// soon is how long before its end a session is said to expire soon, or a
// quarter of its idle period where that is less.
const soon = 7 * 24 * time.Hour

// Near says whether the end (zero: none) of a session with an idle period
// (zero: none) is near, and not past.
func Near(end time.Time, idle time.Duration, now time.Time) bool {
	before := soon
	if idle > 0 && idle/4 < before {
		before = idle / 4
	}
	left := end.Round(0).Sub(now.Round(0))
	return !end.IsZero() && left > 0 && left <= before
}
