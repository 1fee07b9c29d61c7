package keychain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

var (
	// ErrFailClosed: the system's keychain is missing, and the person does not
	// want a file in its place.
	ErrFailClosed = errors.New("the settings say fail_closed: no file takes the keychain's place")
	// ErrStore: a kind of keychain that this program does not know.
	ErrStore = errors.New("not a kind of keychain")
)

// Store is a kind of keychain, as the settings name it. System is the one of
// the operating system.
type Store string

// The kinds that every system has.
const (
	Auto Store = ""     // the file if there is one, else the system's
	File Store = "file" // encrypted with age, in a folder of ours
)

// ParseStore reads what a person wrote.
func ParseStore(text string) (Store, error) {
	switch s := Store(text); s {
	case System, File:
		return s, nil
	}
	return Auto, fmt.Errorf("%w: %q; there are %s and %s", ErrStore, text, System, File)
}

// Place says which keychain counts on this computer. The zero value is the
// system's, and nothing else.
type Place struct {
	Store Store
	// FailClosed: with Auto, no file counts.
	FailClosed bool
	// Dir is the folder of the encrypted file, of the journal of a move and of
	// the lock that lets one program at a time ask; empty: there is none.
	Dir string
	// KeyFile holds the key to the encrypted file; empty: see key.go.
	KeyFile string
}

// rung is one keychain of the ladder. Its methods wait no longer than ctx;
// those of Keychain say what they promise.
type rung interface {
	get(ctx context.Context, name string) ([]byte, error)
	put(ctx context.Context, name string, value []byte) error
	remove(ctx context.Context, name string) error
	list(ctx context.Context) ([]string, error)
	probe(ctx context.Context) error
	title(ctx context.Context) string
}

func (k Keychain) place() (Place, error) {
	if k.Place == nil {
		return Place{Store: System}, nil
	}
	return k.Place()
}

// rung is the one that counts now. A file that is there counts as chosen: it
// was made because a person said so, or because the system had nothing, and
// its entries must not disappear from view when a keychain appears beside it.
func (k Keychain) rung() (Store, rung, error) {
	p, err := k.place()
	if err != nil {
		return Auto, nil, err
	}
	store := p.Store
	if store == Auto {
		store = System
		if p.Dir != "" && !p.FailClosed && isThere(filepath.Join(p.Dir, fileName)) {
			store = File
		}
	}
	r, err := k.rungOf(store, p)
	return store, r, err
}

func (k Keychain) rungOf(store Store, p Place) (rung, error) {
	switch {
	case store == System:
		return system{k, p.Dir}, nil
	case store == File && p.Dir != "":
		return file{Keychain: k, dir: p.Dir, keyFile: p.KeyFile}, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrStore, store)
}

// maxMoves is how often one call follows the entries to another keychain.
const maxMoves = 3

// on does one thing in the keychain that counts. If another one counts when
// it is done, as a move has ended meanwhile, it is done there again. left are
// the keychains in which it was done and that do not count any more.
func (k Keychain) on(do func(rung) error) (left []rung, err error) {
	return k.follow(func(r rung) (bool, error) { return false, do(r) })
}

// follow is on for what may be over with its first answer: do says so.
func (k Keychain) follow(do func(rung) (over bool, err error)) (left []rung, err error) {
	store, r, err := k.rung()
	if err != nil {
		return nil, err
	}
	for range maxMoves {
		var over bool
		over, err = do(r)
		if errors.Is(err, ErrNoService) {
			var f rung
			if f, err = k.instead(err); f != nil {
				store, r = File, f
				over, err = do(f)
			}
		}
		if over || k.Place == nil {
			return left, err
		}
		now, next, bad := k.rung()
		if bad != nil {
			return left, errors.Join(err, bad)
		}
		if now == store || k.pending(store, now) {
			return left, err
		}
		left = append(left, r)
		store, r = now, next
	}
	return left, err
}

// pending: the file that took the place of a missing keychain is not made
// before the first write.
func (k Keychain) pending(store, now Store) bool {
	p, err := k.place()
	return err == nil && p.Store == Auto && store == File && now == System && !isThere(filepath.Join(p.Dir, fileName))
}

// instead is the step down: where nothing is chosen and the system has no
// keychain, a file counts that is not there yet, provided that its key is at
// hand and that no entry of ours is known, which would be in a keychain that
// is only missing now. Otherwise it is nil, and the error says what is wrong.
func (k Keychain) instead(missing error) (rung, error) {
	p, err := k.place()
	if err != nil || p.Store != Auto || p.Dir == "" {
		return nil, errors.Join(missing, err)
	}
	if p.FailClosed {
		return nil, fmt.Errorf("%w: %w", ErrFailClosed, missing)
	}
	f := file{Keychain: k, dir: p.Dir, keyFile: p.KeyFile}
	if f.exists() || k.Index == nil {
		return nil, missing
	}
	if names, err := k.Index(); err != nil || len(names) > 0 {
		return nil, errors.Join(missing, err)
	}
	keys, err := f.atHand()
	if err != nil {
		return nil, errors.Join(missing, err)
	}
	if len(keys) == 0 {
		return nil, missing
	}
	return f, nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

const promptEvery = 50 * time.Millisecond

// oneprompt waits until no other program of ours is asking the person. The
// lock ends with the process.
func oneprompt(ctx context.Context, dir string) (done func(), err error) {
	if dir == "" {
		return func() {}, nil
	}
	return lockFile(ctx, filepath.Join(dir, "prompt.lock"), promptEvery)
}

func lockFile(ctx context.Context, path string, every time.Duration) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, every); err != nil {
		return nil, inTime(ctx, fmt.Errorf("lock %s: %w", path, err))
	}
	return func() { _ = lock.Close() }, nil
}
