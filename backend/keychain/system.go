package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// system is the keychain of the operating system.
type system struct {
	Keychain
	dir string // for the lock of prompts; empty: none
}

func (s system) get(ctx context.Context, name string) ([]byte, error) {
	value, err := read(ctx, name)
	if s.Asked && errors.Is(err, ErrLocked) {
		if err := s.unlock(ctx); err != nil {
			return nil, err
		}
		value, err = read(ctx, name)
	}
	return value, err
}

func (s system) put(ctx context.Context, name string, value []byte) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.write(ctx, request{Op: opPut, Name: name, Value: value}); err != nil {
		return err
	}
	if err := removeCopies(ctx, name, value, false); err != nil {
		return err
	}
	held, err := read(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return ErrDismissed // go-keyring said it was done
	case err != nil:
		return err
	case !bytes.Equal(held, value):
		return ErrMismatch
	}
	return nil
}

func (s system) remove(ctx context.Context, name string) error {
	held, err := holds(ctx, name)
	if err == nil && !held {
		return nil
	}
	if err != nil && !(s.Asked && errors.Is(err, ErrLocked)) {
		return err
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	var written error
	if s.Asked || !ownDeletes {
		written = s.write(ctx, request{Op: opDelete, Name: name})
	}
	if errors.Is(written, ErrTimeout) {
		return written
	}
	// Whatever it said: what counts is what is there now.
	if err := removeCopies(ctx, name, nil, false); err != nil {
		return errors.Join(err, written)
	}
	held, err = holds(ctx, name)
	switch {
	case err != nil:
		return err
	case held && written != nil:
		return fmt.Errorf("%w: %w", ErrNotRemoved, written)
	case held:
		return ErrNotRemoved
	}
	return nil
}

func (s system) list(ctx context.Context) ([]string, error) {
	var index []string
	if s.Index != nil {
		var err error
		if index, err = s.Index(); err != nil {
			return nil, err
		}
	}
	return list(ctx, index)
}

func (s system) probe(ctx context.Context) error { return writable(ctx) }

func (s system) title(ctx context.Context) string { return humanName(ctx) }

// open makes sure that a write can be made: go-keyring would open a prompt
// before a locked keychain, wanted or not.
func (s system) open(ctx context.Context) error {
	err := writable(ctx)
	if s.Asked && errors.Is(err, ErrLocked) {
		return s.unlock(ctx)
	}
	return err
}

// unlock asks the person, through the keychain's own prompt.
func (s system) unlock(ctx context.Context) error {
	done, err := oneprompt(ctx, s.dir)
	if err != nil {
		return err
	}
	defer done()
	if err := writable(ctx); err == nil {
		return nil // another program's prompt has done it
	}
	err = s.write(ctx, request{Op: opUnlock})
	if errors.Is(err, ErrTimeout) {
		return err
	}
	if now := writable(ctx); errors.Is(now, ErrLocked) {
		return fmt.Errorf("%w: %w", ErrDismissed, now)
	} else if now != nil {
		return now
	}
	return err
}
