// Package grant owns what a person granted by signing in: the authorization in
// flight (Request), the device waiting for a person (Device), and the Session
// that comes of either, with its refresh token and its life. It leaves people
// to account, tokens to token, the OAuth wire to internal/oauth.
//
// The session is the authority: an access token, a refresh token and the
// auto-generated registry token are worth something only while it lives.
package grant

import (
	"errors"
	"slices"
	"time"
)

// Errors that can be asked about.
var (
	// ErrNotFound: no such request, device or session, or not for this caller.
	ErrNotFound = errors.New("grant not found")
	// ErrUsed: a thing that serves once was presented again; what came of the
	// first use is ended.
	ErrUsed = errors.New("grant was used before")
	// ErrExpired: the request, code or device code is past its time.
	ErrExpired = errors.New("grant has expired")
	// ErrEnded: the session has ended, by a person or by time.
	ErrEnded = errors.New("session has ended")
	// ErrPending: the person has not decided yet.
	ErrPending = errors.New("authorization is pending")
	// ErrDenied: the person, or the browser binding, said no.
	ErrDenied = errors.New("authorization was denied")
	// ErrInvalid: the secret was never one of ours.
	ErrInvalid = errors.New("invalid grant")
)

// Why a session ended, as kept in Session.Why. token's fates of a token whose
// session ends with it ("superseded", "deleted") are used as they are.
const (
	WhySignedOut = "signed out"
	WhyReuse     = "a refresh token was used twice"
	WhyCodeReuse = "an authorization code was used twice"
	WhyExpired   = "expired"
)

// Limits are design §3's numbers; they are stamped into a session at birth.
type Limits struct {
	Absolute  time.Duration // from sign-in to the end, 90 days
	Idle      time.Duration // without use, 30 days
	Unclaimed time.Duration // from the code to the first use, 10 minutes
}

// DefaultLimits are design §3's.
func DefaultLimits() Limits {
	return Limits{Absolute: 90 * 24 * time.Hour, Idle: 30 * 24 * time.Hour, Unclaimed: 10 * time.Minute}
}

// Session is one sign-in of one person on one computer. Its id is the family
// of its refresh tokens.
type Session struct {
	ID       string   `json:"id"`
	Account  string   `json:"account"` // account id
	Client   string   `json:"client"`  // OAuth client id
	Scopes   []string `json:"scopes"`
	Audience []string `json:"audience,omitempty"`

	CreatedAt time.Time     `json:"created_at"`
	AuthTime  time.Time     `json:"auth_time"` // when the person proved who they are
	EndsAt    time.Time     `json:"ends_at"`   // absolute end
	Idle      time.Duration `json:"idle"`
	ClaimBy   time.Time     `json:"claim_by"`  // reaped then, if never used
	LastUsed  time.Time     `json:"last_used"` // zero: never used
	EndedAt   time.Time     `json:"ended_at"`  // zero: not ended by anybody
	Why       string        `json:"why,omitempty"`

	Addr  string `json:"addr,omitempty"`  // from where it was made
	Agent string `json:"agent,omitempty"` // by what program

	// From, Token and Machine came after the first schema, and are not written
	// where there is nothing to say: rows from before need no migration.

	From    From   `json:"from,omitempty"`
	Token   string `json:"token,omitempty"`   // FromToken: the token's id; the session dies with it
	Machine string `json:"machine,omitempty"` // as the program called its computer when it asked; "": it did not

	Refresh Refresh `json:"refresh"`
}

// From says what a session was made of.
type From string

// Whatever a later version adds is none of the person's own.
const (
	FromPerson   From = ""         // a person, in their browser
	FromPassword From = "password" // a program that was given the password, and the code where there is a second factor
	FromToken    From = "token"    // a program that was given a personal access token
)

// Personal says whether the session is a person's own sign-in: no other may
// administer, since who made it showed less than that.
func (s Session) Personal() bool { return s.From == FromPerson || s.From == FromPassword }

// Until is the moment up to which the session lives if it is not used again;
// zero once somebody has ended it, so that a clock set back revives nothing.
func (s Session) Until() time.Time {
	if !s.EndedAt.IsZero() {
		return time.Time{}
	}
	if s.LastUsed.IsZero() {
		return s.ClaimBy
	}
	if idle := s.LastUsed.Add(s.Idle); idle.Before(s.EndsAt) {
		return idle
	}
	return s.EndsAt
}

// Live says whether the session may be used at now.
func (s Session) Live(now time.Time) bool { return now.Before(s.Until()) }

// Seen is when the session was last used, or born.
func (s Session) Seen() time.Time {
	if s.LastUsed.IsZero() {
		return s.CreatedAt
	}
	return s.LastUsed
}

// Living are the sessions that may be used at now, the one used last first.
func Living(all []Session, now time.Time) []Session {
	living := slices.DeleteFunc(slices.Clone(all), func(s Session) bool { return !s.Live(now) })
	slices.SortStableFunc(living, func(a, b Session) int { return b.Seen().Compare(a.Seen()) })
	return living
}

// End ends the session for why, unless it has ended before. One that is past
// its time ended then, and of that.
func (s Session) End(why string, at time.Time) Session {
	if !s.EndedAt.IsZero() {
		return s
	}
	if until := s.Until(); !at.Before(until) {
		at, why = until, WhyExpired
	}
	s.EndedAt, s.Why = stamp(at), why
	return s
}

// Use notes a use at now by an access token of the given generation (0: the
// use is not an access token's). A session that is over stays over.
func (s Session) Use(generation int, now time.Time) Session {
	if !s.Live(now) {
		return s
	}
	if now = stamp(now); now.After(s.LastUsed) {
		s.LastUsed = now
	}
	if generation != 0 && generation == s.Refresh.Generation {
		s.Refresh.CurrentUsed = true
	}
	return s
}

// Forgotten says whether the row may go: a month after its end, so that for
// that long a machine can be told why. A direct login is no machine's.
func (s Session) Forgotten(now time.Time) bool {
	if s.From != FromPerson {
		return !s.Live(now)
	}
	over := s.EndedAt
	if over.IsZero() {
		over = s.Until()
	}
	return now.After(over.AddDate(0, 1, 0))
}

// stamp is the form of every time kept: UTC, microseconds, no monotonic part.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
