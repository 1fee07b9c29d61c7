package token

import (
	"slices"
	"sync"
)

// UsedAt notes a use, unless a later one is noted. What is used by the earlier
// secret is noted there, too.
func (t Token) UsedAt(one Used) Token {
	if one.Use.At.After(t.LastUsed.At) {
		t.LastUsed = one.Use
	}
	if one.Previous && t.Previous != nil && one.Use.At.After(t.Previous.LastUsed.At) {
		previous := *t.Previous
		previous.LastUsed = one.Use
		t.Previous = &previous
	}
	return t
}

// uses are accepted uses that no store has seen yet, the latest per token.
type uses struct {
	mu  sync.Mutex
	new map[use]Used
}

// use is what uses are told apart by.
type use struct {
	id       string
	previous bool
}

func (u Used) of() use { return use{u.ID, u.Previous} }

func (u *uses) add(one Used) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.new == nil {
		u.new = make(map[use]Used)
	}
	if one.Use.At.After(u.new[one.of()].Use.At) {
		u.new[one.of()] = one
	}
}

func (u *uses) all() []Used {
	u.mu.Lock()
	defer u.mu.Unlock()
	batch := make([]Used, 0, len(u.new))
	for _, one := range u.new {
		batch = append(batch, one)
	}
	return batch
}

// done forgets what was written, unless a later use came meanwhile.
func (u *uses) done(batch []Used) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range batch {
		if u.new[one.of()] == one {
			delete(u.new, one.of())
		}
	}
}

// over lays the unwritten uses over what a store read.
func (u *uses) over(h Holding) Holding {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.new) == 0 {
		return h
	}
	h.Tokens = slices.Clone(h.Tokens)
	for i, t := range h.Tokens {
		for _, previous := range []bool{false, true} {
			if one, ok := u.new[use{t.ID, previous}]; ok {
				h.Tokens[i] = h.Tokens[i].UsedAt(one)
			}
		}
	}
	return h
}
