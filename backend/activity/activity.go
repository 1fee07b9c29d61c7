// Package activity owns the record of who did what to whose token, session,
// name or repository, when and from where: its events, their order and how
// long they are kept. It leaves what an act means to the noun that it is done
// to, and keeping the rows to a store.
package activity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Kept is how long an event is kept.
const Kept = 366 * 24 * time.Hour

// ErrInvalid: a question that cannot be answered; the wrapping text says why.
var ErrInvalid = errors.New("invalid question")

// By is who did something, and from where. The zero By is the service itself.
type By struct {
	Account string // id; "": the service, or nobody who is known
	Name    string
	Addr    string
	Agent   string
	// Via says by what, where it was not the person themselves: "token".
	Via string
}

// ViaToken: a token did it, with itself.
const ViaToken = "token"

// Action says what was done: a noun and a verb in the past.
type Action string

// The actions.
const (
	TokenCreated     Action = "token.created"
	TokenGenerated   Action = "token.generated"   // for a session, by the service
	TokenRenamed     Action = "token.renamed"     // Details: from
	TokenScoped      Action = "token.scoped"      // other access permissions; Details: from, to
	TokenDeactivated Action = "token.deactivated" // by a person
	TokenActivated   Action = "token.activated"
	TokenPinned      Action = "token.pinned"
	TokenUnpinned    Action = "token.unpinned"
	TokenRotated     Action = "token.rotated" // Details: until, when the earlier secret ends
	TokenDeleted     Action = "token.deleted" // by a person; its session ends with it
	TokenEvicted     Action = "token.evicted" // for want of room; Details: by, the computer that took its place
	TokenSuperseded  Action = "token.superseded"
	TokenSwept       Action = "token.swept" // it was over already

	SessionBegan Action = "session.began"
	SessionEnded Action = "session.ended" // Details: why

	SignInPassed  Action = "signin.passed"  // Details: by
	SignInRefused Action = "signin.refused" // Details: by, why, tries: how many since the one before

	AccountCreated  Action = "account.created"
	AccountPassword Action = "account.password" // changed
	AccountFactor   Action = "account.factor"   // Details: what
	AccountDisabled Action = "account.disabled"
	AccountEnabled  Action = "account.enabled"

	OrganizationCreated Action = "organization.created"
	OrganizationDeleted Action = "organization.deleted"
	OrganizationMember  Action = "organization.member" // Details: member, role
	TeamChanged         Action = "team.changed"
	TeamDeleted         Action = "team.deleted"
	RepositoryCreated   Action = "repository.created"
	RepositoryDeleted   Action = "repository.deleted"
	RepositoryVisible   Action = "repository.visibility" // Details: to
	RepositoryGiven     Action = "repository.given"      // Details: to, right
	TagDeleted          Action = "repository.tag"        // a tag was deleted; Details: tag
)

// Event is one act.
type Event struct {
	ID        string    `json:"id"` // of At and chance: in the order of time
	At        time.Time `json:"at"` // UTC, microseconds
	Account   string    `json:"account"`
	Actor     string    `json:"actor,omitempty"`      // account id of who did it; "": the service
	ActorName string    `json:"actor_name,omitempty"` // as it was then
	Action    Action    `json:"action"`
	// Subject is what it was done to: the id of a token or session, the name
	// of an organisation, team or repository; and Label what people call it.
	Subject string            `json:"subject,omitempty"`
	Label   string            `json:"label,omitempty"`
	Addr    string            `json:"addr,omitempty"`
	Agent   string            `json:"agent,omitempty"`
	Details map[string]string `json:"details,omitempty"`
}

const maxAgent = 256 // bytes

// New is an event of what by did to something of account's. An act for another
// is in both activities: a store keeps it for Account and for Actor.
func New(account string, action Action, by By, at time.Time) Event {
	at = at.UTC().Truncate(time.Microsecond)
	if len(by.Agent) > maxAgent {
		by.Agent = by.Agent[:maxAgent]
	}
	e := Event{
		ID: newID(at), At: at, Account: account, Actor: by.Account, ActorName: by.Name, Action: action, Addr: by.Addr, Agent: by.Agent,
	}
	if by.Via != "" {
		return e.With("via", by.Via)
	}
	return e
}

// Of says what it was done to.
func (e Event) Of(subject, label string) Event {
	e.Subject, e.Label = subject, label
	return e
}

// With adds a detail.
func (e Event) With(name, value string) Event {
	details := map[string]string{name: value}
	for n, v := range e.Details {
		if n != name {
			details[n] = v
		}
	}
	e.Details = details
	return e
}

// Store keeps events. It knows no rule but their order.
type Store interface {
	// AddEvents keeps events, each for its Account and, where another, its Actor.
	AddEvents(ctx context.Context, events []Event) error
	// Events returns up to most events of an account that fn wants, the newest
	// first, beginning after the id before ("": with the newest).
	Events(ctx context.Context, account, before string, most int, fn func(Event) bool) ([]Event, error)
}

// Log notes and shows what happened.
type Log struct {
	Store Store
	Now   func() time.Time // nil: time.Now
}

// Note keeps one act that has been done.
func (l *Log) Note(ctx context.Context, e Event) error {
	if err := l.Store.AddEvents(ctx, []Event{e}); err != nil {
		return fmt.Errorf("note %s: %w", e.Action, err)
	}
	return nil
}

// Did notes what by just did to something of account's.
func (l *Log) Did(ctx context.Context, account string, action Action, by By, subject, label string) error {
	return l.Note(ctx, New(account, action, by, l.now()).Of(subject, label))
}

const maxPage = 1000

// Page returns events of an account, the newest first.
func (l *Log) Page(ctx context.Context, account string, q Query) ([]Event, error) {
	if q.Most < 1 || q.Most > maxPage {
		return nil, fmt.Errorf("%w: between 1 and %d events at a time", ErrInvalid, maxPage)
	}
	if q.Before != "" && !isID(q.Before) {
		return nil, fmt.Errorf("%w: %.60q is no event", ErrInvalid, q.Before)
	}
	events, err := l.Store.Events(ctx, account, q.Before, q.Most, q.wants(l.now()))
	if err != nil {
		return nil, fmt.Errorf("list activity: %w", err)
	}
	return events, nil
}

// Query is what is asked of an activity; the zero Query but for Most is all.
type Query struct {
	Before   string // an event's id: only what is older
	Most     int
	Action   string // "token.": all that begin so
	Subject  string
	From, To time.Time // zero: no bound; To is not included
}

func (q Query) wants(now time.Time) func(Event) bool {
	return func(e Event) bool {
		return now.Sub(e.At) < Kept &&
			(len(q.Action) == 0 || len(e.Action) >= len(q.Action) && string(e.Action)[:len(q.Action)] == q.Action) &&
			(q.Subject == "" || e.Subject == q.Subject) &&
			(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To))
	}
}

// Behind is the event as it comes after the latest one, whose id is last ("":
// there is none): what befell an account within one microsecond keeps its
// order. A store asks in the transaction that adds it. An event of an earlier
// moment keeps its place there.
func (e Event) Behind(last string) Event {
	if !isID(last) || !isID(e.ID) || e.ID[:idTime] != last[:idTime] || e.ID > last {
		return e
	}
	chance, _ := strconv.ParseUint(last[idTime:], 16, 8*idChance/2) // it is an id
	if chance == 1<<(8*idChance/2)-1 {
		e.At = e.At.Add(time.Microsecond)
		e.ID = newID(e.At)
		return e
	}
	e.ID = fmt.Sprintf("%s%0*x", e.ID[:idTime], idChance, chance+1)
	return e
}

const (
	idTime   = 16 // hexadecimal digits of the microseconds since 1970
	idChance = 8
)

// From is what the ids of events at a moment, or later, are not less than.
func From(at time.Time) string { return fmt.Sprintf("%016x", uint64(max(at.UnixMicro(), 0))) }

func newID(at time.Time) string {
	var chance [idChance / 2]byte
	_, _ = rand.Read(chance[:]) // cannot fail since Go 1.24
	return From(at) + hex.EncodeToString(chance[:])
}

func isID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == (idTime+idChance)/2
}

func (l *Log) now() time.Time {
	if l.Now == nil {
		return time.Now().UTC()
	}
	return l.Now().UTC()
}
