package dockerconfig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

const (
	tries    = 5 // writes before ErrRaced
	lockWait = 10 * time.Second
)

// change carries out the plan that choose makes. The lock holds off programs of Lanyard only: docker takes none, so what it writes
// meanwhile is noticed and the edit made anew on top of it.
func (f File) change(choose func(record) (plan, error)) (Change, error) {
	unlock, err := lock(f.Journal)
	if err != nil {
		return Change{}, err
	}
	defer unlock()

	r, err := f.load()
	if err != nil {
		return Change{}, err
	}
	p, err := choose(r)
	if err != nil {
		return Change{}, err
	}
	if err := sweep(r.Temp); err != nil {
		return Change{}, err
	}
	wrote := false
	var moved []string
	for range tries {
		now, err := read(f.Path)
		if err != nil {
			return Change{}, err
		}
		e, err := f.edit(now, r, p)
		if err != nil {
			return Change{}, err
		}
		if !e.gone && bytes.Equal(e.text, now.data) {
			e.change.Written, e.record.After = wrote, []string{hash(now.data)}
			return e.change, f.finish(e)
		}
		for _, login := range e.moves {
			if err := f.Vault.Keep(login); err != nil {
				return Change{}, fmt.Errorf("keep the password for %s: %w", login.Key, err)
			}
		}
		err = f.write(now, &e, r)
		if errors.Is(err, errChanged) {
			continue
		}
		if err != nil {
			return Change{}, err
		}
		if len(e.moves) > 0 {
			p.Move = nil // a file that was written again is not searched once more
		}
		moved = append(moved, e.change.Moved...)
		r, wrote = e.record, true
		if held, err := f.holds(e); err != nil {
			return Change{}, err
		} else if !held {
			continue
		}
		e.change.Written, e.change.Deleted, e.change.Moved = true, e.gone, moved
		return e.change, f.finish(e)
	}
	return Change{}, fmt.Errorf("%w: %s", ErrRaced, f.Path)
}

// Tidy takes away the file that a change which was cut off left beside f.
func (f File) Tidy() error {
	r, err := f.load()
	if err != nil || r.Temp == "" { // most often: no lock
		return err
	}
	unlock, err := lock(f.Journal)
	if err != nil {
		return err
	}
	defer unlock()
	if r, err = f.load(); err != nil || r.Temp == "" {
		return err
	}
	if err := sweep(r.Temp); err != nil {
		return err
	}
	r.Temp = ""
	return f.save(r)
}

// write brings e to disk. When it fails, file, folders and journal are as they were.
func (f File) write(now snapshot, e *edit, before record) (err error) {
	// A file that vanished meanwhile is begun anew, so its backup is too.
	// One that held a secret which the vault has now gives way to one without.
	if e.record.Before != "" && (!before.loaded || e.record.Before != before.Before) {
		if err := f.saveBackup(e.record.backup); err != nil {
			return err
		}
	} else if len(e.moves) > 0 {
		if err := f.dropBackup(); err != nil {
			return err
		}
	}
	f.step("backup")
	dir := filepath.Dir(now.path)
	intent := e.record
	intent.Temp = filepath.Join(dir, "."+filepath.Base(now.path)+"."+Suffix+"-"+rand.Text())
	made, err := missing(dir)
	if err != nil {
		return err
	}
	intent.Made = append(intent.Made, made...)
	intent.After = append(slices.Clone(e.record.After), hash(e.text))
	intent.Keys = maps.Clone(e.record.Keys)
	for h, former := range before.Keys { // until the file is written, the old keys are in it
		if _, ok := intent.Keys[h]; !ok {
			intent.Keys[h] = former
		}
	}
	if err := f.save(intent); err != nil {
		return err
	}
	f.step("intent")
	defer func() {
		if err == nil {
			return
		}
		_ = os.Remove(intent.Temp)
		unmake(made)
		if before.loaded {
			err = errors.Join(err, f.save(before))
		} else {
			err = errors.Join(err, f.forget())
		}
	}()
	for _, m := range made {
		if err := os.Mkdir(m, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make docker's configuration folder: %w", err)
		}
	}
	if e.gone {
		err = remove(now, intent.Temp)
	} else {
		err = replace(now, e.text, intent.Temp, f.step)
	}
	if err != nil {
		return err
	}
	f.step("written")
	e.record.Made = intent.Made
	e.record.After = []string{hash(e.text)}
	e.record.loaded = true
	return nil
}

// finish notes what was done.
func (f File) finish(e edit) error {
	for _, host := range e.forget {
		if err := f.Vault.Forget(host); err != nil {
			return fmt.Errorf("forget the password for %s, which is in docker's configuration again: %w", host, err)
		}
	}
	if !e.record.over() {
		r := e.record
		r.Temp = ""
		return f.save(r)
	}
	if now, err := read(f.Path); err == nil && !now.exists {
		unmake(e.record.Made)
	}
	f.step("undone")
	return f.forget()
}

// holds reads the file back. It may have been written again since, as long as
// our hosts are in it (or out of it) as they should be.
func (f File) holds(e edit) (bool, error) {
	now, err := read(f.Path)
	if err != nil {
		return false, err
	}
	if e.gone {
		return !now.exists, nil
	}
	if bytes.Equal(now.data, e.text) {
		return true, nil
	}
	d, err := parse(now.data, f.Shape)
	if err != nil {
		return false, fmt.Errorf("%w (%s)", err, now.path)
	}
	for h := range e.record.Keys {
		if d.helper(h) != Suffix {
			return false, nil
		}
	}
	for _, h := range e.change.Removed {
		if d.helper(h) == Suffix {
			return false, nil
		}
	}
	return true, nil
}

// lock keeps Lanyard's own programs apart.
func lock(journal string) (unlock func(), err error) {
	if err := os.MkdirAll(journal, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	l := flock.New(filepath.Join(journal, "docker.lock"), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if _, err := l.TryLockContext(ctx, 20*time.Millisecond); errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrBusy
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return func() { _ = l.Unlock() }, nil
}

func (f File) step(name string) {
	if f.at != nil {
		f.at(name)
	}
}
