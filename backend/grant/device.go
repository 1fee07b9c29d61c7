package grant

import (
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"strings"
	"time"
)

const (
	deviceLife = 15 * time.Minute
	// userCodeAlphabet has no vowels and no look-alikes (RFC 8628 §6.1).
	userCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLen      = 8
)

// Device is a device authorization (RFC 8628): a program without a browser
// waits while its person decides elsewhere.
type Device struct {
	ID        [32]byte  `json:"id"`        // SHA-256 of the device code
	UserCode  string    `json:"user_code"` // normalised, without dash
	Client    string    `json:"client"`
	Scopes    []string  `json:"scopes"`
	Audience  []string  `json:"audience,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Addr      string    `json:"addr,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	Machine   string    `json:"machine,omitempty"`

	Account  string    `json:"account,omitempty"` // set by the person's yes
	AuthTime time.Time `json:"auth_time"`
	Denied   bool      `json:"denied,omitempty"`
	Session  string    `json:"session,omitempty"` // what it was redeemed for
}

// Decided says that a person said yes or no.
func (d Device) Decided() bool { return d.Account != "" || d.Denied }

// Forgotten says whether the row may go.
func (d Device) Forgotten(now time.Time) bool { return now.Sub(d.ExpiresAt) > usedCode }

// redeemable is the rule for a poll: ErrUsed, ErrExpired, ErrDenied, ErrPending.
func (d Device) redeemable(now time.Time) error {
	switch {
	case d.Session != "":
		return ErrUsed
	case !now.Before(d.ExpiresAt):
		return ErrExpired
	case d.Denied:
		return ErrDenied
	case d.Account == "":
		return ErrPending
	}
	return nil
}

// NewUserCode draws a code that a person types: 8 of 20 letters, 34 bits.
func NewUserCode() string {
	var b strings.Builder
	for range userCodeLen {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(userCodeAlphabet))))
		if err != nil {
			panic("system randomness: " + err.Error())
		}
		b.WriteByte(userCodeAlphabet[n.Int64()])
	}
	return b.String()
}

// NormalUserCode gives a typed code its one form: upper case, letters only.
// ok is false if it cannot be a code of ours. Only ASCII has two cases here:
// Unicode's own rules turn other letters into ours (U+017F into S).
func NormalUserCode(typed string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ':
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, typed)
	if len(code) != userCodeLen || strings.Trim(code, userCodeAlphabet) != "" {
		return "", false
	}
	return code, true
}

// ShownUserCode is a code as it is shown: ABCD-EFGH.
func ShownUserCode(code string) string {
	if len(code) != userCodeLen {
		return code
	}
	return code[:userCodeLen/2] + "-" + code[userCodeLen/2:]
}

// DeviceID is the key of a device code.
func DeviceID(deviceCode string) [32]byte { return sha256.Sum256([]byte(deviceCode)) }
