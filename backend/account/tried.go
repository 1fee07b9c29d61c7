package account

import (
	"context"
	"errors"
)

// Tried is a sign-in to an account that there is: passed, or refused and why.
// A right password that is to be followed by a second factor is neither yet.
type Tried struct {
	Account Account
	By      string // password, code, recovery code, passkey; or token, by another door
	Why     string // in a word or two; "": it passed
	Addr    string
}

// tell tells whoever keeps a record. Trouble of the service's own is none of it.
func (s *Service) tell(ctx context.Context, a Account, by string, err error, addr string) {
	why := whyRefused(by, err)
	if s.Tried == nil || a.ID == "" || err != nil && why == "" {
		return
	}
	s.Tried(ctx, Tried{Account: a, By: by, Why: why, Addr: addr})
}

// whyRefused is "" where there is nothing that a person should read of.
func whyRefused(by string, err error) string {
	switch {
	case errors.Is(err, ErrThrottled):
		return "too many tries"
	case errors.Is(err, ErrDisabled):
		return "account is disabled"
	case errors.Is(err, ErrWrong), errors.Is(err, ErrWrongCode):
		return "wrong " + by
	}
	return ""
}
