package app

import (
	"context"
	"errors"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// access asks with the token in memory while that lasts: a refresh writes to
// the keychain, and is a use of the session.
func (c *core) access(ctx context.Context, a signin.Account) (signin.Access, error) {
	c.mu.Lock()
	held := c.held
	c.mu.Unlock()
	if held.Account == a && held.Fresh(c.now()) {
		return held, nil
	}
	return c.fresh(ctx, c.Computer, a)
}

func (c *core) fresh(ctx context.Context, computer *signin.Computer, a signin.Account) (signin.Access, error) {
	got, err := computer.Access(ctx, a)
	if err != nil {
		c.drop()
		return got, err
	}
	c.mu.Lock()
	c.held = got
	c.mu.Unlock()
	return got, nil
}

func (c *core) drop() {
	c.mu.Lock()
	c.held = signin.Access{}
	c.mu.Unlock()
}

// ask does something at the service in the name of who is signed in. Where
// the token in memory is refused, a fresh one tells whether that is the end.
func (c *core) ask(ctx context.Context, do func(signin.Access) error) error {
	account, err := c.shownAccount(c.Computer)
	if err != nil {
		return err
	}
	access, err := c.access(ctx, account)
	if err != nil {
		return err
	}
	if err = do(access); !errors.Is(err, client.ErrEnded) {
		return err
	}
	if access, err = c.fresh(ctx, c.Computer, account); err != nil {
		return err
	}
	return do(access)
}

// asking is ask within a time.
func (c *core) asking(limit time.Duration, do func(context.Context, signin.Access) error) error {
	ctx, cancel := c.context(limit)
	defer cancel()
	return c.ask(ctx, func(a signin.Access) error { return do(ctx, a) })
}
