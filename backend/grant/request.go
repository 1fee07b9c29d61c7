package grant

import (
	"crypto/sha256"
	"time"
)

const (
	requestLife = 30 * time.Minute // from /authorize to the person's decision
	codeLife    = time.Minute      // from the decision to the exchange
	usedCode    = 24 * time.Hour   // how long a spent code is known, so that its reuse is noticed
)

// Request is an authorization in flight: from /authorize to the exchange of
// its code (RFC 6749 §4.1, RFC 7636).
type Request struct {
	ID          string    `json:"id"`
	Client      string    `json:"client"`
	RedirectURI string    `json:"redirect_uri"`
	State       string    `json:"state"`
	Nonce       string    `json:"nonce,omitempty"`
	Challenge   string    `json:"challenge"` // PKCE, S256
	Scopes      []string  `json:"scopes"`
	Audience    []string  `json:"audience,omitempty"`
	LoginHint   string    `json:"login_hint,omitempty"`
	Prompt      []string  `json:"prompt,omitempty"`
	Browser     [32]byte  `json:"browser"` // SHA-256 of the cookie of the browser that began it
	Machine     string    `json:"machine,omitempty"`
	CreatedAt   time.Time `json:"created_at"`

	Account  string    `json:"account,omitempty"` // set by the person's yes
	AuthTime time.Time `json:"auth_time"`
	Denied   bool      `json:"denied,omitempty"`

	Code    [32]byte  `json:"code"` // SHA-256; zero: none yet
	CodeAt  time.Time `json:"code_at"`
	Session string    `json:"session,omitempty"` // what the code was exchanged for
}

// Approved says that a person said yes.
func (r Request) Approved() bool { return r.Account != "" && !r.Denied }

// Open says whether the request can still be decided at now.
func (r Request) Open(now time.Time) bool {
	return now.Sub(r.CreatedAt) < requestLife && r.Session == ""
}

// BegunBy says whether the browser that holds binding began the request.
func (r Request) BegunBy(binding string) bool {
	return binding != "" && sha256.Sum256([]byte(binding)) == r.Browser
}

// Forgotten says whether the row may go.
func (r Request) Forgotten(now time.Time) bool {
	if r.Session != "" {
		return now.Sub(r.CodeAt) > usedCode
	}
	return now.Sub(r.CreatedAt) > requestLife
}

// redeemable is the rule for an exchange: ErrUsed, ErrExpired, ErrDenied.
func (r Request) redeemable(now time.Time) error {
	switch {
	case r.Session != "":
		return ErrUsed
	case !r.Approved():
		return ErrDenied
	case now.Sub(r.CodeAt) >= codeLife:
		return ErrExpired
	}
	return nil
}
