package signin

import (
	"context"
	"slices"
	"strings"
	"time"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Revocation is a sign-out that the service is still to be told of.
type Revocation struct {
	Account Account
	Since   time.Time
}

// Pending lists them, the oldest first. It opens no keychain.
func (c *Computer) Pending() ([]Revocation, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	var all []Revocation
	for name, e := range state.Entries {
		if strings.HasPrefix(name, keychain.Pendings.Prefix()) && e.Server != "" {
			all = append(all, Revocation{Account{e.Server, e.Username}, e.Touched})
		}
	}
	for _, a := range known(state) { // begun, and the keychain did not open
		if leaving(state, a) {
			all = append(all, Revocation{a, state.Endings[keychain.SessionName(a.Server, a.Name)].At})
		}
	}
	slices.SortFunc(all, func(a, b Revocation) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Account.String(), b.Account.String())
	})
	return all, nil
}

// putRevocation keeps what is needed to end a session at its service.
func (c *Computer) putRevocation(ctx context.Context, a Account, session keychain.Session) error {
	p := keychain.Pending{Server: a.Server, Refresh: session.Refresh}
	return c.putPendingOf(ctx, newPending(), p, machine.Entry{Server: a.Server, Username: a.Name, Touched: c.now().Round(0).UTC().Truncate(time.Microsecond)})
}
