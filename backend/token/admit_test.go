package token_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/activity"
	"lanyard/backend/token"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// auto is a live auto-generated token of computer id, made ago before noon and
// never used.
func auto(id string, ago time.Duration, more ...func(*token.Token)) token.Token {
	t := token.Token{
		ID: id, Source: token.Auto, Active: true, Session: "s-" + id, Installation: "i-" + id, Machine: "m-" + id,
		Scopes: []token.Scope{token.ScopeAdmin}, CreatedAt: noon.Add(-ago), SessionUntil: noon.Add(time.Hour),
	}
	for _, change := range more {
		change(&t)
	}
	return t
}

func manual(id string, ago time.Duration) token.Token {
	return token.Token{ID: id, Source: token.Manual, Active: true, CreatedAt: noon.Add(-ago)}
}

func used(ago time.Duration) func(*token.Token) {
	return func(t *token.Token) { t.LastUsed.At = noon.Add(-ago) }
}
func inactive(t *token.Token) { t.Active = false }
func pinned(t *token.Token)   { t.Pinned = true }
func dead(t *token.Token)     { t.SessionUntil = noon }
func expired(t *token.Token)  { t.ExpiresAt = noon }
func session(id string) func(*token.Token) {
	return func(t *token.Token) { t.Session = id }
}

func installation(id string) func(*token.Token) {
	return func(t *token.Token) { t.Installation = id }
}

// five are auto-generated tokens a (the least recently seen) to e.
func five(more ...token.Token) []token.Token {
	return append([]token.Token{
		auto("a", 50*time.Hour), auto("b", 40*time.Hour), auto("c", 30*time.Hour), auto("d", 20*time.Hour), auto("e", 10*time.Hour),
	}, more...)
}

// with puts t in the place of the token of its id.
func with(held []token.Token, t token.Token) []token.Token {
	at := slices.IndexFunc(held, func(old token.Token) bool { return old.ID == t.ID })
	held = slices.Clone(held)
	held[at] = t
	return held
}

func ids(held []token.Token) string {
	var all []string
	for _, t := range held {
		all = append(all, t.ID)
	}
	return strings.Join(all, " ")
}

func fates(losses []token.Loss) string {
	var all []string
	for _, l := range losses {
		all = append(all, fmt.Sprintf("%s %s by %s", l.Token, l.Fate, l.By))
	}
	return strings.Join(all, ", ")
}

func TestAdmit(t *testing.T) {
	n := auto("n", 0)
	for name, c := range map[string]struct {
		held   []token.Token
		born   token.Token
		want   string // ids, in order
		losses string
		ends   string // sessions
		err    error
	}{
		"the first":                {nil, n, "n", "", "", nil},
		"the fifth":                {five()[:4], n, "a b c d n", "", "", nil},
		"the sixth":                {five(), n, "b c d e n", "a evicted by m-n", "", nil},
		"made by hand is no sixth": {five(), manual("h", 0), "a b c d e h", "", "", nil},
		"made by hand never goes":  {five(manual("h", 1000*time.Hour)), n, "b c d e h n", "a evicted by m-n", "", nil},

		"the last use counts":               {with(five(), auto("a", 50*time.Hour, used(time.Hour))), n, "a c d e n", "b evicted by m-n", "", nil},
		"a use before creation counts not":  {with(five(), auto("e", 10*time.Hour, used(1000*time.Hour))), n, "b c d e n", "a evicted by m-n", "", nil},
		"equally long ago: the older":       {with(five(), auto("c", 60*time.Hour, used(50*time.Hour))), n, "a b d e n", "c evicted by m-n", "", nil},
		"equal in all: the smaller id":      {with(five(), auto("b", 50*time.Hour)), n, "b c d e n", "a evicted by m-n", "", nil},
		"a deactivated one may go":          {with(five(), auto("a", 50*time.Hour, inactive)), n, "b c d e n", "a evicted by m-n", "", nil},
		"a deactivated one is not dead":     {with(five(), auto("e", 10*time.Hour, inactive)), n, "b c d e n", "a evicted by m-n", "", nil},
		"the dead go first":                 {with(five(), auto("e", 10*time.Hour, dead)), n, "a b c d n", "e swept by m-n", "", nil},
		"all the dead go":                   {with(with(five(), auto("e", 10*time.Hour, dead)), auto("c", 30*time.Hour, dead)), n, "a b d n", "c swept by m-n, e swept by m-n", "", nil},
		"its own expiry is death too":       {with(five(), auto("d", 20*time.Hour, expired)), n, "a b c e n", "d swept by m-n", "", nil},
		"with room the dead stay":           {with(five(), auto("d", 20*time.Hour, dead))[:4], n, "a b c d n", "", "", nil},
		"a dead one made by hand stays":     {five(func() token.Token { h := manual("h", time.Hour); h.ExpiresAt = noon; return h }()), n, "b c d e h n", "a evicted by m-n", "", nil},
		"a pinned one stays":                {with(five(), auto("a", 50*time.Hour, pinned)), n, "a c d e n", "b evicted by m-n", "", nil},
		"four pinned: the fifth goes":       {[]token.Token{auto("a", 5, pinned), auto("b", 4, pinned), auto("c", 3, pinned), auto("d", 2, pinned), auto("e", 1)}, n, "a b c d n", "e evicted by m-n", "", nil},
		"five pinned, which cannot be":      {[]token.Token{auto("a", 5, pinned), auto("b", 4, pinned), auto("c", 3, pinned), auto("d", 2, pinned), auto("e", 1, pinned)}, n, "a b c d e", "", "", token.ErrLimit},
		"a dead pinned one goes":            {with(five(), auto("b", 40*time.Hour, dead, pinned)), n, "a c d e n", "b swept by m-n", "", nil},
		"the same session: in its place":    {five(), auto("n", 0, session("s-c")), "a b d e n", "", "", nil},
		"the same session, without body":    {with(five(), auto("c", 30*time.Hour, installation(""))), auto("n", 0, session("s-c"), installation("")), "a b d e n", "", "", nil},
		"no installation is not the same":   {[]token.Token{auto("a", 1, installation(""))}, auto("n", 0, installation("")), "a n", "", "", nil},
		"the same installation: superseded": {five(), auto("n", 0, installation("i-c")), "a b d e n", "c superseded by m-n", "s-c", nil},
		"superseded though pinned":          {with(five(), auto("c", 30*time.Hour, pinned)), auto("n", 0, installation("i-c")), "a b d e n", "c superseded by m-n", "s-c", nil},
		"superseded though deactivated":     {with(five(), auto("c", 30*time.Hour, inactive)), auto("n", 0, installation("i-c")), "a b d e n", "c superseded by m-n", "s-c", nil},
		"session and installation at once":  {five(), auto("n", 0, session("s-a"), installation("i-c")), "b d e n", "c superseded by m-n", "s-c", nil},
		"deactivated by a person":           {with(five(), auto("c", 30*time.Hour, inactive)), auto("n", 0, session("s-c")), "a b c d e", "", "", token.ErrInactive},
		"deactivated, but dead":             {with(five(), auto("c", 30*time.Hour, inactive, dead)), auto("n", 0, session("s-c")), "a b d e n", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := token.Holding{Tokens: c.held}
			kept := token.Holding{Tokens: slices.Clone(c.held)}
			next, born, err := token.Admit(before, c.born, token.Limits{}, noon)
			if !errors.Is(err, c.err) || (c.err == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if got := ids(next.Tokens); got != c.want {
				t.Errorf("holds %q, want %q", got, c.want)
			}
			if got := fates(next.Losses); got != c.losses {
				t.Errorf("losses %q, want %q", got, c.losses)
			}
			var ends []string
			for _, e := range next.Ends {
				ends = append(ends, e.Session)
			}
			if got := strings.Join(ends, " "); got != c.ends {
				t.Errorf("ends %q, want %q", got, c.ends)
			}
			if err == nil && born.ID != c.born.ID {
				t.Errorf("born %q", born.ID)
			}
			if diff := cmp.Diff(kept, before); diff != "" {
				t.Errorf("what was handed in changed:\n%s", diff)
			}
		})
	}
}

// A request that passed the gate before its session ended comes too late: else
// the dead session would take out the token of the one that took its place.
func TestAdmitTooLate(t *testing.T) {
	first, _, err := token.Admit(token.Holding{}, auto("a", 0), token.Limits{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := token.Admit(first, auto("b", 0, installation("i-a")), token.Limits{}, noon)
	if err != nil || fates(second.Losses) != "a superseded by m-b" {
		t.Fatalf("%v, losses %q", err, fates(second.Losses))
	}
	if late, _, err := token.Admit(second, auto("c", 0, session("s-a"), installation("i-a")), token.Limits{}, noon); !errors.Is(err, token.ErrSessionEnded) || ids(late.Tokens) != "b" {
		t.Errorf("superseded: %v, holds %q", err, ids(late.Tokens))
	}
	deleted, err := token.Remove(first, "a", activity.By{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := token.Admit(deleted, auto("c", 0, session("s-a")), token.Limits{}, noon); !errors.Is(err, token.ErrSessionEnded) {
		t.Errorf("deleted: %v", err)
	}
}

func TestAdmitByHand(t *testing.T) {
	var held []token.Token
	for i := range 1000 {
		held = append(held, manual(fmt.Sprint(i), time.Hour))
	}
	if _, _, err := token.Admit(token.Holding{Tokens: held[:999]}, manual("n", 0), token.Limits{}, noon); err != nil {
		t.Errorf("the 1000th: %v", err)
	}
	if next, _, err := token.Admit(token.Holding{Tokens: held}, manual("n", 0), token.Limits{}, noon); !errors.Is(err, token.ErrLimit) || len(next.Tokens) != 1000 {
		t.Errorf("the 1001st: %v, %d held", err, len(next.Tokens))
	}
	if _, _, err := token.Admit(token.Holding{Tokens: held[:3]}, manual("n", 0), token.Limits{Manual: 3}, noon); !errors.Is(err, token.ErrLimit) {
		t.Errorf("the fourth of three: %v", err)
	}
}

// A lowered limit takes effect with the next sign-in, and counts as one eviction.
func TestAdmitLoweredLimit(t *testing.T) {
	next, _, err := token.Admit(token.Holding{Tokens: five()}, auto("n", 0), token.Limits{Auto: 3, PerHour: 1}, noon)
	if err != nil || ids(next.Tokens) != "d e n" || len(next.Evictions) != 1 {
		t.Errorf("%v, holds %q, %d evictions", err, ids(next.Tokens), len(next.Evictions))
	}
}

// The pin is the computer's: it stays when its token is replaced.
func TestAdmitKeepsThePin(t *testing.T) {
	held := token.Holding{Tokens: []token.Token{auto("a", time.Hour, pinned)}}
	for name, born := range map[string]token.Token{
		"same session":      auto("n", 0, session("s-a")),
		"same installation": auto("n", 0, installation("i-a")),
	} {
		next, got, err := token.Admit(held, born, token.Limits{}, noon)
		if err != nil || !got.Pinned || !next.Tokens[0].Pinned {
			t.Errorf("%s: %v, pin %v", name, err, got.Pinned)
		}
	}
	if _, got, _ := token.Admit(held, auto("n", 0), token.Limits{}, noon); got.Pinned {
		t.Error("another computer took the pin")
	}
}

func TestAdmitRate(t *testing.T) {
	ago := func(all ...time.Duration) (at []time.Time) {
		for _, d := range all {
			at = append(at, noon.Add(-d))
		}
		return at
	}
	for name, c := range map[string]struct {
		evictions []time.Time
		held      []token.Token
		born      token.Token
		perHour   int
		until     time.Time // zero: admitted
		kept      int       // evictions remembered after admission
	}{
		"none yet":                     {nil, five(), auto("n", 0), 2, time.Time{}, 1},
		"room for one":                 {ago(time.Minute), five(), auto("n", 0), 2, time.Time{}, 2},
		"spent":                        {ago(30*time.Minute, time.Minute), five(), auto("n", 0), 2, noon.Add(30 * time.Minute), 0},
		"the hour is over":             {ago(time.Hour, time.Minute), five(), auto("n", 0), 2, time.Time{}, 2},
		"a microsecond before":         {ago(time.Hour-time.Microsecond, time.Minute), five(), auto("n", 0), 2, noon.Add(time.Microsecond), 0},
		"no limit":                     {ago(3, 2, 1), five(), auto("n", 0), 0, time.Time{}, 4},
		"a lowered limit":              {ago(30*time.Minute, 20*time.Minute, 10*time.Minute), five(), auto("n", 0), 2, noon.Add(40 * time.Minute), 0},
		"the clock was set back a day": {ago(-24 * time.Hour), five(), auto("n", 0), 1, time.Time{}, 1},
		"spent, but there is room":     {ago(1), five()[:4], auto("n", 0), 1, time.Time{}, 1},
		"spent, but one is dead":       {ago(1), with(five(), auto("d", 20*time.Hour, dead)), auto("n", 0), 1, time.Time{}, 1},
		"spent, but the same session":  {ago(1), five(), auto("n", 0, session("s-a")), 1, time.Time{}, 1},
		"spent, but the same computer": {ago(1), five(), auto("n", 0, installation("i-a")), 1, time.Time{}, 1},
		"spent, but made by hand":      {ago(1), five(), manual("n", 0), 1, time.Time{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := token.Holding{Tokens: c.held, Evictions: c.evictions}
			next, _, err := token.Admit(before, c.born, token.Limits{PerHour: c.perHour}, noon)
			if c.until.IsZero() {
				if err != nil || len(next.Evictions) != c.kept {
					t.Fatalf("%v, %d evictions remembered, want %d", err, len(next.Evictions), c.kept)
				}
				return
			}
			var rate *token.RateError
			if !errors.Is(err, token.ErrRate) || !errors.As(err, &rate) || !rate.Until.Equal(c.until) {
				t.Errorf("error %#v, want one until %s", err, c.until)
			}
			if diff := cmp.Diff(before, next); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
}

// Creation times rise by a microsecond at least, whatever the clock does and
// whatever is deleted meanwhile.
func TestBirthRises(t *testing.T) {
	local := noon.In(time.FixedZone("", 3600)).Add(999 * time.Nanosecond)
	first, a, err := token.Admit(token.Holding{}, auto("a", 0), token.Limits{}, local)
	if err != nil || a.CreatedAt != noon {
		t.Fatalf("born %s, want %s, %v", a.CreatedAt, noon, err)
	}
	second, b, _ := token.Admit(first, manual("b", 0), token.Limits{}, noon)
	if want := noon.Add(time.Microsecond); b.CreatedAt != want {
		t.Errorf("in the same microsecond: %s, want %s", b.CreatedAt, want)
	}
	third, c, _ := token.Admit(second, auto("c", 0), token.Limits{}, noon.Add(-time.Hour))
	if want := noon.Add(2 * time.Microsecond); c.CreatedAt != want {
		t.Errorf("the clock set back: %s, want %s", c.CreatedAt, want)
	}
	emptied := third
	for _, id := range []string{"c", "b", "a"} {
		if emptied, err = token.Remove(emptied, id, activity.By{}, noon.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	_, d, _ := token.Admit(emptied, auto("d", 0), token.Limits{}, noon)
	if want := noon.Add(3 * time.Microsecond); d.CreatedAt != want {
		t.Errorf("after all were deleted: %s, want %s", d.CreatedAt, want)
	}
}

func TestRemove(t *testing.T) {
	held := token.Holding{Tokens: five(manual("h", time.Hour))}
	next, err := token.Remove(held, "c", activity.By{}, noon)
	if err != nil || ids(next.Tokens) != "a b d e h" || fates(next.Losses) != "c deleted by " {
		t.Errorf("%v, holds %q, losses %q", err, ids(next.Tokens), fates(next.Losses))
	}
	if want := []token.End{{Session: "s-c", Why: token.Deleted, At: noon}}; !slices.Equal(next.Ends, want) {
		t.Errorf("ends %v, want %v", next.Ends, want)
	}
	next, err = token.Remove(held, "h", activity.By{}, noon)
	if err != nil || len(next.Ends) != 0 {
		t.Errorf("made by hand: %v, ends %v", err, next.Ends)
	}
	if _, err = token.Remove(held, "x", activity.By{}, noon); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if ids(held.Tokens) != "a b c d e h" {
		t.Error("what was handed in changed")
	}
}

func TestSweep(t *testing.T) {
	worn := manual("h", time.Hour)
	worn.ExpiresAt = noon
	next := token.Sweep(token.Holding{Tokens: five(worn, auto("f", time.Hour, dead), auto("g", time.Hour, dead, inactive, pinned))}, noon)
	if ids(next.Tokens) != "a b c d e h" || fates(next.Losses) != "f swept by , g swept by " || len(next.Ends) != 0 {
		t.Errorf("holds %q, losses %q, ends %v", ids(next.Tokens), fates(next.Losses), next.Ends)
	}
}

func TestLosses(t *testing.T) {
	var h token.Holding
	for i := range 60 {
		one := auto(fmt.Sprint(i), time.Hour, session("s"))
		h.Tokens = append(h.Tokens, one)
		var err error
		if h, err = token.Remove(h, one.ID, activity.By{}, noon.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.Losses) != 50 || h.Losses[0].Token != "10" {
		t.Errorf("%d losses, the oldest %q: want the latest 50", len(h.Losses), h.Losses[0].Token)
	}
	if l, ok := h.LossOf("s"); !ok || l.Token != "59" {
		t.Errorf("the latest loss: %v %v", l, ok)
	}
	if _, ok := h.LossOf("t"); ok {
		t.Error("a loss of nobody")
	}
	if _, ok := h.LossOf(""); ok {
		t.Error("tokens made by hand have no session whose loss it is")
	}
}
