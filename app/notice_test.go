package app

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What a person is told, of what is known and when.
func TestNoticesOf(t *testing.T) {
	now := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	session := func(ends, idle time.Time) known {
		return known{State: "active", Account: "anna", Server: "https://s.example", Ends: ends, IdleEnds: idle}
	}
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		known known
		want  []string // beginnings of ids, in order
	}{
		"nothing is known":           {known{}, nil},
		"signed out":                 {known{State: "signed_out", Ends: in(time.Hour)}, nil},
		"months":                     {session(in(90*day), in(30*day)), nil},
		"eight days":                 {session(in(8*day), time.Time{}), nil},
		"seven days, to the bit":     {session(in(7*day), time.Time{}), []string{"session_ends/7d/anna@https://s.example/2027-02-07"}},
		"six days":                   {session(in(6*day), time.Time{}), []string{"session_ends/7d/"}},
		"a day":                      {session(in(day), time.Time{}), []string{"session_ends/1d/"}},
		"an hour":                    {session(in(time.Hour), time.Time{}), []string{"session_ends/1h/"}},
		"a second":                   {session(in(time.Second), time.Time{}), []string{"session_ends/1h/"}},
		"past, not yet noticed":      {session(in(-time.Second), time.Time{}), nil},
		"by disuse, first":           {session(in(80*day), in(3*day)), []string{"session_ends/7d/anna@https://s.example/2027-02-03"}},
		"by disuse, unlimited":       {session(in(3*day), time.Time{}), []string{"session_ends/7d/"}},
		"offline counts on":          {known{State: "offline", Ends: in(2 * time.Hour)}, []string{"session_ends/1d/"}},
		"ended":                      {known{State: "ended", Account: "anna", When: in(-time.Minute)}, []string{"session_ended/anna@/2027-01-31T11:59:00Z"}},
		"expired, nobody knows when": {known{State: "expired"}, []string{"session_ended/"}},
		"replaced":                   {known{State: "replaced", By: "box", When: in(-day)}, []string{"token_replaced/"}},
		"tokens": {known{State: "active", Tokens: []expiring{
			{ID: "later", Expires: in(6 * day)}, {ID: "never"}, {ID: "past", Expires: in(-time.Minute)}, {ID: "soon", Expires: in(time.Hour)}, {ID: "far", Expires: in(8 * day)},
		}}, []string{"token_expires/1d/soon/", "token_expires/7d/later/"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := noticesOf(c.known, now)
			if len(all) != len(c.want) {
				t.Fatalf("%+v, want %q", all, c.want)
			}
			for i, n := range all {
				if !strings.HasPrefix(n.ID, c.want[i]) {
					t.Errorf("%q, want %q", n.ID, c.want[i])
				}
				if title, body := worded(n); title == "" || body == "" || !slices.Contains([]string{"home", "tokens", "security"}, n.Place) {
					t.Errorf("%+v: %q, %q", n, title, body)
				}
				if again := noticesOf(c.known, now.Add(time.Millisecond)); len(again) != len(all) || again[i].ID != n.ID {
					t.Errorf("a moment later it is another: %+v", again)
				}
			}
		})
	}
}

// A use moves the end by disuse by minutes: that is no other end to be told of.
func TestAnEndThatMoves(t *testing.T) {
	now := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	k := known{State: "active", IdleEnds: now.Add(3 * 24 * time.Hour)}
	first := noticesOf(k, now)
	k.IdleEnds = k.IdleEnds.Add(10 * time.Minute)
	if then := noticesOf(k, now.Add(10*time.Minute)); len(then) != 1 || then[0].ID != first[0].ID {
		t.Errorf("%+v, then %+v", first, then)
	}
}
