package token_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lanyard/backend/activity"
	"lanyard/backend/token"
)

// long sets how many histories are played, and how long each is. LANYARD_FAULTS
// asks for more; -rapid.seed repeats a run.
func long(t *testing.T, checks, steps int) {
	t.Helper()
	if more, err := strconv.Atoi(os.Getenv("LANYARD_FAULTS")); err == nil && more > checks {
		checks = more
	}
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.steps": strconv.Itoa(steps)} {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		if err := flag.Set("rapid.seed", strconv.FormatInt(time.Now().UnixNano(), 10)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set("rapid.seed", "0") })
	}
	t.Logf("%d histories of about %d steps, -rapid.seed=%s", checks, steps, flag.Lookup("rapid.seed").Value)
}

// life is one account over the years: what it holds, and, kept apart from it,
// what a person would remember.
type life struct {
	now      time.Time
	limits   token.Limits
	held     token.Holding
	sessions map[string]*signedIn
	lastBorn time.Time
	evicted  []time.Time // when a creation evicted a live token
	n        int         // ids given out

	happened map[string]int // over all histories: a history in which nothing happens proves nothing
}

// signedIn is a computer as it sees itself.
type signedIn struct {
	id, installation, machine string
	until                     time.Time // of its session
	token                     string    // its token's id; "" if it has none
	fate                      token.Fate
	by                        string
}

func (l *life) name(kind string) string {
	l.n++
	return fmt.Sprintf("%s%d", kind, l.n)
}

// store does what a store does on reading: it lays the sessions' ends over the
// tokens. After a change it ends the sessions that are to end.
func (l *life) read() token.Holding {
	h := l.held
	h.Tokens = slices.Clone(h.Tokens)
	for i, t := range h.Tokens {
		if t.Session != "" {
			h.Tokens[i].SessionUntil = l.sessions[t.Session].until
		}
	}
	return h
}

func (l *life) write(h token.Holding) {
	for _, e := range h.Ends {
		if one := l.sessions[e.Session]; one.until.After(e.At) {
			one.until = e.At
		}
	}
	h.Ends = nil
	l.held = h
}

func (l *life) computers() []string { return slices.Sorted(maps.Keys(l.sessions)) }

func (l *life) any(r *rapid.T, what func(token.Token) bool) (token.Token, bool) {
	var some []token.Token
	for _, t := range l.read().Tokens {
		if what(t) {
			some = append(some, t)
		}
	}
	if len(some) == 0 {
		return token.Token{}, false
	}
	return rapid.SampledFrom(some).Draw(r, "token"), true
}

// generate asks for a session's token and compares what became of everybody's
// with the promises.
func (l *life) generate(r *rapid.T, one *signedIn) {
	before := l.read()
	born := token.Token{
		ID: l.name("t"), Source: token.Auto, Active: true, Session: one.id, Installation: one.installation, Machine: one.machine,
	}
	next, got, err := token.Admit(before, born, l.limits, l.now)
	if err != nil {
		l.refused(r, one, before, next, err)
		return
	}

	kept := make(map[string]bool)
	for _, t := range next.Tokens {
		kept[t.ID] = true
	}
	lost := make(map[string]token.Loss)
	for _, loss := range next.Losses {
		lost[loss.Token] = loss
	}
	ended := make(map[string]bool)
	for _, e := range next.Ends {
		ended[e.Session] = true
	}
	if !kept[born.ID] {
		r.Fatalf("the new one %s is not held", born.ID)
	}
	var victim *token.Token
	for _, old := range before.Tokens {
		own := old.Source == token.Auto && old.Session == one.id
		same := old.Source == token.Auto && !own && old.Installation != "" && old.Installation == one.installation
		switch {
		case own:
			if kept[old.ID] {
				r.Fatalf("%s has two tokens of one session", one.id)
			}
			l.happened["replaced"]++
		case same:
			if kept[old.ID] || lost[old.ID].Fate != token.Superseded || !ended[old.Session] {
				r.Fatalf("%s of the same computer: kept %v, loss %v, session ended %v", old.ID, kept[old.ID], lost[old.ID], ended[old.Session])
			}
			l.sessions[old.Session].lose(lost[old.ID])
			l.happened["superseded"]++
		case kept[old.ID]:
		case old.Source == token.Manual:
			r.Fatalf("made by hand, and gone: %s", old.ID)
		case old.Dead(l.now):
			if lost[old.ID].Fate != token.Swept {
				r.Fatalf("dead %s went as %v", old.ID, lost[old.ID])
			}
			l.happened["swept"]++
			l.sessions[old.Session].lose(lost[old.ID])
		case old.Pinned:
			r.Fatalf("pinned, and gone: %s", old.ID)
		case victim != nil:
			r.Fatalf("two victims: %s and %s", victim.ID, old.ID)
		default:
			victim = &old
			if loss := lost[old.ID]; loss.Fate != token.Evicted || loss.Session != old.Session || loss.By != one.machine || loss.Machine != old.Machine {
				r.Fatalf("the loss of victim %s is %+v", old.ID, loss)
			}
			if ended[old.Session] {
				r.Fatalf("the session of the evicted %s was ended", old.ID)
			}
			l.sessions[old.Session].lose(lost[old.ID])
		}
	}
	if victim != nil {
		l.judge(r, *victim, next, born.ID)
	}
	if !got.CreatedAt.After(l.lastBorn) {
		r.Fatalf("born %s, not after %s", got.CreatedAt, l.lastBorn)
	}
	l.lastBorn = got.CreatedAt
	one.token, one.fate, one.by = got.ID, "", ""
	l.write(next)
}

// judge says whether the right one was evicted, and whether it had to be.
func (l *life) judge(r *rapid.T, victim token.Token, next token.Holding, born string) {
	autos := 0
	for _, t := range next.Tokens {
		if t.Source != token.Auto {
			continue
		}
		autos++
		if t.ID == born {
			continue
		}
		if t.Dead(l.now) {
			r.Fatalf("%s was evicted while the dead %s stays", victim.ID, t.ID)
		}
		if t.Pinned && seen(t).Before(seen(victim)) {
			l.happened["spared by its pin"]++
		}
		if !t.Pinned && seen(t).Before(seen(victim)) {
			r.Fatalf("%s (seen %s) was evicted, %s (seen %s) stays", victim.ID, seen(victim), t.ID, seen(t))
		}
	}
	if autos != l.limits.Auto {
		r.Fatalf("%s was evicted although there are but %d of %d", victim.ID, autos, l.limits.Auto)
	}
	l.happened["evicted"]++
	if !victim.LastUsed.At.IsZero() {
		l.happened["evicted after use"]++
	}
	l.evicted = append(l.evicted, l.now)
	if recent := l.evictedWithin(time.Hour); l.limits.PerHour > 0 && recent > l.limits.PerHour {
		r.Fatalf("%d evictions within an hour, limit %d", recent, l.limits.PerHour)
	}
}

// refused says whether a refusal was right, and that it changed nothing.
func (l *life) refused(r *rapid.T, one *signedIn, before, next token.Holding, err error) {
	if fmt.Sprint(before) != fmt.Sprint(next) {
		r.Fatalf("refused, but changed: %v", err)
	}
	own := slices.IndexFunc(before.Tokens, func(t token.Token) bool { return t.Session == one.id })
	var rate *token.RateError
	switch {
	case errors.Is(err, token.ErrInactive):
		if own < 0 || before.Tokens[own].Active || before.Tokens[own].Dead(l.now) {
			r.Fatalf("%s was told that a person deactivated its token", one.id)
		}
		l.happened["inactive"]++
	case errors.As(err, &rate):
		if l.evictedWithin(time.Hour) < l.limits.PerHour || l.limits.PerHour == 0 {
			r.Fatalf("refused after %d evictions of %d", l.evictedWithin(time.Hour), l.limits.PerHour)
		}
		if wait := rate.Until.Sub(l.now); wait <= 0 || wait > time.Hour {
			r.Fatalf("told to wait for %s", wait)
		}
		l.happened["rate"]++
	default:
		r.Fatalf("generate for %s: %v", one.id, err)
	}
}

func (l *life) evictedWithin(d time.Duration) (n int) {
	for _, at := range l.evicted {
		if l.now.Sub(at) < d {
			n++
		}
	}
	return n
}

// seen is the last use, or the creation of a token never used: written out a
// second time on purpose.
func seen(t token.Token) time.Time {
	if t.LastUsed.At.IsZero() || t.LastUsed.At.Before(t.CreatedAt) {
		return t.CreatedAt
	}
	return t.LastUsed.At
}

func (one *signedIn) lose(loss token.Loss) {
	one.token, one.fate, one.by = "", loss.Fate, loss.By
}

// check is what holds at every moment.
func (l *life) check(r *rapid.T) {
	h := l.read()
	autos := make(map[string]token.Token)
	var last time.Time
	for _, t := range h.Tokens {
		if t.Source == token.Auto {
			autos[t.ID] = t
		}
		if !t.CreatedAt.After(last) || t.CreatedAt.Truncate(time.Microsecond) != t.CreatedAt {
			r.Fatalf("births do not rise by microseconds: %s then %s", last, t.CreatedAt)
		}
		last = t.CreatedAt
	}
	if len(autos) > l.limits.Auto {
		r.Fatalf("%d auto-generated tokens", len(autos))
	}
	if len(h.Losses) > 50 {
		r.Fatalf("%d losses", len(h.Losses))
	}
	for _, id := range l.computers() {
		one := l.sessions[id]
		if one.token != "" {
			if t, ok := autos[one.token]; !ok || t.Session != id {
				r.Fatalf("%s believes in %s, which is %v", id, one.token, t.ID)
			}
			continue
		}
		loss, known := h.LossOf(id)
		if one.fate == "" || !known { // never had one, or fifty losses ago
			continue
		}
		if loss.Fate != one.fate || loss.By != one.by {
			r.Fatalf("%s lost its token as %q by %q, but is told %+v", id, one.fate, one.by, loss)
		}
		alive := one.until.After(l.now)
		if alive && (one.fate == token.Superseded || one.fate == token.Deleted) {
			r.Fatalf("%s lost its token (%s) and its session lives", id, one.fate)
		}
	}
}

// TestHistories plays years of accounts at random against Admit and Remove and
// checks every promise of design §3 after every step.
func TestHistories(t *testing.T) {
	long(t, 60, 150)
	happened := make(map[string]int)
	rapid.Check(t, func(r *rapid.T) {
		l := &life{
			now:      noon,
			limits:   token.Limits{Auto: 5, Manual: 1000, PerHour: rapid.SampledFrom([]int{0, 1, 1, 2, 30}).Draw(r, "per hour")},
			sessions: make(map[string]*signedIn),
			happened: happened,
		}
		isAuto := func(t token.Token) bool { return t.Source == token.Auto }
		signIn := func(r *rapid.T) {
			one := &signedIn{id: l.name("s"), until: l.now.Add(time.Duration(rapid.IntRange(1, 90*24).Draw(r, "hours")) * time.Hour)}
			if n := rapid.IntRange(0, 9).Draw(r, "computer"); n > 0 { // 0 is the Docker CLI, without a body
				one.installation, one.machine = fmt.Sprintf("i%d", n), fmt.Sprintf("m%d", n)
			}
			l.sessions[one.id] = one
			l.generate(r, one)
		}
		change := func(r *rapid.T, what func(*token.Token)) {
			t, ok := l.any(r, isAuto)
			if !ok {
				r.Skip("nothing held")
			}
			at := slices.IndexFunc(l.held.Tokens, func(o token.Token) bool { return o.ID == t.ID })
			tokens := slices.Clone(l.held.Tokens)
			what(&tokens[at])
			l.held.Tokens = tokens
		}
		r.Repeat(map[string]func(*rapid.T){
			"":              l.check,
			"sign in":       signIn,
			"sign in more":  signIn,
			"sign in often": signIn,
			"generate again": func(r *rapid.T) {
				alive := slices.DeleteFunc(l.computers(), func(id string) bool { return !l.sessions[id].until.After(l.now) })
				if len(alive) == 0 {
					r.Skip("nobody signed in")
				}
				l.generate(r, l.sessions[rapid.SampledFrom(alive).Draw(r, "session")])
			},
			"generate too late": func(r *rapid.T) { // it passed the gate before its session ended
				var late []string
				for _, id := range l.computers() {
					if lost, ok := l.held.LossOf(id); ok && (lost.Fate == token.Superseded || lost.Fate == token.Deleted) {
						late = append(late, id)
					}
				}
				if len(late) == 0 {
					r.Skip("nobody was thrown out")
				}
				one := l.sessions[rapid.SampledFrom(late).Draw(r, "session")]
				before := l.read()
				next, _, err := token.Admit(before, token.Token{ID: l.name("t"), Source: token.Auto, Active: true, Session: one.id, Installation: one.installation}, l.limits, l.now)
				if !errors.Is(err, token.ErrSessionEnded) || !slices.EqualFunc(before.Tokens, next.Tokens, func(a, b token.Token) bool { return a.ID == b.ID }) {
					r.Fatalf("%s was %s, and got %v", one.id, one.fate, err)
				}
				l.happened["too late"]++
			},
			"use": func(r *rapid.T) {
				change(r, func(t *token.Token) { t.LastUsed = token.Use{At: l.now} })
			},
			"deactivate or activate": func(r *rapid.T) {
				change(r, func(t *token.Token) { t.Active = !t.Active })
			},
			"pin or unpin": func(r *rapid.T) {
				pins := 0
				for _, t := range l.held.Tokens {
					if t.Pinned {
						pins++
					}
				}
				change(r, func(t *token.Token) { t.Pinned = !t.Pinned && pins < 4 })
			},
			"make by hand": func(r *rapid.T) {
				next, born, err := token.Admit(l.read(), token.Token{ID: l.name("h"), Source: token.Manual, Active: true}, l.limits, l.now)
				if err != nil || !born.CreatedAt.After(l.lastBorn) {
					r.Fatalf("by hand: born %s after %s, %v", born.CreatedAt, l.lastBorn, err)
				}
				l.lastBorn = born.CreatedAt
				l.write(next)
			},
			"delete": func(r *rapid.T) {
				t, ok := l.any(r, func(token.Token) bool { return true })
				if !ok {
					r.Skip("nothing held")
				}
				next, err := token.Remove(l.read(), t.ID, activity.By{}, l.now)
				if err != nil {
					r.Fatal(err)
				}
				l.write(next)
				if t.Session != "" {
					l.sessions[t.Session].lose(token.Loss{Fate: token.Deleted})
				}
			},
			"sweep": func(r *rapid.T) {
				before := l.read()
				next := token.Sweep(before, l.now)
				for _, t := range before.Tokens {
					if slices.ContainsFunc(next.Tokens, func(o token.Token) bool { return o.ID == t.ID }) {
						continue
					}
					if t.Source != token.Auto || l.sessions[t.Session].until.After(l.now) {
						r.Fatalf("swept %s, whose session lives", t.ID)
					}
					l.sessions[t.Session].lose(token.Loss{Fate: token.Swept})
				}
				l.write(next)
			},
			"session ends": func(r *rapid.T) {
				if len(l.sessions) == 0 {
					r.Skip("nobody signed in")
				}
				one := l.sessions[rapid.SampledFrom(l.computers()).Draw(r, "session")]
				if one.until.After(l.now) {
					one.until = l.now
				}
			},
			"time passes": func(r *rapid.T) {
				l.now = l.now.Add(rapid.SampledFrom([]time.Duration{
					0, time.Microsecond, time.Second, 10 * time.Minute, time.Hour, 24 * time.Hour, 31 * 24 * time.Hour,
				}).Draw(r, "passes"))
			},
		})
	})
	for _, what := range []string{"evicted", "evicted after use", "swept", "superseded", "replaced", "spared by its pin", "inactive", "rate", "too late"} {
		if happened[what] == 0 {
			t.Errorf("in no history: %s", what)
		}
	}
	t.Log(happened)
}
