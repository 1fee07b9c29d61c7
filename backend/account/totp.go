package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// What every authenticator app can do: SHA-1, six digits, thirty seconds. The
// weakness of SHA-1 is none of HMAC's (RFC 6238 §1.2).
const (
	totpStep   = 30 // seconds
	totpDigits = 6
	seedBytes  = 20 // RFC 4226 §4
)

// A Sealer keeps what must be had in clear, as seeds are, from whoever has the
// database alone. of binds what is sealed to its one place.
type Sealer interface {
	Seal(plain []byte, of string) []byte
	Open(sealed []byte, of string) ([]byte, error)
}

// Enrolment is what a person takes into an authenticator app: shown to them
// and to nobody else, until the first code of it was accepted.
type Enrolment struct {
	Secret string // base32, for typing
	URL    string // otpauth://, for a QR code
}

// Format keeps the secret out of every print and log.
func (Enrolment) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

func newSeed() string {
	var seed [seedBytes]byte
	_, _ = rand.Read(seed[:]) // cannot fail since Go 1.24
	return base32.StdEncoding.EncodeToString(seed[:])
}

func enrolment(secret, issuer, name string) (Enrolment, error) {
	raw, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		return Enrolment{}, errSeed
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name, Secret: raw, Period: totpStep})
	if err != nil {
		return Enrolment{}, fmt.Errorf("describe the authenticator: %w", err)
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL()}, nil
}

// appCode gives a typed code its one form: ASCII digits, without the spaces
// that apps show between them.
func appCode(typed string) (string, bool) {
	code := strings.ReplaceAll(typed, " ", "")
	return code, len(code) == totpDigits && strings.Trim(code, "0123456789") == ""
}

// step returns the time step of a code: the one of now or a neighbour, for
// clocks that differ, and later than last.
func step(secret, code string, last int64, now time.Time) (int64, bool) {
	at, found, good := now.Unix()/totpStep, int64(0), false
	for s := at - 1; s <= at+1; s++ {
		if s < 0 { // before 1970 nobody had an app
			continue
		}
		want, err := hotp.GenerateCode(secret, uint64(s)) // not negative
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > last {
			found, good = s, true
		}
	}
	return found, good
}

var errSeed = errors.New("the seed of an authenticator cannot be read")

func sealOf(id string) string { return "totp\x00" + id }

// seed opens the secret of t.
func (s *Service) seed(id string, t TOTP) (string, error) {
	if s.Sealer == nil {
		return "", errSeed
	}
	secret, err := s.Sealer.Open(t.Seed, sealOf(id))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errSeed, err)
	}
	return string(secret), nil
}
