package signin

import (
	"slices"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Left is a registry that a server says is its own, and that a sign-in there
// did not take.
type Left struct {
	Host string
	// By is the account of another server that answers there. Only a person
	// gives the host to another: Switch. Zero: it is Docker Hub, and this
	// server is not, whoever asks.
	By Account
}

// claim says which of the registries that server names are served by its
// account from a sign-in on. A server may name any host, and a token that
// answers for a host displaces whoever did so before: so it gets those at
// which nobody of another server is active, and its own host. Docker Hub is
// nobody's but Docker Hub's.
func claim(s machine.State, server string, named []string) (take []string, left []Left) {
	for _, host := range named {
		by, served := servedBy(s, host)
		switch {
		case isAt(server, host):
			take = append(take, host)
		case host == machine.DockerHub:
			left = append(left, Left{Host: host})
		case served && by.Server != server:
			left = append(left, Left{Host: host, By: by})
		default:
			take = append(take, host)
		}
	}
	return take, left
}

// servedBy is who serves a host: an account whose token is being removed does
// not any more.
func servedBy(s machine.State, host string) (Account, bool) {
	r, served := s.Registries[host]
	return Account{r.Server, r.Account}, served && !s.Buried(keychain.TokenName(r.Server, r.Account))
}

// isAt says whether a host is the server's own: of its address, which was
// proven when it was opened, or which a person gave with a pasted token.
func isAt(server, host string) bool {
	if server == client.HubURL {
		return host == machine.DockerHub
	}
	own, err := machine.CanonicalHost(server)
	return err == nil && own == host
}

// settleClaim notes what claim says, for an account that is signed in. A host
// that was left is remembered as one that a person may switch.
func settleClaim(s *machine.State, a Account, named []string) (take []string, left []Left) {
	take, left = claim(*s, a.Server, named)
	for _, host := range take {
		s.Serve(host, a.Server, a.Name)
	}
	for _, l := range left {
		if l.By != (Account{}) {
			s.CanServe(l.Host, a.Server)
		}
	}
	return take, left
}

// switchable are the registries of a server that a person may give to its
// accounts, sorted.
func switchable(s machine.State, server string) []string {
	return slices.DeleteFunc(s.HostsOf(server), func(host string) bool {
		return host == machine.DockerHub && !isAt(server, host)
	})
}
