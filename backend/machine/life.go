package machine

import "time"

// Life decides whether a token is past its end on this computer. It may let a
// token live a little too long, as the service refuses on its own account; it
// never ends one too early, so what is unknown (zero) ends nothing.
type Life struct {
	Ends    time.Time     // absolute end; zero: none
	Idle    time.Duration // how long it lives unused; zero: for ever
	Touched time.Time     // sign-in or latest refresh
	Used    time.Time     // latest noted get
}

// Over says whether the end has come, by the clock or by the latest time
// known to have been (highWater, zero: unknown, and the latest use): a clock
// set back does not bring a token back. Only wall times count: Go's monotonic
// clock stands still while the computer sleeps.
func (l Life) Over(now, highWater time.Time) bool {
	end, ok := l.End()
	if !ok {
		return false
	}
	known := later(wall(highWater), wall(l.Used))
	return !later(wall(now), known).Before(end)
}

// End is the earlier of the absolute end and the end by disuse; ok is false
// if neither is known.
func (l Life) End() (end time.Time, ok bool) {
	end = wall(l.Ends)
	last := later(wall(l.Touched), wall(l.Used))
	if l.Idle > 0 && !last.IsZero() {
		if idle := last.Add(l.Idle); end.IsZero() || idle.Before(end) {
			end = idle
		}
	}
	return end, !end.IsZero()
}

// wall is t in UTC, in microseconds, without its monotonic part.
func wall(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC().Truncate(time.Microsecond)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
