package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"lanyard/backend/client"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// Session is bound: signing in and out, and how this computer stands.
type Session struct {
	core *core

	mu      sync.Mutex
	current *attempt // nil: none is under way
}

// attempt is a sign-in that is under way. All of it runs here: while the
// person is in the browser, the page behind this window may sleep.
type attempt struct {
	cancel context.CancelFunc
	done   chan struct{}
	prompt PromptView
	again  func() error // opens the browser again; nil: nothing to open yet
}

// Current says how this computer stands.
func (s *Session) Current() (SessionView, error) {
	ctx, cancel := s.core.context(glance)
	defer cancel()
	return s.core.see(ctx)
}

// SignIn signs in at the server of that address; for "", at this computer's own
// service, which is started where none answers; for "docker-hub", there, by the
// person's own docker. It returns
// when that is done; the event "signin" says how far it is.
func (s *Session) SignIn(server string, device bool) (SessionView, error) {
	ctx, a, err := s.begin()
	if err != nil {
		return SessionView{}, err
	}
	defer s.finish(a)
	err = s.run(ctx, a, server, device)
	if !errors.Is(err, context.Canceled) {
		s.core.screen.Raise() // the person is in the browser
	}
	if err != nil {
		return SessionView{}, err
	}
	s.core.begun()
	return s.look()
}

func (s *Session) run(ctx context.Context, a *attempt, address string, device bool) error {
	if address == dockerHub {
		return s.hub(ctx, a, device)
	}
	if address == "" {
		var err error
		if address, err = s.own(ctx, a); err != nil {
			return err
		}
	}
	c := s.core
	server, err := client.Open(ctx, address, c.Asked.Transport)
	if err != nil {
		return err
	}
	flow := &signin.Flow{Computer: c.Asked, Server: server, Device: device}
	if !device {
		flow.OpenBrowser = c.Open
	}
	flow.Show = func(p signin.Prompt) {
		s.tell(a, func(a *attempt) {
			a.prompt.Phase, a.prompt.URL, a.prompt.UserCode, a.prompt.Expires = phaseWaiting, p.URL, p.UserCode, stamp(p.Expires)
			if p.Browser != nil {
				a.prompt.BrowserError = explain(p.Browser).Message
			}
			a.again = func() error { return signin.OpenPage(p.URL, server.URL, c.Open) }
		})
	}
	flow.Answered = func() {
		s.tell(a, func(a *attempt) {
			a.prompt = PromptView{Phase: phaseFinishing, ServiceStarted: a.prompt.ServiceStarted}
			a.again = nil
		})
	}
	result, err := flow.Run(ctx) // how the tools are set up is Tools' to say
	if err == nil {
		s.core.turnTo(result.Account)
	}
	return err
}

// dockerHub is the page's word for it: the person's own docker signs in there.
const dockerHub = "docker-hub"

// hub signs in at Docker Hub by the person's own docker. device: docker opens
// no browser, and shows its code.
func (s *Session) hub(ctx context.Context, a *attempt, device bool) error {
	result, err := s.core.hub(!device, func(p signin.Prompt) {
		s.tell(a, func(a *attempt) {
			a.prompt = PromptView{Phase: phaseWaiting, URL: p.URL, UserCode: p.UserCode, Expires: stamp(p.Expires)}
			a.again = func() error { return signin.OpenPage(p.URL, dockerLogin, s.core.Open) }
		})
	}).ByDocker(ctx)
	if err == nil {
		s.core.turnTo(result.Account)
	}
	return err
}

// dockerLogin is where docker sends a person.
const dockerLogin = "https://login.docker.com"

// own starts this computer's own service where none answers, and fetches the
// code that its first page asks for.
func (s *Session) own(ctx context.Context, a *attempt) (address string, err error) {
	if _, err := s.core.Own.Status(ctx); errors.Is(err, ownservice.ErrNotRunning) {
		s.tell(a, func(a *attempt) { a.prompt.Phase = phaseStarting })
	}
	st, started, err := s.core.Own.Ensure(ctx)
	if err != nil {
		return "", err
	}
	code := ""
	if st.NeedsSetup {
		if code, err = s.core.Own.SetupCode(ctx); err != nil {
			return "", fmt.Errorf("ask for a set-up code: %w", err)
		}
	}
	s.mu.Lock() // told with the address, once there is one
	a.prompt.ServiceStarted, a.prompt.NeedsSetup, a.prompt.SetupCode = started, st.NeedsSetup, code
	s.mu.Unlock()
	return st.PublicURL, nil
}

// Cancel stops the sign-in that is under way, or the self-test, and returns when
// nothing of it is left.
func (s *Session) Cancel() error {
	s.core.mu.Lock()
	tests := s.core.tests
	s.core.mu.Unlock()
	tests.stop()
	s.mu.Lock()
	a := s.current
	s.mu.Unlock()
	if a != nil {
		a.cancel()
		<-a.done
	}
	return nil
}

// OpenAgain opens the page of the sign-in that is under way once more.
func (s *Session) OpenAgain() error {
	s.mu.Lock()
	var again func() error
	if s.current != nil {
		again = s.current.again
	}
	s.mu.Unlock()
	if again == nil {
		return errNothingToOpen
	}
	return again()
}

// Retake makes the session work again where a person's word is all it needs:
// the keychain is unlocked, and a token that gave way to another computer's is
// made anew.
func (s *Session) Retake() (SessionView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	c := s.core
	account, err := c.shownAccount(c.Asked)
	if err != nil {
		return SessionView{}, err
	}
	st, err := c.Asked.LookWith(ctx, account, func(ctx context.Context, a signin.Account) (signin.Access, error) {
		return c.fresh(ctx, c.Asked, a)
	})
	switch {
	case err != nil:
		c.soon()
		return SessionView{}, err
	case st.Offline != nil:
		return SessionView{}, st.Offline
	case st.Session != nil && st.Session.Token == nil:
		access, err := c.access(ctx, account)
		if err == nil {
			err = c.Asked.Regenerate(ctx, access)
		}
		if err != nil {
			return SessionView{}, err
		}
	}
	c.poke()
	return s.look()
}

// look is how it stands after something was done.
func (s *Session) look() (SessionView, error) {
	ctx, cancel := s.core.context(quick)
	defer cancel()
	return s.core.see(ctx)
}

func (s *Session) begin() (context.Context, *attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return nil, nil, signin.ErrBusy
	}
	ctx, cancel := context.WithCancel(s.core.life)
	s.current = &attempt{cancel: cancel, done: make(chan struct{})}
	s.core.running.Add(1)
	return ctx, s.current, nil
}

func (s *Session) finish(a *attempt) {
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	a.cancel()
	close(a.done)
	s.core.running.Done()
}

// tell changes what is known of an attempt and tells the page.
func (s *Session) tell(a *attempt, change func(*attempt)) {
	s.mu.Lock()
	change(a)
	prompt := a.prompt
	s.mu.Unlock()
	s.core.screen.Emit(eventSignIn, prompt)
}
