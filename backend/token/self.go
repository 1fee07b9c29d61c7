package token

import "fmt"

// MayReplaceItself says why whoever presents the token may not rotate it
// without a person, or nil. The secret before the last rotation may not: it
// may be the one that was lost.
func (t Token) MayReplaceItself() error {
	if t.ByPrevious {
		return fmt.Errorf("%w: only the present one rotates the token", ErrRotated)
	}
	return nil
}
