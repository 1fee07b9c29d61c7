package signin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Access is a signed-in account, ready to ask its server.
type Access struct {
	Account Account
	Server  *client.Server
	Token   string    // access token; never kept on disk
	Expires time.Time // when it is over, minutes after it was given; zero: unknown
}

// String hides the token.
func (Access) String() string { return "***" }

// GoString hides it from %#v.
func (Access) GoString() string { return "***" }

// Access refreshes the session of an account. Only one program at a time
// does, and the successor lies in the keychain before anything is asked with
// it, so a crash leaves a refresh token that the service still takes. When
// the session has ended, what is here of it is removed: client.ErrEnded.
func (c *Computer) Access(ctx context.Context, a Account) (Access, error) {
	server, err := c.open(ctx, a.Server)
	if err != nil {
		return Access{}, err
	}
	return c.access(ctx, server, a)
}

func (c *Computer) access(ctx context.Context, server *client.Server, a Account) (Access, error) {
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return Access{}, err
	}
	defer unlock()
	state, err := c.state().Load()
	if err != nil {
		return Access{}, err
	}
	name := keychain.SessionName(a.Server, a.Name)
	gone := fmt.Errorf("%w: %s", ErrNotSignedIn, a)
	if state.Buried(name) {
		return Access{}, gone
	}
	entry, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return Access{}, gone
	}
	if err != nil {
		return Access{}, err
	}
	grant, err := server.Refresh(ctx, entry.Refresh.Reveal())
	if errors.Is(err, client.ErrEnded) {
		return Access{}, errors.Join(err, c.forget(ctx, a))
	}
	if err != nil {
		return Access{}, err
	}
	entry.Refresh = keychain.Secret(grant.Refresh)
	err = c.state().Update(func(s *machine.State) error {
		if s.Buried(name) { // the helper found it to be over
			return gone
		}
		if err := c.Keychain.PutSession(ctx, a.Server, a.Name, entry); err != nil {
			return fmt.Errorf("keep the session: %w", err)
		}
		now := c.now()
		s.Heard(keychain.TokenName(a.Server, a.Name), now, server.Date())
		s.Heard(name, now, server.Date())
		return nil
	})
	if err != nil {
		return Access{}, err
	}
	return Access{Account: a, Server: server, Token: grant.Access, Expires: grant.Expires}, nil
}

// Regenerate makes this computer's token anew for a session that lost its
// own: the one button after an eviction.
func (c *Computer) Regenerate(ctx context.Context, access Access) error {
	m, err := c.Machine()
	if err != nil {
		return err
	}
	hosts, err := hostsAt(access.Server)
	if err != nil {
		return err
	}
	made, err := access.Server.Generate(ctx, access.Token, m)
	if err != nil {
		return err
	}
	return c.hold(ctx, access.Account, tokenEntry(access.Account, made, access.Server), nil, hosts, func(string) {})
}

// Expire removes what is past its end on this computer, and retries removals
// that were cut off. It asks nobody but the keychain; a locked one keeps the
// intention for the next time. It returns the accounts that ended. Where
// another program is at work on a session it is left for the next time, too.
func (c *Computer) Expire(ctx context.Context) ([]Account, error) {
	unlock, err := c.lock(ctx, "refresh", time.Second)
	if errors.Is(err, ErrBusy) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	var over []Account
	var failed error
	for _, a := range known(state) {
		ended, err := c.over(ctx, state, a)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if ended {
			over = append(over, a)
			failed = errors.Join(failed, c.forget(ctx, a))
		}
	}
	return over, errors.Join(failed, c.state().Sweep(func(name string) error { return c.Keychain.Delete(ctx, name) }))
}

// over says whether an account's session has ended here, whoever noticed
// first. A token that somebody took out of the keychain by hand is such an
// end, and then the service learns of it by the next Recover.
func (c *Computer) over(ctx context.Context, state machine.State, a Account) (bool, error) {
	name := keychain.TokenName(a.Server, a.Name)
	if state.Buried(name) || state.Buried(keychain.SessionName(a.Server, a.Name)) {
		return true, nil
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if err == nil {
		return state.Over(name, token.Ends, token.Idle, c.now()), nil
	}
	if !errors.Is(err, keychain.ErrNotFound) {
		return false, err
	}
	session, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, c.putPending(ctx, newPending(), keychain.Pending{Server: a.Server, Refresh: session.Refresh})
}

// known are the accounts of which the state knows anything.
func known(state machine.State) []Account {
	seen := map[Account]bool{}
	for name := range state.Entries {
		kind, parts, err := keychain.ParseName(name)
		if err == nil && (kind == keychain.Tokens || kind == keychain.Sessions) {
			seen[Account{parts[0], parts[1]}] = true
		}
	}
	for _, r := range state.Registries {
		seen[Account{r.Server, r.Account}] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b Account) int {
		return slices.Compare([]string{a.Server, a.Name}, []string{b.Server, b.Name})
	})
}

// forget removes an account from this computer: its registries, its token,
// its session. Whoever calls it holds the lock "refresh", so that none of it
// is written anew meanwhile.
//
// The removal is a journaled intention: from the first write on nobody serves
// the entries, and it is retried until the keychain verifiably has none.
func (c *Computer) forget(ctx context.Context, a Account) error {
	names := []string{keychain.TokenName(a.Server, a.Name), keychain.SessionName(a.Server, a.Name)}
	now := c.now()
	err := c.state().Update(func(s *machine.State) error {
		for _, host := range hostsOf(*s, a) {
			delete(s.Registries, host)
		}
		for _, name := range names {
			s.Bury(name, now)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note the removal: %w", err)
	}
	var failed error
	err = c.state().Update(func(s *machine.State) error {
		for _, name := range names {
			if err := c.Keychain.Delete(ctx, name); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			s.Gone(name)
		}
		return nil
	})
	return errors.Join(failed, err)
}

// forgetAlone is forget for whoever does not hold the lock.
func (c *Computer) forgetAlone(ctx context.Context, a Account) error {
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return err
	}
	defer unlock()
	return c.forget(ctx, a)
}
