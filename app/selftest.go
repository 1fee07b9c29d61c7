package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
	"lanyard/backend/selftest"
	"lanyard/backend/signin"
)

// SelfTestView is how far a self-test is.
type SelfTestView struct {
	Steps []TestStepView `json:"steps"`
	Done  bool           `json:"done"`
	OK    bool           `json:"ok"`
}

// TestStepView is a step of it.
type TestStepView struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Line  string `json:"line"` // what a person would type
	Error string `json:"error"`
	Took  int64  `json:"took"` // milliseconds
}

// SelfTest begins to push and pull an image for real, as a tool would: with
// what the credential helper gives. The event "selftest" says how far it is.
// One that is under way ends first.
func (s *Start) SelfTest() error {
	c := s.core
	account, host, err := c.triedAt()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.life)
	done := make(chan struct{})
	c.mu.Lock()
	earlier := c.tests
	c.tests = &running{cancel, done}
	c.mu.Unlock()
	earlier.stop()
	key := host
	if host == machine.DockerHub {
		key = machine.DockerHubKey
	}
	nonce := make([]byte, 6)
	_, _ = rand.Read(nonce) // it never fails
	test := selftest.Test{
		Host: host, Repository: account.Name + "/lanyard-self-test", Tag: "test-" + hex.EncodeToString(nonce),
		Transport: c.Computer.Transport, Now: c.now,
		Login: func(ctx context.Context) (registryauth.Login, error) {
			return selftest.Ask(ctx, c.Docker.Helper.Exe, key)
		},
		Tell: func(r selftest.Report) { c.screen.Emit(eventSelfTest, selfTestView(r)) },
	}
	c.running.Go(func() {
		defer close(done)
		defer cancel()
		test.Run(ctx)
	})
	return nil
}

// running is something that can be ended.
type running struct {
	cancel context.CancelFunc
	done   <-chan struct{}
}

// stop ends it, and returns when nothing of it is left; nil is none.
func (r *running) stop() {
	if r != nil {
		r.cancel()
		<-r.done
	}
}

// triedAt is whose token is tried, and where: the registry of the
// account's server, or the first one that the account of the window serves, else that anybody does.
func (c *core) triedAt() (signin.Account, string, error) {
	all, err := c.Computer.Known()
	if err != nil {
		return signin.Account{}, "", err
	}
	shown, _ := c.shownAccount(c.Computer)
	slices.SortStableFunc(all, func(a, b signin.Known) int {
		switch {
		case a.Account == shown && b.Account != shown:
			return -1
		case b.Account == shown && a.Account != shown:
			return 1
		}
		return 0
	})
	for _, k := range all {
		if len(k.Active) > 0 {
			return k.Account, signin.OwnFirst(k.Server, k.Active)[0], nil
		}
	}
	return signin.Account{}, "", selftest.ErrNowhere
}

func selfTestView(r selftest.Report) SelfTestView {
	v := SelfTestView{Steps: []TestStepView{}, Done: r.Over, OK: r.OK}
	for _, step := range r.Steps {
		one := TestStepView{ID: step.ID, State: string(step.State), Line: step.Line, Took: step.Took.Milliseconds()}
		if step.Err != nil {
			one.Error = sentence(step.Err.Error())
			if errors.Is(step.Err, context.Canceled) {
				one.Error = explain(step.Err).Message
			}
		}
		v.Steps = append(v.Steps, one)
	}
	return v
}
