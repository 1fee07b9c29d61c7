package grant

import (
	"slices"
	"testing"
	"time"
)

var (
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	key  = []byte("0123456789abcdef0123456789abcdef")
)

const day = 24 * time.Hour

// fresh is a session made at noon and never used.
func fresh() Session {
	s, _ := (&Service{Key: key, Limits: DefaultLimits()}).born(Session{Account: "alice", Client: "lanyard"}, noon)
	return s
}

// used is one whose last use was so long after noon.
func used(after time.Duration) Session {
	s := fresh()
	s.LastUsed = noon.Add(after)
	return s
}

func TestUntil(t *testing.T) {
	for name, c := range map[string]struct {
		session Session
		want    time.Time
	}{
		"never used: the claim's end":         {fresh(), noon.Add(10 * time.Minute)},
		"used once: the idle end":             {used(time.Minute), noon.Add(time.Minute + 30*day)},
		"used on day 59: still the idle end":  {used(59 * day), noon.Add(89 * day)},
		"used on day 60: both ends are one":   {used(60 * day), noon.Add(90 * day)},
		"used on day 89: the absolute end":    {used(89 * day), noon.Add(90 * day)},
		"ended by somebody: no time any more": {used(time.Hour).End(WhySignedOut, noon.Add(2*time.Hour)), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.session.Until(); !got.Equal(c.want) {
				t.Errorf("until %s, want %s", got, c.want)
			}
			if !c.want.IsZero() && (c.session.Live(c.want) || !c.session.Live(c.want.Add(-time.Microsecond))) {
				t.Error("Live does not turn at Until")
			}
		})
	}
}

// I14: no lifetime grows by a clock set back.
func TestEndIsForEver(t *testing.T) {
	s := used(time.Hour).End(WhySignedOut, noon.Add(2*time.Hour))
	for _, back := range []time.Duration{0, time.Minute, time.Hour, day} {
		if s.Live(noon.Add(2*time.Hour - back)) {
			t.Errorf("a clock set back by %s revives it", back)
		}
	}
	if again := s.End(WhyReuse, noon.Add(3*time.Hour)); again.Why != WhySignedOut || !again.EndedAt.Equal(s.EndedAt) {
		t.Errorf("ended twice: %s at %s", again.Why, again.EndedAt)
	}
	if late := s.Use(1, noon); late.LastUsed != s.LastUsed || late.Refresh.CurrentUsed {
		t.Error("a use after the end counts")
	}
}

func TestEndPastItsTimeProlongsNothing(t *testing.T) {
	s := used(time.Hour)
	over := s.Until()
	s = s.End(WhySignedOut, over.Add(20*day))
	if !s.EndedAt.Equal(over) || s.Why != WhyExpired {
		t.Errorf("ended at %s: %s", s.EndedAt, s.Why)
	}
}

func TestUse(t *testing.T) {
	s := fresh()
	if s = s.Use(0, noon.Add(time.Minute)); !s.LastUsed.Equal(noon.Add(time.Minute)) || s.Refresh.CurrentUsed {
		t.Errorf("a use by other means: %+v", s)
	}
	if s = s.Use(1, noon); !s.LastUsed.Equal(noon.Add(time.Minute)) || !s.Refresh.CurrentUsed {
		t.Errorf("an earlier use, noted late: %+v", s)
	}
	if s = fresh().Use(2, noon.Add(time.Minute)); s.Refresh.CurrentUsed {
		t.Error("another generation's use counts for this one")
	}
	if s = fresh().Use(1, noon.Add(10*time.Minute)); !s.LastUsed.IsZero() {
		t.Error("a use claims a session past its claim's end")
	}
}

func TestForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		session Session
		gone    time.Time
	}{
		"never used":  {fresh(), noon.Add(10*time.Minute).AddDate(0, 1, 0)},
		"idle":        {used(0), noon.Add(30*day).AddDate(0, 1, 0)},
		"by somebody": {used(0).End(WhyReuse, noon.Add(day)), noon.Add(day).AddDate(0, 1, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "idle" {
				c.session.LastUsed = noon.Add(time.Microsecond)
				c.gone = c.gone.Add(time.Microsecond)
			}
			if c.session.Forgotten(c.gone) || !c.session.Forgotten(c.gone.Add(time.Second)) {
				t.Errorf("not forgotten at %s", c.gone)
			}
		})
	}
}

func TestTimesAreStamped(t *testing.T) {
	at := time.Date(2026, 11, 23, 13, 0, 0, 123456789, time.FixedZone("CET", 3600))
	if got := stamp(at); got.Location() != time.UTC || got.Nanosecond() != 123456000 {
		t.Errorf("stamped %s", got)
	}
}

func TestLiving(t *testing.T) {
	named := func(id string, s Session) Session { s.ID = id; return s }
	all := []Session{
		named("yesterday", used(time.Hour)), named("ended", used(24*time.Hour).End(WhySignedOut, noon.Add(25*time.Hour))),
		named("never used, still good", func() Session {
			s := fresh()
			s.CreatedAt, s.ClaimBy = noon.Add(2*time.Hour), noon.Add(40*day)
			return s
		}()),
		named("just now", used(29*day)), named("never claimed", fresh()), named("idle", used(0)),
	}
	var got []string
	for _, s := range Living(all, noon.Add(30*day)) {
		got = append(got, s.ID)
	}
	if want := []string{"just now", "never used, still good", "yesterday"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if all[0].ID != "yesterday" || all[3].ID != "just now" {
		t.Error("the list that was handed in is another now")
	}
}
