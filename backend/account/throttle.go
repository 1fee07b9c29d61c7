package account

import (
	"sync"
	"time"
)

const (
	freeFailures = 10               // wrong passwords before anybody waits
	freeCodes    = 5                // wrong codes, or passwords and codes together
	failureEvery = 30 * time.Second // then one try in so long
	maxThrottled = 10_000           // pairs kept; the stalest go first

	// maxDoublings: each further wrong code of the app, wherever it comes from,
	// doubles the wait for the next, up to a quarter of an hour.
	maxDoublings = 5
)

// throttle slows guessing down per account and address, so that a stranger
// cannot lock a person out of their own computer. Passwords, codes and
// passkeys share one count, whatever door they are tried at. Six digits can be
// guessed from many addresses, too, by whoever has the password: they have a
// second count, of the account alone. It lives in memory: a restart forgives.
// The zero throttle is ready.
type throttle struct {
	mu    sync.Mutex
	pairs map[pair]failures
	codes map[string]failures // by account; only who knew the password gets here
}

type pair struct{ who, addr string }

type failures struct {
	n    int
	last time.Time
}

// An outcome is what a try came to.
type outcome int

const (
	wasWrong outcome = iota
	wasRight
	wasHalf // the password was right and a second factor is asked for: nothing is forgiven yet
	noTry   // the store failed
)

// allow says whether another password may be tried at now.
func (t *throttle) allow(who, addr string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pairs[pair{who, addr}].allow(freeFailures, failureEvery, now)
}

func (f failures) allow(free int, every time.Duration, now time.Time) bool {
	return f.n < free || now.Sub(f.last) >= every
}

// settle counts the outcome of a password tried at now, and says whether it
// may be told. Of many tries that began at once, more than are allowed alone
// learn nothing, right or wrong.
func (t *throttle) settle(who, addr string, of outcome, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.pairs[pair{who, addr}]
	switch {
	case !f.allow(freeFailures, failureEvery, now):
		return false
	case of == wasRight:
		delete(t.pairs, pair{who, addr})
	case of == wasWrong:
		t.keep(pair{who, addr}, failures{f.n + 1, now})
	}
	return true
}

// begin counts a try at a second factor in advance, so that many at once are
// no way around, or says that there were too many. done settles it.
func (t *throttle) begin(who, addr string, guessable bool, now time.Time) (done func(outcome), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{who, addr}
	one, all := t.pairs[p], t.codes[who]
	wait := failureEvery << min(max(all.n-freeCodes, 0), maxDoublings)
	if !one.allow(freeCodes, failureEvery, now) || (guessable && !all.allow(freeCodes, wait, now)) {
		return nil, false
	}
	t.keep(p, failures{one.n + 1, now})
	if guessable {
		if t.codes == nil {
			t.codes = make(map[string]failures)
		}
		t.codes[who] = failures{all.n + 1, now}
	}
	return func(of outcome) {
		t.mu.Lock()
		defer t.mu.Unlock()
		switch of {
		case wasRight:
			delete(t.pairs, p)
			delete(t.codes, who)
		case noTry:
			t.back(p, guessable)
		case wasWrong, wasHalf: // counted already
		}
	}, true
}

// back takes a try back.
func (t *throttle) back(p pair, guessable bool) {
	if f, ok := t.pairs[p]; ok {
		t.pairs[p] = failures{max(f.n-1, 0), f.last}
	}
	if f, ok := t.codes[p.who]; ok && guessable {
		t.codes[p.who] = failures{max(f.n-1, 0), f.last}
	}
}

func (t *throttle) keep(p pair, f failures) {
	if t.pairs == nil {
		t.pairs = make(map[pair]failures)
	}
	t.pairs[p] = f
	for len(t.pairs) > maxThrottled {
		var oldest pair
		for p, f := range t.pairs {
			if oldest == (pair{}) || f.last.Before(t.pairs[oldest].last) {
				oldest = p
			}
		}
		delete(t.pairs, oldest)
	}
}
