package diagnosis

import (
	"context"
	"errors"
	"slices"
	"time"

	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/signin"
)

// What follows is printed as JSON; names are stable.

// Account is an account on this computer.
type Account struct {
	Name       string     `json:"name"`
	Server     string     `json:"server"`
	Ref        string     `json:"ref"`  // NAME@SERVER, which names it and no other
	Kind       string     `json:"kind"` // session, pasted
	State      string     `json:"state"`
	Detail     string     `json:"detail,omitempty"`
	Registries []Registry `json:"registries"`
	LastFour   string     `json:"token_last_four,omitempty"`
	Ends       *time.Time `json:"ends"`
	IdleEnds   *time.Time `json:"idle_ends,omitempty"`
}

// Registry is one at which an account could be the active one.
type Registry struct {
	Host      string `json:"host"`
	Active    bool   `json:"active"`               // this account answers for it
	LoggedOut bool   `json:"logged_out,omitempty"` // by a tool (docker logout)
}

// Ended is an account whose session ended by something else than a sign-out
// here.
type Ended struct {
	Server  string    `json:"server"`
	Account string    `json:"account"`
	State   string    `json:"state"`  // expired, ended
	Reason  string    `json:"reason"` // expired, deleted, revoked, superseded, reused, disabled, gone, ended
	Detail  string    `json:"detail"`
	Command string    `json:"command"`
	At      time.Time `json:"at"`
}

// Pending is a sign-out that a service is still to be told of.
type Pending struct {
	Server  string    `json:"server"`
	Account string    `json:"account"`
	Since   time.Time `json:"since"`
}

// Use is what a tool asked.
type Use struct {
	At       time.Time `json:"at"`
	Tool     string    `json:"tool"` // "": unknown
	Folder   string    `json:"folder"`
	Host     string    `json:"host"`
	Server   string    `json:"server,omitempty"`
	Account  string    `json:"account,omitempty"`
	LastFour string    `json:"token_last_four,omitempty"`
	UUID     string    `json:"token_uuid,omitempty"`
	Refused  string    `json:"refused,omitempty"`
}

// Keychain is how it stands with the keychain.
type Keychain struct {
	Store      string `json:"store"` // secret-service (system on macOS and Windows), file
	Name       string `json:"name"`
	Why        string `json:"why"`
	State      string `json:"state"` // open, locked, missing, unusable
	Detail     string `json:"detail,omitempty"`
	Entries    *int   `json:"entries,omitempty"`
	File       string `json:"file,omitempty"`
	OpenedBy   string `json:"opened_by,omitempty"`
	FailClosed bool   `json:"fail_closed"`
	Unfinished *Move  `json:"unfinished_move,omitempty"`
}

// Move is one that was cut off.
type Move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Account looks into the keychain, and asks nobody else.
func (c Computer) Account(ctx context.Context, k signin.Known) Account {
	st, err := c.Sign.Look(ctx, k.Account, false)
	standing, happened := signin.Judge(st, err)
	v := Account{
		Name: k.Name, Server: k.Server, Ref: k.Ref(), Kind: "session", State: string(standing), Detail: happened,
		LastFour: st.LastFour, Registries: []Registry{},
	}
	ends, idle := st.Ends()
	v.Ends, v.IdleEnds = known(ends), known(idle)
	if k.Pasted {
		v.Kind, v.IdleEnds = "pasted", nil
	}
	for _, host := range k.Hosts {
		v.Registries = append(v.Registries, Registry{host, slices.Contains(k.Active, host), slices.Contains(k.Off, host)})
	}
	return v
}

// EndedOf puts one into its words.
func EndedOf(e signin.Ended) Ended {
	w := e.State.Words()
	return Ended{e.Account.Server, e.Account.Name, w.Name, string(e.State), w.Says, w.Command, e.At}
}

// KeychainOf puts a keychain's standing into words.
func KeychainOf(s keychain.Standing, settings machine.Settings) Keychain {
	r := Keychain{
		Store: string(s.Store), Name: s.Name, Why: s.Why, State: "open",
		File: s.File, OpenedBy: s.OpenBy, FailClosed: settings.Keychain.FailClosed,
	}
	switch {
	case errors.Is(s.State, keychain.ErrLocked):
		r.State = "locked"
	case errors.Is(s.State, keychain.ErrNoService):
		r.State = "missing"
	case s.State != nil:
		r.State = "unusable"
	}
	if s.State != nil {
		r.Detail = s.State.Error()
	}
	if s.Entries >= 0 {
		r.Entries = &s.Entries
	}
	if s.Move != nil {
		r.Unfinished = &Move{string(s.Move.From), string(s.Move.To)}
	}
	return r
}

// Given is what a tool got, in the words of a table.
func Given(u ledger.Use) string {
	switch {
	case u.Refused != "":
		return "nothing: " + ledger.Shown(u.Refused)
	case u.LastFour != "":
		return "…" + ledger.Shown(u.LastFour)
	case u.Server != "":
		return "the token"
	}
	return "its own login"
}

// known is nil for a time that is not.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
