package machine

import (
	"slices"
	"time"
)

// State is what the programs on this computer share, without any secret.
// Its zero value, as of a fresh computer, is ready to use through Update.
type State struct {
	Version int `json:"v"`
	// Registries says, by canonical host, which account serves it. A switch
	// of account is one write of this map.
	Registries map[string]Registry `json:"registries"`
	// Entries is the index of our keychain entries, by entry name.
	Entries map[string]Entry `json:"entries"`
	// Tombstones are entries that are to be removed from the keychain, with
	// the time this was decided. Nobody serves them, whatever the keychain
	// still holds, and whoever can removes them.
	Tombstones map[string]time.Time `json:"tombstones"`
	// Servers has, by server, the registry hosts that it was seen to serve: an
	// account that is not the active one anywhere can be made so by them.
	Servers map[string][]string `json:"servers,omitempty"`
	// Endings say how sessions ended that did not end by a sign-out here, by
	// the name of their session entry, until somebody signs in again or says
	// that it is known.
	Endings map[string]Ending `json:"endings,omitempty"`
	// HighWater is the latest time known to have been: a clock set back does
	// not lengthen a life.
	HighWater time.Time `json:"high_water,omitzero"`
}

// Registry is the account that serves a registry host.
type Registry struct {
	Server  string `json:"server"`
	Account string `json:"account"`
	// Off: a tool logged out of this host (docker logout). The sign-in lives
	// on, but this host is not served until Serve is called again.
	Off bool `json:"off,omitempty"`
}

// Entry is what is known about a keychain entry without opening it.
type Entry struct {
	// Touched is the sign-in or the latest refresh; zero: unknown.
	Touched time.Time `json:"touched,omitzero"`
	// Used is the latest noted get; zero: never.
	Used time.Time `json:"used,omitzero"`
	// Username is kept for what a tool stored itself, to list it; for a
	// sign-out that the service is still to be told of it is the account's.
	Username string `json:"username,omitempty"`
	// Key is, for what a tool stored itself, its key where that is too long to
	// stand in the entry's name; else "".
	Key string `json:"key,omitempty"`
	// Server is, for such a sign-out, where it is to be told; else "".
	Server string `json:"server,omitempty"`
}

// Serve lets the account answer for a canonical host, instead of any other.
func (s *State) Serve(host, server, account string) {
	s.Registries[host] = Registry{Server: server, Account: account}
	s.CanServe(host, server)
}

// CanServe records that the accounts of server can answer for a canonical
// host, and leaves it to whoever does now.
func (s *State) CanServe(host, server string) {
	if slices.Contains(s.Servers[server], host) {
		return
	}
	if s.Servers == nil {
		s.Servers = map[string][]string{}
	}
	hosts := append(slices.Clone(s.Servers[server]), host)
	slices.Sort(hosts)
	s.Servers[server] = hosts
}

// HostsOf are the registry hosts at which an account of server can be active,
// sorted: those that Serve or CanServe was ever called with.
func (s State) HostsOf(server string) []string {
	hosts := slices.Clone(s.Servers[server])
	for host, r := range s.Registries { // of a build that did not keep Servers
		if r.Server == server {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Added records a keychain entry that was just made by signing in, and takes
// back the intention to remove one of that name. The entry is written inside
// the same Update, see Sweep. The service was heard at
// that moment, so now replaces the high-water mark even where that was later:
// a clock that once ran ahead must not end every session to come.
func (s *State) Added(name string, now time.Time) {
	delete(s.Tombstones, name)
	delete(s.Endings, name)
	e := s.Entries[name]
	e.Touched, e.Used = wall(now), time.Time{}
	s.Entries[name] = e
	s.HighWater = wall(now)
}

// Heard records a refresh: the service says that the session behind an entry
// lives, at a time that is date by its own clock (zero: it did not say). A
// mark above both clocks was left by one that ran ahead, and comes down to the
// later of them; no service's clock raises it, as it counts for all sessions.
func (s *State) Heard(name string, now, date time.Time) {
	now, date = wall(now), wall(date)
	if !date.IsZero() && date.Before(s.HighWater) {
		s.HighWater = date
	}
	s.HighWater = later(s.HighWater, now)
	e := s.Entries[name]
	e.Touched = now
	if s.HighWater.After(now.Add(clockSlack)) { // this computer's clock was set back
		e.Touched = s.HighWater
	}
	if e.Used.After(e.Touched) { // noted by a clock that ran ahead
		e.Used = e.Touched
	}
	s.Entries[name] = e
}

// Bury records that the entry is to be removed: from now on it is not served.
// A name that is buried already keeps its time.
func (s *State) Bury(name string, now time.Time) {
	if _, ok := s.Tombstones[name]; !ok {
		s.Tombstones[name] = wall(now)
	}
}

// Buried says whether the entry is to be removed.
func (s State) Buried(name string) bool {
	_, ok := s.Tombstones[name]
	return ok
}

// Gone records that the entry was seen to be absent from the keychain.
func (s *State) Gone(name string) {
	delete(s.Tombstones, name)
	delete(s.Entries, name)
}

// Life is the life of the token entry name, whose end and idle period the
// keychain entry itself holds.
func (s State) Life(name string, ends time.Time, idle time.Duration) Life {
	e := s.Entries[name]
	return Life{Ends: ends, Idle: idle, Touched: e.Touched, Used: e.Used}
}

// Over is Life.Over with this computer's high-water mark.
func (s State) Over(name string, ends time.Time, idle time.Duration, now time.Time) bool {
	return s.Life(name, ends, idle).Over(now, s.HighWater)
}
