package keychain

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

	"filippo.io/age"
)

var (
	// ErrFileLocked: the encrypted file waits for its passphrase. It is
	// ErrLocked too.
	ErrFileLocked = fmt.Errorf("%w: the encrypted file waits for its passphrase", ErrLocked)
	// ErrDamaged: a file of ours is there and cannot be understood. It is left
	// as it is.
	ErrDamaged = errors.New("the keychain file is damaged")
	// ErrExposed: a file of ours belongs to somebody else, or others may read
	// or replace it.
	ErrExposed = errors.New("the keychain file is not ours alone")
	// ErrExists: there is a file already, which is not written over.
	ErrExists = errors.New("there is a keychain file already")
)

// file is the keychain of a computer that has none: all entries in one file,
// encrypted to one age key. Each write replaces it whole, so readers need no
// lock.
type file struct {
	Keychain
	dir, keyFile string
}

const (
	fileName    = "keychain.age"
	fileVersion = 1
	maxFile     = 4 << 20 // bytes; some thousand entries
	fileEvery   = 5 * time.Millisecond
)

// entries is what is encrypted.
type entries struct {
	V       int               `json:"v"`
	Entries map[string][]byte `json:"entries"`
}

func (f file) path() string { return filepath.Join(f.dir, fileName) }

func (f file) exists() bool { return isThere(f.path()) }

func (f file) title(context.Context) string { return "encrypted file" }

func (f file) get(ctx context.Context, name string) ([]byte, error) {
	all, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	value, ok := all[name]
	if !ok {
		return nil, ErrNotFound
	}
	return value, nil
}

func (f file) put(ctx context.Context, name string, value []byte) error {
	return f.change(ctx, func(all map[string][]byte) bool {
		old, held := all[name]
		all[name] = value
		return !held || !bytes.Equal(old, value)
	})
}

func (f file) remove(ctx context.Context, name string) error {
	if !f.exists() {
		return nil
	}
	return f.change(ctx, func(all map[string][]byte) bool {
		_, held := all[name]
		delete(all, name)
		return held
	})
}

func (f file) list(ctx context.Context) ([]string, error) {
	all, err := f.load(ctx)
	return slices.Sorted(maps.Keys(all)), err
}

func (f file) probe(ctx context.Context) error {
	f.Asked = false
	_, err := f.load(ctx)
	return err
}

// load is what the file holds; nothing, if it is not made yet and will make
// itself.
func (f file) load(ctx context.Context) (map[string][]byte, error) {
	raw, err := readOurs(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		_, err := f.maker()
		return map[string][]byte{}, err
	}
	if err != nil {
		return nil, err
	}
	key, err := f.key(ctx, raw)
	if err != nil {
		return nil, err
	}
	return f.open(raw, key)
}

// open decrypts.
func (f file) open(raw []byte, key *age.X25519Identity) (map[string][]byte, error) {
	in, err := age.Decrypt(bytes.NewReader(raw), key)
	if err != nil {
		return nil, f.damaged(err)
	}
	plain, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return nil, f.damaged(err)
	}
	var e entries
	if err := json.Unmarshal(plain, &e); err != nil { // the error may quote what is in it
		return nil, f.damaged(errors.New("what is encrypted is not ours"))
	}
	if e.V != fileVersion {
		return nil, fmt.Errorf("%w: %s has version %d, this program knows %d", ErrEntry, f.path(), e.V, fileVersion)
	}
	if e.Entries == nil {
		e.Entries = map[string][]byte{}
	}
	return e.Entries, nil
}

func (f file) damaged(err error) error {
	return fmt.Errorf("%w: %s: put a copy of it back, or move it away and sign in again: %w", ErrDamaged, f.path(), err)
}

// change is the one way to write: fn alters what is there, alone among all
// programs, and says whether it did.
func (f file) change(ctx context.Context, fn func(map[string][]byte) bool) error {
	unlock, err := lockFile(ctx, f.path()+".lock", fileEvery)
	if err != nil {
		return err
	}
	defer unlock()
	var key *age.X25519Identity
	all := map[string][]byte{}
	raw, err := readOurs(f.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err = f.maker()
	case err == nil:
		if key, err = f.key(ctx, raw); err == nil {
			all, err = f.open(raw, key)
		}
	}
	if err != nil {
		return err
	}
	if !fn(all) {
		return nil
	}
	return f.save(all, key)
}

// save replaces the file by one that was read back before.
func (f file) save(all map[string][]byte, key *age.X25519Identity) error {
	plain, err := json.Marshal(entries{V: fileVersion, Entries: all})
	if err != nil {
		return fmt.Errorf("encode %s: %w", f.path(), err)
	}
	sealed, err := seal(plain, key.Recipient())
	if err != nil {
		return fmt.Errorf("encrypt %s: %w", f.path(), err)
	}
	if len(sealed) > maxFile {
		return fmt.Errorf("%w: %s would have %d bytes, at most %d", ErrTooBig, f.path(), len(sealed), maxFile)
	}
	return replaceOurs(f.path(), sealed, func(raw []byte) error {
		again, err := f.open(raw, key)
		if err == nil && !maps.EqualFunc(again, all, bytes.Equal) {
			err = ErrMismatch
		}
		return err
	})
}

func seal(plain []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

// readOurs reads a file that must be ours alone.
func readOurs(path string) ([]byte, error) {
	file, err := openNoFollow(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%w: %s is no file of a sensible size", ErrDamaged, path)
	}
	if err := oursAlone(path, info); err != nil {
		return nil, err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := oursToWrite(filepath.Dir(path), folder); err != nil {
		return nil, err
	}
	raw := make([]byte, info.Size())
	_, err = io.ReadFull(file, raw)
	return raw, err
}

// replaceOurs puts raw in the place of a file, so that a reader, or a start
// after a power cut, sees the old or the new one; check sees what is on disk
// before the old one goes. The caller has the lock, which makes the fixed
// name safe.
func replaceOurs(path string, raw []byte, check func([]byte) error) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = file.Write(raw)
	err = errors.Join(err, file.Sync(), file.Close())
	var back []byte
	if err == nil {
		back, err = readOurs(temp)
	}
	if err == nil {
		err = check(back)
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	if runtime.GOOS == "windows" { // a folder cannot be synced there
		return nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
