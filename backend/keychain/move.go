package keychain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// ErrMoving: a move was cut off, or is at work; it is to be finished first.
var ErrMoving = errors.New("the entries are being moved")

// Mover takes all our entries from the keychain that counts to another one.
//
// It copies each entry and reads it back, then makes the other keychain count
// (Pin, the one step that decides), then deletes the old entries. The journal
// beside the file says from where to where, and which names: after a kill the
// same call finishes, and whatever counts has everything. It holds nothing
// that is secret, no hashes either: a password that a tool stored could be
// guessed by its hash.
type Mover struct {
	Keychain Keychain // with a Place that has a Dir
	To       Store
	// Pin writes the choice down, where Place finds it.
	Pin func(Store) error
}

// Moved is what a Mover did.
type Moved struct {
	From, To Store
	Entries  int
}

const (
	journalName    = "keychain-move.json"
	journalVersion = 1
	stableTries    = 5
)

type journal struct {
	V     int      `json:"v"`
	From  Store    `json:"from"`
	To    Store    `json:"to"`
	Names []string `json:"names"`
}

// Move finishes a move that was cut off, and makes the one that is wanted. A
// move back to where everything still is takes a cut-off one back.
func (m Mover) Move(ctx context.Context) (Moved, error) {
	p, err := m.Keychain.place()
	if err != nil {
		return Moved{}, err
	}
	if p.Dir == "" {
		return Moved{}, fmt.Errorf("%w: no folder for the journal", ErrStore)
	}
	unlock, err := lockFile(ctx, filepath.Join(p.Dir, journalName+".lock"), promptEvery)
	if err != nil {
		return Moved{}, err
	}
	defer unlock()
	j, err := readJournal(p.Dir)
	if err != nil {
		return Moved{}, err
	}
	var moved Moved
	var names []string // of copies that may be there
	if j != nil {
		if moved, names, err = m.resume(ctx, p, *j); err != nil {
			return moved, err
		}
	}
	from, _, err := m.Keychain.rung()
	if err != nil {
		return moved, err
	}
	if from == m.To {
		return moved, m.Pin(m.To)
	}
	t, err := m.transfer(p, journal{V: journalVersion, From: from, To: m.To, Names: names})
	if err != nil {
		return moved, err
	}
	// A file that is there counts where nothing is chosen: not before it has
	// everything.
	if err := m.Pin(from); err != nil {
		return moved, err
	}
	if err := t.start(ctx); err != nil {
		return moved, err
	}
	return t.run(ctx, m.Pin)
}

// Finish ends a move that was cut off after it was decided, so that nothing
// outlives a sign-out in a keychain that does not count any more. One that is
// at work, or was not decided, is left alone. It is quick where there is none.
func (m Mover) Finish(ctx context.Context) error {
	p, err := m.Keychain.place()
	if err != nil || p.Dir == "" || !isThere(filepath.Join(p.Dir, journalName)) {
		return err
	}
	short, cancel := context.WithTimeout(ctx, promptEvery)
	defer cancel()
	unlock, err := lockFile(short, filepath.Join(p.Dir, journalName+".lock"), promptEvery)
	if errors.Is(err, ErrTimeout) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	j, err := readJournal(p.Dir)
	if err != nil || j == nil {
		return err
	}
	if now, _, err := m.Keychain.rung(); err != nil || now != j.To {
		return err
	}
	if _, _, err := m.resume(ctx, p, *j); err != nil {
		return fmt.Errorf("finish the move from %s: %w", j.From, err)
	}
	return nil
}

// resume brings to an end what a journal tells of, or says which copies are
// there already.
func (m Mover) resume(ctx context.Context, p Place, j journal) (Moved, []string, error) {
	t, err := m.transfer(p, j)
	if err != nil {
		return Moved{}, nil, err
	}
	now, _, err := m.Keychain.rung()
	switch {
	case err != nil:
		return Moved{}, nil, err
	case now == j.To: // it was decided: only the old ones are left
		if err := t.settle(ctx); err != nil {
			return Moved{}, nil, err
		}
		return Moved{From: j.From, To: j.To, Entries: len(j.Names)}, nil, t.end()
	case now == j.From && m.To == j.To:
		return Moved{}, j.Names, nil
	case now == j.From:
		return Moved{}, nil, t.takeBack(ctx)
	}
	return Moved{}, nil, fmt.Errorf("%w: %s tells of one from %q to %q", ErrMoving, filepath.Join(p.Dir, journalName), j.From, j.To)
}

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

// readJournal is nil where nothing was cut off.
func readJournal(dir string) (*journal, error) {
	path := filepath.Join(dir, journalName)
	raw, err := readOurs(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var j journal
	if err := json.Unmarshal(raw, &j); err != nil || j.V != journalVersion {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, path)
	}
	return &j, nil
}

func writeJournal(dir string, j journal) error {
	raw, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the journal: %w", err)
	}
	return replaceOurs(filepath.Join(dir, journalName), append(raw, '\n'), func(back []byte) error {
		var again journal
		return json.Unmarshal(back, &again)
	})
}
