package token

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lanyard/backend/activity"
)

// How long the secret before a rotation is accepted.
const (
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 30 * 24 * time.Hour
)

// Rotate gives a token another secret; description, scopes, expiry and age
// stay. The earlier secret is accepted for overlap more (0: not at all), and
// never past the token's own end; one that was earlier still is dropped. An
// auto-generated token has its session for that: ErrInvalid.
func (s *Service) Rotate(ctx context.Context, owner, id string, overlap time.Duration, by activity.By) (Token, Secret, error) {
	now := s.now()
	var out Token
	var secret Secret
	err := s.Store.Change(ctx, owner, func(h Holding) (Holding, error) {
		h = s.pending.over(h)
		at := slices.IndexFunc(h.Tokens, func(t Token) bool { return t.ID == id })
		if at < 0 {
			return h, ErrNotFound
		}
		secret = NewSecret(h.Tokens[at].Source)
		t, err := rotated(h.Tokens[at], Hash(secret.Reveal()), secret.LastFour(), overlap, now)
		if err != nil {
			return h, err
		}
		h.Tokens = slices.Clone(h.Tokens)
		h.Tokens[at], out = t, t
		h.Acts = append(slices.Clone(h.Acts), activity.New(owner, activity.TokenRotated, by, now).
			Of(t.ID, t.Description).With("until", t.Previous.Until.Format(time.RFC3339)))
		return h, nil
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("rotate token: %w", err)
	}
	return out, secret, nil
}

// rotated is the rule of Rotate.
func rotated(t Token, hash [32]byte, lastFour string, overlap time.Duration, now time.Time) (Token, error) {
	switch {
	case t.Source == Auto:
		return t, fmt.Errorf("%w: an auto-generated token is replaced by signing in again, not rotated", ErrInvalid)
	case overlap < 0 || overlap > MaxOverlap:
		return t, fmt.Errorf("%w: the earlier secret can be accepted for at most 30 days more", ErrInvalid)
	case !t.Active:
		return t, ErrInactive
	}
	if err := t.death(now); err != nil {
		return t, err
	}
	until := stamp(now.Add(overlap))
	if !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(until) {
		until = t.ExpiresAt
	}
	t.Previous = &Previous{Hash: t.Hash, LastFour: t.LastFour, Since: stamp(now), Until: until}
	t.Hash, t.LastFour, t.ByPrevious = hash, lastFour, false
	return t, nil
}
