package machine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

var (
	// ErrBroken: state.json is there and cannot be understood. It is left as
	// it is: nothing begins anew over it.
	ErrBroken = errors.New("state file is damaged")
	// ErrNewer: state.json was written by a later Lanyard.
	ErrNewer = errors.New("state file is of a newer Lanyard")
	// ErrBusy: another program held the state file for too long.
	ErrBusy = errors.New("state file is in use")
)

const (
	stateVersion = 1
	lockEvery    = 5 * time.Millisecond
	maxState     = 4 << 20 // bytes; some thousand entries
)

// StateFile is state.json, shared by the window, the terminal and the helper.
type StateFile struct {
	Dir string
	// Wait is how long Update waits for another program's; zero: 5 s.
	Wait time.Duration
}

// Path is the file itself.
func (f StateFile) Path() string { return filepath.Join(f.Dir, "state.json") }

// Load reads the state without a lock: each write replaces the whole file.
// No file is an empty State; ErrBroken and ErrNewer are never overwritten.
func (f StateFile) Load() (State, error) {
	s, _, err := f.load()
	return s, err
}

// load also returns the bytes of the file, nil if there is none.
func (f StateFile) load() (State, []byte, error) {
	raw, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		s := State{Version: stateVersion}
		s.fill()
		return s, nil, nil
	}
	if err != nil {
		return State{}, nil, fmt.Errorf("read state: %w", err)
	}
	var s State
	if err := json.Unmarshal(raw, &s); err != nil {
		return State{}, nil, fmt.Errorf("%w: %s: move it away and sign in again: %w", ErrBroken, f.Path(), err)
	}
	switch {
	case s.Version > stateVersion:
		return State{}, nil, fmt.Errorf("%w: %s has version %d, this program knows %d", ErrNewer, f.Path(), s.Version, stateVersion)
	case s.Version < stateVersion:
		return State{}, nil, fmt.Errorf("%w: %s has no version: move it away and sign in again", ErrBroken, f.Path())
	}
	s.fill()
	for name, e := range s.Entries {
		e.Used = later(e.Used, f.Used(name))
		s.Entries[name] = e
	}
	return s, raw, nil
}

func (f StateFile) read() ([]byte, error) {
	file, err := os.Open(f.Path())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxState {
		return nil, fmt.Errorf("%w: %s is no file of a sensible size", ErrBroken, f.Path())
	}
	raw := make([]byte, info.Size())
	_, err = io.ReadFull(file, raw)
	return raw, err
}

// Update is the one way to change the state: fn sees it as it is and alters
// it, alone among all programs; the result is on disk when Update returns.
// If fn fails or alters nothing, nothing is written. ErrBusy if another
// program is at it for longer than Wait.
func (f StateFile) Update(fn func(*State) error) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()

	s, before, err := f.load()
	if err != nil {
		return err
	}
	old := s.Entries
	s.Entries = maps.Clone(old)
	if err := fn(&s); err != nil {
		return err
	}
	after, err := encode(s, before)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	if !bytes.Equal(before, after) {
		if err := f.write(after); err != nil {
			return fmt.Errorf("write state: %w", err)
		}
	}
	for name, was := range old {
		e, ok := s.Entries[name]
		if !ok {
			f.forget(name)
		} else if e.Used.Before(was.Used) && !e.Used.IsZero() { // see Heard
			_ = os.Chtimes(f.notePath(name), e.Used, e.Used)
		}
	}
	return nil
}

// Sweep calls remove for each buried entry, and takes out of the state those
// for which it returns nil: they are gone. It runs inside an Update, so that
// no sign-in makes an entry anew while its predecessor is being removed; for
// the same reason an entry is written to the keychain inside the Update that
// calls Added. Whoever runs may call it: it is quick where nothing is buried.
func (f StateFile) Sweep(remove func(name string) error) error {
	if s, err := f.Load(); err != nil || len(s.Tombstones) == 0 {
		return err
	}
	var left []error
	err := f.Update(func(s *State) error {
		for _, name := range slices.Sorted(maps.Keys(s.Tombstones)) {
			if err := remove(name); err != nil {
				left = append(left, err)
				continue
			}
			s.Gone(name)
		}
		return nil
	})
	return errors.Join(append(left, err)...)
}

func (f StateFile) lock() (unlock func(), err error) {
	wait := f.Wait
	if wait == 0 {
		wait = 5 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	lock := flock.New(filepath.Join(f.Dir, "state.lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLockContext(ctx, lockEvery)
	if errors.Is(err, context.DeadlineExceeded) || err == nil && !ok {
		return nil, fmt.Errorf("%w: %s", ErrBusy, f.Path())
	}
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	return func() { _ = lock.Close() }, nil
}

// write replaces the file so that a reader, or a start after a power cut,
// sees the old or the new one. The lock makes the fixed name safe, and what a
// crash leaves under it is overwritten by the next write.
func (f StateFile) write(raw []byte) error {
	temp := f.Path() + ".new"
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(temp, f.Path())
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncDir(f.Dir)
}

func syncDir(path string) error {
	if runtime.GOOS == "windows" { // a folder cannot be synced there
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// fill makes the maps, so that callers may write to them.
func (s *State) fill() {
	if s.Registries == nil {
		s.Registries = map[string]Registry{}
	}
	if s.Entries == nil {
		s.Entries = map[string]Entry{}
	}
	if s.Tombstones == nil {
		s.Tombstones = map[string]time.Time{}
	}
}
