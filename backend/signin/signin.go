// Package signin signs this computer in and out: browser or device, token,
// keychain, docker's configuration, as one transaction. It owns the order of
// the steps, what undoes them, and what a cut-off one leaves to the next
// start. It leaves HTTP to client, the secrets' place to keychain, the
// registry map to machine, the file to dockerconfig.
package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Errors that can be asked about; those of client, keychain and dockerconfig
// come through as they are.
var (
	// ErrNotSignedIn: no account is signed in here, or not that one.
	ErrNotSignedIn = errors.New("not signed in")
	// ErrBusy: another program of this person is signing in at this moment.
	ErrBusy = errors.New("another sign-in is under way")
	// ErrBrowser: no browser could be opened.
	ErrBrowser = errors.New("no browser could be opened")
	// ErrUnfinished: no tool gets the token any more, but the keychain did not
	// open, so neither it nor the service could be told. Expire and Recover
	// carry it through.
	ErrUnfinished = errors.New("the sign-out goes on once the keychain opens")
	// ErrStillAccepted: after a sign-out the service still takes the token.
	ErrStillAccepted = errors.New("the server still accepts the token")
)

// Docker is what a sign-in asks of dockerconfig. Its error is told, not
// undone: the sign-in stands without it.
type Docker interface {
	SetUp(ctx context.Context, hosts []string) error
	TakeDown(ctx context.Context, hosts []string) error
	// Tidy finishes what a set-up that was cut off left lying about.
	Tidy() error
}

// Computer is this computer's half of a session: the parts, put together by
// the program.
type Computer struct {
	Dirs      machine.Dirs
	Keychain  keychain.Keychain
	Docker    Docker            // nil: docker's configuration is left alone
	Transport http.RoundTripper // nil: the system's
	Now       func() time.Time  // nil: time.Now
	Log       *slog.Logger      // nil: discarded
}

// Account is one account at one server, signed in here.
type Account struct {
	Server string // issuer URL
	Name   string
}

func (a Account) String() string { return a.Name + " at " + a.Server }

// Accounts lists who is signed in here, those that serve a registry first.
func (c *Computer) Accounts() ([]Account, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	var all []Account
	for name := range state.Entries {
		kind, parts, err := keychain.ParseName(name)
		if err != nil || kind != keychain.Sessions || state.Buried(name) || leaving(state, Account{parts[0], parts[1]}) {
			continue
		}
		all = append(all, Account{parts[0], parts[1]})
	}
	slices.SortFunc(all, func(a, b Account) int {
		if x, y := len(hostsOf(state, a)) == 0, len(hostsOf(state, b)) == 0; x != y {
			if x {
				return 1
			}
			return -1
		}
		return slices.Compare([]string{a.Server, a.Name}, []string{b.Server, b.Name})
	})
	return all, nil
}

// Find returns the account to work with: the only one, or the first that
// serves a registry; with server not "", the one there. ErrNotSignedIn.
func (c *Computer) Find(server string) (Account, error) {
	all, err := c.Accounts()
	if err != nil {
		return Account{}, err
	}
	for _, a := range all {
		if server == "" || a.Server == server {
			return a, nil
		}
	}
	return Account{}, ErrNotSignedIn
}

// Hosts are the registry hosts that an account serves here, sorted.
func (c *Computer) Hosts(a Account) ([]string, error) {
	state, err := c.state().Load()
	if err != nil {
		return nil, err
	}
	return hostsOf(state, a), nil
}

// Served are the registry hosts of every account here, sorted:
// those that the tools are set up for. ErrNotSignedIn if there is none.
func (c *Computer) Served() ([]string, error) {
	all, err := c.Known()
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, k := range all {
		hosts = append(hosts, k.Active...)
	}
	if len(hosts) == 0 {
		return nil, ErrNotSignedIn
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

func hostsOf(state machine.State, a Account) []string {
	var hosts []string
	for host, r := range state.Registries {
		if r.Server == a.Server && r.Account == a.Name {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// Machine describes this computer to the service.
func (c *Computer) Machine() (client.Machine, error) {
	id, err := c.Dirs.Installation()
	if err != nil {
		return client.Machine{}, fmt.Errorf("name this installation: %w", err)
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "this computer"
	}
	return client.Machine{Installation: id, Machine: host, OS: runtime.GOOS}, nil
}

// lock keeps the programs of one person from doing what at the same time.
func (c *Computer) lock(ctx context.Context, what string, wait time.Duration) (unlock func(), err error) {
	if err := os.MkdirAll(c.Dirs.State, 0o700); err != nil {
		return nil, fmt.Errorf("lock %s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	l := flock.New(filepath.Join(c.Dirs.State, what+".lock"), flock.SetPermissions(0o600))
	if ok, err := l.TryLockContext(ctx, 20*time.Millisecond); !ok {
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			err = ErrBusy
		}
		return nil, fmt.Errorf("lock %s: %w", what, err)
	}
	return func() { _ = l.Close() }, nil
}

func (c *Computer) open(ctx context.Context, server string) (*client.Server, error) {
	return client.Open(ctx, server, c.Transport)
}

func (c *Computer) state() machine.StateFile { return c.Dirs.StateFile() }

func (c *Computer) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Computer) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}
