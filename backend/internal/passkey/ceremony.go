package passkey

import (
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"lanyard/backend/account"
)

const (
	askedFor = 5 * time.Minute // how long a challenge waits
	maxOpen  = 10_000          // challenges kept; the stalest go first
)

type kind int

const (
	adding kind = iota + 1
	using
)

// A ceremony is a challenge that waits for its one answer: of that kind, for
// that account, by that browser.
type ceremony struct {
	kind    kind
	account string
	binding string
	until   time.Time
	session webauthn.SessionData
}

func (p *Party) keep(c ceremony) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = make(map[string]ceremony)
	}
	p.open[c.session.Challenge] = c
	if len(p.open) <= maxOpen {
		return
	}
	stalest := ""
	for challenge, one := range p.open {
		if challenge != c.session.Challenge && (stalest == "" || one.until.Before(p.open[stalest].until)) {
			stalest = challenge
		}
	}
	delete(p.open, stalest)
}

// take spends the challenge, even if it was given to somebody else: it is known
// to more than one by now.
func (p *Party) take(challenge string, what kind, a account.Account, binding string) (webauthn.SessionData, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.open[challenge]
	delete(p.open, challenge)
	switch {
	case !ok:
		return webauthn.SessionData{}, refused(errors.New("no such challenge is open"))
	case !p.now().Before(c.until):
		return webauthn.SessionData{}, refused(errors.New("the challenge is past its time"))
	case c.kind != what:
		return webauthn.SessionData{}, refused(errors.New("the challenge is of another kind"))
	case c.account != a.ID:
		return webauthn.SessionData{}, refused(errors.New("the challenge is another account's"))
	case binding == "" || subtle.ConstantTimeCompare([]byte(c.binding), []byte(binding)) != 1:
		return webauthn.SessionData{}, refused(errors.New("the challenge is another browser's"))
	}
	return c.session, nil
}

func (p *Party) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}
