// Package gate decides who a request speaks for: by its access token (Gate),
// or by a name and a secret (Login). It reads token, session and account, and
// notes the use. What the person may do is the surface's to decide, but for one
// rule that all share, Passed.Person; so is how a refusal looks.
package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/token"
)

// ErrRefused: 401. The error wraps what is wrong: bearer.ErrMissing,
// bearer.ErrMisplaced (400 in OAuth), bearer.ErrInvalid, grant.ErrEnded,
// grant.ErrNotFound, account.ErrDisabled or account.ErrNotFound, and where the
// session is of a personal access token, what is wrong with that one. Any error
// without ErrRefused is the store's: 503, and nobody passes.
var ErrRefused = errors.New("access refused")

// ErrMadeOf: 401, within ErrRefused: the token that the session was made of is
// not good any more.
var ErrMadeOf = errors.New("the token of this session is not good any more")

// ErrPerson: 403. What was asked for is a person's own to do: whoever holds a
// token of theirs, or a session made of one, showed less than they did.
var ErrPerson = errors.New("token issued from personal access token is not allowed")

// Sessions are what the gate asks of grant.Service.
type Sessions interface {
	Live(ctx context.Context, id string) (grant.Session, error)
	Used(ctx context.Context, one grant.Session, generation int) error
}

// Accounts are what the gate asks of account.Service.
type Accounts interface {
	Account(ctx context.Context, id string) (account.Account, error)
}

// Tokens are what the gate asks of token.Service.
type Tokens interface {
	Get(ctx context.Context, owner, id string) (token.Token, error)
}

// Organizations are what the gate asks of access.Service.
type Organizations interface {
	ByID(ctx context.Context, id string) (access.Organization, error)
}

// Gate lets requests with a good access token pass.
type Gate struct {
	Issuer   string
	Keys     jose.JSONWebKeySet
	Sessions Sessions
	Accounts Accounts
	Tokens   Tokens // nil: no session of a token passes
	// Organizations whose tokens' sessions pass; nil: none do.
	Organizations Organizations
	Now           func() time.Time // nil: time.Now
}

// Passed is who a request speaks for.
type Passed struct {
	Account      account.Account     // zero: an organisation
	Organization access.Organization // zero: a person
	Session      grant.Session
	Claims       bearer.Claims
}

// Person is nil for a person's own sign-in, else ErrPerson: every act that
// administers, be it tokens, account or service, asks first.
func (p Passed) Person() error {
	if p.Session.Personal() {
		return nil
	}
	return ErrPerson
}

// Check reads session and account at each call, so that a session that was
// ended a moment ago, or an account that was disabled, is refused at once.
func (g *Gate) Check(r *http.Request) (Passed, error) {
	p, err := g.Look(r)
	if err != nil {
		return Passed{}, err
	}
	if err := g.Sessions.Used(r.Context(), p.Session, p.Claims.Generation); err != nil {
		return Passed{}, fmt.Errorf("note use of session: %w", err)
	}
	return p, nil
}

// Look is Check for what is no use of the session: a program that merely waits
// does not keep it from idling out.
func (g *Gate) Look(r *http.Request) (Passed, error) {
	raw, err := bearer.FromHeader(r)
	if err != nil {
		return Passed{}, refused(err)
	}
	c, err := bearer.Verify(raw, g.Keys, g.Issuer, g.now())
	if err != nil {
		return Passed{}, refused(err)
	}
	return g.standing(r.Context(), c)
}

// Still says whether whoever passed would pass now, but for the age of the
// access token: what is asked before a late answer to a request that was let in.
func (g *Gate) Still(ctx context.Context, p Passed) error {
	_, err := g.standing(ctx, p.Claims)
	return err
}

// standing reads session and account of an access token that is ours.
func (g *Gate) standing(ctx context.Context, c bearer.Claims) (Passed, error) {
	session, err := g.Sessions.Live(ctx, c.Session)
	if errors.Is(err, grant.ErrEnded) || errors.Is(err, grant.ErrNotFound) {
		return Passed{}, refused(err)
	}
	if err != nil {
		return Passed{}, fmt.Errorf("read session: %w", err)
	}
	if session.Account != c.Subject || session.Client != c.Client {
		return Passed{}, refused(bearer.ErrInvalid)
	}
	var o access.Organization
	a, err := g.Accounts.Account(ctx, c.Subject)
	if errors.Is(err, account.ErrNotFound) && session.From == grant.FromToken && g.Organizations != nil {
		o, err = g.Organizations.ByID(ctx, c.Subject)
	}
	if errors.Is(err, account.ErrNotFound) || errors.Is(err, access.ErrNotFound) {
		return Passed{}, refused(err)
	}
	if err != nil {
		return Passed{}, fmt.Errorf("read account: %w", err)
	}
	if a.Disabled {
		return Passed{}, refused(account.ErrDisabled)
	}
	if err := g.madeOf(ctx, session, a); err != nil {
		return Passed{}, err
	}
	return Passed{Account: a, Organization: o, Session: session, Claims: c}, nil
}

// madeOf refuses a direct login whose password was changed since, or whose
// token is not good any more.
func (g *Gate) madeOf(ctx context.Context, s grant.Session, a account.Account) error {
	switch s.From {
	case grant.FromPerson:
		return nil
	case grant.FromPassword:
		if s.AuthTime.Before(a.SignedOutAt) {
			return refused(grant.ErrEnded)
		}
		return nil
	case grant.FromToken:
		if g.Tokens == nil {
			return refused(bearer.ErrInvalid)
		}
		t, err := g.Tokens.Get(ctx, s.Account, s.Token)
		if err == nil {
			err = t.Usable(g.now())
		}
		if err == nil {
			return nil
		}
		for _, dead := range []error{token.ErrNotFound, token.ErrInactive, token.ErrExpired, token.ErrSessionEnded} {
			if errors.Is(err, dead) {
				return refused(fmt.Errorf("%w: %w", ErrMadeOf, dead))
			}
		}
		return fmt.Errorf("read the token of a session: %w", err)
	}
	return refused(bearer.ErrInvalid) // a later version's
}

func refused(why error) error { return fmt.Errorf("%w: %w", ErrRefused, why) }

func (g *Gate) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}
