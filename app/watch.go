package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/ledger"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
)

// ChangedView says what was changed elsewhere: panes that show it load it anew.
type ChangedView struct {
	What []string `json:"what"`
}

const (
	lookEvery = time.Second      // at this computer's files
	askEvery  = 20 * time.Second // a service that does not say when something changed
	slowest   = 2 * time.Minute  // between two tries where nobody answers
	tokensFor = time.Hour        // that ends of tokens are believed
)

// watched are this computer's files, by what a change of them means.
func (c *core) watched() map[string][]string {
	state := c.Computer.Dirs.State
	files := map[string][]string{
		"accounts": {c.Computer.Dirs.StateFile().Path()},
		"uses":     {ledger.Ledger{Dir: state}.Path()},
		"settings": {c.Computer.Dirs.SettingsFile().Path()},
		"keychain": {c.Computer.Dirs.SettingsFile().Path(), filepath.Join(state, "keychain.age"), filepath.Join(state, "keychain-key.age"), filepath.Join(state, "keychain-move.json")},
		"service":  {filepath.Join(c.Data, "admin.sock"), filepath.Join(c.Data, "admin.sock.path"), filepath.Join(c.Data, "service.json")},
		"tools":    {c.Docker.File.Path},
	}
	if c.Entries != nil {
		files["settings"] = append(files["settings"], filepath.Join(c.Entries.Dir, c.AtLogin.Name+".desktop"))
	}
	if here, err := c.looks().Here(); err == nil {
		for _, name := range tool.Names() {
			for _, f := range here.Files(name) {
				files["tools"] = append(files["tools"], f.Path)
			}
		}
	}
	return files
}

// trace is how a file looks from outside.
type trace struct {
	size int64
	at   time.Time
	mode os.FileMode
	node any // the system's own word for which file it is
}

func traceOf(path string) trace {
	info, err := os.Stat(path)
	if err != nil {
		return trace{}
	}
	return trace{info.Size(), info.ModTime(), info.Mode(), nodeOf(info)}
}

// files remembers how they look now. What it returns looks at them once a
// second, as long as the window lives, and tells what has become another.
func (c *core) files() (watch func()) {
	files := c.watched()
	seen := map[string]trace{}
	for _, paths := range files {
		for _, path := range paths {
			seen[path] = traceOf(path)
		}
	}
	return func() { c.compare(files, seen) }
}

func (c *core) compare(files map[string][]string, seen map[string]trace) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.life.Done():
			return
		}
		now, what := map[string]trace{}, []string{}
		for kind, paths := range files {
			for _, path := range paths {
				if _, looked := now[path]; !looked {
					now[path] = traceOf(path)
				}
				if now[path] != seen[path] && !slices.Contains(what, kind) {
					what = append(what, kind)
				}
			}
		}
		seen = now
		if len(what) > 0 {
			c.changed(what...)
		}
	}
}

// changed tells the page, and looks at the session where it may be another.
func (c *core) changed(what ...string) {
	slices.Sort(what)
	c.screen.Emit(eventChanged, ChangedView{What: what})
	if slices.ContainsFunc(what, func(w string) bool { return w != "uses" && w != "tools" }) {
		c.soon()
		c.poke()
	}
}

// account waits for what the service has to say of the account, as long as the
// window lives. It is no use of the session.
func (c *core) account() {
	mark, of, silent, untold := "", signin.Account{}, 0, false
	var asked time.Time // for the ends of tokens
	for c.life.Err() == nil {
		if c.now().Sub(asked).Abs() > tokensFor {
			ctx, cancel := c.context(quick)
			if c.notices.ask(ctx) {
				c.soon() // what is to be told of them is told by the next look
			}
			cancel()
			asked = c.now()
		}
		next, who, err := c.wait(mark, of)
		c.mu.Lock()
		c.marked = next
		c.mu.Unlock()
		switch {
		case err == nil:
			if silent > 0 || untold {
				c.returned()
			}
			silent, untold = 0, false
			if mark != "" && next != mark && who == of {
				asked = time.Time{}
				c.changed("tokens", "activity", "sessions")
			}
			mark, of = next, who
			continue
		case errors.Is(err, client.ErrNotFound), errors.Is(err, client.ErrNotServer), errors.Is(err, errUntold):
			if who == of && mark != "" {
				c.returned()
			}
			silent, untold = 0, true
			if who == of && of != (signin.Account{}) { // of an earlier version, or Docker Hub: it is asked now and then
				c.screen.Emit(eventChanged, ChangedView{What: []string{"activity", "sessions", "tokens"}})
			}
			mark, of = "", who
			c.pause(askEvery)
		case errors.Is(err, context.Canceled): // by turned
			mark = ""
		case errors.Is(err, signin.ErrNotSignedIn):
			mark, of, silent = "", signin.Account{}, 0
			c.pause(slowest)
		default:
			silent++
			c.log.logger.Debug("wait for changes", "failures", silent, "err", err)
			c.pause(backoff(silent))
		}
	}
}

// returned: a service that was away may be of another build since. What it says
// of itself is asked anew.
func (c *core) returned() {
	c.drop()
	c.soon()
}

// errUntold: this server has no way to be waited at.
var errUntold = errors.New("this server does not say when something changes")

// wait asks who is signed in now; a mark of somebody else's is worth nothing.
func (c *core) wait(mark string, of signin.Account) (next string, who signin.Account, err error) {
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	who, err = c.shownAccount(c.Computer)
	if err != nil {
		return "", who, err
	}
	if who.Server == client.HubURL {
		return "", who, errUntold
	}
	c.waiting(cancel) // somebody else may sign in meanwhile
	access, err := c.access(ctx, who)
	if err != nil {
		return "", who, err
	}
	if who != of {
		mark = ""
	}
	next, err = access.Server.Changes(ctx, access.Token, mark)
	if errors.Is(err, client.ErrEnded) {
		c.drop()
		c.soon() // finds out how it ended
	}
	return next, who, err
}

// backoff is how long to wait after so many failures: twice as long each time,
// and never all windows at once.
func backoff(failures int) time.Duration {
	wait := time.Second << min(failures, 7)
	wait = min(wait, slowest)
	return wait/2 + rand.N(wait/2) //nolint:gosec // no secret: it spreads windows over time
}

// pause waits, unless somebody signs in or out, or the window ends.
func (c *core) pause(wait time.Duration) {
	select {
	case <-c.after(wait):
	case <-c.turn:
	case <-c.life.Done():
	}
}

// waiting remembers what ends a wait for changes; turned ends it.
func (c *core) waiting(end context.CancelFunc) {
	c.mu.Lock()
	c.waits = end
	c.mu.Unlock()
}

// turned: another account is to be waited for, or none.
func (c *core) turned() {
	c.mu.Lock()
	end := c.waits
	c.mu.Unlock()
	if end != nil {
		end()
	}
	c.poke()
}

// poke ends a pause before the next question: it may be answered now.
func (c *core) poke() {
	select {
	case c.turn <- struct{}{}:
	default:
	}
}
