package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"lanyard/backend/token"
)

// judge is the model: the rule of design §3 written a second time, from the
// outside, as what one commit may do to what an account holds. It shares no
// code with token.Admit.
func judge(limit int, before, after token.Holding) (wrong []error) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	was, is := byID(before), byID(after)

	var added []token.Token
	for _, t := range after.Tokens {
		old, ok := was[t.ID]
		if !ok {
			added = append(added, t)
			continue
		}
		rotated := t.Previous != nil && t.Previous.Hash == old.Hash && t.Source != token.Auto
		if old.Hash != t.Hash && !rotated || old.Owner != t.Owner || old.Source != t.Source || old.Session != t.Session ||
			old.Installation != t.Installation || !old.CreatedAt.Equal(t.CreatedAt) || !old.ExpiresAt.Equal(t.ExpiresAt) {
			say("token %s became another", t.ID)
		}
		if t.LastUsed.At.Before(old.LastUsed.At) {
			say("the last use of token %s went back from %v to %v", t.ID, old.LastUsed.At, t.LastUsed.At)
		}
	}
	removed := map[string]token.Token{}
	for _, t := range before.Tokens {
		if _, ok := is[t.ID]; !ok {
			removed[t.ID] = t
		}
	}
	if n := len(autos(after)); n > limit {
		say("%d auto-generated tokens, at most %d", n, limit)
	}
	for _, end := range after.Ends {
		if !slices.ContainsFunc(before.Tokens, func(t token.Token) bool { return t.Session == end.Session && removed[t.ID].ID != "" }) {
			say("session %s ends, but its token stays", end.Session)
		}
	}

	want := map[string]token.Fate{} // what must go; "" leaves no loss
	switch {
	case len(added) > 1:
		say("%d tokens added at once", len(added))
		return wrong
	case len(added) == 1:
		for _, t := range before.Tokens {
			if !added[0].CreatedAt.After(t.CreatedAt) {
				say("token %s was born at %v, not after %s", added[0].ID, added[0].CreatedAt, t.ID)
			}
		}
		if added[0].Source == token.Auto {
			var errs []error
			want, errs = giveWay(limit, before, after, added[0])
			wrong = append(wrong, errs...)
		}
	default: // by a person, or dead
		for id, t := range removed {
			want[id] = token.Deleted
			if lost, ok := lossOf(after, id); ok && lost.Fate == token.Swept && orphaned(t, lost.At) {
				want[id] = token.Swept
			}
		}
	}

	for id, t := range removed {
		fate, expected := want[id]
		lost, told := lossOf(after, id)
		switch {
		case !expected:
			say("%s token %s, last seen %v, is gone; the model keeps it", t.Source, id, t.LastSeen())
		case fate == "" && told:
			say("token %s was replaced, yet is told as %s", id, lost.Fate)
		case fate != "" && lost.Fate != fate:
			say("token %s is gone as %q; the model says %s", id, lost.Fate, fate)
		}
		ends := slices.ContainsFunc(after.Ends, func(e token.End) bool { return e.Session == t.Session && e.Why == fate })
		if mustEnd := t.Session != "" && (fate == token.Superseded || fate == token.Deleted); mustEnd != ends {
			say("token %s is gone as %q; its session ends: %v", id, fate, ends)
		}
	}
	for id, fate := range want {
		if _, gone := removed[id]; !gone {
			say("token %s, last seen %v, stays; the model says it is %s", id, was[id].LastSeen(), cmp.Or(fate, "replaced"))
		}
	}
	return wrong
}

// giveWay is what must go for an auto-generated token.
func giveWay(limit int, before, after token.Holding, t token.Token) (want map[string]token.Fate, wrong []error) {
	want = map[string]token.Fate{}
	now := moment(before, after, t)
	var rest []token.Token
	for _, old := range autos(before) {
		switch {
		case old.Session == t.Session:
			want[old.ID] = ""
			if !old.Active && !dead(old, now) {
				wrong = append(wrong, fmt.Errorf("token %s, which a person deactivated, was replaced", old.ID))
			}
		case old.Installation != "" && old.Installation == t.Installation:
			want[old.ID] = token.Superseded
		default:
			rest = append(rest, old)
		}
	}
	if len(rest) < limit {
		return want, wrong
	}
	var live []token.Token
	for _, old := range rest {
		if dead(old, now) {
			want[old.ID] = token.Swept
			continue
		}
		// A use that the service had not written yet is in what it kept.
		if kept, ok := byID(after)[old.ID]; ok && kept.LastUsed.At.After(old.LastUsed.At) {
			old.LastUsed = kept.LastUsed
		}
		live = append(live, old)
	}
	slices.SortFunc(live, func(a, b token.Token) int {
		return cmp.Or(seen(a).Compare(seen(b)), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	for left := len(live); left >= limit; left-- {
		victim := slices.IndexFunc(live, func(old token.Token) bool { return !old.Pinned && want[old.ID] == "" })
		if victim < 0 {
			return want, append(wrong, fmt.Errorf("token %s was added where all are pinned", t.ID))
		}
		want[live[victim].ID] = token.Evicted
	}
	return want, wrong
}

// moment is the rule's now, as far as the commit tells: an eviction is noted
// with it, a loss at it unless the token is younger, a birth a little after.
func moment(before, after token.Holding, t token.Token) time.Time {
	if n := len(after.Evictions); n > 0 && (len(before.Evictions) == 0 || !before.Evictions[len(before.Evictions)-1].Equal(after.Evictions[n-1])) {
		return after.Evictions[n-1]
	}
	for _, old := range before.Tokens {
		if lost, ok := lossOf(after, old.ID); ok {
			return lost.At
		}
	}
	return t.CreatedAt
}

func lossOf(h token.Holding, id string) (token.Loss, bool) {
	at := slices.IndexFunc(h.Losses, func(l token.Loss) bool { return l.Token == id })
	if at < 0 {
		return token.Loss{}, false
	}
	return h.Losses[at], true
}

func byID(h token.Holding) map[string]token.Token {
	all := make(map[string]token.Token, len(h.Tokens))
	for _, t := range h.Tokens {
		all[t.ID] = t
	}
	return all
}

func autos(h token.Holding) (out []token.Token) {
	for _, t := range h.Tokens {
		if t.Source == token.Auto {
			out = append(out, t)
		}
	}
	return out
}

// seen is the last use, or the creation of a token never used.
func seen(t token.Token) time.Time {
	if t.LastUsed.At.Before(t.CreatedAt) {
		return t.CreatedAt
	}
	return t.LastUsed.At
}

func dead(t token.Token, now time.Time) bool {
	return orphaned(t, now) || (!t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now))
}

func orphaned(t token.Token, now time.Time) bool {
	return t.Session != "" && !t.SessionUntil.After(now)
}
