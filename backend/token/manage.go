package token

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"lanyard/backend/activity"
)

// Patch is a change to a token; nil leaves a field as it is.
type Patch struct {
	Description *string
	Active      *bool
	Pinned      *bool       // auto-generated tokens only, at most maxPins
	Scopes      []string    // tokens made by hand only
	Note        *string     // organisations' tokens only
	Resources   *[]Resource // likewise, checked by the caller
}

// Empty says that nothing is to be changed.
func (p Patch) Empty() bool {
	return p.Description == nil && p.Active == nil && p.Pinned == nil && p.Scopes == nil && p.Note == nil && p.Resources == nil
}

// Change renames, deactivates, activates or pins a token, or gives it other
// access permissions. A dead one can only be deleted: ErrExpired,
// ErrSessionEnded.
func (s *Service) Change(ctx context.Context, owner, id string, p Patch, by activity.By) (Token, error) {
	changed, err := s.ChangeAll(ctx, owner, []string{id}, p, by)
	if err != nil {
		return Token{}, err
	}
	return changed[0], nil
}

// ChangeAll is Change for several at once: all or none.
func (s *Service) ChangeAll(ctx context.Context, owner string, ids []string, p Patch, by activity.By) ([]Token, error) {
	now := s.now()
	if p.Description != nil {
		if err := checkDescription(*p.Description); err != nil {
			return nil, err
		}
	}
	if p.Note != nil {
		if err := checkText(*p.Note, maxNote); err != nil {
			return nil, err
		}
	}
	var out []Token
	err := s.Store.Change(ctx, owner, func(h Holding) (Holding, error) {
		h, out = s.pending.over(h), nil
		for _, id := range ids {
			next, t, err := patched(h, id, p, s.Limits, by, now)
			if err != nil {
				return h, err
			}
			h, out = next, append(out, t)
		}
		return h, nil
	})
	if err != nil {
		return nil, fmt.Errorf("change token: %w", err)
	}
	return out, nil
}

// patched is h with one token changed, and the acts that this was.
func patched(h Holding, id string, p Patch, l Limits, by activity.By, now time.Time) (Holding, Token, error) {
	at := slices.IndexFunc(h.Tokens, func(t Token) bool { return t.ID == id })
	if at < 0 {
		return h, Token{}, ErrNotFound
	}
	t := h.Tokens[at]
	if err := t.death(now); err != nil {
		return h, Token{}, err
	}
	var acts []activity.Event
	act := func(action activity.Action) activity.Event {
		return activity.New(t.Owner, action, by, now).Of(t.ID, t.Description)
	}
	if p.Description != nil && *p.Description != t.Description {
		was := t.Description
		t.Description = *p.Description
		acts = append(acts, act(activity.TokenRenamed).With("from", was))
	}
	if p.Active != nil && *p.Active != t.Active {
		t.Active = *p.Active
		acts = append(acts, act(oneOf(t.Active, activity.TokenActivated, activity.TokenDeactivated)))
	}
	if p.Pinned != nil && *p.Pinned != t.Pinned {
		if err := mayPin(h, t, *p.Pinned, l); err != nil {
			return h, Token{}, err
		}
		t.Pinned = *p.Pinned
		acts = append(acts, act(oneOf(t.Pinned, activity.TokenPinned, activity.TokenUnpinned)))
	}
	if p.Scopes != nil {
		was := t.Scopes
		if t.Source != Manual {
			return h, Token{}, fmt.Errorf("%w: only a token made by hand can be given other access permissions", ErrInvalid)
		}
		scopes, err := ParseScopes(p.Scopes)
		if err != nil {
			return h, Token{}, err
		}
		if t.Scopes = scopes; !slices.Equal(was, scopes) {
			acts = append(acts, act(activity.TokenScoped).With("from", joined(was)).With("to", joined(scopes)))
		}
	}
	if p.Note != nil {
		t.Note = *p.Note
	}
	if p.Resources != nil {
		t.Resources = *p.Resources
		acts = append(acts, act(activity.TokenScoped))
	}
	h.Tokens, h.Acts = slices.Clone(h.Tokens), append(slices.Clone(h.Acts), acts...)
	h.Tokens[at] = t
	return h, t, nil
}

func oneOf(yes bool, a, b activity.Action) activity.Action {
	if yes {
		return a
	}
	return b
}

func joined(scopes []Scope) string {
	all := make([]string, 0, len(scopes))
	for _, s := range scopes {
		all = append(all, string(s))
	}
	return strings.Join(all, " ")
}

// Delete takes tokens out for whoever may delete them, all or none: ErrNotFound.
// A session that one of them has ends in the same transaction.
func (s *Service) Delete(ctx context.Context, owner string, by activity.By, ids ...string) error {
	now := s.now()
	err := s.Store.Change(ctx, owner, func(h Holding) (next Holding, err error) {
		next = s.pending.over(h)
		for _, id := range ids {
			if next, err = Remove(next, id, by, now); err != nil {
				return h, err
			}
		}
		return next, nil
	})
	if err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}

// mayPin keeps one place among an account's auto-generated tokens free for the
// next sign-in.
func mayPin(h Holding, t Token, pin bool, l Limits) error {
	if !pin || t.Pinned {
		return nil
	}
	if t.Source != Auto {
		return fmt.Errorf("%w: a token made by hand needs no pin, since it never gives way", ErrInvalid)
	}
	pinned := 0
	for _, other := range h.Tokens {
		if other.Pinned {
			pinned++
		}
	}
	if most := min(maxPins, l.filled().Auto-1); pinned >= most {
		return fmt.Errorf("%w: at most %d tokens can be pinned", ErrLimit, most)
	}
	return nil
}
