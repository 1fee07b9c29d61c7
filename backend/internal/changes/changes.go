// Package changes owns the waiting for news of an account: who is told that
// something of it is no longer as it was, and by what mark they say what they
// know already. It leaves what counts as news to whoever tells it, and keeps
// nothing: after a restart nobody's mark is known, and everybody looks again.
package changes

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// ErrClosed: the service stops, and there is nothing more to wait for.
var ErrClosed = errors.New("the service is stopping")

// maxAccounts are remembered; the one asked about least recently is forgotten
// first, and whoever waits for it is answered.
const maxAccounts = 50_000

// usesEvery is how often uses alone are news: a machine that pulls all day
// would have a window look all day.
const usesEvery = 5 * time.Second

// Board is told of changes and tells those who wait.
type Board struct {
	mu       sync.Mutex
	accounts *lru.Cache[string, *news]
	uses     map[string]used // of a moment ago
	closed   chan struct{}
	stop     sync.Once
}

// news is how an account stands: mark is another after each change, and then
// over is closed. Both belong together, and neither ever changes.
type news struct {
	mark string
	over chan struct{}
}

// used is when a use was told, and whether there were more since.
type used struct {
	told time.Time
	more bool
}

// New returns an empty board.
func New() *Board {
	accounts, err := lru.NewWithEvict(maxAccounts, func(_ string, n *news) { close(n.over) })
	if err != nil {
		panic(err) // of a size that is no size
	}
	return &Board{accounts: accounts, uses: make(map[string]used), closed: make(chan struct{})}
}

// Told notes that something of accounts has changed. It costs next to nothing
// where nobody asked about them.
func (b *Board) Told(accounts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range accounts {
		b.accounts.Remove(id) // whoever asks next gets a mark that nobody has
	}
}

// Used notes at now that something of accounts was used: told at once, and what
// follows every few seconds, by Flush.
func (b *Board) Used(now time.Time, accounts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range accounts {
		u, lately := b.uses[id]
		switch {
		case lately && now.Sub(u.told) < usesEvery:
			b.uses[id] = used{u.told, true}
		case lately || b.accounts.Contains(id): // else nobody has a mark of it
			b.accounts.Remove(id)
			b.uses[id] = used{told: now}
		}
	}
}

// Flush tells what Used kept back. Call it every second.
func (b *Board) Flush(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, u := range b.uses {
		switch {
		case now.Sub(u.told) < usesEvery:
		case u.more:
			b.accounts.Remove(id)
			b.uses[id] = used{told: now}
		default:
			delete(b.uses, id)
		}
	}
}

// Wait returns once an account is not as it was at the mark after, with the
// mark of now: at once where after is "" or no mark of ours. When ctx ends
// before, it returns the same mark and the error of ctx; ErrClosed when the
// service stops.
func (b *Board) Wait(ctx context.Context, account, after string) (mark string, err error) {
	now := b.now(account)
	if now.mark != after {
		return now.mark, nil
	}
	select {
	case <-b.closed:
		return after, ErrClosed
	case <-now.over:
		return b.now(account).mark, nil
	case <-ctx.Done():
		return after, ctx.Err()
	}
}

// Close ends all waiting, for good.
func (b *Board) Close() { b.stop.Do(func() { close(b.closed) }) }

func (b *Board) now(account string) *news {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, ok := b.accounts.Get(account); ok {
		return n
	}
	n := &news{mark: rand.Text(), over: make(chan struct{})}
	b.accounts.Add(account, n)
	return n
}
