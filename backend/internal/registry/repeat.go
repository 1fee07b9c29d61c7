package registry

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	repeatLife = 5 * time.Second
	maxRepeats = 1000
)

// repeats are the passwords that were refused by POST a moment ago. containerd
// and helm give the same one once more by GET; that is the same wrong password
// and no second guess, so it gets the same answer, costs no hashing, and counts
// once. What is kept is a MAC under a key of this process. The zero repeats is
// ready.
type repeats struct {
	mu  sync.Mutex
	key []byte
	all map[[32]byte]repeat
}

type repeat struct {
	why   error
	until time.Time
}

// add remembers why a password was refused.
func (p *repeats) add(login, password, addr string, why error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all, p.key = map[[32]byte]repeat{}, make([]byte, 32)
		_, _ = rand.Read(p.key) // cannot fail since Go 1.24
	}
	for of, one := range p.all {
		if !now.Before(one.until) {
			delete(p.all, of)
		}
	}
	if len(p.all) < maxRepeats {
		p.all[p.of(login, password, addr)] = repeat{why, now.Add(repeatLife)}
	}
}

// take returns why the same was refused a moment ago, once; nil if it was not.
func (p *repeats) take(login, password, addr string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.of(login, password, addr)
	one, found := p.all[of]
	delete(p.all, of)
	if !found || !now.Before(one.until) {
		return nil
	}
	return one.why
}

func (p *repeats) of(all ...string) (sum [32]byte) {
	mac := hmac.New(sha256.New, p.key)
	for _, one := range all {
		part := sha256.Sum256([]byte(one))
		mac.Write(part[:])
	}
	mac.Sum(sum[:0])
	return sum
}
