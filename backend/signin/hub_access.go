package signin

import (
	"context"
	"errors"
	"fmt"
	"os"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
)

// ErrHubAgain: Docker Hub's access has expired, and nothing but a sign-in
// brings a new one.
var ErrHubAgain = errors.New("access to Docker Hub lasts minutes and has expired")

// hubAccess is the access token of the sign-in, while it lives.
func (c *Computer) hubAccess(ctx context.Context, a Account) (Access, error) {
	session, err := c.Keychain.GetSession(ctx, a.Server, a.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		return Access{}, fmt.Errorf("%w: %s", ErrNotSignedIn, a)
	}
	if err != nil {
		return Access{}, err
	}
	now := c.now()
	if !session.AccessEnds.After(now) && session.SessionID == hubByDevice {
		if session, err = c.refreshHub(ctx, a, session); err != nil {
			return Access{}, err
		}
	}
	if session.Access == "" || !session.AccessEnds.After(now) {
		return Access{}, ErrHubAgain
	}
	return Access{Account: a, Server: client.Hub(c.Transport), Token: session.Access.Reveal(), Got: now, Expires: session.AccessEnds}, nil
}

// refreshHub brings a new access token where the sign-in was by a client of the
// person's own; ErrHubAgain if that is not set any more, or Docker ended it.
func (c *Computer) refreshHub(ctx context.Context, a Account, session keychain.Session) (keychain.Session, error) {
	settings, err := c.Dirs.SettingsFile().Load()
	if err != nil {
		return session, err
	}
	if settings.DockerHub.ClientID == "" || session.Refresh == "" {
		return session, ErrHubAgain
	}
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return session, err
	}
	defer unlock()
	if session, err = c.Keychain.GetSession(ctx, a.Server, a.Name); err != nil { // another program may have been first
		return session, err
	}
	if session.AccessEnds.After(c.now()) {
		return session, nil
	}
	server := client.Hub(c.Transport)
	server.HubClient(settings.DockerHub.ClientID)
	got, next, err := server.HubRefresh(ctx, session.Refresh.Reveal())
	if errors.Is(err, client.ErrEnded) {
		return session, ErrHubAgain
	}
	if err != nil {
		return session, err
	}
	session.Refresh, session.Access, session.AccessEnds = keychain.Secret(next), keychain.Secret(got.Access), got.Expires
	return session, c.Keychain.PutSession(ctx, a.Server, a.Name, session)
}

// leaveHub is leave with the helper that lies beside this program.
func (c *Computer) leaveHub(ctx context.Context, a Account, session keychain.Session, token keychain.Token, r *Receipt) []string {
	helper, err := Beside(dockerconfig.Program)
	if err != nil {
		c.log().WarnContext(ctx, "leave Docker Hub", "err", err)
	}
	return Hub{Computer: c, Helper: helper, Env: os.Environ()}.leave(ctx, a, session, token, r)
}

// leave ends at Docker Hub what can be ended from here: the token while the
// access token lives, and the refresh token by docker, whose it is. It returns
// what goes on being valid.
func (h Hub) leave(ctx context.Context, a Account, session keychain.Session, token keychain.Token, r *Receipt) []string {
	var alive []string
	if err := h.Computer.deleteAtHub(ctx, session, token, r); err != nil {
		alive = append(alive, fmt.Sprintf("the token …%s of %s is still valid at Docker Hub (%v); delete it at %s", lastFour(token.Secret.Reveal()), a.Name, err, HubPage))
	}
	if session.SessionID != hubByDocker || session.Refresh == "" {
		return alive
	}
	if err := h.revokeByDocker(ctx, a.Name, session, token); err != nil {
		alive = append(alive, fmt.Sprintf("docker's own session is still valid at Docker Hub, as docker could not end it (%v)", err))
	}
	return alive
}

func (c *Computer) deleteAtHub(ctx context.Context, session keychain.Session, token keychain.Token, r *Receipt) error {
	switch {
	case token.Secret == "":
		return nil
	case token.UUID == "":
		return errors.New("which of the account's tokens it is could not be told")
	case session.Access == "" || !session.AccessEnds.After(c.now()):
		return ErrHubAgain
	}
	err := client.Hub(c.Transport).Delete(ctx, session.Access.Reveal(), token.UUID)
	if err != nil && !errors.Is(err, client.ErrNotFound) {
		return err
	}
	r.Revoked = true
	registry := registryauth.Registry{Host: machine.DockerHub, Transport: c.Transport}
	_, err = registry.Check(ctx, registryauth.Login{Username: token.Username, Secret: token.Secret.Reveal()})
	switch {
	case errors.Is(err, registryauth.ErrRefused):
		r.Refused = true
	case err == nil:
		return errors.New("it was deleted, and the registry still takes it")
	}
	return nil
}

// HubPulls asks Docker Hub how many pulls it leaves to whoever is active there.
// The zero value: nobody is, or it sets no limit.
func (c *Computer) HubPulls(ctx context.Context) (registryauth.Pulls, error) {
	state, err := c.state().Load()
	if err != nil {
		return registryauth.Pulls{}, err
	}
	r, served := state.Registries[machine.DockerHub]
	if !served || r.Off || state.Buried(keychain.TokenName(r.Server, r.Account)) {
		return registryauth.Pulls{}, nil
	}
	token, err := c.Keychain.GetToken(ctx, r.Server, r.Account)
	if err != nil {
		return registryauth.Pulls{}, err
	}
	registry := registryauth.Registry{Host: machine.DockerHub, Transport: c.Transport}
	return registry.PullsLeft(ctx, registryauth.Login{Username: token.Username, Secret: token.Secret.Reveal()}, c.now())
}
