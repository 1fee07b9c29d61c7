package token

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// maxUsers is how many of UsedBy are kept of a token: the most recent ones.
const maxUsers = 20

// UsedBy is from where and by what program a token was used.
type UsedBy struct {
	Addr, Agent string
	First, Last time.Time
	Count       int64
}

// Used is uses to be noted of one secret of a token.
type Used struct {
	Owner, ID string
	Use       Use      // the latest
	Previous  bool     // by the secret before the last rotation
	By        []UsedBy // all of them, by address and program; nil: Use alone
}

// by is what By says, or stands for.
func (u Used) by() []UsedBy {
	if u.By != nil {
		return u.By
	}
	return []UsedBy{{Addr: u.Use.Addr, Agent: u.Use.Agent, First: u.Use.At, Last: u.Use.At, Count: 1}}
}

// UsedAt notes a use, unless a later one is noted. What is used by the earlier
// secret is noted there, too; a use from before the rotation was of another.
func (t Token) UsedAt(one Used) Token {
	if one.Use.At.After(t.LastUsed.At) {
		t.LastUsed = one.Use
	}
	if p := t.Previous; one.Previous && p != nil && one.Use.At.After(p.LastUsed.At) && !one.Use.At.Before(p.Since) {
		previous := *p
		previous.LastUsed = one.Use
		t.Previous = &previous
	}
	return t
}

// Noted adds uses to what is kept of a token, the most recent first. It shares
// nothing with kept.
func Noted(kept []UsedBy, one Used) []UsedBy {
	kept = slices.Clone(kept)
	for _, u := range one.by() {
		at := slices.IndexFunc(kept, func(k UsedBy) bool { return k.Addr == u.Addr && k.Agent == u.Agent })
		if at < 0 {
			kept = append(kept, u)
			continue
		}
		k := &kept[at]
		k.Count += u.Count
		if u.First.Before(k.First) {
			k.First = u.First
		}
		if u.Last.After(k.Last) {
			k.Last = u.Last
		}
	}
	slices.SortStableFunc(kept, func(a, b UsedBy) int { return b.Last.Compare(a.Last) })
	return kept[:min(len(kept), maxUsers)]
}

// Used notes an accepted use. It costs no disk: eviction and lists see it at
// once, the store with the next Flush.
func (s *Service) Used(t Token, addr, agent string) {
	s.pending.add(t.Owner, t.ID, t.ByPrevious, Use{At: s.now(), Addr: clip(addr, maxAddr), Agent: clip(agent, maxAgent)})
}

// Uses returns from where and by what programs a token was used, the most
// recent first, at most twenty; or ErrNotFound.
func (s *Service) Uses(ctx context.Context, owner, id string) ([]UsedBy, error) {
	s.flushing.RLock() // so that no use is counted both as pending and as kept
	defer s.flushing.RUnlock()
	kept, err := s.Store.Uses(ctx, owner, id)
	if err != nil {
		return nil, fmt.Errorf("read uses of a token: %w", err)
	}
	for _, one := range s.pending.of(id) {
		kept = Noted(kept, one)
	}
	return kept, nil
}

// Flush writes the uses noted since the last one. Call it every second and at
// the end.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	batch := s.pending.take()
	if len(batch) == 0 {
		return nil
	}
	err := s.Store.Touch(ctx, batch)
	s.pending.taken(batch, err == nil)
	if err != nil {
		return fmt.Errorf("note uses of tokens: %w", err)
	}
	return nil
}
