// Package dockerconfig owns what Lanyard changes of Docker's set-up on this
// computer: the credHelpers keys of one config.json, and where the account's
// own shell finds docker-credential-lanyard. Every other byte of the file stays
// as it is, and Undo takes both back. It leaves to its callers which registries
// there are, and whether the person agreed.
//
// docker writes the same file without a lock, drops keys it does not know and
// may restore old ones at any time. So nothing of ours lives in the file, each
// write is compared and verified, and an entry that vanished is a notice
// (Status) and no failure.
package dockerconfig

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Suffix is what the file says for a host of ours: tools run "docker-credential-" + Suffix.
const (
	Suffix  = "lanyard"
	Program = "docker-credential-" + Suffix
)

var (
	// ErrRefused: the file cannot be edited safely; the text says why. Nothing was changed.
	ErrRefused = errors.New("docker's configuration file is left alone")
	// ErrOtherHelper: a host has another helper and Replace is not set. Nothing was changed.
	ErrOtherHelper = errors.New("another credential helper is set")
	// ErrHost: not a text that can be a credHelpers key.
	ErrHost = errors.New("not a registry's address")
	// ErrBusy: another Lanyard program is at work on the file.
	ErrBusy = errors.New("docker's configuration file is being changed by another program of Lanyard")
	// ErrRaced: the file changed under our hands in every try. Nothing was changed.
	ErrRaced = errors.New("docker's configuration file keeps changing")
	// ErrJournal: what was noted for undoing cannot be read or written.
	ErrJournal = errors.New("journal of docker's configuration file")
)

// File is one config.json.
type File struct {
	Path    string // see Path; need not exist
	Journal string // folder for the undo record and the backup; made if missing
	Replace bool   // the person agreed that other helpers of these hosts give way
	Shape   Shape  // zero: docker's
	Vault   Vault  // for what is moved out of it; nil: nothing can be

	// at is called between the steps of a write; tests stop or kill there.
	at func(step string)
}

// Change is what a call did.
type Change struct {
	Path     string            // the file written: behind a symbolic link its target
	Added    []string          // hosts that have the helper now
	Kept     []string          // hosts that had it before
	Removed  []string          // hosts that no longer have it
	Former   map[string]string // host to the helper that gave way (Use) or was put back (Undo)
	Left     map[string]string // Undo: hosts that someone gave another helper meanwhile ("": took out)
	Moved    []string          // keys of auths whose secrets went to the vault
	Returned []string          // Undo: those that came back
	Store    string            // the credsStore that was dropped
	Written  bool              // the file's bytes changed
	Restored bool              // they are again those of before the first Use
	Deleted  bool              // the file was ours alone and is gone
}

// Undone says what an Undo did.
func (c Change) Undone() string {
	switch {
	case c.Deleted:
		return fmt.Sprintf("Removed %s, which Lanyard had made.", c.Path)
	case c.Restored:
		return fmt.Sprintf("%s is as it was before.", c.Path)
	case c.Written:
		return fmt.Sprintf("Took Lanyard's entries out of %s; what others changed meanwhile stays.", c.Path)
	}
	return "There was nothing to undo."
}

// ConflictError is an ErrOtherHelper.
type ConflictError struct {
	Path  string
	Hosts map[string]string // to the helper that is set
}

func (e *ConflictError) Error() string {
	var said []string
	for _, host := range slices.Sorted(maps.Keys(e.Hosts)) {
		said = append(said, fmt.Sprintf("%s has %q", host, e.Hosts[host]))
	}
	return fmt.Sprintf("%v in %s: %s", ErrOtherHelper, e.Path, strings.Join(said, ", "))
}

func (e *ConflictError) Is(target error) bool { return target == ErrOtherHelper }

// Path is docker's own choice of file: $DOCKER_CONFIG/config.json, else ~/.docker/config.json.
func Path(getenv func(string) string, home string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			return filepath.Join(abs, "config.json")
		}
	}
	return filepath.Join(home, ".docker", "config.json")
}

// Use makes hosts the whole set of hosts whose credentials our helper holds:
// what an earlier Use added and is not among them goes. It may be repeated.
func (f File) Use(hosts []string) (Change, error) {
	return f.change(func(record) (plan, error) { return plan{Want: Want{Hosts: hosts}, only: true}, valid(hosts) })
}

// Add is Use of hosts beside those of before.
func (f File) Add(hosts []string) (Change, error) { return f.Apply(Want{Hosts: hosts}) }

// Apply brings what w wants. Secrets are in the vault before the file is
// written without them.
func (f File) Apply(w Want) (Change, error) {
	return f.change(func(record) (plan, error) { return plan{Want: w}, valid(w.Hosts) })
}

// Remove is Use without hosts. Without the last one it is Undo, unless secrets
// were moved: what asks our helper for those goes on doing so.
func (f File) Remove(hosts []string) (Change, error) {
	return f.change(func(r record) (plan, error) {
		left := slices.DeleteFunc(r.hosts(), func(h string) bool { return slices.Contains(hosts, h) })
		return plan{Want: Want{Hosts: left}, only: true}, nil
	})
}

// Undo takes back what Use did. If nobody else changed the file since, it is
// byte for byte as before, or gone if we made it. Else our keys go, and helpers
// that gave way come back, and every other byte stays. Secrets that were moved
// come back into the file, in clear, as they were.
func (f File) Undo() (Change, error) {
	return f.change(func(record) (plan, error) { return plan{only: true, back: true}, nil })
}

// Plan is what Use would do; it writes nothing.
func (f File) Plan(hosts []string) (Diff, error) {
	return f.preview(plan{Want: Want{Hosts: hosts}, only: true})
}

// Preview is what Apply would do; it writes nothing.
func (f File) Preview(w Want) (Diff, error) { return f.preview(plan{Want: w}) }

// PreviewUndo is what Undo would do; it writes nothing, and asks the vault.
func (f File) PreviewUndo() (Diff, error) { return f.preview(plan{only: true, back: true}) }

func (f File) preview(p plan) (Diff, error) {
	if err := valid(p.Hosts); err != nil {
		return Diff{}, err
	}
	r, err := f.load()
	if err != nil {
		return Diff{}, err
	}
	now, err := read(f.Path)
	if err != nil {
		return Diff{}, err
	}
	e, err := f.edit(now, r, p)
	if err != nil {
		return Diff{}, err
	}
	return diff(now, e)
}

func valid(hosts []string) error {
	for _, h := range hosts {
		if h == "" || len(h) > 255 || strings.ContainsFunc(h, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }) {
			return fmt.Errorf("%w: %q", ErrHost, h)
		}
	}
	return nil
}
