package account

import (
	"errors"
	"fmt"
)

// ErrForbidden: only an administrator acts for somebody else.
var ErrForbidden = errors.New("permission denied")

// MayActFor says why an account may not act for the one of a name, or nil:
// everybody acts for themselves, and an administrator for everybody. It is
// asked before the name is looked up, so that nobody learns which there are.
func (a Account) MayActFor(name string) error {
	if a.Admin || Key(name) == Key(a.Name) {
		return nil
	}
	return fmt.Errorf("%w: only administrators act for somebody else", ErrForbidden)
}
