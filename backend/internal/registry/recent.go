package registry

import (
	"net"
	"sync"
	"time"

	"lanyard/backend/access"
)

const (
	recentLife = Life + slack // as long as a registry takes a token of ours
	maxRecent  = 50_000
)

// TokenOf is the id of the token with which a subject asked lately for a
// repository, from an address with or without port: a registry's notification
// names its subject only. "" where that was a password, or nobody can say.
// It asks by address first, then, since a registry may see another address
// than we do, whether there was just one.
func (h *Handler) TokenOf(subject, repository, addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		addr = host
	}
	return h.recent.of(act{subject, repository}, addr, h.now())
}

// remember notes with which token somebody was let to repositories.
func (h *Handler) remember(who asker, grants []access.Grant, addr string, now time.Time) {
	if who.Anonymous() {
		return
	}
	for _, g := range grants {
		if g.Type == "repository" && len(g.Actions) > 0 {
			h.recent.add(act{who.Name, g.Name}, &use{addr, who.token.ID, now.Add(recentLife)}, now)
		}
	}
}

// recent are the uses of the last minutes. It lives in memory and is bounded:
// the oldest goes first. The zero recent is ready.
type recent struct {
	mu    sync.Mutex
	all   map[act][]*use // by act, the latest last, one for each address
	queue []queued       // in the order of time
}

type act struct{ subject, repository string }

type use struct {
	addr, token string
	until       time.Time
}

type queued struct {
	act act
	use *use
}

func (p *recent) add(of act, one *use, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[act][]*use{}
	}
	p.drop(of, func(u *use) bool { return u.addr == one.addr })
	p.all[of] = append(p.all[of], one)
	p.queue = append(p.queue, queued{of, one})
	for len(p.queue) > maxRecent || !now.Before(p.queue[0].use.until) {
		oldest := p.queue[0]
		p.queue = p.queue[1:]
		p.drop(oldest.act, func(u *use) bool { return u == oldest.use })
	}
}

// drop takes out what fn wants gone; a use that is there no more stays in the
// queue until its time comes.
func (p *recent) drop(of act, fn func(*use) bool) {
	var kept []*use
	for _, u := range p.all[of] {
		if !fn(u) {
			kept = append(kept, u)
		}
	}
	if len(kept) == 0 {
		delete(p.all, of)
		return
	}
	p.all[of] = kept
}

func (p *recent) of(of act, addr string, now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	only, several := "", false
	for i, u := range p.all[of] {
		if !now.Before(u.until) {
			continue
		}
		if u.addr == addr {
			return u.token
		}
		several = several || i > 0 && only != u.token
		only = u.token
	}
	if several {
		return ""
	}
	return only
}
