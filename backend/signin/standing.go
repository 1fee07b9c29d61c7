package signin

import (
	"errors"
	"fmt"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
)

// Standing is how an account stands on this computer, in one word.
type Standing string

// The standings.
const (
	Active      Standing = "active"
	Offline     Standing = "offline"     // the service does not answer; the token is kept
	Ended       Standing = "ended"       // the service says that the session is over
	Replaced    Standing = "replaced"    // the session lives, and its token gave way
	Deactivated Standing = "deactivated" // a person deactivated its token
	Locked      Standing = "keychain_locked"
	Missing     Standing = "keychain_missing"
	Unknown     Standing = "unknown"
)

// Judge says how an account stands by what Look returned, and what happened,
// in words. What can be done about it is for each surface to say: one has
// commands, the other buttons.
func Judge(st Status, err error) (s Standing, happened string) {
	switch {
	case errors.Is(err, client.ErrEnded):
		return Ended, "the session has ended at the service"
	case errors.Is(err, keychain.ErrLocked):
		return Locked, err.Error()
	case errors.Is(err, keychain.ErrNoService):
		return Missing, err.Error()
	case err != nil:
		return Unknown, err.Error()
	case st.Offline != nil:
		return Offline, "the service does not answer; the token is kept and its end is counted here"
	case st.Session != nil:
		return fate(st.Session)
	}
	return Active, ""
}

// fate puts in words what became of this computer's token.
func fate(s *client.Session) (Standing, string) {
	switch {
	case s.Token != nil && !s.Token.Active:
		return Deactivated, "this computer's token was deactivated"
	case s.Token != nil:
		return Active, ""
	case s.TokenLost != nil && s.TokenLost.Fate == "evicted":
		by := s.TokenLost.By
		if by == "" {
			by = "another computer"
		}
		return Replaced, fmt.Sprintf("this computer's token gave way to %s on %s (an account has at most five)", by, Day(s.TokenLost.At))
	}
	return Replaced, "this computer has no token at the service"
}

// Ends are the absolute end of the session and its end by disuse; zero: not
// known. The service's word counts before what was noted here.
func (st Status) Ends() (absolute, idle time.Time) {
	if st.Session != nil {
		return st.Session.Ends, st.Session.IdleBy
	}
	idle, _ = st.Life.End()
	return st.Life.Ends, idle
}

// Day is a time as people read it.
func Day(at time.Time) string { return at.Local().Format("2 January 2006 15:04") }
