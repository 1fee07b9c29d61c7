package caller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// ErrMistyped: the secret begins as a token of ours does, and is not a whole one.
var ErrMistyped = errors.New("this is not a whole token: its last characters do not fit the rest; copy it again")

// ErrOrganization: the token is an organisation's, which has no sessions.
var ErrOrganization = errors.New("a token of an organisation is not for this")

// Passwords are what Login asks of account.Service.
type Passwords interface {
	First(ctx context.Context, login, password, addr string) (account.Account, error)
	SignIn(ctx context.Context, login, password, addr string) (account.Account, error)
}

// Uses note that a token was used; token.Service.
type Uses interface {
	Used(t token.Token, addr, agent string)
}

// SessionUses note that a session was used; grant.Service.
type SessionUses interface {
	Used(ctx context.Context, one grant.Session, generation int) error
}

// Login says who a name and a secret speak for.
type Login struct {
	Store    Store
	Accounts Passwords
	Tokens   Uses
	Sessions SessionUses
	Now      func() time.Time
}

// Who is whom a name and a secret speak for.
type Who struct {
	Account      account.Account     // zero: an organisation
	Organization access.Organization // zero: a person
	Token        token.Token         // ID "": the secret was the password
}

// Owner is the id and the name of whom it is.
func (w Who) Owner() (id, name string) {
	if w.Organization.ID != "" {
		return w.Organization.ID, w.Organization.Name
	}
	return w.Account.ID, w.Account.Name
}

// Scopes are what an access token made of the secret says it reaches.
func (w Who) Scopes() []string {
	if w.Token.ID == "" {
		return []string{string(token.ScopeAdmin)}
	}
	var all []string
	for _, s := range w.Token.Scopes {
		all = append(all, string(s))
	}
	for _, r := range w.Token.Resources {
		all = append(all, r.Scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Check takes a name with a password that is enough by itself, or with a
// person's token, and notes the use: account.ErrWrong, account.ErrSecond,
// account.ErrDisabled, ErrMistyped, ErrOrganization, and what Token.Usable says.
func (l *Login) Check(ctx context.Context, name, secret string, from activity.By) (Who, error) {
	return personal(l.CheckAny(ctx, name, secret, from))
}

// CheckAny is Check that takes an organisation's name and token, too.
func (l *Login) CheckAny(ctx context.Context, name, secret string, from activity.By) (Who, error) {
	return l.check(ctx, name, secret, from, l.Accounts.SignIn)
}

func personal(who Who, err error) (Who, error) {
	if err == nil && who.Organization.ID != "" {
		return Who{}, ErrOrganization
	}
	return who, err
}

// First is Check for a caller that goes on to ask for a second factor where
// the account has one and the secret was the password.
func (l *Login) First(ctx context.Context, name, secret string, from activity.By) (Who, error) {
	return personal(l.check(ctx, name, secret, from, l.Accounts.First))
}

// check is the one place that turns a name and a secret into who they are.
func (l *Login) check(ctx context.Context, name, secret string, from activity.By, password func(ctx context.Context, login, password, addr string) (account.Account, error)) (Who, error) {
	switch {
	case token.Plausible(secret):
		return l.token(ctx, name, secret, from)
	case strings.HasPrefix(secret, "lyd_"):
		return Who{}, ErrMistyped
	}
	a, err := password(ctx, name, secret, from.Addr)
	if err != nil {
		return Who{}, err
	}
	return Who{Account: a}, nil
}

// token tells the reasons for which a token is not good only to whoever
// presents its secret together with its owner's name.
func (l *Login) token(ctx context.Context, name, secret string, from activity.By) (Who, error) {
	p, err := Present(ctx, l.Store, name, secret, nil, l.now())
	if errors.Is(err, ErrUnknown) {
		return Who{}, account.ErrWrong
	}
	if err != nil { // with whose it is, for whoever keeps a record
		return Who{Account: p.Account, Organization: p.Organization, Token: p.Token}, err
	}
	t := p.Token
	l.Tokens.Used(t, from.Addr, from.Agent)
	if t.Session != "" {
		if err := l.Sessions.Used(ctx, grant.Session{ID: t.Session, LastUsed: t.LastUsed.At}, 0); err != nil {
			return Who{}, fmt.Errorf("note use of session: %w", err)
		}
	}
	return Who{Account: p.Account, Organization: p.Organization, Token: t}, nil
}

func (l *Login) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}
