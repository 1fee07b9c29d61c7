package signin

import (
	"errors"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/standing"
)

// Judge says how an account stands by what Look returned, and what happened,
// in a sentence. What can be done about it is in the state's words.
func Judge(st Status, err error) (s standing.State, says string) {
	s = standing.Active // that it was looked at means that there is a session here
	for _, event := range events(st, err) {
		s, _ = s.Next(event)
	}
	if err != nil && s == standing.Active {
		return standing.Unknown, err.Error()
	}
	switch lost := st.lost(); {
	case s != standing.Evicted:
		return s, s.Words().Says
	case lost == nil:
		return s, "This computer has no token at the service."
	default:
		return s, standing.GaveWay(lost.By, lost.At)
	}
}

// lost is what the service says became of the token; nil: it does not say.
func (st Status) lost() *client.Loss {
	if st.Session == nil {
		return nil
	}
	return st.Session.TokenLost
}

// events are what Look found out, in the order in which it counts.
func events(st Status, err error) []standing.Event {
	switch {
	case errors.Is(err, client.ErrEnded):
		var ended *client.Ended
		if errors.As(err, &ended) {
			return []standing.Event{standing.Said(ended.Reason)}
		}
		return []standing.Event{standing.SaysEnded}
	case errors.Is(err, ErrNotSignedIn):
		return []standing.Event{standing.LeftOut}
	case errors.Is(err, keychain.ErrLocked), errors.Is(err, keychain.ErrTimeout):
		return []standing.Event{standing.Locks}
	case errors.Is(err, keychain.ErrNoService):
		return []standing.Event{standing.Vanishes}
	case err != nil:
		return nil
	}
	var all []standing.Event
	switch {
	case st.Offline != nil && st.Life.Over(st.At, st.Mark):
		return []standing.Event{standing.Past}
	case st.Offline != nil:
		return []standing.Event{standing.Silent}
	case st.Session != nil:
		all = append(all, fate(st.Session))
	}
	if st.Session == nil && st.Life.Idle == 0 {
		return all // a pasted token: it has no session that could end
	}
	absolute, idle := st.Ends()
	if standing.Near(absolute, st.Life.Idle, st.At) || standing.Near(idle, st.Life.Idle, st.At) {
		all = append(all, standing.Nearing)
	}
	return all
}

// fate is what became of this computer's token.
func fate(s *client.Session) standing.Event {
	switch {
	case s.Token == nil:
		return standing.SaysEvicted
	case !s.Token.Active:
		return standing.SaysDeactivated
	}
	return standing.Answered
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
func Day(at time.Time) string { return standing.Day(at) }
