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
	"lanyard/backend/handover"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// The keys under which docker stores what it got from Docker Hub, besides the
// token itself.
const (
	hubAccessKey  = machine.DockerHubKey + "access-token"
	hubRefreshKey = machine.DockerHubKey + "refresh-token"
)

// hubConfig makes docker ask our helper under a name that no other
// configuration has.
const (
	handoverName = "docker-credential-lanyard-handover"
	hubConfig    = `{"credsStore":"lanyard-handover"}`
)

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
	pat := stored[machine.DockerHubKey]
	earlier, err := c.hubKept(ctx, Account{client.HubURL, pat.Username})
	if err != nil {
		c.log().WarnContext(ctx, "look for an earlier sign-in at Docker Hub", "err", err)
	}
	server := client.Hub(c.Transport)
	token := keychain.Token{Username: pat.Username, Secret: keychain.Secret(pat.Secret), UUID: h.justMade(ctx, server, got.Access, begun, earlier.token.UUID)}
	session := keychain.Session{SessionID: hubByDocker, Refresh: keychain.Secret(stored[hubRefreshKey].Secret), Access: keychain.Secret(got.Access), AccessEnds: got.Expires}
	result, err := h.keep(ctx, token, session)
	if err != nil { // what was made is unmade, as far as Docker Hub lets us
		far, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		h.leave(far, Account{client.HubURL, pat.Username}, session, token, &Receipt{})
	}
	return result, err
}

// usable says whether what docker stored is a sign-in in the browser.
func usable(stored map[string]handover.Credential) (client.HubAccess, error) {
	pat, access := stored[machine.DockerHubKey], stored[hubAccessKey]
	if pat.Secret == "" || access.Secret == "" {
		return client.HubAccess{}, fmt.Errorf("%w: it stored no token made by a sign-in in the browser", dockercli.ErrFailed)
	}
	if err := checkUsername(pat.Username); err != nil {
		return client.HubAccess{}, fmt.Errorf("docker signed in: %w", err)
	}
	return client.ReadHubAccess(access.Secret)
}

// justMade finds the id of the token that docker had made since begun: it is
// the only one that is generated, as young, and not the earlier sign-in's. ""
// if that is not certain, for one that is not ours is never deleted.
func (h Hub) justMade(ctx context.Context, server *client.Server, access string, begun time.Time, earlier string) string {
	all, _, err := server.Tokens(ctx, access)
	if err != nil {
		h.Computer.log().WarnContext(ctx, "list the tokens at Docker Hub", "err", err)
		return ""
	}
	here, there := h.Computer.now(), server.Date()
	if !there.IsZero() { // by Docker Hub's clock, which says seconds
		begun = begun.Add(there.Sub(here)).Add(-2 * time.Second)
	}
	all = slices.DeleteFunc(all, func(t client.Token) bool {
		return t.Source == "manual" || t.CreatedAt.Before(begun) || t.UUID == earlier
	})
	if len(all) != 1 {
		return ""
	}
	return all[0].UUID
}

func (h Hub) revokeByDocker(ctx context.Context, username string, session keychain.Session, token keychain.Token) error {
	held := map[string]handover.Credential{
		machine.DockerHubKey: {Username: username, Secret: token.Secret.Reveal()},
		hubAccessKey:         {Username: username, Secret: session.Access.Reveal()},
		hubRefreshKey:        {Username: username, Secret: session.Refresh.Reveal()},
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
