package gate

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
)

const issuer = "http://localhost:8460"

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	oneKey = sync.OnceValue(func() *keys.Keys {
		k, err := keys.New(noon)
		if err != nil {
			panic(err)
		}
		return k
	})
)

// A door is a gate with a session of alice behind it.
type door struct {
	*testing.T
	gate     *Gate
	store    *memstore.DB
	grants   *grant.Service
	accounts *account.Service
	session  grant.Session
	refresh  grant.RefreshToken
	now      time.Time
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{T: t, store: memstore.New(), now: noon}
	clock := func() time.Time { return d.now }
	d.grants = &grant.Service{Store: d.store, Key: oneKey().Service(), Limits: grant.DefaultLimits(), Now: clock}
	d.accounts = &account.Service{Store: d.store, Now: clock}
	d.gate = &Gate{Issuer: issuer, Keys: oneKey().OAuth().JWKS(), Sessions: d.grants, Accounts: d.accounts, Now: clock}
	for _, id := range []string{"alice", "admin"} {
		if err := d.store.CreateAccount(t.Context(), account.Account{ID: id, Name: id, Admin: id == "admin"}, false); err != nil {
			t.Fatal(err)
		}
	}
	one, err := d.grants.BeginDevice(t.Context(), grant.Device{ID: grant.DeviceID("code"), Client: "lanyard"})
	if err == nil {
		err = d.grants.DecideDevice(t.Context(), one.ID, "alice", noon)
	}
	if err == nil {
		d.session, d.refresh, err = d.grants.RedeemDevice(t.Context(), "code", "lanyard", grant.Origin{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// knock asks with an access token of the session; change spoils its claims.
func (d *door) knock(change ...func(*bearer.Claims)) (Passed, error) {
	d.Helper()
	return d.gate.Check(d.request(change...))
}

// looking is a knock that is no use.
func (d *door) looking() (Passed, error) { return d.gate.Look(d.request()) }

func (d *door) request(change ...func(*bearer.Claims)) *http.Request {
	d.Helper()
	c := bearer.Claims{
		Issuer: issuer, Subject: "alice", Audience: []string{issuer}, IssuedAt: d.now.Unix(), Expires: d.now.Add(bearer.Life).Unix(),
		ID: "1", Session: d.session.ID, Generation: d.session.Refresh.Generation, Client: "lanyard", Scope: "openid",
	}
	for _, f := range change {
		f(&c)
	}
	raw, err := bearer.Sign(oneKey().OAuth(), c)
	if err != nil {
		d.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(d.Context())
	r.Header.Set("Authorization", "Bearer "+raw)
	return r
}

func TestPasses(t *testing.T) {
	d := newDoor(t)
	p, err := d.knock()
	if err != nil || p.Account.Name != "alice" || p.Session.ID != d.session.ID || p.Claims.Scope != "openid" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*door) error
		change func(*bearer.Claims)
		want   error
	}{
		"signed out":              {before: func(d *door) error { return d.grants.End(d.Context(), d.session.ID, grant.WhySignedOut) }, want: grant.ErrEnded},
		"never claimed":           {before: func(d *door) error { d.now = d.now.Add(10 * time.Minute); return nil }, want: grant.ErrEnded},
		"idle":                    {before: func(d *door) error { _, err := d.knock(); d.now = d.now.Add(30 * 24 * time.Hour); return err }, want: grant.ErrEnded},
		"account disabled":        {before: func(d *door) error { return d.accounts.SetDisabled(d.Context(), "alice", true) }, want: account.ErrDisabled},
		"unknown session":         {change: func(c *bearer.Claims) { c.Session = "x" }, want: grant.ErrNotFound},
		"another's session":       {change: func(c *bearer.Claims) { c.Subject = "admin" }, want: bearer.ErrInvalid},
		"another client's":        {change: func(c *bearer.Claims) { c.Client = "x" }, want: bearer.ErrInvalid},
		"token past its time":     {change: func(c *bearer.Claims) { c.IssuedAt -= 600; c.Expires -= 600 }, want: bearer.ErrInvalid},
		"token of another issuer": {change: func(c *bearer.Claims) { c.Issuer = "http://localhost:8461" }, want: bearer.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			if c.before != nil {
				if err := c.before(d); err != nil {
					t.Fatal(err)
				}
			}
			if c.change == nil {
				c.change = func(*bearer.Claims) {}
			}
			p, err := d.knock(c.change)
			if !errors.Is(err, ErrRefused) || !errors.Is(err, c.want) || p.Account.ID != "" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	d := newDoor(t)
	if _, err := d.gate.Check(httptest.NewRequest(http.MethodGet, "/", nil)); !errors.Is(err, ErrRefused) || !errors.Is(err, bearer.ErrMissing) {
		t.Errorf("no token: %v", err)
	}
}

// When the store fails nobody passes, and nobody is told they are signed out.
func TestAStoreThatFails(t *testing.T) {
	d := newDoor(t)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if p, err := d.knock(); err == nil || errors.Is(err, ErrRefused) || p.Account.ID != "" {
		t.Errorf("%+v, %v", p, err)
	}
	d = newDoor(t)
	d.gate.Sessions = unclaimable{d.grants}
	if p, err := d.knock(); err == nil || errors.Is(err, ErrRefused) || p.Account.ID != "" {
		t.Errorf("the first use was not written: %+v, %v", p, err)
	}
}

type unclaimable struct{ *grant.Service }

func (unclaimable) Used(context.Context, grant.Session, int) error { return errors.New("disk full") }

// A use of an access token counts as a use of the refresh token it came with.
func TestNotesTheUse(t *testing.T) {
	d := newDoor(t)
	if _, err := d.knock(); err != nil {
		t.Fatal(err)
	}
	before := d.refresh
	var err error
	if d.session, d.refresh, err = d.grants.Refresh(t.Context(), before, "lanyard"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.knock(); err != nil {
		t.Fatal(err)
	}
	one, err := d.grants.Live(t.Context(), d.session.ID)
	if err != nil || !one.Refresh.CurrentUsed || !one.LastUsed.Equal(d.now) {
		t.Errorf("session %+v, %v", one, err)
	}
	d.now = d.now.Add(time.Minute) // the predecessor has had its time
	if _, _, err := d.grants.Refresh(t.Context(), before, "lanyard"); !errors.Is(err, grant.ErrUsed) {
		t.Errorf("got %v", err)
	}
	if _, err := d.knock(); !errors.Is(err, grant.ErrEnded) {
		t.Errorf("after reuse: %v", err)
	}
}

// A look is no use: whoever only looks does not keep a session alive, and
// whoever was let in is asked once more before a late answer.
func TestLook(t *testing.T) {
	d := newDoor(t)
	if _, err := d.knock(); err != nil { // claims the session
		t.Fatal(err)
	}
	used := d.used()
	d.now = d.now.Add(time.Minute)
	p, err := d.looking()
	if err != nil || p.Account.ID != "alice" || p.Person() != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	if !d.used().Equal(used) {
		t.Error("a look is a use")
	}
	d.now = d.now.Add(bearer.Life) // the access token is over, the session is not
	if err := d.gate.Still(t.Context(), p); err != nil {
		t.Error(err)
	}
	if err := d.accounts.SetDisabled(t.Context(), "alice", true); err != nil {
		t.Fatal(err)
	}
	if err := d.gate.Still(t.Context(), p); !errors.Is(err, ErrRefused) || !errors.Is(err, account.ErrDisabled) {
		t.Errorf("disabled: %v", err)
	}
	if err := d.accounts.SetDisabled(t.Context(), "alice", false); err != nil {
		t.Fatal(err)
	}
	if err := d.grants.End(t.Context(), d.session.ID, grant.WhySignedOut); err != nil {
		t.Fatal(err)
	}
	if err := d.gate.Still(t.Context(), p); !errors.Is(err, ErrRefused) || !errors.Is(err, grant.ErrEnded) {
		t.Errorf("ended: %v", err)
	}
}

func (d *door) used() time.Time {
	d.Helper()
	s, err := d.grants.Live(d.Context(), d.session.ID)
	if err != nil {
		d.Fatal(err)
	}
	return s.LastUsed
}
