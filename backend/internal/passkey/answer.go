package passkey

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lanyard/backend/account"
)

// maxAnswer is far above what an authenticator sends without an attestation.
const maxAnswer = 16 << 10

// New takes the answer to AskNew: the passkey to keep, without a name.
func (p *Party) New(a account.Account, binding, answer string) (account.Passkey, error) {
	if len(answer) > maxAnswer {
		return account.Passkey{}, refused(errors.New("the answer is too large"))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return account.Passkey{}, refused(err)
	}
	session, err := p.take(parsed.Response.CollectedClientData.Challenge, adding, a, binding)
	if err != nil {
		return account.Passkey{}, err
	}
	made, err := p.webauthn.CreateCredential(user{a}, session, parsed)
	if err != nil {
		return account.Passkey{}, refused(err)
	}
	k := account.Passkey{ID: made.ID, PublicKey: made.PublicKey, Count: made.Authenticator.SignCount, Synced: made.Flags.BackupEligible}
	for _, t := range made.Transport {
		if len(k.Transports) < 8 && len(t) <= 32 { // as many as there are, and no essay
			k.Transports = append(k.Transports, string(t))
		}
	}
	return k, nil
}

// Signed is an answer to Ask whose challenge has been taken; its signature is
// still to be judged.
type Signed struct {
	party   *Party
	session webauthn.SessionData
	parsed  *protocol.ParsedCredentialAssertionData
}

// Take takes the answer to Ask. The challenge is spent, whatever comes of it.
func (p *Party) Take(a account.Account, binding, answer string) (Signed, error) {
	if len(answer) > maxAnswer {
		return Signed{}, refused(errors.New("the answer is too large"))
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Signed{}, refused(err)
	}
	session, err := p.take(parsed.Response.CollectedClientData.Challenge, using, a, binding)
	if err != nil {
		return Signed{}, err
	}
	return Signed{p, session, parsed}, nil
}

// Check judges the signature against the passkeys of a. It changes nothing, so
// that a store may ask more than once.
func (s Signed) Check(a account.Account) (account.Touch, error) {
	if s.party == nil {
		return account.Touch{}, refused(errors.New("nothing was signed"))
	}
	// Some authenticators begin to synchronise a passkey after it was made; the
	// library would lock its person out.
	person := user{a}
	said := s.parsed.Response.AuthenticatorData.Flags.HasBackupEligible()
	if _, err := s.party.webauthn.ValidateLogin(adopting{person, s.parsed.RawID, said}, s.session, s.parsed); err != nil {
		return account.Touch{}, refused(err)
	}
	return account.Touch{ID: s.parsed.RawID, Count: s.parsed.Response.AuthenticatorData.Counter}, nil
}

// adopting is a user one of whose passkeys is as synchronised as it says.
type adopting struct {
	user
	id     []byte
	synced bool
}

func (a adopting) WebAuthnCredentials() []webauthn.Credential {
	all := a.user.WebAuthnCredentials()
	for i := range all {
		if bytes.Equal(all[i].ID, a.id) {
			all[i].Flags.BackupEligible = a.synced
		}
	}
	return all
}

// refused adds what the library has to say for developers.
func refused(err error) error {
	var said *protocol.Error
	if errors.As(err, &said) && said.DevInfo != "" {
		return fmt.Errorf("%w: %w: %s", ErrRefused, err, said.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
