package dockerconfig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

var (
	// ErrHelperNotFound: the account's shell would not find the helper; see NotFoundError.
	ErrHelperNotFound = errors.New("the account's shell does not find " + Program)
	// ErrForeignHelper: a program of that name is there, and it is not ours.
	ErrForeignHelper = errors.New("another program is called " + Program)
)

// Helper is the credential helper and where the account's shell finds it.
type Helper struct {
	Exe     string // the program, beside the caller's own executable
	Journal string // folder for the note of a copy; File.Journal
	Finder  Finder

	at func(step string) // as File.at
}

// Offer is what has to be done before the shell finds the helper. The person
// is asked with it; nothing has been written.
type Offer struct {
	Found   string // where the shell finds our helper already; "" if it does not
	Path    string // where a copy would go; "" if none is needed
	MakeDir bool   // its folder must be made first, and whether that helps is seen only then
	Update  bool   // an older copy of ours lies there
	Line    string // what puts that folder on the PATH, and
	File    string // the start-up file to add it to, should the copy not be found
}

// NotFoundError is an ErrHelperNotFound. Either consent to Offer is missing,
// or (Offer.Path == "") the person has to add Line to File.
type NotFoundError struct {
	Shell string
	Offer Offer
	Line  string
	File  string
}

func (e *NotFoundError) Error() string {
	if e.Offer.Path != "" {
		return fmt.Sprintf("%v (%s); a copy could be put at %s", ErrHelperNotFound, e.Shell, e.Offer.Path)
	}
	return fmt.Sprintf("%v (%s); add this line to %s and sign in again: %s", ErrHelperNotFound, e.Shell, e.File, e.Line)
}

func (e *NotFoundError) Is(target error) bool { return target == ErrHelperNotFound }

// Offer asks the shell and writes nothing.
func (h Helper) Offer(ctx context.Context) (Offer, error) {
	o, _, err := h.offer(ctx)
	return o, err
}

func (h Helper) offer(ctx context.Context) (Offer, Found, error) {
	found, err := h.Finder.Find(ctx)
	if err != nil {
		return Offer{}, found, err
	}
	copied, err := h.load()
	if err != nil {
		return Offer{}, found, err
	}
	if found.Path != "" {
		whose, err := h.whose(found.Path, copied)
		switch {
		case err != nil:
			return Offer{}, found, err
		case whose == same:
			return Offer{Found: found.Path}, found, nil
		}
		return Offer{Found: found.Path, Path: found.Path, Update: true}, found, nil
	}

	home := h.Finder.home()
	o := Offer{MakeDir: true}
	dir := filepath.Join(home, ".local", "bin")
	for _, d := range found.Dirs {
		if under(home, d) && writable(d) {
			dir, o.MakeDir = d, false
			break
		}
	}
	o.Path = filepath.Join(dir, Program)
	o.Line, o.File = startupLine(found.Shell, home, dir)
	if _, err := os.Lstat(o.Path); err == nil { // not executable, or in a folder off the PATH
		whose, err := h.whose(o.Path, copied)
		if err != nil {
			return Offer{}, found, err
		}
		o.Update = whose == older
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Offer{}, found, fmt.Errorf("look for %s: %w", o.Path, err)
	}
	return o, found, nil
}

type owner int

const (
	same  owner = iota // the helper itself, or an equal copy
	older              // a copy that we made of another one
)

// whose refuses a program that is neither.
func (h Helper) whose(path string, c copied) (owner, error) {
	mine, err := os.Stat(h.Exe)
	if err != nil {
		return 0, fmt.Errorf("the credential helper: %w", err)
	}
	if info, err := os.Stat(path); err == nil && os.SameFile(info, mine) {
		return same, nil
	}
	want, err := hashFile(h.Exe)
	if err != nil {
		return 0, fmt.Errorf("the credential helper: %w", err)
	}
	have, err := hashFile(path)
	switch {
	case err == nil && have == want:
		return same, nil
	case err == nil && path == c.Path && (have == c.Hash || have == c.Earlier):
		return older, nil
	}
	return 0, fmt.Errorf("%w: %s is not the one of %s; remove it if you do not need it", ErrForeignHelper, path, h.Exe)
}

// Install does what Offer says, which the person agreed to, and asks a fresh
// shell. If that does not find the copy, all is taken back and the
// NotFoundError says what the person can do.
func (h Helper) Install(ctx context.Context) (Found, error) {
	unlock, err := lock(h.Journal)
	if err != nil {
		return Found{}, err
	}
	defer unlock()
	o, found, err := h.offer(ctx)
	if err != nil || o.Path == "" {
		return found, err
	}
	before, err := h.load()
	if err != nil {
		return found, err
	}
	undo := func(cause error) error {
		return errors.Join(cause, h.takeBack(o, before))
	}
	c := copied{V: recordVersion, Path: o.Path, Earlier: before.Hash, Made: before.Made, Temp: filepath.Join(filepath.Dir(o.Path), "."+Program+"."+rand.Text())}
	if err := sweep(before.Temp); err != nil {
		return found, err
	}
	if c.Hash, err = hashFile(h.Exe); err != nil {
		return found, fmt.Errorf("the credential helper: %w", err)
	}
	made, err := missing(filepath.Dir(o.Path))
	if err != nil {
		return found, err
	}
	c.Made = append(c.Made, made...)
	if err := h.save(c); err != nil {
		return found, err
	}
	h.step("noted")
	for _, dir := range made {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return found, undo(fmt.Errorf("make a folder for the credential helper: %w", err))
		}
	}
	notFound := &NotFoundError{Shell: found.Shell, Line: o.Line, File: o.File}
	if o.MakeDir { // does this shell take notice of the folder?
		if found, err = h.Finder.Find(ctx); err != nil {
			return found, undo(err)
		}
		if !onPath(found.Dirs, filepath.Dir(o.Path)) {
			return found, undo(notFound)
		}
	}
	if err := copyProgram(h.Exe, c.Temp, o.Path, o.Update); err != nil {
		return found, undo(fmt.Errorf("copy the credential helper: %w", err))
	}
	if found, err = h.Finder.Find(ctx); err != nil {
		return found, undo(err)
	}
	if found.Path != o.Path {
		return found, undo(notFound)
	}
	h.step("copied")
	c.Earlier, c.Temp = "", ""
	return found, h.save(c)
}

func (h Helper) step(name string) {
	if h.at != nil {
		h.at(name)
	}
}

// takeBack after an Install that did not work. An update that was written stays: it is still ours.
func (h Helper) takeBack(o Offer, before copied) error {
	if o.Update {
		return nil
	}
	if err := h.undo(); err != nil || before.Path == "" {
		return err
	}
	return h.save(before)
}

// Undo deletes the copy and the folders made for it. A program that is no
// longer the one we put there stays, and so does one that was never a copy.
func (h Helper) Undo() error {
	unlock, err := lock(h.Journal)
	if err != nil {
		return err
	}
	defer unlock()
	return h.undo()
}

func (h Helper) undo() error {
	c, err := h.load()
	if err != nil || c.Path == "" {
		return err
	}
	if have, err := hashFile(c.Path); err == nil && (have == c.Hash || have == c.Earlier) {
		if err := os.Remove(c.Path); err != nil {
			return fmt.Errorf("delete the copy of the credential helper: %w", err)
		}
	}
	if err := sweep(c.Temp); err != nil {
		return err
	}
	unmake(c.Made)
	if err := os.Remove(h.note()); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}
