package token

import (
	"context"
	"fmt"

	"lanyard/backend/activity"
)

// Clean deletes those of an account's tokens that fn wants gone, as they are
// in that transaction, and says how many there were. Their sessions end.
func (s *Service) Clean(ctx context.Context, owner string, fn func(Token) bool, by activity.By) (n int, err error) {
	now := s.now()
	err = s.Store.Change(ctx, owner, func(h Holding) (next Holding, err error) {
		next, n = s.pending.over(h), 0
		for _, t := range next.Tokens {
			if !fn(t) {
				continue
			}
			if next, err = Remove(next, t.ID, by, now); err != nil {
				return h, err
			}
			n++
		}
		return next, nil
	})
	if err != nil {
		return 0, fmt.Errorf("clean tokens up: %w", err)
	}
	return n, nil
}
