package gate

import (
	"context"
	"errors"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/token"
)

// direct replaces the door's session by one of a direct login.
func (d *door) direct(from grant.From, id string) {
	d.Helper()
	var err error
	d.session, err = d.grants.BeginDirect(d.Context(), grant.Direct{Account: "alice", Client: "lanyard", From: from, Token: id, AuthTime: d.now})
	if err != nil {
		d.Fatal(err)
	}
}

func TestWhoMayAdminister(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(*door)
		want  error
	}{
		"a person in their browser": {func(*door) {}, nil},
		"a login by password":       {func(d *door) { d.direct(grant.FromPassword, "") }, nil},
		"a login by token":          {func(d *door) { d.direct(grant.FromToken, d.pat().ID) }, ErrPerson},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			c.begin(d)
			p, err := d.knock()
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Person(); !errors.Is(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	if err := (Passed{Session: grant.Session{From: "a later version's"}}).Person(); !errors.Is(err, ErrPerson) {
		t.Errorf("unknown: %v", err)
	}
}

func (d *door) pat() token.Token {
	d.Helper()
	tokens := &token.Service{Store: d.store, Limits: token.DefaultLimits(), Now: func() time.Time { return d.now }}
	d.gate.Tokens = tokens
	made, _, err := tokens.Create(d.Context(), "alice", token.Spec{Description: "ci", Scopes: []string{"repo:read"}})
	if err != nil {
		d.Fatal(err)
	}
	return made
}

func TestDirectLoginsThatAreOver(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(*door)
		want  error
	}{
		"its token was deleted": {func(d *door) {
			id := d.pat().ID
			d.direct(grant.FromToken, id)
			if err := d.gate.Tokens.(*token.Service).Delete(d.Context(), "alice", activity.By{}, id); err != nil {
				d.Fatal(err)
			}
		}, ErrMadeOf},
		"of a token of somebody else": {func(d *door) { d.pat(); d.direct(grant.FromToken, "unknown") }, ErrMadeOf},
		"a gate that knows no tokens": {func(d *door) { id := d.pat().ID; d.direct(grant.FromToken, id); d.gate.Tokens = nil }, bearer.ErrInvalid},
		"its password was changed": {func(d *door) {
			d.direct(grant.FromPassword, "")
			d.now = d.now.Add(time.Second)
			err := d.store.ChangeAccount(d.Context(), "alice", func(a account.Account, _ bool) (account.Account, error) {
				a.SignedOutAt = d.now
				return a, nil
			})
			if err != nil {
				d.Fatal(err)
			}
		}, grant.ErrEnded},
		"ten minutes": {func(d *door) { d.direct(grant.FromPassword, ""); d.now = d.now.Add(10 * time.Minute) }, grant.ErrEnded},
		"made of what nobody knows": {func(d *door) {
			d.direct(grant.FromPassword, "")
			err := d.store.ChangeSession(d.Context(), d.session.ID, func(s grant.Session) (grant.Session, error) { s.From = "later"; return s, nil })
			if err != nil {
				d.Fatal(err)
			}
		}, bearer.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			c.begin(d)
			if p, err := d.knock(); !errors.Is(err, ErrRefused) || !errors.Is(err, c.want) || p.Account.ID != "" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	d := newDoor(t)
	d.direct(grant.FromToken, d.pat().ID)
	d.gate.Tokens = brokenTokens{}
	if _, err := d.knock(); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("the store fails, and somebody is told they are signed out: %v", err)
	}
}

type brokenTokens struct{}

func (brokenTokens) Get(context.Context, string, string) (token.Token, error) {
	return token.Token{}, errors.New("disk full")
}
