// Package keychain keeps Lanyard's secrets in the operating system's keychain
// and believes nothing it is told about it: what was written is read back,
// what was deleted is looked for, and every call ends in time. It decides
// neither what to keep nor for how long, and it never falls back to a file.
//
// Reads on Linux are our own D-Bus calls, which tell a locked keychain from an
// empty one and never ask for it to be unlocked. Writes go through go-keyring,
// which takes a dismissed prompt for success and waits for ever: hence the
// checks, and hence Worker.
package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What can be the matter with a keychain. Each needs another word to the
// person, so they are never one for another; only an unlocking that a person
// did not finish is both ErrDismissed and ErrLocked.
var (
	ErrNotFound   = errors.New("no such entry in the keychain")
	ErrLocked     = errors.New("the keychain is locked")
	ErrNoService  = errors.New("no keychain service answers")
	ErrDismissed  = errors.New("the keychain's prompt was dismissed, or could not be shown")
	ErrTimeout    = errors.New("the keychain did not answer in time")
	ErrTooBig     = errors.New("too big for a keychain entry")
	ErrNotRemoved = errors.New("the entry is still in the keychain")
	ErrMismatch   = errors.New("the keychain holds something else than was written")
)

// Service is the attribute that all our entries share.
const Service = "lanyard"

const (
	// maxValue fits every platform's limit: 2,560 bytes on Windows, 4,096 of
	// Base64, names and command on macOS.
	maxValue = 2400
	maxName  = 512

	quick   = 2 * time.Second // where no prompt is allowed
	patient = 2 * time.Minute // where a person asked
)

// Keychain is the keychain of the person whose programs these are. The zero
// value works, within this process and without prompts.
type Keychain struct {
	// Worker makes the writes in a child that can be killed; nil: they are
	// made here, and one that hangs is left behind. Only a program that ends
	// at once can afford that.
	Worker *Worker
	// Asked: a person waits for this, so the keychain may be unlocked by a
	// prompt, and two minutes are given for it instead of two seconds.
	Asked bool
	// Limit is how long a call without a prompt may take; zero: 2 s.
	Limit time.Duration
	// Index lists the entries we believe to have. It is asked where the
	// keychain can not tell: on macOS and Windows, and for locked entries.
	// May be nil.
	Index func() ([]string, error)
}

// Get is the value of an entry.
func (k Keychain) Get(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	value, err := read(ctx, name)
	if k.Asked && errors.Is(err, ErrLocked) {
		if err := k.unlock(ctx); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		value, err = read(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}

// Put makes or replaces an entry. If it returns nil the keychain holds value
// under name, once. After ErrTimeout it may hold either.
func (k Keychain) Put(ctx context.Context, name string, value []byte) error {
	if err := checkSize(name, value); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	if err := k.put(ctx, name, value); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (k Keychain) put(ctx context.Context, name string, value []byte) error {
	if err := k.open(ctx); err != nil {
		return err
	}
	if err := k.write(ctx, request{Op: opPut, Name: name, Value: value}); err != nil {
		return err
	}
	if err := removeCopies(ctx, name, value); err != nil {
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

// Delete removes an entry, with every copy of it. If it returns nil the
// keychain has none, whether there was one or not.
func (k Keychain) Delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	if err := k.remove(ctx, name); err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

func (k Keychain) remove(ctx context.Context, name string) error {
	held, err := holds(ctx, name)
	if err == nil && !held {
		return nil
	}
	if err != nil && !(k.Asked && errors.Is(err, ErrLocked)) {
		return err
	}
	if err := k.open(ctx); err != nil {
		return err
	}
	written := k.write(ctx, request{Op: opDelete, Name: name})
	if errors.Is(written, ErrTimeout) {
		return written
	}
	// Whatever it said: what counts is what is there now.
	if err := removeCopies(ctx, name, nil); err != nil {
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

// List names our entries that begin with prefix, locked ones included, sorted.
func (k Keychain) List(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	var index []string
	if k.Index != nil {
		var err error
		if index, err = k.Index(); err != nil {
			return nil, fmt.Errorf("list the keychain: %w", err)
		}
	}
	names, err := list(ctx, index)
	if err != nil {
		return nil, fmt.Errorf("list the keychain: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Probe says whether a write has a chance: nil, ErrLocked, ErrNoService or
// ErrTimeout. It starts nothing but what the bus starts by itself, and opens
// no prompt.
func (k Keychain) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.unasked())
	defer cancel()
	return writable(ctx)
}

// Name is what the person calls their keychain, such as "GNOME Keyring".
func (k Keychain) Name(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, k.unasked())
	defer cancel()
	return humanName(ctx)
}

// open makes sure that a write can be made: go-keyring would open a prompt
// before a locked keychain, wanted or not.
func (k Keychain) open(ctx context.Context) error {
	err := writable(ctx)
	if k.Asked && errors.Is(err, ErrLocked) {
		return k.unlock(ctx)
	}
	return err
}

// unlock asks the person, through the keychain's own prompt.
func (k Keychain) unlock(ctx context.Context) error {
	err := k.write(ctx, request{Op: opUnlock})
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

func (k Keychain) limit() time.Duration {
	if k.Asked {
		return patient
	}
	return k.unasked()
}

func (k Keychain) unasked() time.Duration {
	if k.Limit > 0 {
		return k.Limit
	}
	return quick
}

func checkSize(name string, value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("write %s: %w: %d of at most %d bytes", name, ErrTooBig, len(value), maxValue)
	}
	if len(name) > maxName {
		return fmt.Errorf("%w: a name of %d bytes, at most %d", ErrTooBig, len(name), maxName)
	}
	return nil
}

// inTime is ErrTimeout in place of whatever a call says when its time is over.
func inTime(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ctx.Err()
}
