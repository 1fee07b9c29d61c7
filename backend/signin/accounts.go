package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// ErrAmbiguous: a name that is at two servers; the text names both.
var ErrAmbiguous = errors.New("the name is not enough")

// Known is an account of which this computer holds a token.
type Known struct {
	Account
	Pasted bool     // a token that a person pasted: it has no session, and no service to ask
	Hosts  []string // registries at which it can be the active one, sorted
	Active []string // those of them at which it is
	Off    []string // those of Active that a tool logged out of (docker logout)
}

// Ref is the one spelling that names the account: NAME@SERVER.
func (a Account) Ref() string { return machine.AccountRef(a.Server, a.Name) }

// Known lists every account here, by server and name. It opens no keychain.
func (c *Computer) Known() ([]Known, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	return knownIn(state), nil
}

func knownIn(state machine.State) []Known {
	var all []Known
	for _, a := range known(state) {
		_, token := state.Entries[keychain.TokenName(a.Server, a.Name)]
		_, session := state.Entries[keychain.SessionName(a.Server, a.Name)]
		if !token && !session || state.Buried(keychain.TokenName(a.Server, a.Name)) || state.Buried(keychain.SessionName(a.Server, a.Name)) {
			continue
		}
		k := Known{Account: a, Pasted: !session && pastedAt(a.Server), Hosts: switchable(state, a.Server), Active: hostsOf(state, a)}
		for _, host := range k.Active {
			if state.Registries[host].Off {
				k.Off = append(k.Off, host)
			}
		}
		all = append(all, k)
	}
	return all
}

// pastedAt: the server of a pasted token is its registry's canonical host, and
// every other's is an address.
func pastedAt(server string) bool { return !strings.Contains(server, "://") }

// Named finds the account that a person means: NAME, NAME@SERVER, where SERVER
// is an address or its host, or a registry's HOST with one account here. nil:
// ErrNotSignedIn, or ErrAmbiguous with the names that would do.
func Named(all []Known, text string) (Known, error) {
	for _, find := range []func(Known) bool{
		func(k Known) bool { return k.Ref() == text },
		func(k Known) bool { return k.Name == text },
		func(k Known) bool {
			server, name, ok := machine.ParseAccountRef(text)
			return ok && k.Name == name && (hostOf(k.Server) == strings.ToLower(server) || slices.Contains(k.Hosts, strings.ToLower(server)))
		},
		func(k Known) bool { return activeAt(k, text) },
		func(k Known) bool { return usableAt(k, text) },
	} {
		switch found := filter(all, find); {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return Known{}, fmt.Errorf("%w: %q is %s", ErrAmbiguous, text, orList(found))
		}
	}
	if len(all) == 0 {
		return Known{}, ErrNotSignedIn
	}
	return Known{}, fmt.Errorf("%w: no account here is called %.80q; there is %s", ErrNotSignedIn, text, orList(all))
}

// At says whether the account is at a server, however that is written, or at a
// registry of it.
func (k Known) At(server string) bool {
	server = strings.ToLower(strings.TrimSuffix(server, "/"))
	return k.Server == server || hostOf(k.Server) == hostOf(server) || usableAt(k, server) || server == "docker-hub" && usableAt(k, machine.DockerHub)
}

func activeAt(k Known, text string) bool {
	host, err := machine.CanonicalHost(text)
	return err == nil && slices.Contains(k.Active, host)
}

func usableAt(k Known, text string) bool {
	host, err := machine.CanonicalHost(text)
	return err == nil && slices.Contains(k.Hosts, host)
}

// hostOf is a server's host[:port].
func hostOf(server string) string {
	_, host, ok := strings.Cut(server, "://")
	if !ok {
		return server
	}
	return host
}

func filter(all []Known, keep func(Known) bool) []Known {
	return slices.DeleteFunc(slices.Clone(all), func(k Known) bool { return !keep(k) })
}

func orList(all []Known) string {
	var refs []string
	for _, k := range all {
		refs = append(refs, k.Ref())
	}
	return strings.Join(refs, " or ")
}

// Switch makes the account the active one at host, or, with host "", at every
// registry of its server. It is one write of the state: the next question of a
// tool is answered with the other account. It returns the hosts.
func (c *Computer) Switch(ctx context.Context, k Known, host string) ([]string, error) {
	hosts := k.Hosts
	switch {
	case host != "":
		canonical, err := machine.CanonicalHost(host)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(k.Hosts, canonical) {
			return nil, fmt.Errorf("%w at %s: %s is at %s", ErrNotSignedIn, canonical, k.Ref(), strings.Join(k.Hosts, ", "))
		}
		hosts = []string{canonical}
	case len(hosts) == 0: // of a build that did not keep them: its server knows
		server, err := c.open(ctx, k.Server)
		if err != nil {
			return nil, fmt.Errorf("ask which registries %s is for: %w", k.Ref(), err)
		}
		if hosts, err = hostsAt(server); err != nil {
			return nil, err
		}
		hosts = slices.DeleteFunc(hosts, func(h string) bool { return h == machine.DockerHub && !isAt(k.Server, h) })
		if len(hosts) == 0 {
			return nil, fmt.Errorf("%w: %s has no registry", ErrNotSignedIn, k.Server)
		}
	}
	unserved := false
	err := c.state().Update(func(s *machine.State) error {
		if now, err := Named(knownIn(*s), k.Ref()); err != nil || now.Account != k.Account {
			return fmt.Errorf("%w: %s", ErrNotSignedIn, k.Account) // signed out meanwhile
		}
		for _, h := range hosts {
			_, served := s.Registries[h]
			unserved = unserved || !served
			s.Serve(h, k.Server, k.Name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("switch to %s: %w", k.Ref(), err)
	}
	if unserved && c.Docker != nil { // the last sign-out took them from docker's configuration
		if err := c.Docker.SetUp(ctx, hosts); err != nil {
			return hosts, fmt.Errorf("%w: %w", ErrTools, err)
		}
	}
	return hosts, nil
}

// ErrTools: what was asked for is done, but docker's configuration was not
// written; the text says why.
var ErrTools = errors.New("the tools are not set up")

// Waiting are the accounts that could serve one of hosts, at which nobody is
// active: after a sign-out of the active one. Nothing switches to them by
// itself, as a push under another name is not what anybody asked for.
func Waiting(all []Known, hosts []string) []Known {
	taken := map[string]bool{}
	for _, k := range all {
		for _, host := range k.Active {
			taken[host] = true
		}
	}
	return filter(all, func(k Known) bool {
		return slices.ContainsFunc(k.Hosts, func(h string) bool { return slices.Contains(hosts, h) && !taken[h] })
	})
}

// SignOutEverywhere ends every session of the account at its service, on all
// computers, and then signs this one out. Without the service nothing is done.
func (c *Computer) SignOutEverywhere(ctx context.Context, a Account) (Receipt, int, error) {
	if pastedAt(a.Server) {
		return Receipt{Account: a}, 0, fmt.Errorf("%w: the token of %s was pasted, and %s has no sessions that Lanyard knows of", client.ErrRefused, a.Name, a.Server)
	}
	if atHub(a) {
		return Receipt{Account: a}, 0, fmt.Errorf("%w: Docker Hub ends no sessions for anybody; sign out here (lanyard logout), and delete the tokens of other computers at %s", client.ErrRefused, HubPage)
	}
	access, err := c.Access(ctx, a)
	if err != nil {
		return Receipt{Account: a}, 0, err
	}
	ended, err := access.Server.EndSessions(ctx, access.Token)
	if err != nil {
		return Receipt{Account: a}, 0, err
	}
	r, err := c.SignOut(ctx, a)
	return r, ended, err
}

// tokenPages are where people make and delete their tokens.
var tokenPages = map[string]string{
	machine.DockerHub:     HubPage,
	"ghcr.io":             "https://github.com/settings/tokens",
	"registry.gitlab.com": "https://gitlab.com/-/user_settings/personal_access_tokens",
	"quay.io":             "https://quay.io/user/?tab=settings",
}

// TokenPage is where the tokens of a well-known registry are deleted; "": not known.
func TokenPage(host string) string { return tokenPages[host] }
