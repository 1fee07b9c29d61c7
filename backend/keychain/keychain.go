// Package keychain keeps Lanyard's secrets in the operating system's keychain
// and believes nothing it is told about it: what was written is read back,
// what was deleted is looked for, and every call ends in time. It decides
// neither what to keep nor for how long.
//
// Where the system has no keychain, as on a server without a desktop, a file
// encrypted with age takes its place (File in a Place); never one in clear. All
// entries are in one of the two, and Mover takes them to the other.
//
// On Linux, reads, changes and deletions are our own D-Bus calls, which tell a
// locked keychain from an empty one, and let it ask the person only where one
// waits. New entries go through go-keyring, which takes a dismissed prompt for
// success and waits for ever: hence the checks, and hence Worker.
package keychain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
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
	// What a tool stored itself is none of ours to keep small: registries give
	// out passwords of 3,000 bytes and more.
	maxStored        = 40 << 10 // a worker's message has 64 kB, in Base64
	maxStoredWindows = 2560     // Credential Manager's
	maxStoredMac     = 2600     // of 4,096, in Base64, beside a name

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
	// Place says which keychain counts. It is asked at each call, as the person
	// may change it while programs run. nil: the system's.
	Place func() (Place, error)
	// Passphrase asks the person who waits (Asked) for the passphrase of the
	// encrypted file, or for a fresh one; nothing, or ErrDismissed, if they
	// give none. nil: nobody is asked.
	Passphrase func(ctx context.Context, fresh bool) (Secret, error)
	// Index lists the entries we believe to have. It is asked where the
	// keychain can not tell: on macOS and Windows, and for locked entries.
	// May be nil.
	Index func() ([]string, error)

	work int // of scrypt; zero: scryptWork. Tests have no time for that
}

// Get is the value of an entry.
func (k Keychain) Get(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	var value []byte
	// What was found is what was there when this began, wherever it is now: a
	// helper that serves looks once where to look.
	_, err := k.follow(func(r rung) (bool, error) {
		var err error
		value, err = r.get(ctx, name)
		return err == nil, err
	})
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
	left, err := k.on(func(r rung) error { return r.put(ctx, name, value) })
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	for _, old := range left {
		if err := old.remove(ctx, name); err != nil {
			return fmt.Errorf("write %s: remove it from %s: %w", name, old.title(ctx), err)
		}
	}
	return nil
}

// Delete removes an entry, with every copy of it. If it returns nil the
// keychain has none, whether there was one or not.
func (k Keychain) Delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	if _, err := k.on(func(r rung) error { return r.remove(ctx, name) }); err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

// List names our entries that begin with prefix, locked ones included, sorted.
func (k Keychain) List(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	var names []string
	_, err := k.on(func(r rung) (err error) {
		names, err = r.list(ctx)
		return err
	})
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
	_, err := k.on(func(r rung) error { return r.probe(ctx) })
	return err
}

// Name is what the person calls their keychain, such as "GNOME Keyring".
func (k Keychain) Name(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, k.unasked())
	defer cancel()
	_, r, err := k.rung()
	if err != nil {
		return "keychain"
	}
	return r.title(ctx)
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
	if most := sizeLimit(name, runtime.GOOS); len(value) > most {
		return fmt.Errorf("write %s: %w: %d of at most %d bytes", name, ErrTooBig, len(value), most)
	}
	if len(name) > maxName {
		return fmt.Errorf("%w: a name of %d bytes, at most %d", ErrTooBig, len(name), maxName)
	}
	return nil
}

// sizeLimit is how many bytes an entry may have.
func sizeLimit(name, system string) int {
	switch {
	case !strings.HasPrefix(name, Stores.Prefix()):
		return maxValue
	case system == "windows":
		return maxStoredWindows
	case system == "darwin":
		return maxStoredMac
	}
	return maxStored
}

// inTime is ErrTimeout in place of whatever a call says when its time is over.
func inTime(ctx context.Context, err error) error {
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &network) && network.Timeout() && ctx.Err() == nil: // a connection keeps the deadline by a clock of its own
		return ErrTimeout
	case ctx.Err() == nil:
		return err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ctx.Err()
}
