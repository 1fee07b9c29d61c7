package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// noteEvery: a get is noted at most so often, for each entry.
const noteEvery = time.Minute

// Note records a use of a keychain entry. It is made on every pull, so it
// takes no lock, syncs nothing and leaves state.json alone: the note is the
// modification time of an empty file. Load brings it into Entry.Used, the
// next Update into state.json. A lost note costs nothing: it only moves an
// end further back.
func (f StateFile) Note(name string, now time.Time) error {
	now = wall(now)
	if now.Before(f.Used(name).Add(noteEvery)) {
		return nil
	}
	path := f.notePath(name)
	err := os.Chtimes(path, now, now)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Chtimes(path, now, now)
}

// Used is the latest note of an entry; zero: none.
func (f StateFile) Used(name string) time.Time {
	info, err := os.Stat(f.notePath(name))
	if err != nil {
		return time.Time{}
	}
	return wall(info.ModTime())
}

func (f StateFile) forget(name string) { _ = os.Remove(f.notePath(name)) }

// notePath is made of a hash, as entry names are no file names.
func (f StateFile) notePath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(f.Dir, "used", hex.EncodeToString(sum[:16]))
}
