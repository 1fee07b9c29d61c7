package grant

import (
	"context"
	"fmt"
	"time"
)

// directLife is an access token's: a direct login has no refresh token.
const directLife = 10 * time.Minute

// A Direct is a login without a browser, by a secret that the caller has
// checked (Docker Hub's /v2/users/login and /v2/auth/token).
type Direct struct {
	Account  string
	Client   string
	Scopes   []string
	Audience []string
	From     From   // never FromPerson
	Token    string // FromToken: the token's id
	AuthTime time.Time
	Origin   Origin
}

// BeginDirect makes the session of a direct login. It counts as used, so that
// nothing has to be written when its access token is, and it is swept as soon
// as it is over.
func (s *Service) BeginDirect(ctx context.Context, d Direct) (Session, error) {
	if d.From == FromPerson || (d.From == FromToken) != (d.Token != "") {
		return Session{}, fmt.Errorf("begin session: %w: a direct login is from a password or a token", ErrInvalid)
	}
	now := s.now()
	end := now.Add(directLife)
	one := Session{
		ID: newID(), Account: d.Account, Client: d.Client, Scopes: d.Scopes, Audience: d.Audience,
		CreatedAt: now, AuthTime: stamp(d.AuthTime), EndsAt: end, Idle: directLife, ClaimBy: end, LastUsed: now,
		Addr: d.Origin.Addr, Agent: d.Origin.Agent, From: d.From, Token: d.Token,
	}
	if err := s.Store.PutSession(ctx, one); err != nil {
		return Session{}, fmt.Errorf("begin session: %w", err)
	}
	return one, nil
}
