// Package app is the Go half of the window: small services whose methods the
// page calls, and the one value behind them that keeps what lives as long as
// the window does. It decides nothing that a package below it decides, takes
// no path, command or address to open from the page (but the address of a
// server to sign in at, which client checks), and gives it no stored secret.
package app

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// Own is this computer's own service, as ownservice has it.
type Own interface {
	Status(ctx context.Context) (ownservice.Status, error)
	Ensure(ctx context.Context) (ownservice.Status, bool, error)
	Stop(ctx context.Context) error
	SetupCode(ctx context.Context) (string, error)
	Owns(ctx context.Context, address string) bool
	Automatic(ctx context.Context) (ownservice.Automatic, error)
	Install(ctx context.Context, want ownservice.Set) error
	Uninstall(ctx context.Context, want ownservice.Set) error
	Backup(ctx context.Context, to io.Writer) (int64, error)
}

// Parts are what the window is put together from.
type Parts struct {
	Computer *signin.Computer // for what happens by itself: it opens no prompt
	Asked    *signin.Computer // the same computer, where a person waits: the keychain may prompt
	Docker   *signin.DockerConfig
	Own      Own
	Data     string                     // folder of the own service, to be named
	Version  string                     // of this build
	Open     func(address string) error // nil: the system's browser
	Folder   func(path string) error    // nil: the system's file manager
	Entries  *autostart.Entries         // nil: nothing here starts the window at log-in
	AtLogin  autostart.Job              // … as this
	Notifier Notifier                   // nil: the window alone tells
	Now      func() time.Time           // nil: time.Now
}

// App is the window's life. It is not bound: the page cannot call it.
type App struct {
	core *core

	session  *Session
	start    *Start
	home     *Home
	tokens   *Tokens
	security *Security
	tools    *Tools
	activity *Activity
	accounts *Accounts
	service  *Service
	keychain *Keychain
	settings *Settings
	window   *Window

	following sync.Once
	told      context.Context // ends when the program is told to end
}

// New puts the services together.
func New(p Parts) *App { return build(p, &wailsScreen{}) }

func build(p Parts, s screen) *App {
	c := newCore(p, s)
	told, _ := signal.NotifyContext(c.life, os.Interrupt, syscall.SIGTERM) // ends with life, too
	return &App{
		core: c, told: told, session: &Session{core: c}, start: &Start{core: c}, home: &Home{core: c}, tokens: &Tokens{core: c},
		security: &Security{core: c}, tools: &Tools{core: c}, activity: &Activity{core: c}, accounts: &Accounts{core: c},
		service: &Service{core: c}, keychain: &Keychain{core: c}, settings: &Settings{core: c}, window: &Window{core: c},
	}
}

// Bound are the services whose exported methods the page may call: all of them.
func (a *App) Bound() []any {
	return []any{
		a.session, a.start, a.home, a.tokens, a.security, a.tools, a.activity, a.accounts, a.service, a.keychain, a.settings, a.window,
	}
}

// Startup is for options.App: it keeps what Wails wants with each call.
func (a *App) Startup(ctx context.Context) {
	a.core.screen.enter(ctx)
	a.core.screen.Theme(a.core.chosen.Theme)
	a.core.screen.Zoom(percent(a.core.chosen.Zoom))
}

// DomReady begins to follow the session. Not earlier: until then this may be
// a second start, which ends once the first has raised its window.
func (a *App) DomReady(ctx context.Context) {
	a.core.screen.enter(ctx)
	a.window.Holds(false) // a page that is loaded anew shows none
	a.following.Do(func() {
		for _, follow := range []func(){a.core.follow, a.core.files(), a.core.account} {
			a.core.running.Go(follow)
		}
	})
}

// NoticeOpened is for the desktop: a person clicked what it showed.
func (a *App) NoticeOpened(id string) { a.core.notices.opened(id) }

// SecondInstance: another start of this person raises the window.
func (a *App) SecondInstance() { a.core.screen.Raise() }

// BeforeClose prevents it once where a new secret would be lost. The first
// time it says what goes on. Both only if it was a person who closed the
// window: the end of their session waits for no answer.
func (a *App) BeforeClose(context.Context) (prevent bool) {
	person := a.told.Err() == nil
	if person && a.window.asks() {
		a.core.screen.Raise()
		a.core.screen.Emit(eventClosing, nil)
		return true
	}
	a.window.forget()
	if a.core.atWork() && person && a.window.first() {
		a.core.screen.Tell("Lanyard goes on", closeWords)
	}
	return false
}

// Shutdown ends what runs, and gives a sign-in that is cut off a moment to be
// undone; the next start does the rest.
func (a *App) Shutdown(context.Context) {
	a.core.end()
	done := make(chan struct{})
	go func() {
		a.core.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
}
