package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/diagnosis"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/signin"
	"lanyard/backend/standing"
)

const (
	followEvery = 30 * time.Second
	// glance is how long the page waits for the service before it is shown
	// what this computer knows by itself.
	glance   = 4 * time.Second
	patience = 15 * time.Second // … where nobody waits
	quick    = 30 * time.Second // a call to the service and back
	asked    = 3 * time.Minute  // the keychain's prompt stands before a person
)

// core is what the services share.
type core struct {
	Parts
	screen  screen
	life    context.Context // ends with the window
	end     context.CancelFunc
	running sync.WaitGroup
	wake    chan struct{} // looks at the session now

	after func(time.Duration) <-chan time.Time // ends a pause

	looking chan struct{} // holds one: one look at a time
	turn    chan struct{} // another account is to be waited for

	memory  *memory
	log     *journal
	notices *notices
	chosen  machine.WindowSettings // when the window began

	mu     sync.Mutex
	held   signin.Access // while its token lasts
	over   *SessionView  // how the last session ended, until another begins
	shown  SessionView   // what the page was told last
	last   map[signin.Account]heard
	tests  *running           // the self-test that was begun last; nil: none was
	marked string             // since when the service is waited for; "": it is not
	waits  context.CancelFunc // ends the wait for changes; nil: none waits
}

func newCore(p Parts, s screen) *core {
	if p.Open == nil {
		p.Open = signin.OpenSystemBrowser
	}
	if p.Folder == nil {
		p.Folder = signin.OpenSystemBrowser // which hands a folder to the file manager
	}
	state := p.Computer.Dirs.State
	c := &core{
		Parts: p, screen: s, after: time.After, wake: make(chan struct{}, 1), looking: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		memory: newMemory(state), log: newJournal(state), last: map[signin.Account]heard{},
	}
	c.notices = &notices{core: c, all: []NoticeView{}}
	if settings, err := c.Computer.Dirs.SettingsFile().Load(); err == nil { // else said where they are shown
		c.log.level(settings.Window.LogLevel)
		c.chosen = settings.Window
	}
	for _, computer := range []*signin.Computer{p.Computer, p.Asked} {
		if computer != nil && computer.Log == nil {
			computer.Log = c.log.logger
		}
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

func (c *core) context(limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.life, limit)
}

func (c *core) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// looks are for what looks for faults.
func (c *core) looks() diagnosis.Computer {
	return diagnosis.Computer{Sign: c.Computer, Docker: c.Docker, Own: c.Own, Version: c.Version}
}

// see says how this computer stands, within ctx, and has the page told.
func (c *core) see(ctx context.Context) (SessionView, error) {
	select {
	case c.looking <- struct{}{}:
		defer func() { <-c.looking }()
	case <-ctx.Done(): // another look waits for the service, and will tell
		return c.alone()
	}
	v, err := c.look(ctx)
	if err == nil && c.life.Err() == nil {
		c.show(v)
	}
	return v, err
}

// look is one look. A service that says nothing within ctx is offline.
func (c *core) look(ctx context.Context) (SessionView, error) {
	over, _ := c.Computer.Expire(ctx) // what it could not do, the next look tries again
	for _, a := range over {
		c.ended(c.sessionView(ctx, signin.Status{Account: a}, standing.Expired))
	}
	account, err := c.shownAccount(c.Computer)
	if errors.Is(err, signin.ErrNotSignedIn) {
		return c.nobody(ctx), nil
	}
	if err != nil {
		return SessionView{}, err
	}
	st, err := c.Computer.LookWith(ctx, account, c.access)
	if errors.Is(err, client.ErrEnded) { // says the token in memory
		st, err = c.Computer.LookWith(ctx, account, func(ctx context.Context, a signin.Account) (signin.Access, error) {
			return c.fresh(ctx, c.Computer, a)
		})
	}
	if errors.Is(err, signin.ErrNotSignedIn) { // signed out meanwhile
		return c.nobody(ctx), nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return c.alone()
	}
	return c.judge(ctx, st, err)
}

// alone is what this computer knows by itself, while the service says nothing.
func (c *core) alone() (SessionView, error) {
	ctx, cancel := c.context(glance)
	defer cancel()
	account, err := c.shownAccount(c.Computer)
	if errors.Is(err, signin.ErrNotSignedIn) {
		return c.nobody(ctx), nil
	}
	if err != nil {
		return SessionView{}, err
	}
	st, err := c.Computer.LookWith(ctx, account, nil)
	st.Offline = context.DeadlineExceeded
	return c.judge(ctx, st, err)
}

// judge makes the view of an account.
func (c *core) judge(ctx context.Context, st signin.Status, err error) (SessionView, error) {
	state, says := signin.Judge(st, err)
	switch {
	case state == standing.Unknown:
		return SessionView{}, err
	case state == standing.SignedOut:
		return c.nobody(ctx), nil
	}
	v := c.sessionView(ctx, st, state)
	v.Detail = says
	c.recall(&v, st)
	if state == standing.Offline && ofTheWay(st.Offline) {
		why := explain(st.Offline)
		v.Detail, v.Action = why.Message, why.Action
	}
	if err != nil && !state.SignedIn() { // by its answer, or it would be offline
		v = c.ended(v)
	}
	return v, nil
}

// nobody is signed in: is there a keychain to sign in with, and was somebody
// until a moment ago?
func (c *core) nobody(ctx context.Context) SessionView {
	c.drop()
	c.mu.Lock()
	over := c.over
	c.mu.Unlock()
	if over != nil {
		return *over
	}
	if ended, err := c.Computer.Ended(); err == nil && len(ended) > 0 { // by another program, or before this one began
		v := c.sessionView(ctx, signin.Status{Account: ended[0].Account}, ended[0].State)
		v.By, v.When = endedBy(ended[0].State), stamp(ended[0].At)
		return v
	}
	state := standing.SignedOut
	if errors.Is(c.Computer.Keychain.Probe(ctx), keychain.ErrNoService) {
		state = standing.Missing
	}
	return c.sessionView(ctx, signin.Status{}, state)
}

// ended remembers how a session ended, with what is known of that; nothing else
// on this computer does.
func (c *core) ended(v SessionView) SessionView {
	if all, err := c.Computer.Ended(); err == nil {
		for _, e := range all {
			if e.Account == (signin.Account{Server: v.Server, Name: v.Account}) {
				v.By, v.When = endedBy(e.State), stamp(e.At)
			}
		}
	}
	c.mu.Lock()
	c.over = &v
	c.mu.Unlock()
	return v
}

// begun forgets it: somebody signed in, or out.
func (c *core) begun() {
	_, _ = c.Computer.Acknowledge("") // what stays noted is told once more
	c.mu.Lock()
	c.over, c.held = nil, signin.Access{}
	c.mu.Unlock()
	c.turned()
}

// show tells the page, if it does not know yet.
func (c *core) show(v SessionView) {
	c.mu.Lock()
	news := differs(c.shown, v)
	if news {
		c.shown = v
	}
	c.mu.Unlock()
	if news {
		c.screen.Emit(eventSession, v)
	}
	c.notices.judge(v)
}

// follow looks at the session as long as the window lives.
func (c *core) follow() {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		c.tidy()
		c.glimpse()
		select {
		case <-tick.C:
		case <-c.wake:
		case <-c.life.Done():
			return
		}
	}
}

// tidy finishes what a sign-in or sign-out that was cut off left behind.
func (c *core) tidy() {
	ctx, cancel := c.context(quick)
	defer cancel()
	_ = keychain.Mover{Keychain: c.Computer.Keychain}.Finish(ctx) // the next one tries again
	_, _ = c.Computer.Recover(ctx)
}

// glimpse is one look of those that follow.
func (c *core) glimpse() {
	ctx, cancel := c.context(patience)
	defer cancel()
	if _, err := c.see(ctx); err != nil { // for a person's own call to tell
		c.log.logger.Debug("look at the session", "err", err)
	}
}

// soon has the session looked at: something was done to it.
func (c *core) soon() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// atWork: something goes on when the window is closed.
func (c *core) atWork() bool {
	ctx, cancel := c.context(time.Second)
	defer cancel()
	if _, err := c.Computer.Find(""); err == nil {
		return true
	}
	_, err := c.Own.Status(ctx)
	return err == nil
}
