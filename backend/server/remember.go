package server

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
)

// remembering is a store that notes in the activity of an account what became
// of the account and its sessions, right after the commit: here, so that no
// surface can forget it. What befalls a token is noted in its own transaction
// (token.Holding.Acts).
type remembering struct {
	Store
	now func() time.Time
	log *slog.Logger
}

func (m remembering) note(ctx context.Context, events ...activity.Event) {
	if len(events) == 0 {
		return
	}
	// The act is done; the caller is not told that its record failed.
	if err := m.AddEvents(context.WithoutCancel(ctx), events); err != nil {
		m.log.ErrorContext(ctx, "activity was not noted", "action", events[0].Action, "account", events[0].Account, "err", err)
	}
}

// by is who asks; the account itself where the surface named nobody else.
func (m remembering) by(ctx context.Context, a account.Account) activity.By {
	by := activity.Asking(ctx)
	if by.Name == "" {
		by.Account, by.Name = a.ID, a.Name
	}
	return by
}

// CreateAccount keeps an account, see account.Store.
func (m remembering) CreateAccount(ctx context.Context, a account.Account, first bool) error {
	err := m.Store.CreateAccount(ctx, a, first)
	if err == nil {
		m.note(ctx, activity.New(a.ID, activity.AccountCreated, m.by(ctx, a), m.now()))
	}
	return err
}

// ChangeAccount changes an account, see account.Store.
func (m remembering) ChangeAccount(ctx context.Context, id string, fn func(account.Account, bool) (account.Account, error)) error {
	var before, after account.Account
	err := m.Store.ChangeAccount(ctx, id, func(a account.Account, others bool) (account.Account, error) {
		next, err := fn(a, others)
		before, after = a, next
		return next, err
	})
	if err == nil {
		m.note(ctx, befell(before, after, m.by(ctx, after), m.now())...)
	}
	return err
}

// befell is what became of an account.
func befell(before, after account.Account, by activity.By, now time.Time) (all []activity.Event) {
	add := func(action activity.Action, what string) {
		e := activity.New(after.ID, action, by, now)
		if what != "" {
			e = e.With("what", what)
		}
		all = append(all, e)
	}
	if before.Password != after.Password && sameUntil(before, after) {
		add(activity.AccountPassword, "")
	}
	if before.Disabled != after.Disabled {
		if after.Disabled {
			add(activity.AccountDisabled, "")
		} else {
			add(activity.AccountEnabled, "")
		}
	}
	was, is := before.Factors, after.Factors
	switch {
	case !bytes.Equal(was.TOTP.Seed, is.TOTP.Seed) && is.TOTP.Set():
		add(activity.AccountFactor, "an authenticator app was set up")
	case was.TOTP.Set() && !is.TOTP.Set():
		add(activity.AccountFactor, "the authenticator app was taken away")
	}
	switch {
	case len(is.Passkeys) > len(was.Passkeys):
		add(activity.AccountFactor, "a passkey was added")
	case len(is.Passkeys) < len(was.Passkeys):
		add(activity.AccountFactor, "a passkey was taken away")
	}
	switch {
	case len(is.Recovery) == len(was.Recovery)-1:
		add(activity.AccountFactor, "a recovery code was used")
	case len(is.Recovery) > 0 && len(was.Recovery) > 0 && !bytes.Equal(is.Recovery[0], was.Recovery[0]):
		add(activity.AccountFactor, "new recovery codes were made")
	}
	return all
}

// sameUntil tells a password that was changed from one that was hashed anew at
// a sign-in: only the first voids earlier sign-ins.
func sameUntil(before, after account.Account) bool {
	return !before.SignedOutAt.Equal(after.SignedOutAt)
}

// began notes a session that was born.
func (m remembering) began(ctx context.Context, s grant.Session) {
	if s.ID == "" {
		return
	}
	e := activity.New(s.Account, activity.SessionBegan, m.owner(ctx, s), m.now()).Of(s.ID, s.Client)
	if s.From != grant.FromPerson {
		e = e.With("from", string(s.From))
	}
	m.note(ctx, e)
}

// owner is whose session it is, from where it was made.
func (m remembering) owner(ctx context.Context, s grant.Session) activity.By {
	by := activity.By{Account: s.Account, Addr: s.Addr, Agent: s.Agent}
	if a, err := m.Account(ctx, s.Account); err == nil {
		by.Name = a.Name
	}
	return by
}

// PutSession keeps a session, see grant.Sessions.
func (m remembering) PutSession(ctx context.Context, s grant.Session) error {
	err := m.Store.PutSession(ctx, s)
	if err == nil {
		m.began(ctx, s)
	}
	return err
}

// RedeemRequest makes a session of a code, see grant.Sessions.
func (m remembering) RedeemRequest(ctx context.Context, code [32]byte, fn func(grant.Request) (grant.Request, grant.Session, error)) error {
	var born grant.Session
	err := m.Store.RedeemRequest(ctx, code, func(r grant.Request) (grant.Request, grant.Session, error) {
		r, s, err := fn(r)
		born = s
		return r, s, err
	})
	if err == nil {
		m.began(ctx, born)
	}
	return err
}

// RedeemDevice makes a session of a device, see grant.Sessions: a sign-in of a
// computer that the person need not sit at.
func (m remembering) RedeemDevice(ctx context.Context, id [32]byte, fn func(grant.Device) (grant.Device, grant.Session, error)) error {
	var born grant.Session
	err := m.Store.RedeemDevice(ctx, id, func(d grant.Device) (grant.Device, grant.Session, error) {
		d, s, err := fn(d)
		born = s
		return d, s, err
	})
	if err == nil && born.ID != "" {
		m.note(ctx, activity.New(born.Account, activity.SignInPassed, m.owner(ctx, born), m.now()).With("by", "device code"))
		m.began(ctx, born)
	}
	return err
}

// ChangeSession changes a session, see grant.Sessions.
func (m remembering) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	var before, after grant.Session
	err := m.Store.ChangeSession(ctx, id, func(s grant.Session) (grant.Session, error) {
		next, err := fn(s)
		before, after = s, next
		return next, err
	})
	if err == nil && before.EndedAt.IsZero() && !after.EndedAt.IsZero() {
		by := activity.Asking(ctx)
		if a, failed := m.Account(ctx, after.Account); failed == nil && after.Why == grant.WhySignedOut {
			by = m.by(ctx, a)
		}
		m.note(ctx, activity.New(after.Account, activity.SessionEnded, by, m.now()).Of(after.ID, after.Client).With("why", after.Why))
	}
	return err
}

// fromWhere notes where a request comes from, for what is remembered of it.
func fromWhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		next.ServeHTTP(w, r.WithContext(activity.With(r.Context(), activity.By{Addr: host, Agent: r.UserAgent()})))
	})
}

// operator is who reaches the service's own socket.
func operator(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(activity.With(r.Context(), activity.By{Name: "the service's own computer"})))
	})
}
