package signin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/dockercli"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/handover"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
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

// The keys under which docker stores what it got from Docker Hub.
const (
	hubKey        = "https://index.docker.io/v1/"
	hubAccessKey  = hubKey + "access-token"
	hubRefreshKey = hubKey + "refresh-token"
)

// hubConfig makes docker ask our helper under a name that no other
// configuration has.
const (
	handoverName = "docker-credential-lanyard-handover"
	hubConfig    = `{"credsStore":"lanyard-handover"}`
)

// ErrHubAgain: Docker Hub's access has expired, and nothing but a sign-in
// brings a new one.
var ErrHubAgain = errors.New("access to Docker Hub lasts minutes and has expired")

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

// ByDocker lets the person's own docker sign in, as the client that Docker
// registered, and takes over what it stores. dockercli.ErrNone if there is no
// such docker; nothing has changed then.
func (h Hub) ByDocker(ctx context.Context) (Result, error) {
	c := h.Computer
	unlock, err := c.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	begun := c.now()
	var stored map[string]handover.Credential
	var got client.HubAccess
	err = h.withDocker(ctx, nil, func(d dockercli.Docker, desk *handover.Desk) error {
		err := d.Login(ctx, h.OpenBrowser, func(p dockercli.Prompt) {
			if h.Show != nil {
				h.Show(Prompt{URL: p.URL, UserCode: p.Code})
			}
		})
		if err != nil {
			return err
		}
		stored = desk.Held()
		if got, err = usable(stored); err != nil { // nobody will keep it
			far, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
			defer cancel()
			return errors.Join(err, d.Logout(far))
		}
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	pat := stored[hubKey]
	server := client.Hub(c.Transport)
	token := keychain.Token{Username: pat.Username, Secret: keychain.Secret(pat.Secret), UUID: h.justMade(ctx, server, got.Access, begun)}
	session := keychain.Session{SessionID: hubByDocker, Refresh: keychain.Secret(stored[hubRefreshKey].Secret), Access: keychain.Secret(got.Access), AccessEnds: got.Expires}
	result, err := h.keep(ctx, server, token, session)
	if err != nil { // what was made is unmade, as far as Docker Hub lets us
		r := Receipt{}
		far, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		c.leaveHub(far, Account{client.HubURL, pat.Username}, session, token, &r)
	}
	return result, err
}

// usable says whether what docker stored is a sign-in in the browser.
func usable(stored map[string]handover.Credential) (client.HubAccess, error) {
	pat, access := stored[hubKey], stored[hubAccessKey]
	if pat.Secret == "" || access.Secret == "" {
		return client.HubAccess{}, fmt.Errorf("%w: it stored no token made by a sign-in in the browser", dockercli.ErrFailed)
	}
	if err := checkUsername(pat.Username); err != nil {
		return client.HubAccess{}, fmt.Errorf("docker signed in: %w", err)
	}
	return client.ReadHubAccess(access.Secret)
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
	result, err := h.keep(ctx, server, token, session)
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
// the token that this computer had there before.
func (h Hub) keep(ctx context.Context, server *client.Server, token keychain.Token, session keychain.Session) (Result, error) {
	c, account := h.Computer, Account{client.HubURL, token.Username}
	before, err := c.Keychain.GetToken(ctx, account.Server, account.Name)
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return Result{}, err
	}
	now := c.now().Round(0).UTC().Truncate(time.Microsecond)
	token.Ends, token.Idle = now.Add(hubSession), hubIdle
	hosts := []string{machine.DockerHub}
	if _, _, err := c.hold(ctx, account, token, &session, hosts, func(string) {}); err != nil {
		return Result{}, errors.Join(err, c.forgetAlone(context.WithoutCancel(ctx), account, ""))
	}
	if before.UUID != "" && before.UUID != token.UUID {
		if err := server.Delete(ctx, session.Access.Reveal(), before.UUID); err != nil {
			c.log().WarnContext(ctx, "delete the earlier token at Docker Hub", "err", err)
		}
	}
	result := Result{Account: account, Hosts: hosts, LastFour: lastFour(token.Secret.Reveal()), Ends: token.Ends, IdleBy: now.Add(hubIdle)}
	if c.Docker != nil {
		result.Tools = c.Docker.SetUp(ctx, hosts)
	}
	return result, nil
}

// justMade finds the id of the token that docker had made since begun: it is
// the only one that is generated and as young. "" if that is not certain, for
// one that is not ours is never deleted.
func (h Hub) justMade(ctx context.Context, server *client.Server, access string, begun time.Time) string {
	all, _, err := server.Tokens(ctx, access)
	if err != nil {
		h.Computer.log().WarnContext(ctx, "list the tokens at Docker Hub", "err", err)
		return ""
	}
	here, there := h.Computer.now(), server.Date()
	if !there.IsZero() { // by Docker Hub's clock, which says seconds
		begun = begun.Add(there.Sub(here)).Add(-2 * time.Second)
	}
	all = slices.DeleteFunc(all, func(t client.Token) bool { return t.Source == "manual" || t.CreatedAt.Before(begun) })
	if len(all) != 1 {
		return ""
	}
	return all[0].UUID
}

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

// leaveHub ends at Docker Hub what can be ended from here: the token while the
// access token lives, and the refresh token by docker, whose it is. It returns
// what goes on being valid.
func (c *Computer) leaveHub(ctx context.Context, a Account, session keychain.Session, token keychain.Token, r *Receipt) []string {
	var alive []string
	if err := c.deleteAtHub(ctx, session, token, r); err != nil {
		alive = append(alive, fmt.Sprintf("the token …%s of %s is still valid at Docker Hub (%v); delete it at %s", lastFour(token.Secret.Reveal()), a.Name, err, HubPage))
	}
	if session.SessionID != hubByDocker || session.Refresh == "" {
		return alive
	}
	helper, err := Beside(dockerconfig.Program)
	if err == nil {
		err = Hub{Computer: c, Helper: helper, Env: os.Environ()}.revokeByDocker(ctx, a.Name, session, token)
	}
	if err != nil {
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

func (h Hub) revokeByDocker(ctx context.Context, username string, session keychain.Session, token keychain.Token) error {
	held := map[string]handover.Credential{
		hubKey:        {Username: username, Secret: token.Secret.Reveal()},
		hubAccessKey:  {Username: username, Secret: session.Access.Reveal()},
		hubRefreshKey: {Username: username, Secret: session.Refresh.Reveal()},
	}
	return h.withDocker(ctx, held, func(d dockercli.Docker, _ *handover.Desk) error { return d.Logout(ctx) })
}

// withDocker gives the person's docker a configuration of its own, in a folder
// that goes when it ends, whose credential helper asks here.
func (h Hub) withDocker(ctx context.Context, held map[string]handover.Credential, do func(dockercli.Docker, *handover.Desk) error) (err error) {
	program, err := dockercli.Find(ctx, value(h.Env, "PATH"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(value(h.Env, "XDG_RUNTIME_DIR"), "lanyard-") // 0700; "" is the system's
	if err != nil {
		return fmt.Errorf("make a folder for docker: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin := filepath.Join(dir, "bin")
	err = os.Mkdir(bin, 0o700)
	if err == nil {
		err = os.Symlink(h.Helper, filepath.Join(bin, handoverName))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), []byte(hubConfig), 0o600)
	}
	if err != nil {
		return fmt.Errorf("make a folder for docker: %w", err)
	}
	desk, err := handover.Open(dir, held)
	if err != nil {
		return err
	}
	defer desk.Close()
	env := append(slices.Clone(h.Env), handover.Variable+"="+desk.Socket)
	return do(dockercli.Docker{Path: program, Config: dir, Bin: bin, Env: env}, desk)
}

// value is a variable of an environment; the last counts.
func value(env []string, name string) string {
	found := ""
	for _, v := range env {
		if len(v) > len(name) && v[:len(name)] == name && v[len(name)] == '=' {
			found = v[len(name)+1:]
		}
	}
	return found
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
