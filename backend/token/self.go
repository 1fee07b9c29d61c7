package token

import (
	"fmt"
	"time"
)

// MayReplaceItself says why whoever presents the token may not rotate it
// without a person, or nil. The secret before the last rotation may not: it
// may be the one that was lost.
func (t Token) MayReplaceItself() error {
	if t.ByPrevious {
		return fmt.Errorf("%w: only the present one rotates the token", ErrRotated)
	}
	return nil
}

// MaybeByPrevious says whether the secret that was accepted at a time may have
// been the one before the last rotation.
func (t Token) MaybeByPrevious(at time.Time) bool {
	return t.Previous != nil && at.Before(t.Previous.Until)
}
