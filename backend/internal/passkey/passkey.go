// Package passkey speaks WebAuthn for the pages: it makes the challenges that a
// browser's authenticator signs and judges what comes back. Its credentials are
// account's values (account.Passkey); who may add one, what a sign-in needs and
// whether a count of signatures may stand is account's.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lanyard/backend/account"
)

// ErrRefused: what a browser sent is no answer to a challenge that it was given
// and that is still open. The text, for the log, says what is wrong with it.
var ErrRefused = errors.New("passkey refused")

// An Asked is what a page hands to the browser's authenticator, as JSON.
type Asked string

// Party is the relying party: the service at one public URL. Its challenges
// live in memory, so that one is taken by exactly one answer; a restart costs a
// person one more touch. Make it with New.
type Party struct {
	Now func() time.Time // nil: time.Now

	webauthn *webauthn.WebAuthn

	mu   sync.Mutex
	open map[string]ceremony // by challenge
}

// New makes the relying party of a service that people reach at publicURL.
func New(publicURL string) (*Party, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("public URL %q: want http(s)://host[:port]", publicURL)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Lanyard at " + u.Host, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation, // which make it is is nobody's business
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", publicURL, err)
	}
	return &Party{webauthn: w}, nil
}

// AskNew asks the browser that holds binding for a new passkey of a.
func (p *Party) AskNew(a account.Account, binding string) (Asked, error) {
	person := user{a}
	var known []protocol.CredentialDescriptor
	for _, k := range person.WebAuthnCredentials() {
		known = append(known, k.Descriptor())
	}
	asked, session, err := p.webauthn.BeginRegistration(person, webauthn.WithExclusions(known))
	if err != nil {
		return "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return p.ask(adding, a, binding, session, asked)
}

// Ask asks the browser that holds binding for any passkey of a.
func (p *Party) Ask(a account.Account, binding string) (Asked, error) {
	asked, session, err := p.webauthn.BeginLogin(user{a}, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return p.ask(using, a, binding, session, asked)
}

func (p *Party) ask(what kind, a account.Account, binding string, session *webauthn.SessionData, asked any) (Asked, error) {
	text, err := json.Marshal(asked)
	if err != nil {
		return "", fmt.Errorf("ask for a passkey: %w", err)
	}
	p.keep(ceremony{kind: what, account: a.ID, binding: binding, until: p.now().Add(askedFor), session: *session})
	return Asked(text), nil
}

// user is an account as the library wants it.
type user struct{ a account.Account }

func (u user) WebAuthnID() []byte          { return []byte(u.a.ID) } // says nothing of the person
func (u user) WebAuthnName() string        { return u.a.Name }
func (u user) WebAuthnDisplayName() string { return u.a.Name }

func (u user) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range u.a.Factors.Passkeys {
		one := webauthn.Credential{
			ID: k.ID, PublicKey: k.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: k.Synced},
			Authenticator: webauthn.Authenticator{SignCount: k.Count},
		}
		for _, t := range k.Transports {
			one.Transport = append(one.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, one)
	}
	return all
}
