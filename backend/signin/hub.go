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

// Docker Hub ends no session for us, so a session there is this computer's own
// and lives as long as one of a Lanyard server does unless told otherwise.
const (
	hubSession = 90 * 24 * time.Hour
	hubIdle    = 30 * 24 * time.Hour
)

// The ways of signing in to Docker Hub: the session_id of a session there.
const (
	hubByDocker   = "docker"
	hubByPassword = "password"
	hubByDevice   = "device"
)

// HubPage is where people see and delete their tokens at Docker Hub.
const HubPage = "https://app.docker.com/settings/personal-access-tokens"

func atHub(a Account) bool { return a.Server == client.HubURL }

// Hub signs in to Docker Hub, which is no Lanyard server.
type Hub struct {
	Computer *Computer
	Helper   string // path of docker-credential-lanyard
	Env      []string
	// OpenBrowser: docker opens the browser.
	OpenBrowser bool
	// Show tells the person where to go. May be nil.
	Show func(Prompt)
}

// begin keeps other sign-ins away, and finds out whether secrets can be kept.
func (c *Computer) begin(ctx context.Context) (unlock func(), err error) {
	unlock, err = c.lock(ctx, "signin", time.Second)
	if err != nil {
		return nil, err
	}
	if err := c.ready(ctx); err != nil {
		unlock()
		return nil, fmt.Errorf("nothing was begun: %w", err)
	}
	return unlock, nil
}

// ByPassword signs in with name and password, and code is asked for where the
// account has a second factor. It makes a token for this computer, labelled
// with its name.
func (h Hub) ByPassword(ctx context.Context, username string, password keychain.Secret, code func() (string, error)) (Result, error) {
	c := h.Computer
	unlock, err := c.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	server := client.Hub(c.Transport)
	got, err := server.HubPassword(ctx, username, password.Reveal())
	var second *client.SecondFactor
	if errors.As(err, &second) {
		var text string
		if text, err = code(); err != nil {
			return Result{}, err
		}
		got, err = server.HubCode(ctx, second, username, text)
	}
	if err != nil {
		return Result{}, err
	}
	return h.make(ctx, server, got, keychain.Session{SessionID: hubByPassword})
}

// ByDevice signs in with a code in the browser, as an OAuth client of the
// person's own (machine.Settings: docker_hub.client_id). Its access can be
// refreshed.
func (h Hub) ByDevice(ctx context.Context, clientID string) (Result, error) {
	c := h.Computer
	unlock, err := c.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	server := client.Hub(c.Transport)
	server.HubClient(clientID)
	d, err := server.HubDevice(ctx)
	if err != nil {
		return Result{}, err
	}
	if h.Show != nil {
		h.Show(Prompt{URL: d.URL, UserCode: d.UserCode, Expires: d.Expires})
	}
	got, refresh, err := server.HubAwait(ctx, d)
	if err != nil {
		return Result{}, err
	}
	return h.make(ctx, server, got, keychain.Session{SessionID: hubByDevice, Refresh: keychain.Secret(refresh)})
}

// make makes this computer's token and keeps it.
func (h Hub) make(ctx context.Context, server *client.Server, got client.HubAccess, session keychain.Session) (Result, error) {
	c := h.Computer
	if err := checkUsername(got.Username); err != nil {
		return Result{}, err
	}
	m, err := c.Machine()
	if err != nil {
		return Result{}, err
	}
	made, err := server.Create(ctx, got.Access, client.NewToken{
		Label: hubLabel(m.Machine), Scopes: []string{"repo:admin"}, ExpiresAt: c.now().Add(hubSession).UTC().Format(time.RFC3339),
	})
	if err != nil {
		return Result{}, err
	}
	token := keychain.Token{Username: got.Username, Secret: keychain.Secret(made.Secret), UUID: made.UUID}
	session.Access, session.AccessEnds = keychain.Secret(got.Access), got.Expires
	result, err := h.keep(ctx, token, session)
	if err != nil {
		far, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		err = errors.Join(err, server.Delete(far, got.Access, made.UUID))
	}
	return result, err
}

// hubLabel is at most 100 characters, as Docker Hub takes them.
func hubLabel(machine string) string {
	if runes := []rune(machine); len(runes) > 60 {
		machine = string(runes[:60])
	}
	return "Lanyard on " + machine
}

// keep puts both into the keychain, lets them answer for docker.io, and ends
// what this computer had there before. If they cannot be kept, that stays.
func (h Hub) keep(ctx context.Context, token keychain.Token, session keychain.Session) (Result, error) {
	c, account := h.Computer, Account{client.HubURL, token.Username}
	before, err := c.hubKept(ctx, account)
	if err != nil {
		return Result{}, err
	}
	now := c.now().Round(0).UTC().Truncate(time.Microsecond)
	token.Ends, token.Idle = now.Add(hubSession), hubIdle
	hosts := []string{machine.DockerHub}
	if _, _, err := c.hold(ctx, account, token, &session, hosts, func(string) {}); err != nil {
		near, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		return Result{}, errors.Join(err, c.putBack(near, account, before))
	}
	result := Result{Account: account, Hosts: hosts, LastFour: lastFour(token.Secret.Reveal()), Ends: token.Ends, IdleBy: now.Add(hubIdle)}
	result.Alive = h.leaveEarlier(ctx, account, before, session)
	if c.Docker != nil {
		result.Tools = c.Docker.SetUp(ctx, hosts)
	}
	return result, nil
}
