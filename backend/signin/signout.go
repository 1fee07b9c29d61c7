package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
)

// Receipt says what a sign-out did, and what is still alive.
type Receipt struct {
	Account  Account
	Hosts    []string // registries that are signed out
	LastFour string   // of the token that is gone; "" if there was none
	// Removed: the keychain verifiably has neither token nor session.
	Removed bool
	// Revoked: the service ended the session.
	Revoked bool
	// Refused: the service was asked with the old token and said no.
	Refused bool
	// Pending says why the service does not know yet; the next command that
	// reaches it tells it, if there was a session to end. nil: it knows.
	Pending error
	// Alive says what goes on being valid at Docker Hub, and where it is ended.
	Alive []string
	// Tools says why docker's configuration was not put back; nil: it was.
	Tools error
}

// SignOut ends an account's session here and at the service, and proves it.
// Here first: from its first write on no tool gets the token, and whatever
// cuts this off, the next Expire and Recover carry it through. A service that
// cannot be reached is told later (Receipt.Pending). A keychain that does not
// open is an error, and the sign-out is carried through once it does.
// ErrStillAccepted: it is removed here all the same, and the service still
// takes the token.
func (c *Computer) SignOut(ctx context.Context, a Account) (Receipt, error) {
	r := Receipt{Account: a}
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return r, err
	}
	defer unlock()
	if r.Hosts, err = c.Hosts(a); err != nil {
		return r, err
	}
	if err := c.leave(a); err != nil {
		return r, err
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return r, fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	r.LastFour = lastFour(token.Secret.Reveal())
	session, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return r, fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	if atHub(a) {
		r.Alive = c.leaveHub(ctx, a, session, token, &r)
	} else {
		r.Pending = c.revoke(ctx, a, session, token, &r)
	}
	if r.Pending != nil && session.Refresh != "" {
		if err := c.putRevocation(ctx, a, session); err != nil {
			return r, fmt.Errorf("keep the sign-out for later: %w", err)
		}
	}
	// The entries go last: as long as there is one, a start that finds this cut
	// off carries it through.
	r.Tools = c.takeDown(ctx, r.Hosts)
	if err := c.forget(ctx, a, standing.SignedOut); err != nil {
		return r, err
	}
	r.Removed = true
	if errors.Is(r.Pending, ErrStillAccepted) {
		return r, r.Pending
	}
	return r, nil
}

// leave journals a sign-out: no tool may use the token while it dies, and the
// session is kept until the service has been told, or can be.
func (c *Computer) leave(a Account) error {
	now := c.now()
	return c.state().Update(func(s *machine.State) error {
		s.Bury(keychain.TokenName(a.Server, a.Name), now)
		delete(s.Endings, keychain.SessionName(a.Server, a.Name))
		s.End(keychain.SessionName(a.Server, a.Name), string(standing.SignedOut), nil, now)
		for _, host := range hostsOf(*s, a) {
			delete(s.Registries, host)
		}
		return nil
	})
}

// revoke ends the session at the service and asks it with the old token.
func (c *Computer) revoke(ctx context.Context, a Account, session keychain.Session, token keychain.Token, r *Receipt) error {
	server, err := c.open(ctx, a.Server)
	if err != nil {
		return err
	}
	if session.Refresh != "" {
		if err := server.Revoke(ctx, session.Refresh.Reveal()); err != nil {
			return err
		}
		r.Revoked = true
	}
	if token.Secret == "" {
		return nil
	}
	alive, err := server.Accepts(ctx, token.Username, token.Secret.Reveal())
	switch {
	case err != nil && r.Revoked:
		return nil // it was told; the proof alone is missing
	case err != nil:
		return err
	case alive && !r.Revoked:
		return fmt.Errorf("%w: %s: its session is not in the keychain, so it could not be ended from here; delete the token …%s there", ErrStillAccepted, a.Server, r.LastFour)
	case alive:
		return fmt.Errorf("%w: %s", ErrStillAccepted, a.Server)
	}
	r.Refused = true
	return nil
}

// takeDown puts docker's configuration back for hosts that nobody serves now.
func (c *Computer) takeDown(ctx context.Context, hosts []string) error {
	if c.Docker == nil || len(hosts) == 0 {
		return nil
	}
	state, err := c.state().Load()
	if err != nil {
		return err
	}
	var idle []string
	for _, host := range hosts {
		if _, served := state.Registries[host]; !served {
			idle = append(idle, host)
		}
	}
	return c.Docker.TakeDown(ctx, idle)
}

// Status is what is known of an account here.
type Status struct {
	Account  Account
	Hosts    []string
	LastFour string // "" if the keychain has no token for it
	TokenID  string // its id at the service
	Life     machine.Life
	// Off are those of Hosts that a tool logged out of (docker logout).
	Off []string
	// Session is what the service says; nil with Offline set if it was not
	// reached.
	Session *client.Session
	Offline error
	// At is when it was looked at, Mark the latest time known to have been.
	At, Mark time.Time
	// Skew is how far the service's clock is ahead of this computer's; zero:
	// not asked, or not by more than a minute.
	Skew time.Duration
}

// Look tells the state of an account: from the keychain, and, if ask is set,
// from the service. client.ErrEnded if that says that the session is over;
// what was here of it is removed then.
func (c *Computer) Look(ctx context.Context, a Account, ask bool) (Status, error) {
	if !ask {
		return c.LookWith(ctx, a, nil)
	}
	return c.LookWith(ctx, a, c.Access)
}

// LookWith is Look for a program that runs on and keeps its access token for
// the minutes it lives: access says how the service is asked; nil: not at all.
func (c *Computer) LookWith(ctx context.Context, a Account, access func(context.Context, Account) (Access, error)) (Status, error) {
	st := Status{Account: a, At: c.now()}
	state, err := c.state().Load()
	if err != nil {
		return st, err
	}
	st.Hosts, st.Mark = hostsOf(state, a), state.HighWater
	for _, host := range st.Hosts {
		if state.Registries[host].Off {
			st.Off = append(st.Off, host)
		}
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	switch {
	case err == nil:
		st.Life = state.Life(keychain.TokenName(a.Server, a.Name), token.Ends, token.Idle)
		st.LastFour, st.TokenID = lastFour(token.Secret.Reveal()), token.UUID
	case !errors.Is(err, keychain.ErrNotFound):
		return st, err
	}
	if access == nil || atHub(a) { // Docker Hub knows of no session; it ends by this computer's clock
		return st, nil
	}
	session, date, err := ask(ctx, a, access)
	if errors.Is(err, client.ErrUnreachable) || errors.Is(err, client.ErrServer) || errors.Is(err, client.ErrTooNew) {
		st.Offline = err
		return st, nil
	}
	if err != nil {
		return st, err
	}
	st.Session, st.At = &session, c.now()
	if skew := date.Sub(st.At.Round(0)); !date.IsZero() && skew.Abs() > time.Minute {
		st.Skew = skew.Round(time.Second)
	}
	return st, nil
}

// ask returns what the service says, and the time by its clock.
func ask(ctx context.Context, a Account, access func(context.Context, Account) (Access, error)) (client.Session, time.Time, error) {
	got, err := access(ctx, a)
	if err != nil {
		return client.Session{}, time.Time{}, err
	}
	session, err := got.Server.Session(ctx, got.Token)
	return session, got.Server.Date(), err
}
