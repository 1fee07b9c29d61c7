package keychain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Standing is how it stands with the keychain, for a person.
type Standing struct {
	Store Store  // the one that counts
	Name  string // as the person calls it
	Why   string // it is this one
	// State is nil where it is open, else ErrLocked, ErrNoService or whatever
	// is wrong with it.
	State   error
	Entries int    // of ours; -1: unknown
	File    string // the encrypted file; empty: there is none
	OpenBy  string // what opens the file, in words; empty without one
	Move    *Unfinished
}

// Unfinished is a move that was cut off.
type Unfinished struct{ From, To Store }

// Standing looks at everything and changes nothing. It fails only where it
// cannot be known which keychain counts.
func (k Keychain) Standing(ctx context.Context) (Standing, error) {
	k.Asked = false
	p, err := k.place()
	if err != nil {
		return Standing{}, err
	}
	store, r, err := k.rung()
	if err != nil {
		return Standing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, k.unasked())
	defer cancel()
	s := Standing{Why: "the settings say so", State: r.probe(ctx), Entries: -1}
	if p.Store == Auto {
		s.Why = "no other is chosen, and the system has this one"
	}
	if p.Store == Auto && store == File {
		s.Why = "no other is chosen, and the encrypted file is there"
	}
	if errors.Is(s.State, ErrNoService) && store == System {
		f, err := k.instead(s.State)
		s.State = err
		switch {
		case f != nil: // the next write makes it
			store, r, s.State = File, f, f.probe(ctx)
			s.Why = "the system has no keychain, and the key of an encrypted file is at hand"
		case p.Store == Auto && p.FailClosed:
			s.Why = "no other is chosen, and the settings say fail_closed"
		case p.Store == Auto:
			s.Why = "no other is chosen, and there is no encrypted file"
		}
	}
	s.Store, s.Name = store, r.title(ctx)
	if s.State == nil { // a list of a locked keychain may be short
		if names, err := r.list(ctx); err == nil {
			s.Entries = len(names)
		}
	}
	if p.Dir == "" {
		return s, nil
	}
	f := file{Keychain: k, dir: p.Dir, keyFile: p.KeyFile}
	if f.exists() {
		s.File = f.path()
	}
	if f.exists() || store == File {
		s.OpenBy = f.openBy()
	}
	j, err := readJournal(p.Dir)
	if j != nil {
		s.Move = &Unfinished{j.From, j.To}
	}
	return s, err
}

// openBy says what opens the file.
func (f file) openBy() string {
	if source := f.source(); source != "" {
		return source
	}
	if f.held() != nil {
		return "a passphrase, which was given"
	}
	return "a passphrase"
}

// Unlock opens the keychain for a while: the file with its passphrase, the
// system's with its own prompt. A person must be waiting (Asked).
func (k Keychain) Unlock(ctx context.Context, duration time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	_, r, err := k.rung()
	if err != nil {
		return err
	}
	f, isFile := r.(file)
	if !isFile {
		if _, err := k.on(func(r rung) error { return r.(system).open(ctx) }); err != nil {
			return fmt.Errorf("unlock the keychain: %w", err)
		}
		return nil
	}
	if err := f.unlockFor(ctx, duration); err != nil {
		return fmt.Errorf("unlock the keychain: %w", err)
	}
	return nil
}

func (f file) unlockFor(ctx context.Context, duration time.Duration) error {
	raw, err := readOurs(f.path())
	if errors.Is(err, os.ErrNotExist) {
		_, err := f.maker()
		return err
	}
	if err != nil {
		return err
	}
	keys, err := f.atHand()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if f.fits(raw, key) {
			return nil // it is never locked
		}
	}
	if !isThere(f.keyPath()) || f.Passphrase == nil {
		_, err := f.key(ctx, raw)
		return err
	}
	done, err := oneprompt(ctx, f.dir)
	if err != nil {
		return err
	}
	defer done()
	key, err := f.answer(ctx, raw)
	if err != nil {
		return err
	}
	if _, err := f.open(raw, key); err != nil {
		return err
	}
	return f.hold(key, duration)
}

// ErrNotOurs: the system's keychain is locked by its own program.
var ErrNotOurs = errors.New("the system's keychain is not ours to lock")

// Lock forgets the key of the encrypted file.
func (k Keychain) Lock() error {
	_, r, err := k.rung()
	if err != nil {
		return err
	}
	f, isFile := r.(file)
	if !isFile {
		return ErrNotOurs
	}
	return forgetKey(f.holdName())
}

// Make makes the encrypted file, opened by the key at hand or else by a
// passphrase that the person is asked for. It does not make it count.
func (k Keychain) Make(ctx context.Context) error {
	p, err := k.place()
	if err != nil {
		return err
	}
	if p.Dir == "" {
		return fmt.Errorf("%w: no folder for a file", ErrStore)
	}
	f := file{Keychain: k, dir: p.Dir, keyFile: p.KeyFile}
	if err := f.create(ctx); err != nil {
		return fmt.Errorf("make the encrypted file: %w", err)
	}
	return nil
}
