package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Access is a signed-in account, ready to ask its server.
type Access struct {
	Account Account
	Server  *client.Server
	Token   string // access token; minutes; never kept
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
	unlock, err := c.lock(ctx, "refresh", 30*time.Second)
	if err != nil {
		return Access{}, err
	}
	defer unlock()
	entry, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return Access{}, fmt.Errorf("%w: %s", ErrNotSignedIn, a)
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
	if err := c.Keychain.PutSession(ctx, a.Server, a.Name, entry); err != nil {
		return Access{}, fmt.Errorf("keep the session: %w", err)
	}
	now := c.now()
	err = c.state().Update(func(s *machine.State) error {
		s.Touch(keychain.TokenName(a.Server, a.Name), now)
		s.Touch(keychain.SessionName(a.Server, a.Name), now)
		return nil
	})
	if err != nil {
		return Access{}, err
	}
	return Access{Account: a, Server: server, Token: grant.Access}, nil
}

// Regenerate makes this computer's token anew for a session that lost its
// own: the one button after an eviction.
func (c *Computer) Regenerate(ctx context.Context, access Access) error {
	m, err := c.Machine()
	if err != nil {
		return err
	}
	made, err := access.Server.Generate(ctx, access.Token, m)
	if err != nil {
		return err
	}
	a := access.Account
	err = c.Keychain.PutToken(ctx, a.Server, a.Name, keychain.Token{
		Username: a.Name, Secret: keychain.Secret(made.Secret), UUID: made.UUID, Ends: made.SessionEnds,
		Idle: time.Duration(access.Server.Info.Limits.IdleSeconds) * time.Second,
	})
	if err != nil {
		return fmt.Errorf("keep the token in the keychain: %w", err)
	}
	_, err = c.serve(a, access.Server.Info.Registries)
	return err
}

// Expire removes what is past its end on this computer, and retries removals
// that were cut off. It asks nobody but the keychain; a locked one keeps the
// intention for the next time. It returns the accounts that ended.
func (c *Computer) Expire(ctx context.Context) ([]Account, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	var over []Account
	var failed error
	for name := range state.Entries {
		kind, parts, err := keychain.ParseName(name)
		if err != nil || kind != keychain.Tokens {
			continue
		}
		a := Account{parts[0], parts[1]}
		ended := state.Buried(name)
		if !ended {
			token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
			switch {
			case errors.Is(err, keychain.ErrNotFound):
				ended = true // the helper was first, or somebody took it out
			case err != nil:
				failed = errors.Join(failed, err)
				continue
			default:
				ended = state.Over(name, token.Ends, token.Idle, c.now())
			}
		}
		if !ended {
			continue
		}
		over = append(over, a)
		failed = errors.Join(failed, c.forget(ctx, a))
	}
	for name := range state.Tombstones {
		failed = errors.Join(failed, c.remove(ctx, []string{name}))
	}
	return over, failed
}

// forget removes an account from this computer: its registries, its token,
// its session.
func (c *Computer) forget(ctx context.Context, a Account) error {
	err := c.state().Update(func(s *machine.State) error {
		for _, host := range hostsOf(*s, a) {
			delete(s.Registries, host)
		}
		return nil
	})
	return errors.Join(err, c.remove(ctx, []string{keychain.TokenName(a.Server, a.Name), keychain.SessionName(a.Server, a.Name)}))
}

// remove takes entries out of the keychain as a journaled intention: from the
// first write on nobody serves them, and it is retried until the keychain
// verifiably has none.
func (c *Computer) remove(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	now := c.now()
	err := c.state().Update(func(s *machine.State) error {
		for _, name := range names {
			s.Bury(name, now)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note the removal: %w", err)
	}
	var failed error
	var gone []string
	for _, name := range names {
		if err := c.Keychain.Delete(ctx, name); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		gone = append(gone, name)
	}
	err = c.state().Update(func(s *machine.State) error {
		for _, name := range gone {
			s.Gone(name)
		}
		return nil
	})
	return errors.Join(failed, err)
}
