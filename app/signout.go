package app

import (
	"errors"

	"lanyard/backend/signin"
)

// SignOut ends the session here and at the service, and says what became of it.
// everywhere: all sessions of the account, on every computer, as well; without
// the service nothing is done then.
func (s *Session) SignOut(everywhere bool) (ReceiptView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	c := s.core
	account, err := c.shownAccount(c.Asked)
	if err != nil {
		c.begun() // what was shown had ended by itself
		c.soon()
		return ReceiptView{}, err
	}
	var r signin.Receipt
	if everywhere {
		r, _, err = c.Asked.SignOutEverywhere(ctx, account)
	} else {
		r, err = c.Asked.SignOut(ctx, account)
	}
	if err != nil && !errors.Is(err, signin.ErrStillAccepted) { // which the receipt tells
		c.soon()
		return ReceiptView{}, err
	}
	c.begun()
	if _, err := s.look(); err != nil {
		c.soon()
	}
	return receiptView(r), nil
}
