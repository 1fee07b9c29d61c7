package server

import (
	"context"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/changes"
	"lanyard/backend/token"
)

// telling is a store that tells the board of what has changed, right after the
// commit: here, so that no surface can forget it. Uses of sessions are no news:
// whoever is told looks, and a look is a use.
type telling struct {
	Store
	board *changes.Board
	now   func() time.Time
}

// Change changes tokens, see token.Store.
func (s telling) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	return s.told(s.Store.Change(ctx, owner, fn), owner)
}

// Touch notes uses of tokens, see token.Store.
func (s telling) Touch(ctx context.Context, uses []token.Used) error {
	if err := s.Store.Touch(ctx, uses); err != nil {
		return err
	}
	owners := make([]string, 0, len(uses))
	for _, u := range uses {
		owners = append(owners, u.Owner)
	}
	s.board.Used(s.now(), owners...)
	return nil
}

// AddEvents keeps events, see activity.Store. A session that was born or ended
// is one, and so is what became of an account.
func (s telling) AddEvents(ctx context.Context, events []activity.Event) error {
	var whose []string
	for _, e := range events {
		whose = append(whose, e.Account, e.Actor)
	}
	return s.told(s.Store.AddEvents(ctx, events), whose...)
}

// ChangeSession changes a session, see grant.Sessions.
func (s telling) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	var ended string
	err := s.Store.ChangeSession(ctx, id, func(one grant.Session) (grant.Session, error) {
		next, err := fn(one)
		if ended = ""; one.EndedAt.IsZero() != next.EndedAt.IsZero() {
			ended = one.Account
		}
		return next, err
	})
	return s.told(err, ended)
}

// ChangeAccount changes an account, see account.Store.
func (s telling) ChangeAccount(ctx context.Context, id string, fn func(account.Account, bool) (account.Account, error)) error {
	return s.told(s.Store.ChangeAccount(ctx, id, fn), id)
}

// ChangeOrganization changes an organisation, see access.Store: everybody who
// is in it, or was, may do something else now.
func (s telling) ChangeOrganization(ctx context.Context, name string, fn func(access.Space) (access.Organization, error)) error {
	var people []string
	err := s.Store.ChangeOrganization(ctx, name, func(space access.Space) (access.Organization, error) {
		was := space.Organization
		people = append(append([]string{was.ID}, was.Owners...), was.Members...) // fn may change them in place
		next, err := fn(space)
		people = append(append(people, next.Owners...), next.Members...)
		return next, err
	})
	return s.told(err, people...)
}

// told tells of what was done, and not of what was not.
func (s telling) told(err error, accounts ...string) error {
	if err == nil {
		s.board.Told(accounts...)
	}
	return err
}
