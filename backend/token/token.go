// Package token owns registry tokens: their form, their hash at rest, who may
// hold how many (Admit), and what becomes of one that gives way. It leaves
// sessions to grant, people to account, what a scope reaches to access, and
// keeping the rows to a store.
package token

import (
	"crypto/sha256"
	"errors"
	"time"
)

// Errors that can be asked about. Every surface maps them to its own format.
var (
	// ErrNotFound: no token of that id, or of that secret, is held. The two are
	// one answer, so that nobody learns which ids exist.
	ErrNotFound = errors.New("token not found")
	// ErrInactive: a person deactivated the token; only a person activates it.
	ErrInactive = errors.New("token is deactivated")
	// ErrExpired: the token's own expiry has passed.
	ErrExpired = errors.New("token has expired")
	// ErrSessionEnded: the session the token was generated for has ended.
	ErrSessionEnded = errors.New("the session of this token has ended")
	// ErrRotated: the secret was replaced by another, and its overlap is over.
	ErrRotated = errors.New("this secret of the token was replaced")
	// ErrLimit: the account holds as many tokens by hand as it may.
	ErrLimit = errors.New("token limit reached")
	// ErrRate: too many creations in an hour would have taken other computers'
	// tokens; a RateError says until when.
	ErrRate = errors.New("too many sign-ins in an hour")
	// ErrInvalid: what was asked for cannot be a token; the wrapping text says why.
	ErrInvalid = errors.New("invalid token")
)

// RateError is ErrRate with the moment at which there is room again.
type RateError struct{ Until time.Time }

func (*RateError) Error() string { return ErrRate.Error() }

// Is makes it an ErrRate.
func (*RateError) Is(target error) bool { return target == ErrRate }

// Source says who made a token.
type Source string

// The sources, in our own words; dialects spell them their way.
const (
	Manual Source = "manual"
	Auto   Source = "auto"
	// Org is a token of an organisation, made by one of its owners.
	Org Source = "organization"
)

// Token is one registry token as it is kept: never its secret.
type Token struct {
	ID          string   `json:"id"`    // UUID
	Owner       string   `json:"owner"` // account id, or an organisation's
	Hash        [32]byte `json:"hash"`  // SHA-256 of the secret, see Hash
	LastFour    string   `json:"last_four"`
	Description string   `json:"description"`
	Scopes      []Scope  `json:"scopes"` // order as it was sent
	Source      Source   `json:"source"`
	Active      bool     `json:"active"`
	Pinned      bool     `json:"pinned,omitempty"` // auto-generated only: never evicted

	CreatedAt   time.Time `json:"created_at"` // UTC, microseconds
	ExpiresAt   time.Time `json:"expires_at"` // zero: never
	ExpiresText string    `json:"expires_text,omitempty"`
	LastUsed    Use       `json:"last_used"` // zero At: never used
	Creator     Use       `json:"creator"`   // from where it was made; At is unused

	// Repositories are the names and patterns that the token is limited to,
	// beside its scopes; empty: no limit (access.Matches).
	Repositories []string `json:"repositories,omitempty"`
	// Previous is the secret before the last rotation; nil: never rotated.
	Previous *Previous `json:"previous,omitempty"`

	// An organisation's tokens only: what they reach, in place of Scopes, and
	// who made them.
	Resources []Resource `json:"resources,omitempty"`
	CreatedBy string     `json:"created_by,omitempty"` // user name
	Note      string     `json:"note,omitempty"`       // a longer description

	// Auto-generated tokens only.
	Session      string `json:"session,omitempty"`      // grant.Session.ID, its authority
	Installation string `json:"installation,omitempty"` // "" where the client sends no body
	Machine      string `json:"machine,omitempty"`
	OS           string `json:"os,omitempty"`

	// SessionUntil is the moment up to which the token's session lives, read by
	// the store in the transaction that read the token; zero for a token
	// without a session. It is never written.
	SessionUntil time.Time `json:"-"`
	// ByPrevious: the secret that was presented is the one before the last
	// rotation. Set by the store that looked it up; never written.
	ByPrevious bool `json:"-"`
}

// Previous is a secret that a rotation replaced.
type Previous struct {
	Hash     [32]byte  `json:"-"`
	LastFour string    `json:"last_four"`
	Since    time.Time `json:"since"` // the rotation; zero: before the third schema
	Until    time.Time `json:"until"` // accepted before that
	LastUsed Use       `json:"last_used"`
}

// Resource is one thing that an organisation's token reaches.
type Resource struct {
	Type   string   `json:"type"` // TYPE_REPO or TYPE_ORG, the Hub's words
	Path   string   `json:"path"`
	Scopes []string `json:"scopes"` // scope-image-pull and the like, as sent
}

// Use is one accepted use of a token: when, from where, by what program.
type Use struct {
	At    time.Time `json:"at"`
	Addr  string    `json:"addr,omitempty"`
	Agent string    `json:"agent,omitempty"`
}

// Hash is what is kept of a secret. A secret carries 160 random bits, so a
// plain digest is enough and costs a lookup nothing.
func Hash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// Prefix is the readable start of the token's secret.
func (t Token) Prefix() string { return prefixOf(t.Source) }

// Usable says whether the token may be used at now, or why not: ErrInactive,
// ErrRotated, ErrExpired or ErrSessionEnded.
func (t Token) Usable(now time.Time) error {
	if !t.Active {
		return ErrInactive
	}
	if t.ByPrevious && (t.Previous == nil || !now.Before(t.Previous.Until)) {
		return ErrRotated
	}
	return t.death(now)
}

// Dead says that no act of a person brings the token back: its own expiry or
// its session's end has passed. A deactivated token is not dead.
func (t Token) Dead(now time.Time) bool { return t.death(now) != nil }

// death is ErrExpired, ErrSessionEnded or nil.
func (t Token) death(now time.Time) error {
	switch {
	case t.expired(now):
		return ErrExpired
	case t.orphaned(now):
		return ErrSessionEnded
	}
	return nil
}

func (t Token) expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

func (t Token) orphaned(now time.Time) bool {
	return t.Session != "" && !now.Before(t.SessionUntil)
}

// Overlapping says whether the secret before the last rotation is still
// accepted at now.
func (t Token) Overlapping(now time.Time) bool {
	return t.Previous != nil && now.Before(t.Previous.Until)
}

// LastSeen is the moment that counts for eviction: the last use, or the
// creation of a token never used.
func (t Token) LastSeen() time.Time {
	if t.LastUsed.At.After(t.CreatedAt) {
		return t.LastUsed.At
	}
	return t.CreatedAt
}
