package account

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// Errors about second factors.
var (
	// ErrSecond: the password is right, but the account has a second factor, so
	// it signs nobody in by itself: programs use a personal access token.
	ErrSecond = errors.New("account has a second factor")
	// ErrWrongCode: a code or passkey that is not good, or not any more.
	ErrWrongCode = errors.New("wrong code")
	// ErrStale: the person has to prove anew who they are, by all factors that
	// the account has.
	ErrStale = errors.New("a fresh sign-in is needed")
	// ErrShort: without a second factor the password is too short; it has to be
	// changed first.
	ErrShort = errors.New("the password is too short without a second factor")
	// ErrNoFactor: there is no such factor, or no set-up that waits for a code.
	ErrNoFactor = errors.New("no such second factor")
	// ErrFactors: the account has as many passkeys as it may, or this one already.
	ErrFactors = errors.New("passkey cannot be added")
)

const (
	freshFor    = 5 * time.Minute  // how long a proof is enough to change factors
	pendingFor  = 15 * time.Minute // how long a set-up waits for its first code
	maxPasskeys = 20
	maxName     = 60 // characters of a passkey's name
)

// Factors prove who somebody is beside the password. A value is never changed
// in place: stores hand out what they keep.
type Factors struct {
	TOTP     TOTP      `json:"totp,omitzero"`
	Pending  TOTP      `json:"pending,omitzero"` // good for nothing until its first code was shown
	Passkeys []Passkey `json:"passkeys,omitempty"`
	Recovery [][]byte  `json:"recovery,omitempty"` // hashes of the codes that are not used yet
}

// TOTP is an authenticator app (RFC 6238).
type TOTP struct {
	Seed  []byte    `json:"seed"` // sealed, see Sealer
	Since time.Time `json:"since"`
	Step  int64     `json:"step"` // the last that was accepted: a code counts once
}

// Set says whether there is one.
func (t TOTP) Set() bool { return len(t.Seed) > 0 }

// Passkey is a WebAuthn credential, as values: what they mean is
// internal/passkey's to know.
type Passkey struct {
	ID         []byte    `json:"id"`
	Name       string    `json:"name"` // given by the person
	PublicKey  []byte    `json:"public_key"`
	Count      uint32    `json:"count"` // signatures so far, as it says itself; 0: it does not count
	Synced     bool      `json:"synced,omitempty"`
	Transports []string  `json:"transports,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsed   time.Time `json:"last_used"` // zero: never
}

// advances says whether a passkey that counts signatures may come with next: a
// count that does not grow is a copy's, or a replay.
func (k Passkey) advances(next uint32) bool { return next > k.Count || (next == 0 && k.Count == 0) }

// HasSecond says whether the password alone signs nobody in.
func (a Account) HasSecond() bool { return a.Factors.TOTP.Set() || len(a.Factors.Passkeys) > 0 }

// Passkey is one of the account's by its id.
func (a Account) Passkey(id []byte) (Passkey, bool) {
	i := a.passkey(id)
	if i < 0 {
		return Passkey{}, false
	}
	return a.Factors.Passkeys[i], true
}

func (a Account) passkey(id []byte) int {
	return slices.IndexFunc(a.Factors.Passkeys, func(k Passkey) bool { return bytes.Equal(k.ID, id) })
}

// without is the account after a factor was taken away: recovery codes go with
// the last one, and then the password must be good enough by itself.
func (a Account) without(f Factors) (Account, error) {
	a.Factors = f
	if a.HasSecond() {
		return a, nil
	}
	if a.ShortPassword {
		return a, ErrShort
	}
	a.Factors = Factors{Pending: f.Pending}
	return a, nil
}

// A Proof is when and how the person at a browser last showed who they are.
type Proof struct {
	At     time.Time
	Second bool // with the second factor, too
}

// Holds says whether the proof is enough for being let in: nothing voided it,
// and an account that has a second factor, since whenever, was shown one.
func (p Proof) Holds(a Account) bool {
	return !a.Disabled && !p.At.Before(a.SignedOutAt) && (p.Second || !a.HasSecond())
}

// Fresh says whether the proof is enough, at now, for changing factors or
// password.
func (p Proof) Fresh(a Account, now time.Time) bool {
	return p.Holds(a) && now.Sub(p.At) <= freshFor
}
