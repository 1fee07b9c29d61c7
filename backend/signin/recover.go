package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
)

// Settled is something left half done that was finished.
type Settled struct {
	Account Account // whose session was to be ended at the service; zero for a sign-in that was cut off
	Since   time.Time
	// Refused: the service was shown the session once more, and said no.
	Refused bool
}

// SignOut says whether a sign-out was completed, and not a sign-in.
func (s Settled) SignOut() bool { return s.Account != Account{} }

// Recover is Settle for whoever wants no more than the number.
func (c *Computer) Recover(ctx context.Context) (int, error) {
	settled, err := c.Settle(ctx)
	return len(settled), err
}

// Settle finishes what a sign-in or sign-out that was cut off left behind:
// a sign-in whose session is not in the keychain is ended on the service and
// touches no other; one that got that far is completed; a sign-out that could
// not reach the service is carried out. It returns what was settled; if
// another program is signing in, there is nothing to settle yet.
func (c *Computer) Settle(ctx context.Context) ([]Settled, error) {
	unlock, err := c.lock(ctx, "signin", 100*time.Millisecond)
	if errors.Is(err, ErrBusy) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.recover(ctx)
}

// recover is Settle for whoever holds the lock.
func (c *Computer) recover(ctx context.Context) ([]Settled, error) {
	names, err := c.pendings(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for unfinished sign-ins: %w", err)
	}
	var settled []Settled
	var failed error
	for _, name := range names {
		_, parts, err := keychain.ParseName(name)
		if err != nil {
			continue // not written by us
		}
		one, did, err := c.settle(ctx, parts[0])
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if did {
			settled = append(settled, one)
		}
	}
	return settled, failed
}

// pendings are the entries that the keychain lists, and those that were noted
// and may never have been written.
func (c *Computer) pendings(ctx context.Context) ([]string, error) {
	names, err := c.Keychain.List(ctx, keychain.Pendings.Prefix())
	if err != nil {
		return nil, err
	}
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	for name := range state.Entries {
		if strings.HasPrefix(name, keychain.Pendings.Prefix()) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// settle deals with one pending entry; did is false if there is none.
func (c *Computer) settle(ctx context.Context, random string) (one Settled, did bool, err error) {
	state, err := c.state().Load()
	if err != nil {
		return Settled{}, false, err
	}
	note := state.Entries[keychain.PendingName(random)]
	pending, err := c.Keychain.GetPending(ctx, random)
	if errors.Is(err, keychain.ErrNotFound) {
		return Settled{}, false, c.deletePending(ctx, random)
	}
	if err != nil {
		return Settled{}, false, err
	}
	if note.Server == "" {
		err = c.settleAt(ctx, pending)
	} else {
		one = Settled{Account: Account{note.Server, note.Username}, Since: note.Touched}
		one.Refused, err = c.endAt(ctx, pending)
	}
	if err != nil {
		return Settled{}, false, err
	}
	return one, true, c.deletePending(ctx, random)
}

// endAt tells the service of a sign-out, and shows it the session once more:
// refused is the proof that it has ended.
func (c *Computer) endAt(ctx context.Context, pending keychain.Pending) (refused bool, err error) {
	server, err := c.open(ctx, pending.Server)
	if err == nil {
		err = server.Revoke(ctx, pending.Refresh.Reveal())
	}
	if err != nil {
		return false, fmt.Errorf("end a session at %s: %w", pending.Server, err)
	}
	_, err = server.Refresh(ctx, pending.Refresh.Reveal())
	switch {
	case errors.Is(err, client.ErrEnded):
		return true, nil
	case err == nil:
		return false, fmt.Errorf("%w: %s", ErrStillAccepted, pending.Server)
	}
	return false, nil // it was told; the proof alone is missing
}

func (c *Computer) settleAt(ctx context.Context, pending keychain.Pending) error {
	accounts, err := c.entriesAt(ctx, pending.Server)
	if err != nil {
		return err
	}
	server, err := c.open(ctx, pending.Server)
	if err != nil {
		return fmt.Errorf("finish an earlier sign-in at %s: %w", pending.Server, err)
	}
	for _, a := range accounts {
		done, err := c.complete(ctx, server, a, pending)
		if err != nil || done {
			return err
		}
	}
	if err := server.Revoke(ctx, pending.Refresh.Reveal()); err != nil {
		return fmt.Errorf("end an earlier sign-in at %s: %w", pending.Server, err)
	}
	for _, a := range accounts {
		if err := c.dropDead(ctx, server, a); err != nil {
			return err
		}
	}
	return nil
}

// complete is the rest of a sign-in that was cut off after its session lay in
// the keychain: done is false if this account's is another one, has lost its
// token meanwhile, or is being signed out.
func (c *Computer) complete(ctx context.Context, server *client.Server, a Account, pending keychain.Pending) (done bool, err error) {
	state, err := c.state().Load()
	if err != nil {
		return false, err
	}
	if state.Buried(keychain.TokenName(a.Server, a.Name)) || state.Buried(keychain.SessionName(a.Server, a.Name)) {
		return false, nil
	}
	session, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) || err == nil && family(session.Refresh) != family(pending.Refresh) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	alive, err := server.Accepts(ctx, token.Username, token.Secret.Reveal())
	if err != nil || !alive {
		return false, err
	}
	hosts, err := hostsAt(server)
	if err != nil {
		return false, err
	}
	err = c.state().Update(func(s *machine.State) error {
		now := c.now()
		s.Added(keychain.TokenName(a.Server, a.Name), now)
		s.Added(keychain.SessionName(a.Server, a.Name), now)
		hosts, _ = settleClaim(s, a, hosts)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("note the sign-in: %w", err)
	}
	if err := c.setUp(ctx, hosts); err != nil { // as after a sign-in: told, not undone
		c.log().WarnContext(ctx, "the tools are not set up", "err", err)
	}
	return true, nil
}

// dropDead removes an account's entries if its session has ended: it was the
// half-made one, or that one had taken its place. A token that is refused for
// another reason (evicted, deactivated) is no end of its session.
func (c *Computer) dropDead(ctx context.Context, server *client.Server, a Account) error {
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return err
	}
	if err == nil {
		alive, err := server.Accepts(ctx, token.Username, token.Secret.Reveal())
		if err != nil || alive {
			return err
		}
	}
	switch _, err := c.access(ctx, server, a); {
	case errors.Is(err, ErrNotSignedIn):
		return c.forgetAlone(ctx, a, standing.Ended)
	case errors.Is(err, client.ErrEnded):
		return nil // it is forgotten, or buried where the keychain would not let go
	default:
		return err
	}
}

// entriesAt are the accounts of which the keychain, or the index, has a token
// or a session at server.
func (c *Computer) entriesAt(ctx context.Context, server string) ([]Account, error) {
	seen := map[Account]bool{}
	var all []Account
	for _, kind := range []keychain.Kind{keychain.Tokens, keychain.Sessions} {
		names, err := c.Keychain.List(ctx, kind.Prefix())
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			_, parts, err := keychain.ParseName(name)
			if err != nil || parts[0] != server || seen[Account{parts[0], parts[1]}] {
				continue
			}
			a := Account{parts[0], parts[1]}
			seen[a], all = true, append(all, a)
		}
	}
	return all, nil
}
