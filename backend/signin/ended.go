package signin

import (
	"slices"
	"time"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
)

// Ended is an account whose session ended by something else than a sign-out
// here: nobody has been told yet.
type Ended struct {
	Account Account
	State   standing.State
	At      time.Time
	Hosts   []string // registries that it served here
}

// Ended lists them, the latest first. It opens no keychain.
func (c *Computer) Ended() ([]Ended, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	var all []Ended
	for name, e := range state.Endings {
		kind, parts, err := keychain.ParseName(name)
		if err != nil || kind != keychain.Sessions || e.State == string(standing.SignedOut) {
			continue
		}
		all = append(all, Ended{Account{parts[0], parts[1]}, standing.State(e.State), e.At, e.Hosts})
	}
	slices.SortFunc(all, func(a, b Ended) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return slices.Compare([]string{a.Account.Server, a.Account.Name}, []string{b.Account.Server, b.Account.Name})
	})
	return all, nil
}

// Acknowledge forgets how sessions ended: a person was told. server "": all.
// It returns the accounts.
func (c *Computer) Acknowledge(server string) ([]Account, error) {
	all, err := c.Ended()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var told []Account
	err = c.state().Update(func(s *machine.State) error {
		for _, e := range all {
			if server == "" || e.Account.Server == server {
				delete(s.Endings, keychain.SessionName(e.Account.Server, e.Account.Name))
				told = append(told, e.Account)
			}
		}
		return nil
	})
	return told, err
}
