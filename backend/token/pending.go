package token

import (
	"slices"
	"sync"
)

// pending are accepted uses that no store has seen yet. The zero pending is
// ready.
type pending struct {
	mu      sync.Mutex
	new     map[secretOf]*Used // noted since the last take
	writing map[secretOf]*Used // taken, and not known to be written
}

// secretOf is one secret of a token: what uses are told apart by.
type secretOf struct {
	id       string
	previous bool
}

func (p *pending) add(owner, id string, previous bool, one Use) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.new == nil {
		p.new = make(map[secretOf]*Used)
	}
	at := secretOf{id, previous}
	used := p.new[at]
	if used == nil {
		p.new[at] = &Used{Owner: owner, ID: id, Previous: previous, Use: one, By: []UsedBy{{one.Addr, one.Agent, one.At, one.At, 1}}}
		return
	}
	used.add(one)
}

// add is one more use of the same secret.
func (u *Used) add(one Use) {
	if one.At.After(u.Use.At) {
		u.Use = one
	}
	if last := &u.By[0]; last.Addr == one.Addr && last.Agent == one.Agent && !one.At.Before(last.Last) { // nearly always
		last.Last = one.At
		last.Count++
		return
	}
	u.By = Noted(u.By, Used{Use: one})
}

// take begins a write of all that was noted; taken ends it.
func (p *pending) take() []Used {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.new, p.writing = nil, p.new
	batch := make([]Used, 0, len(p.writing))
	for _, one := range p.writing {
		batch = append(batch, *one)
	}
	return batch
}

// taken forgets what was written; what was not is new again.
func (p *pending) taken(batch []Used, written bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := p.new
	p.writing, p.new = nil, nil
	if written {
		p.new = since
		return
	}
	p.new = make(map[secretOf]*Used, len(batch))
	for _, one := range batch {
		if later := since[one.of()]; later != nil {
			one.By = Noted(one.By, *later)
			if later.Use.At.After(one.Use.At) {
				one.Use = later.Use
			}
			delete(since, one.of())
		}
		p.new[one.of()] = &one
	}
	for at, one := range since {
		p.new[at] = one
	}
}

func (u Used) of() secretOf { return secretOf{u.ID, u.Previous} }

// of are the unwritten uses of a token.
func (p *pending) of(id string) (all []Used) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range []secretOf{{id, false}, {id, true}} {
		for _, of := range []map[secretOf]*Used{p.writing, p.new} {
			if one := of[at]; one != nil {
				copied := *one
				copied.By = slices.Clone(one.By)
				all = append(all, copied)
			}
		}
	}
	return all
}

// over lays the unwritten uses over what a store read.
func (p *pending) over(h Holding) Holding {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.new)+len(p.writing) == 0 {
		return h
	}
	h.Tokens = slices.Clone(h.Tokens)
	for i, t := range h.Tokens {
		for _, at := range []secretOf{{t.ID, false}, {t.ID, true}} {
			for _, of := range []map[secretOf]*Used{p.writing, p.new} {
				if one := of[at]; one != nil {
					h.Tokens[i] = h.Tokens[i].UsedAt(*one)
				}
			}
		}
	}
	return h
}
