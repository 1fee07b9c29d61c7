package helper

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
)

var (
	errGone  = errors.New("signed out")            // of a managed host, for which nothing is held here any more
	errEnded = errors.New("the session has ended") // and what is held for it is not served
)

// errAs: the command that runs us was given an account that is not here.
var errAs = errors.New(machine.AsVariable + " names no account that is signed in here")

// Get serves one key.
func (c *call) Get(key string) (user, secret string, err error) {
	s, err := c.file.Load()
	if err != nil {
		return "", "", err
	}
	host, r, managed, _, err := c.find(s, key)
	if managed {
		c.use = &ledger.Use{Host: host, Server: r.Server, Account: r.Account}
	}
	if err != nil {
		return "", "", err
	}
	if managed && !r.Off {
		t, err := c.token(s, host, r)
		if err != nil {
			return "", "", err
		}
		c.use.LastFour, c.use.UUID = lastFour(t.Secret), t.UUID
		return t.Username, t.Secret.Reveal(), nil
	}
	name := keychain.StoreName(key)
	if _, held := s.Entries[name]; held && !s.Buried(name) {
		stored, err := c.helper.Keys.GetStored(c.ctx, key)
		if err != nil {
			return "", "", err
		}
		c.use = &ledger.Use{Host: key, Account: stored.Username}
		return stored.Username, stored.Secret.Reveal(), nil
	}
	if managed {
		return "", "", fmt.Errorf("%s was logged out of by a container tool: run `lanyard login` to use it again", host)
	}
	if e, ok := s.EndingAt(host); ok {
		c.use = &ledger.Use{Host: host}
		why := standing.State(e.State).Words().Helper
		if why == "" { // a word of a later Lanyard
			why = standing.Ended.Words().Helper
		}
		return "", "", fmt.Errorf("%s: %s", host, why)
	}
	return "", "", credentials.NewErrCredentialsNotFound()
}

// token is the token of a managed host, if it may be served.
func (c *call) token(s machine.State, host string, r machine.Registry) (keychain.Token, error) {
	t, life, err := c.held(s, host, r)
	now := c.helper.Now()
	switch {
	case errors.Is(err, errEnded):
		c.end(r, life, now)
	case errors.Is(err, errGone):
		c.then(c.sweep)
	}
	if err != nil {
		return keychain.Token{}, err
	}
	name := keychain.TokenName(r.Server, r.Account)
	c.then(func(context.Context) { _ = c.file.Note(name, now) }) // a use that is not noted ends nothing too late
	if len(s.Tombstones) > 0 {
		c.then(c.sweep) // the keychain is open, as we just read from it
	}
	c.then(func(context.Context) { c.refresh(s, r, life, now) })
	return t, nil
}

// held is the token of a managed host, with its life. errGone: there is none
// any more; errEnded: its life is over.
func (c *call) held(s machine.State, host string, r machine.Registry) (keychain.Token, machine.Life, error) {
	name := keychain.TokenName(r.Server, r.Account)
	gone := fmt.Errorf("%w of %s: run `lanyard login`", errGone, host)
	if s.Buried(name) {
		return keychain.Token{}, machine.Life{}, gone
	}
	t, err := c.helper.Keys.GetToken(c.ctx, r.Server, r.Account)
	if errors.Is(err, keychain.ErrNotFound) {
		return keychain.Token{}, machine.Life{}, gone
	}
	if err != nil {
		return keychain.Token{}, machine.Life{}, err
	}
	life := s.Life(name, t.Ends, t.Idle)
	if used := c.file.Used(name); used.After(life.Used) {
		life.Used = used
	}
	if life.Over(c.helper.Now(), s.HighWater) {
		return keychain.Token{}, life, fmt.Errorf("%w for %s: run `lanyard login`", errEnded, host)
	}
	return t, life, nil
}

// then puts something off until the answer is given.
func (c *call) then(do func(context.Context)) { c.after = append(c.after, do) }

// end begins the removal of an account's session, as a program of Lanyard's
// that finds it over would, unless a person signed in anew since its life was
// seen. It may fail: the entry is past its end all the same, and whoever looks
// next tries again.
func (c *call) end(r machine.Registry, seen machine.Life, now time.Time) {
	_ = c.file.Update(func(s *machine.State) error {
		token, session := keychain.TokenName(r.Server, r.Account), keychain.SessionName(r.Server, r.Account)
		if s.Entries[token].Touched.After(seen.Touched) {
			return nil
		}
		var hosts []string
		for host, one := range s.Registries {
			if one.Server == r.Server && one.Account == r.Account {
				hosts = append(hosts, host)
			}
		}
		slices.Sort(hosts)
		s.End(session, string(standing.Expired), hosts, now)
		for _, host := range hosts {
			delete(s.Registries, host)
		}
		s.Bury(token, now)
		s.Bury(session, now)
		return nil
	})
	c.then(c.sweep)
}

// sweep removes what is buried, as far as that goes without a prompt.
func (c *call) sweep(ctx context.Context) {
	_ = c.file.Sweep(func(name string) error { return c.helper.Keys.Delete(ctx, name) })
}

// Add keeps what a tool wants to store itself.
func (c *call) Add(cred credentials.Credentials) error {
	s, err := c.file.Load()
	if err != nil {
		return err
	}
	host, r, managed, chosen, err := c.find(s, cred.ServerURL)
	if err != nil {
		return err
	}
	if managed && !r.Off {
		t, life, err := c.held(s, host, r)
		switch {
		case err == nil && t.Username == cred.Username && subtle.ConstantTimeCompare([]byte(t.Secret), []byte(cred.Secret)) == 1:
			return nil // docker login with what it got from us
		case chosen, err == nil:
			return fmt.Errorf("%s is signed in to with Lanyard, as %s: to use a login of your own there, log out first (`docker logout %s`, or as your tool does it); `lanyard logout` ends the sign-in", host, r.Account, host)
		case errors.Is(err, errEnded):
			c.end(r, life, c.helper.Now())
		case !errors.Is(err, errGone):
			return err
		}
	}
	name := keychain.StoreName(cred.ServerURL)
	return c.file.Update(func(s *machine.State) error {
		err := c.helper.Keys.PutStored(c.ctx, cred.ServerURL, keychain.Stored{
			Username: cred.Username, Secret: keychain.Secret(cred.Secret),
		})
		if err != nil {
			return err
		}
		delete(s.Tombstones, name)
		s.Entries[name] = stored(name, cred)
		if now, ok := s.Registries[host]; ok && now == r { // nothing is held for it: from here on it is the tool's
			now.Off = true
			s.Registries[host] = now
		}
		return nil
	})
}

// stored is what the index has of an entry of a tool's own.
func stored(name string, cred credentials.Credentials) machine.Entry {
	e := machine.Entry{Username: cred.Username}
	if _, parts, err := keychain.ParseName(name); err != nil || parts[0] != cred.ServerURL {
		e.Key = cred.ServerURL
	}
	return e
}

// Delete is docker logout. It succeeds once nothing is served any more; what
// the keychain will not let go of now is removed later.
func (c *call) Delete(key string) error {
	s, err := c.file.Load()
	if err != nil {
		return err
	}
	name := keychain.StoreName(key)
	host, r, managed, chosen, err := c.find(s, key)
	if err != nil {
		return err
	}
	if chosen {
		c.reason = fmt.Sprintf("nothing was logged out: this command uses %s as %s", host, r.Account)
		return nil
	}
	_, held := s.Entries[name]
	if (!managed || r.Off) && !held {
		return nil
	}
	err = c.file.Update(func(s *machine.State) error {
		if r, ok := s.Registries[host]; ok && managed {
			r.Off = true
			s.Registries[host] = r
		}
		if _, held := s.Entries[name]; held {
			s.Bury(name, c.helper.Now())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if managed && !r.Off {
		c.reason = fmt.Sprintf("%s is not served any more; the sign-in with Lanyard lives on: `lanyard logout` ends it, `lanyard login` serves it again", host)
	}
	c.then(c.sweep)
	return nil
}

// List names what Get would look for, without opening the keychain.
func (c *call) List() (map[string]string, error) {
	s, err := c.file.Load()
	if err != nil {
		return nil, err
	}
	users := map[string]string{}
	for name, e := range s.Entries {
		kind, parts, err := keychain.ParseName(name)
		if err == nil && kind == keychain.Stores && !s.Buried(name) {
			key := parts[0]
			if e.Key != "" {
				key = e.Key
			}
			users[key] = e.Username
		}
	}
	for host, r := range s.Registries {
		if r.Off || s.Buried(keychain.TokenName(r.Server, r.Account)) {
			continue
		}
		if host == machine.DockerHub {
			host = machine.DockerHubKey
		}
		if _, as, managed, chosen, err := c.find(s, host); err == nil && managed && chosen {
			r = as
		}
		users[host] = r.Account
	}
	return users, nil
}

// find is the registry that a tool's key names, if it is managed. chosen: the
// command that runs us was given an account of its own (machine.AsVariable),
// and this host is one of that account's. A name that is nobody's serves
// nothing at all: better no answer than another account's.
func (c *call) find(s machine.State, key string) (host string, r machine.Registry, managed, chosen bool, err error) {
	host, r, managed = find(s, key)
	ref := c.helper.Getenv(machine.AsVariable)
	if ref == "" || host == "" {
		return host, r, managed, false, nil
	}
	server, account, ok := machine.ParseAccountRef(ref)
	if _, known := s.Entries[keychain.TokenName(server, account)]; !ok || !known {
		return host, r, managed, false, errAs
	}
	if !slices.Contains(s.HostsOf(server), host) {
		return host, r, managed, false, nil
	}
	return host, machine.Registry{Server: server, Account: account}, true, true, nil
}

// find is the registry that a tool's key names, if it is managed.
func find(s machine.State, key string) (host string, r machine.Registry, managed bool) {
	host, err := machine.CanonicalHost(key)
	if err != nil {
		return "", machine.Registry{}, false
	}
	r, managed = s.Registries[host]
	return host, r, managed
}
