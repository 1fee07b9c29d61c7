package pages

import (
	"sync"
	"time"
)

const (
	guessWindow     = 15 * time.Minute // the life of a code
	guessesPerName  = 5                // wrong codes in a window, by one account
	guessesPerAddr  = 20               // and from one address, behind which a team may sit
	guessesRemember = 1_000            // names and addresses; the stalest go first
)

// guesses bounds how often a code may be tried that nobody was given: five of
// 20⁸ codes in the life of one are less than one in 2³². It lives in memory,
// as long as a code does. The zero guesses is ready.
type guesses struct {
	mu     sync.Mutex
	counts map[string]guessed
}

type guessed struct {
	n     int
	since time.Time
}

// begin counts a try in advance, so that many at once are no way around, or
// says that there were too many. done takes it back unless it was wrong.
func (g *guesses) begin(name, addr string, now time.Time) (done func(wrong bool), ok bool) {
	name, addr = "name "+name, "addr "+addr
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.counts == nil {
		g.counts = make(map[string]guessed)
	}
	if g.at(name, now).n >= guessesPerName || g.at(addr, now).n >= guessesPerAddr {
		return nil, false
	}
	g.add(name, 1, now)
	g.add(addr, 1, now)
	return func(wrong bool) {
		if wrong {
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.add(name, -1, now)
		g.add(addr, -1, now)
	}, true
}

func (g *guesses) at(key string, now time.Time) guessed {
	if one, ok := g.counts[key]; ok && now.Sub(one.since) < guessWindow {
		return one
	}
	return guessed{since: now}
}

func (g *guesses) add(key string, n int, now time.Time) {
	one := g.at(key, now)
	one.n += n
	if one.n <= 0 {
		delete(g.counts, key)
		return
	}
	g.counts[key] = one
	if len(g.counts) <= guessesRemember {
		return
	}
	stalest := key
	for other, c := range g.counts {
		if c.since.Before(g.counts[stalest].since) {
			stalest = other
		}
	}
	delete(g.counts, stalest)
}
