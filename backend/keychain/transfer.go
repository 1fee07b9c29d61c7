package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// transfer is one move.
type transfer struct {
	journal
	dir      string
	keychain Keychain
	src, dst rung
	copied   map[string][]byte // what dst was given; nil after a resume
}

func (m Mover) transfer(p Place, j journal) (*transfer, error) {
	t := &transfer{journal: j, dir: p.Dir, keychain: m.Keychain}
	var err error
	if t.src, err = m.Keychain.rungOf(j.From, p); err != nil {
		return nil, err
	}
	t.dst, err = m.Keychain.rungOf(j.To, p)
	return t, err
}

// start sees that both sides are open, and makes the file if it is wanted.
func (t *transfer) start(ctx context.Context) error {
	if _, err := t.list(ctx, t.src); err != nil {
		return fmt.Errorf("read %s: %w", t.From, err)
	}
	if f, ok := t.dst.(file); ok && !f.exists() {
		if err := writeJournal(t.dir, t.journal); err != nil {
			return err
		}
		if err := f.create(ctx); err != nil {
			return errors.Join(fmt.Errorf("make the encrypted file: %w", err), t.end())
		}
	}
	if _, err := t.list(ctx, t.dst); err != nil {
		return fmt.Errorf("open %s: %w", t.To, err)
	}
	return nil
}

// run copies, decides and deletes.
func (t *transfer) run(ctx context.Context, pin func(Store) error) (Moved, error) {
	if err := t.copyAll(ctx); err != nil {
		return Moved{}, errors.Join(fmt.Errorf("copy to %s: %w", t.To, err), t.takeBack(context.WithoutCancel(ctx)))
	}
	if err := pin(t.To); err != nil {
		return Moved{}, errors.Join(err, t.takeBack(context.WithoutCancel(ctx)))
	}
	moved := Moved{From: t.From, To: t.To, Entries: len(t.copied)}
	if err := t.settle(ctx); err != nil {
		return moved, fmt.Errorf("everything is in %s now, but old entries are left in %s: %w", t.To, t.From, err)
	}
	return moved, t.end()
}

// copyAll copies until nothing has changed on the way.
func (t *transfer) copyAll(ctx context.Context) error {
	t.copied = map[string][]byte{}
	for try := range stableTries {
		seen, err := t.all(ctx, t.src)
		if err != nil {
			return err
		}
		if try > 0 && maps.EqualFunc(seen, t.copied, bytes.Equal) {
			return nil
		}
		// First the names: what is copied can then be taken back.
		t.Names = slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.Names, slices.Collect(maps.Keys(seen))))))
		if err := writeJournal(t.dir, t.journal); err != nil {
			return err
		}
		for _, name := range t.Names {
			value, held := seen[name]
			if !held { // removed since
				if err := t.remove(ctx, t.dst, name); err != nil {
					return err
				}
				delete(t.copied, name)
				continue
			}
			if old, ok := t.copied[name]; ok && bytes.Equal(old, value) {
				continue
			}
			if err := t.copyOne(ctx, name, value); err != nil {
				return err
			}
			t.copied[name] = value
		}
	}
	return fmt.Errorf("%w by another program again and again", ErrMoving)
}

// copyOne writes and reads back.
func (t *transfer) copyOne(ctx context.Context, name string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, t.keychain.limit())
	defer cancel()
	if err := t.dst.put(ctx, name, value); err != nil {
		return err
	}
	back, err := t.dst.get(ctx, name)
	if err == nil && !bytes.Equal(back, value) {
		err = ErrMismatch
	}
	return err
}

// settle removes the old entries. Of what was written to the old keychain
// since it was copied, by a program that was late, the newer one is kept.
func (t *transfer) settle(ctx context.Context) error {
	left, err := t.all(ctx, t.src)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		late, err := t.late(ctx, name, left[name])
		if err != nil {
			return err
		}
		if late {
			if err := t.copyOne(ctx, name, left[name]); err != nil {
				return err
			}
		}
		if err := t.remove(ctx, t.src, name); err != nil {
			return err
		}
	}
	for name, value := range t.copied { // removed by a program that was late
		if _, held := left[name]; held {
			continue
		}
		now, err := t.get(ctx, t.dst, name)
		if err == nil && bytes.Equal(now, value) {
			err = t.remove(ctx, t.dst, name)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if f, ok := t.src.(file); ok {
		return f.discard(ctx)
	}
	return nil
}

// late: the old keychain has something newer than the one that counts.
func (t *transfer) late(ctx context.Context, name string, value []byte) (bool, error) {
	now, err := t.get(ctx, t.dst, name)
	missing := errors.Is(err, ErrNotFound)
	if err != nil && !missing {
		return false, err
	}
	if t.copied == nil { // after a kill only the names are known
		return missing && !slices.Contains(t.Names, name), nil
	}
	given, ok := t.copied[name]
	if bytes.Equal(given, value) && ok {
		return false, nil // removed or changed where it counts, if at all
	}
	return missing && !ok || !missing && ok && bytes.Equal(now, given), nil
}

// takeBack removes the copies, as nothing was decided.
func (t *transfer) takeBack(ctx context.Context) error {
	for _, name := range t.Names {
		if err := t.remove(ctx, t.dst, name); err != nil {
			return fmt.Errorf("take the copies back: %w", err)
		}
	}
	if f, ok := t.dst.(file); ok {
		if err := f.discard(ctx); err != nil {
			return fmt.Errorf("take the copies back: %w", err)
		}
	}
	return t.end()
}

func (t *transfer) end() error {
	err := os.Remove(filepath.Join(t.dir, journalName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end the move: %w", err)
	}
	return nil
}

// all is what a keychain has of ours.
func (t *transfer) all(ctx context.Context, r rung) (map[string][]byte, error) {
	names, err := t.list(ctx, r)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range names {
		value, err := t.get(ctx, r, name)
		if errors.Is(err, ErrNotFound) {
			continue // removed in between
		}
		if err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, nil
}

// list names them once the keychain is open: one that is locked may hide some.
func (t *transfer) list(ctx context.Context, r rung) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.keychain.limit())
	defer cancel()
	switch r := r.(type) {
	case system:
		if err := r.open(ctx); err != nil {
			return nil, err
		}
	case file:
		if !r.exists() { // as after a kill at the very end
			return nil, nil
		}
	}
	return r.list(ctx)
}

func (t *transfer) get(ctx context.Context, r rung, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, t.keychain.limit())
	defer cancel()
	return r.get(ctx, name)
}

func (t *transfer) remove(ctx context.Context, r rung, name string) error {
	ctx, cancel := context.WithTimeout(ctx, t.keychain.limit())
	defer cancel()
	return r.remove(ctx, name)
}

// discard removes a file that holds nothing any more.
func (f file) discard(ctx context.Context) error {
	if !f.exists() {
		return nil
	}
	unlock, err := lockFile(ctx, f.path()+".lock", fileEvery)
	if err != nil {
		return err
	}
	defer unlock()
	if all, err := f.load(ctx); err != nil || len(all) > 0 {
		return err
	}
	if err := os.Remove(f.path()); err != nil {
		return err
	}
	if err := os.Remove(f.keyPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = forgetKey(f.holdName()) // it opens nothing any more
	return nil
}
