package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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
