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
	"lanyard/backend/standing"
)

const (
	// undoWithin bounds each half of what is done after a failure, when the
	// caller's own context may be over.
	undoWithin = 15 * time.Second
	// lockWithin is how long another program's refresh or sign-out is waited for.
	lockWithin = 30 * time.Second
)

// Flow is one sign-in. Run does it from the first step to the last; a step
// that fails undoes the earlier ones.
type Flow struct {
	Computer *Computer
	Server   *client.Server
	Device   bool // a code on another device in place of this computer's browser
	// Show tells the person where to go, once the browser was opened or was
	// not. May be nil.
	Show func(Prompt)
	// OpenBrowser opens the address; nil: the person does.
	OpenBrowser func(address string) error
	// Answered is called once the person has said yes, before their answer is
	// exchanged. May be nil.
	Answered func()

	at func(step string) // called after each step; tests stop or kill there
}

// Prompt is what the person needs to go on.
type Prompt struct {
	URL      string
	UserCode string    // device only
	Complete string    // device only: URL with the code in it, for a camera; "": the service has none
	Expires  time.Time // zero: unknown
	Browser  error     // why the browser was not opened, if it should have been
}

// Result is what a sign-in brought.
type Result struct {
	Account  Account
	Hosts    []string // registries that are signed in now
	Left     []Left   // registries that the server names, and that were not taken
	Alive    []string // of an earlier sign-in at Docker Hub: what goes on being valid
	LastFour string   // of the token
	Ends     time.Time
	IdleBy   time.Time
	// Tools says why docker's configuration was not written; nil: it was.
	Tools error
}

// Run signs in. It first finishes what an earlier start left half done. What
// can be known to fail fails before the person is sent anywhere.
func (f *Flow) Run(ctx context.Context) (Result, error) {
	c := f.Computer
	unlock, err := c.lock(ctx, "signin", time.Second)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	hosts, err := hostsAt(f.Server)
	if err != nil {
		return Result{}, fmt.Errorf("nothing was begun: %w", err)
	}
	if err := c.ready(ctx); err != nil {
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
	f.reached("exchanged")
	return f.keep(ctx, grant, m, hosts)
}

// ready says whether secrets can be kept. Where a person waits, a locked
// keychain is unlocked now: once they have signed in, it is too late to learn
// that it stays locked.
func (c *Computer) ready(ctx context.Context) error {
	err := c.Keychain.Probe(ctx)
	if !c.Keychain.Asked || !errors.Is(err, keychain.ErrLocked) {
		return err
	}
	// A read unlocks, and there is no entry of that name.
	if _, err := c.Keychain.Get(ctx, keychain.PendingName("none")); !errors.Is(err, keychain.ErrNotFound) {
		return err
	}
	return nil
}

// keep is steps 3 to 6. The pending entry goes last, so that a start after a
// cut finds out how far this one came: whoever finds it with its session in
// the keychain finishes the set-up, and else ends the session.
func (f *Flow) keep(ctx context.Context, grant client.Grant, m client.Machine, hosts []string) (_ Result, err error) {
	c, account := f.Computer, Account{f.Server.URL, grant.Username}
	pending, asked, held := newPending(), false, false
	defer func() {
		if err != nil {
			err = errors.Join(err, f.undo(ctx, grant, pending, asked, held))
		}
	}()
	if err := c.putPending(ctx, pending, keychain.Pending{Server: f.Server.URL, Refresh: keychain.Secret(grant.Refresh)}); err != nil {
		return Result{}, fmt.Errorf("keep the sign-in in the keychain: %w", err)
	}
	f.reached("pending") // step 3
	asked = true
	made, err := f.Server.Generate(ctx, grant.Access, m)
	if err != nil {
		return Result{}, err
	}
	f.reached("generated") // step 4
	held = true
	session := &keychain.Session{Refresh: keychain.Secret(grant.Refresh), SessionID: made.SessionID}
	hosts, left, err := c.hold(ctx, account, tokenEntry(account, made, f.Server), session, hosts, f.reached)
	if err != nil {
		return Result{}, err
	}
	f.reached("held") // step 5
	result := Result{
		Account: account, Hosts: hosts, Left: left, LastFour: lastFour(made.Secret), Ends: made.SessionEnds, IdleBy: made.SessionIdleBy,
	}
	result.Tools = c.setUp(ctx, hosts)
	f.reached("set up") // step 6
	if err := c.deletePending(ctx, pending); err != nil {
		c.log().WarnContext(ctx, "the next start finishes the sign-in once more", "err", err)
	}
	return result, nil
}

// hold puts token and session into the keychain and lets the account answer
// for its registries, as far as claim lets it. For all programs that share the state it is one step:
// none removes a new entry for the sake of an old one of that name, and none
// refreshes the session that went before. session nil: the token alone.
func (c *Computer) hold(ctx context.Context, a Account, token keychain.Token, session *keychain.Session, named []string, reached func(string)) (hosts []string, left []Left, err error) {
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	err = c.state().Update(func(s *machine.State) error {
		now := c.now()
		if err := c.Keychain.PutToken(ctx, a.Server, a.Name, token); err != nil {
			return fmt.Errorf("keep the token in the keychain: %w", err)
		}
		s.Added(keychain.TokenName(a.Server, a.Name), now)
		delete(s.Endings, keychain.SessionName(a.Server, a.Name))
		reached("token")
		if session != nil {
			if err := c.Keychain.PutSession(ctx, a.Server, a.Name, *session); err != nil {
				return fmt.Errorf("keep the session in the keychain: %w", err)
			}
			s.Added(keychain.SessionName(a.Server, a.Name), now)
			reached("session")
		}
		hosts, left = settleClaim(s, a, named)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("note the sign-in: %w", err)
	}
	return hosts, left, nil
}

// setUp lets the tools ask us for hosts.
func (c *Computer) setUp(ctx context.Context, hosts []string) error {
	if c.Docker == nil || len(hosts) == 0 {
		return nil
	}
	return c.Docker.SetUp(ctx, hosts)
}

// undo ends the session on the service, which kills its token, and takes out
// what was written. What cannot be undone now stays as the pending entry or
// as a tombstone, for the next start.
func (f *Flow) undo(ctx context.Context, grant client.Grant, pending string, asked, held bool) error {
	c, account := f.Computer, Account{f.Server.URL, grant.Username}
	far, cancelFar := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancelFar()
	ended := f.Server.Revoke(far, grant.Refresh)

	near, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	var here error
	switch {
	case held:
		here = c.forgetAlone(near, account, standing.SignedOut)
	case asked && ended == nil: // what became of the request is unknown
		here = c.dropDead(near, f.Server, account)
	}
	if ended == nil {
		here = errors.Join(here, c.deletePending(near, pending))
	}
	if err := errors.Join(ended, here); err != nil {
		return fmt.Errorf("take back the sign-in (the next start will): %w", err)
	}
	return nil
}

func (f *Flow) reached(step string) {
	if f.at != nil {
		f.at(step)
	}
}

// putPending keeps what is needed to end a session, until a sign-in is whole.
// Its name is noted first, for keychains that cannot list what they hold.
func (c *Computer) putPending(ctx context.Context, random string, p keychain.Pending) error {
	return c.putPendingOf(ctx, random, p, machine.Entry{})
}

func (c *Computer) putPendingOf(ctx context.Context, random string, p keychain.Pending, e machine.Entry) error {
	err := c.state().Update(func(s *machine.State) error {
		s.Entries[keychain.PendingName(random)] = e
		return nil
	})
	if err != nil {
		return err
	}
	return c.Keychain.PutPending(ctx, random, p)
}

func (c *Computer) deletePending(ctx context.Context, random string) error {
	name := keychain.PendingName(random)
	if err := c.Keychain.Delete(ctx, name); err != nil {
		return err
	}
	return c.state().Update(func(s *machine.State) error {
		s.Gone(name)
		return nil
	})
}

// hostsAt are the canonical hosts of the registries that a server names: any
// host, until claim has looked at it.
func hostsAt(server *client.Server) ([]string, error) {
	var hosts []string
	for _, r := range server.Info.Registries {
		host, err := machine.CanonicalHost(r)
		if err != nil {
			return nil, fmt.Errorf("%w: it names the registry %.80q", client.ErrNotServer, r)
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

func tokenEntry(a Account, made client.Generated, server *client.Server) keychain.Token {
	return keychain.Token{
		Username: a.Name, Secret: keychain.Secret(made.Secret), UUID: made.UUID, Ends: made.SessionEnds,
		Idle: time.Duration(server.Info.Limits.IdleSeconds) * time.Second,
	}
}

// lastFour is what people know a token by; "" if there is none.
func lastFour(secret string) string {
	if len(secret) < 16 {
		return ""
	}
	return secret[len(secret)-4:]
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
