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
	f := t.pairs[pair{who, addr}]
	return f.n < freeFailures || now.Sub(f.last) >= failureEvery
}

func (t *throttle) failed(who, addr string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pairs == nil {
		t.pairs = make(map[pair]failures)
	}
	f := t.pairs[pair{who, addr}]
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
}

func (t *throttle) forget(who, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pairs, pair{who, addr})
}
