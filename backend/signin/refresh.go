package signin

import (
	"context"
	"errors"
	"fmt"

	"lanyard/backend/keychain"
)

// Refresh refreshes in the background what is due (machine.State.RefreshDue):
// every session of which the service was not heard for a third of its idle
// period. It returns those that it refreshed. One that another program is at
// work on, or has just refreshed, is left to it; of one that has ended, what
// is here is removed.
func (c *Computer) Refresh(ctx context.Context) ([]Account, error) {
	accounts, err := c.Accounts()
	if err != nil {
		return nil, err
	}
	var done []Account
	var failed error
	for _, a := range accounts {
		did, err := c.refresh(ctx, a)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("refresh %s: %w", a, err))
		}
		if did {
			done = append(done, a)
		}
	}
	return done, failed
}

// refresh asks under the lock whether it is due: of several programs that
// begin together one does it, and the others find it done.
func (c *Computer) refresh(ctx context.Context, a Account) (bool, error) {
	if due, err := c.due(ctx, a); err != nil || !due { // most often: no lock, no network
		return false, err
	}
	server, err := c.open(ctx, a.Server)
	if err != nil {
		return false, err
	}
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if errors.Is(err, ErrBusy) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer unlock()
	due, err := c.due(ctx, a)
	if err != nil || !due {
		return false, err
	}
	if _, err = c.rotate(ctx, server, a); errors.Is(err, ErrNotSignedIn) {
		return false, nil // signed out meanwhile
	}
	return err == nil, err
}

func (c *Computer) due(ctx context.Context, a Account) (bool, error) {
	state, err := c.state().Load()
	if err != nil {
		return false, err
	}
	name := keychain.SessionName(a.Server, a.Name)
	if leaving(state, a) || atHub(a) {
		return false, nil
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return false, nil // Expire's
	}
	if err != nil {
		return false, err
	}
	life := state.Life(keychain.TokenName(a.Server, a.Name), token.Ends, token.Idle)
	return state.RefreshDue(name, life, c.now()), nil
}

// Tidied is what Tidy did.
type Tidied struct {
	Expired   []Account // past their end; removed from this computer
	Settled   []Settled
	Refreshed []Account
}

// Tidy does all that is to be done when nobody asks for anything: what is past
// its end goes, what was cut off is finished, what is due is refreshed. It
// prompts for nothing. Each part is tried whatever becomes of the others.
func (c *Computer) Tidy(ctx context.Context) (Tidied, error) {
	var t Tidied
	var expire, settle, refresh error
	t.Expired, expire = c.Expire(ctx)
	t.Settled, settle = c.Settle(ctx)
	t.Refreshed, refresh = c.Refresh(ctx)
	return t, errors.Join(expire, settle, refresh)
}
