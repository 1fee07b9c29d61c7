package account

import (
	"sync"
	"time"
)

const (
	freeFailures = 10               // wrong passwords before anybody waits
	failureEvery = 30 * time.Second // then one try in so long
	maxThrottled = 10_000           // pairs kept; the stalest go first
)

// throttle slows guessing down per account and address, so that a stranger
// cannot lock a person out of their own computer. It lives in memory: a
// restart forgives. The zero throttle is ready.
type throttle struct {
	mu    sync.Mutex
	pairs map[pair]failures
}

type pair struct{ who, addr string }

type failures struct {
	n    int
	last time.Time
}

// allow says whether another try may be made at now.
func (t *throttle) allow(who, addr string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pairs[pair{who, addr}].allow(now)
}

func (f failures) allow(now time.Time) bool {
	return f.n < freeFailures || now.Sub(f.last) >= failureEvery
}

// settle counts the outcome of a try that began at now, and says whether it
// may be told. Of many tries that began at once, more than are allowed alone
// learn nothing, right or wrong.
func (t *throttle) settle(who, addr string, right bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.pairs[pair{who, addr}]
	if !f.allow(now) {
		return false
	}
	if right {
		delete(t.pairs, pair{who, addr})
		return true
	}
	if t.pairs == nil {
		t.pairs = make(map[pair]failures)
	}
	t.pairs[pair{who, addr}] = failures{f.n + 1, now}
	for len(t.pairs) > maxThrottled {
		var oldest pair
		for p, f := range t.pairs {
			if oldest == (pair{}) || f.last.Before(t.pairs[oldest].last) {
				oldest = p
			}
		}
		delete(t.pairs, oldest)
	}
	return true
}
