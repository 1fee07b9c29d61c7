package standing

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

var states = []State{
	SignedOut, SigningIn, Active, Expiring, Offline, Deactivated, Evicted, Expired, Deleted, Revoked,
	Superseded, Reused, Disabled, Gone, Ended, Locked, Missing, Unknown,
}

// The moves that matter, and the ones that must not be.
func TestNext(t *testing.T) {
	for _, c := range []struct {
		from State
		does Event
		to   State // "": no such move
	}{
		{SignedOut, Begins, SigningIn},
		{SigningIn, Kept, Active},
		{SigningIn, Failed, SignedOut},
		{SigningIn, Begins, ""}, // one at a time
		{SigningIn, LeftOut, ""},
		{SignedOut, Kept, Active}, // by another program
		{Active, Answered, Active},
		{Active, Silent, Offline},
		{Offline, Answered, Active},
		{Active, Nearing, Expiring},
		{Offline, Nearing, ""}, // that it is offline matters more
		{Deactivated, Nearing, ""},
		{Expiring, Past, Expired},
		{Offline, Past, Expired},
		{Active, SaysDeactivated, Deactivated},
		{Deactivated, Answered, Active},
		{Active, SaysEvicted, Evicted},
		{Evicted, Kept, Active},
		{Evicted, Answered, Active},
		{Active, SaysDeleted, Deleted},
		{Active, SaysRevoked, Revoked},
		{Deactivated, SaysRevoked, Revoked},
		{Active, SaysDisabled, Disabled},
		{Active, SaysReused, Reused},
		{Active, SaysSuperseded, Superseded},
		{Active, SaysGone, Gone},
		{Active, SaysEnded, Ended},
		{Active, Locks, Locked},
		{Locked, Answered, Active},
		{Locked, Past, Expired},
		{SignedOut, Locks, ""}, // it is unlocked when somebody signs in
		{SignedOut, Vanishes, Missing},
		{Missing, LeftOut, SignedOut},
		{Active, Failed, ""},
		{Active, "a thing nobody named", ""},
	} {
		t.Run(string(c.from)+", "+string(c.does), func(t *testing.T) {
			got, ok := c.from.Next(c.does)
			if ok != (c.to != "") || ok && got != c.to || !ok && got != c.from {
				t.Errorf("%q %v, want %q", got, ok, c.to)
			}
		})
	}
}

// A session that is over begins again by a sign-in and by nothing else:
// neither an answer that comes late nor a clock brings it back.
func TestNothingButASignInBringsASessionBack(t *testing.T) {
	for _, s := range over {
		for e := range moves {
			next, ok := s.Next(e)
			if ok && next.SignedIn() && e != Kept && next != Missing {
				t.Errorf("%s: %s makes it %s", s, e, next)
			}
		}
	}
}

// Every state can be reached from a fresh computer, and left.
func TestEveryStateIsReachedAndLeft(t *testing.T) {
	reached := map[State]bool{SignedOut: true, Unknown: true} // unknown is what an error makes, not an event
	for range states {
		for _, s := range states {
			for e := range moves {
				if next, ok := s.Next(e); ok && reached[s] {
					reached[next] = true
				}
			}
		}
	}
	for _, s := range states {
		left := false
		for e := range moves {
			next, ok := s.Next(e)
			left = left || ok && next != s
		}
		if !reached[s] || !left {
			t.Errorf("%s: reached %v, left %v", s, reached[s], left)
		}
	}
	if len(reached) != len(states) || len(words) != len(states) {
		t.Errorf("%d states, %d reached, %d with words", len(states), len(reached), len(words))
	}
}

// What the service says of a session's end has a state of its own each.
func TestSaid(t *testing.T) {
	for reason, want := range map[string]State{
		"expired": Expired, "deleted": Deleted, "revoked": Revoked, "superseded": Superseded, "reused": Reused,
		"disabled": Disabled, "gone": Gone, "": Ended, "a word of later": Ended, "token": Ended,
	} {
		if got, ok := Active.Next(Said(reason)); !ok || got != want {
			t.Errorf("%q: %s, want %s", reason, got, want)
		}
	}
}

// The contract with the window and with --json: these names and no other.
func TestNames(t *testing.T) {
	for s, want := range map[State]string{
		SignedOut: "signed_out", SigningIn: "signed_out", Active: "active", Expiring: "active", Offline: "offline",
		Deactivated: "deactivated", Evicted: "replaced", Expired: "expired", Deleted: "ended", Revoked: "ended",
		Superseded: "ended", Reused: "ended", Disabled: "ended", Gone: "ended", Ended: "ended",
		Locked: "keychain_locked", Missing: "keychain_missing", Unknown: "unknown",
	} {
		if got := s.Words().Name; got != want {
			t.Errorf("%s is called %q, want %q", s, got, want)
		}
	}
}

// Every state says what happened in sentences, and has one button and one
// command for what can be done, but where nothing is to be done. The helper
// gives a reason exactly where this computer has no session to serve from.
func TestWords(t *testing.T) {
	quiet := map[State]bool{Active: true, SignedOut: true}
	said := map[string]State{}
	for _, s := range states {
		w := s.Words()
		if (w.Says == "") != quiet[s] {
			t.Errorf("%s says %q", s, w.Says)
		}
		if w.Says != "" && said[w.Says] != "" {
			t.Errorf("%s says the same as %s", s, said[w.Says])
		}
		said[w.Says] = s
		for _, text := range []string{w.Says, w.Do} {
			if text != "" && (!strings.HasSuffix(text, ".") || !unicode.IsUpper([]rune(text)[0])) {
				t.Errorf("%s: %q is no sentence", s, text)
			}
		}
		if (w.Button == "") != (s == Active) {
			t.Errorf("%s has the button %q", s, w.Button)
		}
		if none := s == Active || s == SigningIn; (w.Command == "") != none || !none && !strings.HasPrefix(w.Command, "lanyard ") {
			t.Errorf("%s has the command %q", s, w.Command)
		}
		serves := s.SignedIn() && s != Locked && s != Missing
		if (w.Helper == "") != serves || strings.Contains(w.Helper, "\n") {
			t.Errorf("%s: the helper says %q", s, w.Helper)
		}
	}
}

func TestGaveWay(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 5, 0, 0, time.Local)
	for by, want := range map[string]string{
		"":    "This computer's token gave way to another computer on 23 November 2026 12:05 (an account has at most five).",
		"box": "This computer's token gave way to box on 23 November 2026 12:05 (an account has at most five).",
	} {
		if got := GaveWay(by, at); got != want {
			t.Errorf("%q", got)
		}
	}
	if got := GaveWay("box", time.Time{}); got != "This computer's token gave way to box (an account has at most five)." {
		t.Errorf("%q", got)
	}
}

func TestNear(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		end  time.Time
		idle time.Duration
		want bool
	}{
		{"no end", time.Time{}, 30 * day, false},
		{"far", now.Add(7*day + time.Second), 30 * day, false},
		{"seven days", now.Add(7 * day), 30 * day, true},
		{"a moment", now.Add(time.Microsecond), 30 * day, true},
		{"past", now, 30 * day, false},
		{"a short idle period", now.Add(3 * time.Hour), 8 * time.Hour, false},
		{"a short idle period, near", now.Add(2 * time.Hour), 8 * time.Hour, true},
		{"no idle period", now.Add(6 * day), 0, true},
	} {
		if got := Near(c.end, c.idle, now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
