package main

import (
	"context"
	"errors"

	"lanyard/backend/diagnosis"
	"lanyard/backend/keychain"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// parts are this computer's half, put together.
type parts struct {
	computer *signin.Computer
	docker   *signin.DockerConfig
	own      *ownservice.Service
}

// newParts builds them. asked: a person waits, so the keychain may prompt.
func newParts(t terminal, asked bool) (*parts, error) {
	computer, docker, err := signin.Here(t.Getenv, asked)
	if err != nil {
		return nil, err
	}
	if asked && t.person() {
		computer.Keychain.Passphrase = func(ctx context.Context, fresh bool) (keychain.Secret, error) {
			return readPassphrase(ctx, t, fresh)
		}
	}
	lanyard, err := signin.Beside("lanyard")
	if err != nil {
		return nil, err
	}
	return &parts{computer: computer, docker: docker, own: ownservice.Of(computer.Dirs, lanyard, version)}, nil
}

// looks are for what looks for faults.
func (p *parts) looks() diagnosis.Computer {
	return diagnosis.Computer{Sign: p.computer, Docker: p.docker, Own: p.own, Version: version}
}

// tidy is what every command of this computer does first: what is past its
// end goes, what was cut off is finished. A failure is told and stops nothing.
func (p *parts) tidy(ctx context.Context, t terminal) {
	if err := (keychain.Mover{Keychain: p.computer.Keychain}).Finish(ctx); err != nil {
		t.say("lanyard: not finished yet: %v", err)
	}
	over, err := p.computer.Expire(ctx)
	var settled []signin.Settled
	if err == nil {
		settled, err = p.computer.Settle(ctx)
	}
	tell(t, over, settled)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.say("lanyard: not finished yet: %v", err)
	}
}

// tell says what was finished that an earlier command had to leave undone.
func tell(t terminal, over []signin.Account, settled []signin.Settled) {
	for _, a := range over {
		t.say("lanyard: the session of %s has ended; its token was removed from this computer", a)
	}
	for _, s := range settled {
		switch {
		case !s.SignOut():
			t.say("lanyard: a sign-in that was cut off is settled")
		case s.Refused:
			t.say("lanyard: the sign-out of %s is complete: the service ended the session and refuses it", s.Account)
		default:
			t.say("lanyard: the sign-out of %s is complete: the service ended the session", s.Account)
		}
	}
}
