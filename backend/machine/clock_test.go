package machine

import (
	"testing"
	"time"
)

const aDay = 24 * time.Hour

// The wall clock of this computer goes 40 days forward or back, around a
// session of 90 days and 30 without use, and a refresh at which the service
// tells its own time.
func TestClockJumps(t *testing.T) {
	const name = "token/x/ann"
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	ends, idle := at(90*aDay), 30*aDay
	for _, c := range []struct {
		name string
		play func(t *testing.T, f StateFile)
		now  time.Duration // by this computer's clock
		want bool          // over
	}{
		{"nothing happens", func(*testing.T, StateFile) {}, 29 * aDay, false},
		{"forward 40 days, and nobody asks", func(*testing.T, StateFile) {}, 40 * aDay, true},
		{"forward 20 days, used, and back", func(t *testing.T, f StateFile) { noted(t, f, name, at(20*aDay)) }, 0, false},
		{"forward 40 days, refreshed, and back", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(40*aDay), at(time.Hour))
		}, 2 * time.Hour, false},
		{"forward 40 days, refreshed, still ahead", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(40*aDay), at(time.Hour))
		}, 41 * aDay, false},
		{"forward 400 days by mistake, refreshed, and back", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(400*aDay), at(0))
			heard(t, f, name, at(time.Hour), at(time.Hour))
		}, 2 * time.Hour, false},
		{"back 40 days before the end, used", func(t *testing.T, f StateFile) { noted(t, f, name, at(-40*aDay)) }, -40 * aDay, false},
		{"back 40 days, refreshed", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(20*aDay), at(20*aDay))
			heard(t, f, name, at(-20*aDay), at(20*aDay))
		}, -20 * aDay, false},
		{"back 40 days after the end", func(t *testing.T, f StateFile) {
			update(t, f, func(s *State) { s.HighWater = at(90 * aDay) })
		}, 50 * aDay, true},
		{"back 40 days after a use past the end", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(70*aDay), at(70*aDay))
			noted(t, f, name, at(91*aDay))
		}, 51 * aDay, true},
		{"back 40 days, and the service refreshes at day 80", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(80*aDay), at(80*aDay))
			heard(t, f, name, at(40*aDay), at(80*aDay))
		}, 41 * aDay, false},
		{"another service's clock is years ahead", func(t *testing.T, f StateFile) {
			heard(t, f, "token/y/bob", at(aDay), at(4000*aDay))
		}, 2 * aDay, false},
		{"another service's clock is years behind", func(t *testing.T, f StateFile) {
			heard(t, f, name, at(29*aDay), at(29*aDay))
			heard(t, f, "token/y/bob", at(29*aDay), at(-4000*aDay))
		}, 58 * aDay, false},
		{"asleep for 31 days", func(*testing.T, StateFile) {}, 31 * aDay, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := StateFile{Dir: t.TempDir()}
			update(t, f, func(s *State) { s.Added(name, noon) })
			c.play(t, f)
			if got := load(t, f).Over(name, ends, idle, at(c.now)); got != c.want {
				s := load(t, f)
				t.Errorf("over: %v (mark %v, %+v)", got, s.HighWater, s.Entries[name])
			}
		})
	}
}

func noted(t *testing.T, f StateFile, name string, at time.Time) {
	t.Helper()
	if err := f.Note(name, at); err != nil {
		t.Fatal(err)
	}
}

func heard(t *testing.T, f StateFile, name string, now, date time.Time) {
	t.Helper()
	update(t, f, func(s *State) { s.Heard(name, now, date) })
}

// A use that was noted by a clock that ran ahead is put right by the next
// refresh, in the state and in the note: else it would count for ever.
func TestANoteOfAClockAhead(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	update(t, f, func(s *State) { s.Added("a", noon) })
	noted(t, f, "a", noon.Add(400*aDay))
	heard(t, f, "a", noon.Add(time.Hour), noon.Add(time.Hour))
	if e := load(t, f).Entries["a"]; !e.Used.Equal(noon.Add(time.Hour)) {
		t.Errorf("used at %v", e.Used)
	}
	noted(t, f, "a", noon.Add(2*time.Hour))
	if e := load(t, f).Entries["a"]; !e.Used.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("and then at %v", e.Used)
	}
}

// How a session ended is told until somebody signs in, or a month has passed.
func TestEndings(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	const ann, bob = "session/x/ann", "session/x/bob"
	update(t, f, func(s *State) {
		s.Added(ann, noon)
		s.Serve("h", "x", "ann")
		s.End(ann, "deleted", []string{"h"}, noon)
		s.End(ann, "expired", nil, noon.Add(time.Hour)) // known already
	})
	if _, ok := load(t, f).EndingAt("h"); ok {
		t.Error("an ending of a host that is served")
	}
	update(t, f, func(s *State) {
		delete(s.Registries, "h")
		s.End(bob, "revoked", []string{"h"}, noon.Add(-time.Hour))
	})
	if e, ok := load(t, f).EndingAt("h"); !ok || e.State != "deleted" || !e.At.Equal(noon) {
		t.Errorf("%+v %v", e, ok)
	}
	if _, ok := load(t, f).EndingAt("other"); ok {
		t.Error("an ending of another host")
	}
	update(t, f, func(s *State) { s.Added(ann, noon) })
	if e, ok := load(t, f).EndingAt("h"); !ok || e.State != "revoked" {
		t.Errorf("after ann signed in: %+v %v", e, ok)
	}
	update(t, f, func(s *State) {
		for i := range 2 * maxEndings {
			s.End("session/x/"+string(rune('a'+i)), "expired", nil, noon.Add(time.Duration(i)*time.Minute))
		}
	})
	if n := len(load(t, f).Endings); n != maxEndings {
		t.Errorf("%d endings", n)
	}
	update(t, f, func(s *State) { s.End("session/x/z", "expired", nil, noon.Add(31*aDay)) })
	if n := len(load(t, f).Endings); n != 1 {
		t.Errorf("a month later there are %d", n)
	}
}
