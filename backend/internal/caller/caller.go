// Package caller owns who presents a name with a token: what a store reads of
// them in one transaction, whether the pair is good, and how far it reaches.
// Every surface that takes name and token asks here, so that one pair is the
// same to all. It leaves passwords to account, decisions to access, and the
// form of a refusal to the surface.
package caller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/token"
)

// ErrUnknown: no such token, or not under that name; the two are one answer.
var ErrUnknown = errors.New("wrong name, or a token that is not known here")

// Presented is a token, whose it is, and what is known of the repositories
// that are asked for, all of one moment.
type Presented struct {
	Token        token.Token
	Account      account.Account     // zero: it is an organisation's
	Organization access.Organization // zero: it is a person's
	Known        access.Known
}

// Store is what reads it.
type Store interface {
	// Presented returns the token of a secret, with its SessionUntil, its owner
	// and the facts of repositories, in one read transaction; or
	// token.ErrNotFound, as a token.LostError with the owner's Account where it
	// gave way. A token whose owner is gone is account.ErrNotFound.
	Presented(ctx context.Context, hash [32]byte, repositories []string) (Presented, error)
}

// Present reads who presents a secret under a name, and says whether the pair
// is good at now: ErrUnknown, account.ErrDisabled, token.ErrInactive,
// ErrRotated, ErrExpired, ErrSessionEnded, or a token.LostError. The reasons other than the first
// are told to whoever has secret and name, and so is Presented.
func Present(ctx context.Context, s Store, login, secret string, repositories []string, now time.Time) (Presented, error) {
	if !token.Plausible(secret) {
		return Presented{}, ErrUnknown
	}
	return look(ctx, s, token.Hash(secret), func(p Presented) bool { return p.called(login) }, repositories, now)
}

// Derived is Present for what was derived from the secret whose hash it is:
// whoever has that had secret and name.
func Derived(ctx context.Context, s Store, hash [32]byte, repositories []string, now time.Time) (Presented, error) {
	return look(ctx, s, hash, func(Presented) bool { return true }, repositories, now)
}

func look(ctx context.Context, s Store, hash [32]byte, owns func(Presented) bool, repositories []string, now time.Time) (Presented, error) {
	p, err := s.Presented(ctx, hash, repositories)
	if lost := new(token.LostError); errors.As(err, &lost) && owns(p) && !p.Account.Disabled {
		return Presented{}, lost
	}
	if errors.Is(err, token.ErrNotFound) {
		return Presented{}, ErrUnknown
	}
	if err != nil {
		return Presented{}, fmt.Errorf("read token: %w", err)
	}
	if !owns(p) {
		return Presented{}, ErrUnknown
	}
	if p.Account.Disabled {
		return p, account.ErrDisabled
	}
	return p, p.Token.Usable(now)
}

// called says whether a name is that of the token's owner.
func (p Presented) called(login string) bool {
	key := account.Key(login)
	if p.Organization.ID != "" {
		return key == p.Organization.Name
	}
	return key == account.Key(p.Account.Name) || p.Account.Email != "" && key == account.Key(p.Account.Email)
}

// Subject is who the token speaks for, and how far.
func (p Presented) Subject() access.Subject {
	if p.Organization.ID != "" {
		return access.Subject{ID: p.Organization.ID, Name: p.Organization.Name, Resources: Resources(p.Token.Resources)}
	}
	return access.Subject{
		ID: p.Account.ID, Name: p.Account.Name, Admin: p.Account.Admin,
		Level: access.LevelOf(p.Token.Scopes), Only: p.Token.Repositories,
	}
}

// Person is an account itself, at whom no token cuts.
func Person(a account.Account) access.Subject {
	return access.Subject{ID: a.ID, Name: a.Name, Admin: a.Admin, Level: access.Admin}
}

// Resources are an organisation token's in access's terms; never nil. A scope
// that nobody knows reaches nothing.
func Resources(all []token.Resource) []access.Resource {
	out := make([]access.Resource, 0, len(all))
	for _, r := range all {
		level := access.LevelOf(r.Scopes)
		for _, s := range r.Scopes {
			switch s {
			case token.ImagePull:
				level = max(level, access.Read)
			case token.ImagePush:
				level = max(level, access.Write)
			case token.ImageDelete:
				level = max(level, access.Admin)
			}
		}
		out = append(out, access.Resource{Path: r.Path, Level: level})
	}
	return out
}
