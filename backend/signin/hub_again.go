package signin

import (
	"context"
	"errors"

	"lanyard/backend/keychain"
)

// kept is what the keychain has of an account at Docker Hub; the zero value:
// nothing.
type kept struct {
	token   keychain.Token
	session keychain.Session
}

func (c *Computer) hubKept(ctx context.Context, a Account) (k kept, err error) {
	k.token, err = c.Keychain.GetToken(ctx, a.Server, a.Name)
	if err == nil {
		k.session, err = c.Keychain.GetSession(ctx, a.Server, a.Name)
	}
	if errors.Is(err, keychain.ErrNotFound) {
		err = nil
	}
	return k, err
}

// putBack makes the keychain as it was before a sign-in that could not be
// kept: an earlier one goes on. Where that cannot be, nothing is left that
// answers tools with a token that is dead.
func (c *Computer) putBack(ctx context.Context, a Account, before kept) error {
	if before.token.Secret == "" {
		return c.forgetAlone(ctx, a, "")
	}
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := c.hubKept(ctx, a)
	if err != nil || now == before { // what cannot be read was not written
		return nil
	}
	err = c.Keychain.PutToken(ctx, a.Server, a.Name, before.token)
	if err == nil && before.session != (keychain.Session{}) {
		err = c.Keychain.PutSession(ctx, a.Server, a.Name, before.session)
	}
	if err != nil {
		return errors.Join(err, c.forget(ctx, a, ""))
	}
	return nil
}

// leaveEarlier ends an earlier sign-in of the account at Docker Hub: its token
// with the access of the one that took its place, and docker's session by
// docker. It returns what goes on being valid.
func (h Hub) leaveEarlier(ctx context.Context, a Account, before kept, session keychain.Session) []string {
	if before.token.Secret == "" {
		return nil
	}
	far, cancel := context.WithTimeout(ctx, undoWithin)
	defer cancel()
	old := before.session
	old.Access, old.AccessEnds = session.Access, session.AccessEnds
	return h.leave(far, a, old, before.token, &Receipt{})
}
