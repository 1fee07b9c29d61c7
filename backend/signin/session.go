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
	"lanyard/backend/standing"
)

// Access is a signed-in account, ready to ask its server.
type Access struct {
	Account Account
	Server  *client.Server
	Token   string    // access token; never kept on disk
	Got     time.Time // when it was given
	Expires time.Time // when it is over, minutes after it was given; zero: unknown
}

// String hides the token.
func (Access) String() string { return "***" }

// GoString hides it from %#v.
func (Access) GoString() string { return "***" }

// Fresh says whether the access token is worth showing at now: it has a minute
// left, by a clock that did not go back since. One whose end is unknown is
// never fresh. The service's clock plays no part, as it says how long the
// token lives and not until when.
func (a Access) Fresh(now time.Time) bool {
	now = now.Round(0)
	return !a.Expires.IsZero() && !now.Before(a.Got.Round(0)) && a.Expires.Round(0).After(now.Add(time.Minute))
}

// Access refreshes the session of an account. Only one program at a time
// does, and the successor lies in the keychain before anything is asked with
// it, so a crash leaves a refresh token that the service still takes. When
// the session has ended, what is here of it is removed: client.ErrEnded.
func (c *Computer) Access(ctx context.Context, a Account) (Access, error) {
	if atHub(a) {
		return c.hubAccess(ctx, a)
	}
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
	return c.rotate(ctx, server, a)
}

// rotate is access for whoever holds the lock.
func (c *Computer) rotate(ctx context.Context, server *client.Server, a Account) (Access, error) {
	state, err := c.state().Load()
	if err != nil {
		return Access{}, err
	}
	name := keychain.SessionName(a.Server, a.Name)
	gone := fmt.Errorf("%w: %s", ErrNotSignedIn, a)
	if state.Buried(name) || leaving(state, a) {
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
		return Access{}, errors.Join(err, c.endedThere(ctx, server, a, entry, err))
	}
	if err != nil {
		return Access{}, err
	}
	entry.Refresh = keychain.Secret(grant.Refresh)
	now := c.now()
	err = c.state().Update(func(s *machine.State) error {
		if s.Buried(name) { // the helper found it to be over
			return gone
		}
		if err := c.Keychain.PutSession(ctx, a.Server, a.Name, entry); err != nil {
			return fmt.Errorf("keep the session: %w", err)
		}
		s.Heard(keychain.TokenName(a.Server, a.Name), now, server.Date())
		s.Heard(name, now, server.Date())
		return nil
	})
	if err != nil {
		return Access{}, err
	}
	return Access{Account: a, Server: server, Token: grant.Access, Got: now, Expires: grant.Expires}, nil
}

// endedThere removes what is here of a session that the service says is over.
// That of a disabled account would come back with the account, and nobody here
// would know of it: so it is ended now.
func (c *Computer) endedThere(ctx context.Context, server *client.Server, a Account, session keychain.Session, why error) error {
	became := became(why)
	if became == standing.Disabled {
		if err := server.Revoke(ctx, session.Refresh.Reveal()); err != nil {
			if err := c.putRevocation(ctx, a, session); err != nil {
				return err
			}
		}
	}
	return c.forget(ctx, a, became)
}

// became is the state of an account after the service said that its session
// has ended.
func became(err error) standing.State {
	reason := ""
	var ended *client.Ended
	if errors.As(err, &ended) {
		reason = ended.Reason
	}
	state, _ := standing.Active.Next(standing.Said(reason))
	return state
}

// leaving says whether a sign-out of the account was begun and is to be
// carried through: its token is buried, its session is kept to be ended with.
func leaving(state machine.State, a Account) bool {
	return state.Endings[keychain.SessionName(a.Server, a.Name)].State == string(standing.SignedOut)
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
	_, _, err = c.hold(ctx, access.Account, tokenEntry(access.Account, made, access.Server), nil, hosts, func(string) {})
	return err
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
	if c.Docker != nil {
		failed = c.Docker.Tidy()
	}
	for _, a := range known(state) {
		ended, err := c.over(ctx, state, a)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if ended == "" {
			continue
		}
		if ended != standing.SignedOut {
			over = append(over, a)
		} else { // a sign-out that was cut off
			failed = errors.Join(failed, c.takeDown(ctx, state.HostsOf(a.Server)))
		}
		failed = errors.Join(failed, c.forget(ctx, a, ended))
	}
	return over, errors.Join(failed, c.state().Sweep(func(name string) error { return c.Keychain.Delete(ctx, name) }))
}

// over says how an account's session has ended here, whoever noticed first;
// "" if it has not. A token that somebody took out of the keychain by hand is
// such an end. Of that, and of a sign-out that was cut off, the service learns
// by the next Recover.
func (c *Computer) over(ctx context.Context, state machine.State, a Account) (standing.State, error) {
	name, sessionName := keychain.TokenName(a.Server, a.Name), keychain.SessionName(a.Server, a.Name)
	ending := standing.Expired
	if known, ok := state.Endings[sessionName]; ok {
		ending = standing.State(known.State)
	}
	buried := state.Buried(name) || state.Buried(sessionName)
	if buried && ending != standing.SignedOut {
		return ending, nil
	}
	if !buried {
		token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
		if err == nil {
			if state.Over(name, token.Ends, token.Idle, c.now()) {
				return ending, nil
			}
			return "", nil
		}
		if !errors.Is(err, keychain.ErrNotFound) {
			return "", err
		}
	}
	session, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) || err == nil && atHub(a) { // Docker Hub cannot be told later
		return ending, nil
	}
	if err != nil {
		return "", err
	}
	return ending, c.putRevocation(ctx, a, session)
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
// its session. ended is how it came to that, and is told until the next
// sign-in, but for a sign-out. Whoever calls it holds the lock "refresh", so
// that none of it is written anew meanwhile.
//
// The removal is a journaled intention: from the first write on nobody serves
// the entries, and it is retried until the keychain verifiably has none.
func (c *Computer) forget(ctx context.Context, a Account, ended standing.State) error {
	session := keychain.SessionName(a.Server, a.Name)
	names := []string{keychain.TokenName(a.Server, a.Name), session}
	now := c.now()
	err := c.state().Update(func(s *machine.State) error {
		s.End(session, string(ended), hostsOf(*s, a), now)
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
		if leaving(*s, a) { // nobody needs to be told
			delete(s.Endings, session)
		}
		return nil
	})
	return errors.Join(failed, err)
}

// forgetAlone is forget for whoever does not hold the lock.
func (c *Computer) forgetAlone(ctx context.Context, a Account, ended standing.State) error {
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return err
	}
	defer unlock()
	return c.forget(ctx, a, ended)
}
