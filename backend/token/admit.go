package token

import (
	"fmt"
	"slices"
	"time"

	"lanyard/backend/activity"
)

// Limits are the numbers of design §3; a zero field means the default there
// but for PerHour, whose zero is no limit.
type Limits struct {
	Auto    int // auto-generated tokens an account
	Manual  int // tokens made by hand an account
	Org     int // tokens of an organisation
	PerHour int // creations an hour that evict another installation's live token; 0: no limit
}

// DefaultLimits are design §3's.
func DefaultLimits() Limits { return Limits{Auto: 5, Manual: 1000, Org: 100, PerHour: 30} }

func (l Limits) filled() Limits {
	d := DefaultLimits()
	if l.Auto <= 0 {
		l.Auto = d.Auto
	}
	if l.Manual <= 0 {
		l.Manual = d.Manual
	}
	if l.Org <= 0 {
		l.Org = d.Org
	}
	return l
}

// Fate says why a token gave way.
type Fate string

// The fates of a token that is gone.
const (
	// Superseded by another session of the same account and installation;
	// the earlier session ends with it.
	Superseded Fate = "superseded"
	// Swept: it was dead already.
	Swept Fate = "swept"
	// Evicted for want of room: its session lives, and nothing re-creates the
	// token by itself.
	Evicted Fate = "evicted"
	// Deleted by a person: its session ends.
	Deleted Fate = "deleted"
)

// Loss is what is remembered of a token that gave way, so that the machine it
// was for can be told what happened instead of a bare refusal.
type Loss struct {
	Token   string    `json:"token"` // id
	Session string    `json:"session,omitempty"`
	Fate    Fate      `json:"fate"`
	At      time.Time `json:"at"`
	Machine string    `json:"machine,omitempty"` // whose it was
	By      string    `json:"by,omitempty"`      // the machine that took its place
	Hash    []byte    `json:"hash,omitempty"`    // of its secret, so that whoever has that is told
}

// LostError is ErrNotFound for a secret whose token gave way, with what became
// of it.
type LostError struct {
	Owner string // account id
	Loss  Loss
}

func (*LostError) Error() string { return ErrNotFound.Error() }

// Is makes it an ErrNotFound.
func (*LostError) Is(target error) bool { return target == ErrNotFound }

// Holding is all that one account holds: what Change hands to a rule and
// takes back, in one transaction.
type Holding struct {
	Tokens []Token // oldest first
	Losses []Loss  // oldest first, the latest maxLosses
	// Evictions are the times of creations that evicted another
	// installation's live token, within the last hour.
	Evictions []time.Time
	// Acts are what is kept in the activity of the account, in the same
	// transaction. Not kept here.
	Acts []activity.Event
	// Ends are the sessions that the store ends in the same transaction. Not kept.
	Ends []End
}

// End asks the store to end a session together with its token.
type End struct {
	Session string
	Why     Fate
	At      time.Time
}

const (
	maxLosses = 50
	maxPins   = 4 // and always one fewer than Limits.Auto
)

// Admit adds t to what its account holds and lets give way what must, at now.
// By hand: ErrLimit rather than drop anything. Auto-generated: the earlier
// token of the same session or installation gives way first; then, if there
// would be more than the limit, dead ones, then the live one seen least
// recently. Never t, never one made by hand, never a pinned one; RateError when
// the hour's evictions are spent. A person's deactivation of the session's
// token stands: ErrInactive. So does the end of the session by what befell its
// token, which a request in flight may not have seen: ErrSessionEnded. On an
// error h comes back as it was.
//
// t is born here: its CreatedAt is now, at least a microsecond after anything
// that happened to the account's tokens, so that order never depends on a
// clock's grain. It takes over the pin of the computer it is for.
func Admit(h Holding, t Token, l Limits, now time.Time) (Holding, Token, error) {
	l, now = l.filled(), stamp(now)
	t.CreatedAt = birth(h, now)
	switch t.Source {
	case Manual:
		if count(h.Tokens, Manual) >= l.Manual {
			return h, Token{}, fmt.Errorf("%w: an account holds at most %d tokens made by hand; delete one that is not needed", ErrLimit, l.Manual)
		}
	case Org:
		if count(h.Tokens, Org) >= l.Org {
			return h, Token{}, fmt.Errorf("%w: an organisation holds at most %d tokens, expired ones included; delete one that is not needed", ErrLimit, l.Org)
		}
	}
	if t.Source != Auto {
		h.Tokens = append(slices.Clone(h.Tokens), t)
		return h, t, nil
	}
	return admitAuto(h, t, l, now)
}

func admitAuto(h Holding, t Token, l Limits, now time.Time) (Holding, Token, error) {
	if lost, ok := h.LossOf(t.Session); ok && (lost.Fate == Superseded || lost.Fate == Deleted) {
		return h, Token{}, ErrSessionEnded
	}
	for _, old := range h.Tokens {
		if old.Source == Auto && old.Session == t.Session && !old.Active && !old.Dead(now) {
			return h, Token{}, ErrInactive
		}
	}
	next := h
	next.Tokens, next.Losses, next.Ends = nil, slices.Clone(h.Losses), slices.Clone(h.Ends)
	for _, old := range h.Tokens {
		switch {
		case old.Source != Auto:
			next.Tokens = append(next.Tokens, old)
		case old.Session == t.Session:
			t.Pinned = t.Pinned || old.Pinned
		case old.Installation != "" && old.Installation == t.Installation:
			t.Pinned = t.Pinned || old.Pinned
			next.lose(old, Superseded, t, now)
			next.Ends = append(next.Ends, End{old.Session, Superseded, now})
		default:
			next.Tokens = append(next.Tokens, old)
		}
	}
	if count(next.Tokens, Auto) >= l.Auto {
		next.drop(func(old Token) bool { return old.Source == Auto && old.Dead(now) }, Swept, t, now)
	}
	next.Evictions = lastHour(h.Evictions, now)
	if count(next.Tokens, Auto) >= l.Auto {
		if leastRecent(next.Tokens) < 0 {
			return h, Token{}, ErrLimit
		}
		if l.PerHour > 0 && len(next.Evictions) >= l.PerHour {
			return h, Token{}, &RateError{Until: next.Evictions[len(next.Evictions)-l.PerHour].Add(time.Hour)}
		}
		next.Evictions = append(next.Evictions, now)
	}
	for count(next.Tokens, Auto) >= l.Auto { // more than once only after the limit was lowered
		victim := leastRecent(next.Tokens)
		if victim < 0 {
			return h, Token{}, ErrLimit
		}
		next.lose(next.Tokens[victim], Evicted, t, now)
		next.Tokens = slices.Delete(next.Tokens, victim, victim+1)
	}
	next.Tokens = append(next.Tokens, t)
	return next, t, nil
}

// Remove takes one token out for a person who deleted it; a token with a
// session takes the session with it. ErrNotFound if it is not held.
func Remove(h Holding, id string, by activity.By, now time.Time) (Holding, error) {
	now = stamp(now)
	at := slices.IndexFunc(h.Tokens, func(t Token) bool { return t.ID == id })
	if at < 0 {
		return h, ErrNotFound
	}
	gone := h.Tokens[at]
	h.Tokens = slices.Delete(slices.Clone(h.Tokens), at, at+1)
	h.Losses = slices.Clone(h.Losses)
	h.lose(gone, Deleted, Token{}, now)
	h.Acts[len(h.Acts)-1] = activity.New(gone.Owner, activity.TokenDeleted, by, now).Of(gone.ID, gone.Description)
	if gone.Session != "" {
		h.Ends = append(slices.Clone(h.Ends), End{gone.Session, Deleted, now})
	}
	return h, nil
}

// Sweep takes out auto-generated tokens whose session is over. Tokens that
// merely expired stay in the list until a person deletes them.
func Sweep(h Holding, now time.Time) Holding {
	now = stamp(now)
	h.Losses = slices.Clone(h.Losses)
	h.drop(func(t Token) bool { return t.orphaned(now) }, Swept, Token{}, now)
	return h
}

// LossOf is the latest loss of a session's token, if there was one.
func (h Holding) LossOf(session string) (Loss, bool) {
	for _, l := range slices.Backward(h.Losses) {
		if l.Session == session && session != "" {
			return l, true
		}
	}
	return Loss{}, false
}

func (h *Holding) drop(which func(Token) bool, why Fate, by Token, now time.Time) {
	var kept []Token
	for _, t := range h.Tokens {
		if which(t) {
			h.lose(t, why, by, now)
			continue
		}
		kept = append(kept, t)
	}
	h.Tokens = kept
}

// lose remembers a loss, never from before the birth of what was lost: births
// come after losses, see birth.
func (h *Holding) lose(t Token, why Fate, by Token, now time.Time) {
	if now.Before(t.CreatedAt) {
		now = t.CreatedAt
	}
	act := activity.New(t.Owner, acted(why), activity.By{}, now).Of(t.ID, t.Description)
	if by.Machine != "" {
		act = act.With("by", by.Machine)
	}
	h.Acts = append(slices.Clone(h.Acts), act)
	h.Losses = append(h.Losses, Loss{Token: t.ID, Session: t.Session, Fate: why, At: now, Machine: t.Machine, By: by.Machine, Hash: t.Hash[:]})
	if over := len(h.Losses) - maxLosses; over > 0 {
		h.Losses = slices.Delete(h.Losses, 0, over)
	}
}

// acted is what the activity calls a fate.
func acted(why Fate) activity.Action {
	switch why {
	case Superseded:
		return activity.TokenSuperseded
	case Swept:
		return activity.TokenSwept
	case Evicted:
		return activity.TokenEvicted
	}
	return activity.TokenDeleted
}

// leastRecent is the place of the live auto-generated token seen longest ago
// (ties: the older, then the smaller id), or -1 if all are pinned.
func leastRecent(held []Token) int {
	victim := -1
	for i, t := range held {
		if t.Source != Auto || t.Pinned {
			continue
		}
		if victim < 0 || earlier(t, held[victim]) {
			victim = i
		}
	}
	return victim
}

func earlier(a, b Token) bool {
	if c := a.LastSeen().Compare(b.LastSeen()); c != 0 {
		return c < 0
	}
	if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
		return c < 0
	}
	return a.ID < b.ID
}

func birth(h Holding, now time.Time) time.Time {
	at := now
	for _, t := range h.Tokens {
		if !t.CreatedAt.Before(at) {
			at = t.CreatedAt.Add(time.Microsecond)
		}
	}
	for _, l := range h.Losses {
		if !l.At.Before(at) {
			at = l.At.Add(time.Microsecond)
		}
	}
	return at
}

// lastHour keeps the evictions that count at now. One from the future, after
// the clock was set back, counts for an hour at most.
func lastHour(evictions []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(evictions), func(at time.Time) bool {
		return now.Sub(at) >= time.Hour || at.Sub(now) >= time.Hour
	})
}

func count(held []Token, s Source) int {
	n := 0
	for _, t := range held {
		if t.Source == s {
			n++
		}
	}
	return n
}
