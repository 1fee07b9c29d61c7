package signin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// undoWithin bounds what is done after a failure, when the caller's own
// context may be over.
const undoWithin = 15 * time.Second

// Flow is one sign-in. Run does it from the first step to the last; a step
// that fails undoes the earlier ones.
type Flow struct {
	Computer *Computer
	Server   *client.Server
	Device   bool // a code on another device in place of this computer's browser
	// Show tells the person where to go. For the browser it comes with the
	// address before the browser is opened.
	Show func(Prompt)
	// OpenBrowser opens the address; nil: the person does.
	OpenBrowser func(address string) error

	// at is called after each numbered step of design §6; tests stop there.
	at func(step int)
}

// Prompt is what the person needs to go on.
type Prompt struct {
	URL      string
	UserCode string    // device only
	Expires  time.Time // zero: unknown
	Browser  error     // why the browser was not opened, if it should have been
}

// Result is what a sign-in brought.
type Result struct {
	Account  Account
	Hosts    []string // registries that are signed in now
	LastFour string   // of the token
	Ends     time.Time
	IdleBy   time.Time
	// Tools says why docker's configuration was not written; nil: it was.
	Tools error
}

// Run signs in. It first finishes what an earlier start left half done.
func (f *Flow) Run(ctx context.Context) (Result, error) {
	c := f.Computer
	unlock, err := c.lock(ctx, "signin", time.Second)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	if err := c.Keychain.Probe(ctx); err != nil && !(c.Keychain.Asked && errors.Is(err, keychain.ErrLocked)) {
		return Result{}, fmt.Errorf("nothing was begun: %w", err)
	}
	if _, err := c.recover(ctx); err != nil {
		c.log().WarnContext(ctx, "finish an earlier sign-in", "err", err)
	}
	m, err := c.Machine()
	if err != nil {
		return Result{}, err
	}
	grant, err := f.authorize(ctx, m.Machine) // steps 1 and 2
	if err != nil {
		return Result{}, err
	}
	f.reached(2)
	return f.keep(ctx, grant, m)
}

// keep is steps 3 to 6.
func (f *Flow) keep(ctx context.Context, grant client.Grant, m client.Machine) (_ Result, err error) {
	c, account := f.Computer, Account{f.Server.URL, grant.Username}
	token, session := keychain.TokenName(account.Server, account.Name), keychain.SessionName(account.Server, account.Name)
	pending := newPending()
	var begun []string // entries that a failure takes out again
	defer func() {
		if err != nil {
			err = errors.Join(err, f.undo(ctx, grant, pending, begun))
		}
	}()
	if err := c.Keychain.PutPending(ctx, pending, keychain.Pending{Server: f.Server.URL, Refresh: keychain.Secret(grant.Refresh)}); err != nil {
		return Result{}, fmt.Errorf("keep the sign-in in the keychain: %w", err)
	}
	f.reached(3)
	made, err := f.Server.Generate(ctx, grant.Access, m)
	if err != nil {
		return Result{}, err
	}
	f.reached(4)
	idle := time.Duration(f.Server.Info.Limits.IdleSeconds) * time.Second
	begun = []string{token, session}
	err = c.Keychain.PutToken(ctx, account.Server, account.Name, keychain.Token{
		Username: account.Name, Secret: keychain.Secret(made.Secret), UUID: made.UUID, Ends: made.SessionEnds, Idle: idle,
	})
	if err != nil {
		return Result{}, fmt.Errorf("keep the token in the keychain: %w", err)
	}
	err = c.Keychain.PutSession(ctx, account.Server, account.Name, keychain.Session{Refresh: keychain.Secret(grant.Refresh), SessionID: made.SessionID})
	if err != nil {
		return Result{}, fmt.Errorf("keep the session in the keychain: %w", err)
	}
	hosts, err := c.serve(account, f.Server.Info.Registries)
	if err != nil {
		return Result{}, err
	}
	if err := c.Keychain.Delete(ctx, keychain.PendingName(pending)); err != nil {
		return Result{}, fmt.Errorf("finish the sign-in: %w", err)
	}
	f.reached(5)
	result := Result{
		Account: account, Hosts: hosts, LastFour: made.Secret[max(0, len(made.Secret)-4):],
		Ends: made.SessionEnds, IdleBy: made.SessionIdleBy,
	}
	if c.Docker != nil {
		result.Tools = c.Docker.SetUp(ctx, hosts)
	}
	return result, nil
}

// serve makes an account answer for the registries of its server.
func (c *Computer) serve(a Account, registries []string) ([]string, error) {
	var hosts []string
	for _, r := range registries {
		host, err := machine.CanonicalHost(r)
		if err != nil {
			return nil, fmt.Errorf("%w: it names the registry %.80q", client.ErrNotServer, r)
		}
		hosts = append(hosts, host)
	}
	now := c.now()
	err := c.state().Update(func(s *machine.State) error {
		for _, host := range hosts {
			s.Serve(host, a.Server, a.Name)
		}
		s.Added(keychain.TokenName(a.Server, a.Name), now)
		s.Added(keychain.SessionName(a.Server, a.Name), now)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("note the sign-in: %w", err)
	}
	return hosts, nil
}

// undo ends the session on the service, which kills its token, and takes out
// what was written. What cannot be undone now stays as the pending entry, for
// the next start.
func (f *Flow) undo(ctx context.Context, grant client.Grant, pending string, begun []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	c := f.Computer
	if err := c.remove(ctx, begun); err != nil {
		return fmt.Errorf("take back the sign-in: %w", err)
	}
	if err := f.Server.Revoke(ctx, grant.Refresh); err != nil {
		return fmt.Errorf("take back the sign-in (the next start will): %w", err)
	}
	if err := c.Keychain.Delete(ctx, keychain.PendingName(pending)); err != nil {
		return fmt.Errorf("take back the sign-in (the next start will): %w", err)
	}
	return nil
}

func (f *Flow) reached(step int) {
	if f.at != nil {
		f.at(step)
	}
}

func newPending() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // cannot fail since Go 1.24
	return hex.EncodeToString(id[:])
}

// family is the session a refresh token belongs to: lyd_ref_<family>_<secret>.
func family(refresh keychain.Secret) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(refresh.Reveal(), "lyd_ref_"), "_")
	return id
}
