package dockerconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Diff is what a Use would change, host by host. It shows nothing else of the
// file, in which docker may keep passwords in clear.
type Diff struct {
	Path    string     `json:"path"`    // behind a symbolic link its target
	Creates bool       `json:"creates"` // the file does not exist yet
	Deletes bool       `json:"deletes,omitempty"`
	Shape   Shape      `json:"shape,omitempty"`
	Lines   []DiffLine `json:"lines"`
	// Moves are keys of auths whose secrets go to the keychain, Returns those
	// that come back.
	Moves   []string `json:"moves,omitempty"`
	Returns []string `json:"returns,omitempty"`
	// Store is the credsStore before and after, where that changes.
	Store *DiffLine `json:"creds_store,omitempty"`
}

// Empty: nothing would change.
func (d Diff) Empty() bool {
	return len(d.Lines)+len(d.Moves)+len(d.Returns) == 0 && d.Store == nil && !d.Deletes
}

// DiffLine is one key of credHelpers; "" is no entry.
type DiffLine struct {
	Host   string `json:"host"`
	Before string `json:"before"`
	After  string `json:"after"`
}

func (d Diff) String() string {
	if d.Empty() {
		return d.Path + ": nothing to change\n"
	}
	var b strings.Builder
	b.WriteString(d.Path)
	switch {
	case d.Creates:
		b.WriteString(" (new file)")
	case d.Deletes:
		b.WriteString(" (goes)")
	}
	b.WriteString("\n")
	if len(d.Lines) > 0 {
		b.WriteString("  \"" + d.Shape.key() + "\"\n")
	}
	for _, l := range d.Lines {
		for _, side := range []struct{ sign, helper string }{{"-", l.Before}, {"+", l.After}} {
			if side.helper != "" {
				fmt.Fprintf(&b, "  %s   %s: %s\n", side.sign, quote(l.Host), d.Shape.says(side.helper))
			}
		}
	}
	if len(d.Moves)+len(d.Returns) > 0 {
		b.WriteString("  \"" + logins + "\"\n")
	}
	for _, key := range d.Moves {
		fmt.Fprintf(&b, "  -   %[1]s: a password in clear\n  +   %[1]s: {}    (the password is in the keychain)\n", quote(key))
	}
	for _, key := range d.Returns {
		fmt.Fprintf(&b, "  -   %[1]s: {}    (the password is in the keychain)\n  +   %[1]s: a password in clear\n", quote(key))
	}
	if d.Store != nil {
		for _, side := range []struct{ sign, helper string }{{"-", d.Store.Before}, {"+", d.Store.After}} {
			if side.helper != "" {
				fmt.Fprintf(&b, "  %s \"%s\": %s\n", side.sign, store, quote(side.helper))
			}
		}
	}
	return b.String()
}

// says is how a file of that shape names a helper, given by its suffix.
func (s Shape) says(helper string) string {
	if s == Regctl {
		return "{" + quote(regctlHelper) + ": " + quote(programPrefix+helper) + "}"
	}
	return quote(helper)
}

func diff(now snapshot, e edit) (Diff, error) {
	before, err := parse(now.data, e.record.Shape)
	if err != nil {
		return Diff{}, err
	}
	after, err := parse(e.text, e.record.Shape)
	if err != nil {
		return Diff{}, err
	}
	d := Diff{
		Path: now.path, Creates: !now.exists, Deletes: e.gone, Shape: e.record.Shape, Lines: []DiffLine{},
		Moves: e.change.Moved, Returns: e.change.Returned,
	}
	if a, b := before.store(), after.store(); a != b {
		d.Store = &DiffLine{Host: store, Before: a, After: b}
	}
	hosts := map[string]bool{}
	for _, doc := range []document{before, after} {
		for _, m := range doc.inner.members {
			hosts[m.key] = true
		}
	}
	for h := range hosts {
		if a, b := before.helper(h), after.helper(h); a != b {
			d.Lines = append(d.Lines, DiffLine{h, a, b})
		}
	}
	slices.SortFunc(d.Lines, func(a, b DiffLine) int { return strings.Compare(a.Host, b.Host) })
	return d, nil
}

// Status is what stands in the file, against what is on record.
type Status struct {
	Path       string            // behind a symbolic link its target
	Exists     bool              // the file does
	Hosts      []string          // on record, and in the file
	Missing    []string          // on record, but someone took them out
	Other      map[string]string // on record, but someone gave them this other helper
	Unrecorded []string          // name our helper without being on record
	CredsStore string            // the helper of all other hosts
	Moved      []string          // keys of auths whose secrets are in the vault
	Edited     bool              // others wrote since we did
}

// Status reads only.
func (f File) Status() (Status, error) {
	r, err := f.load()
	if err != nil {
		return Status{}, err
	}
	now, err := read(f.Path)
	if err != nil {
		return Status{}, err
	}
	d, err := parse(now.data, f.Shape)
	if err != nil {
		return Status{}, fmt.Errorf("%w (%s)", err, now.path)
	}
	s := Status{Path: now.path, Exists: now.exists, Other: map[string]string{}, Edited: r.loaded && !r.wrote(now)}
	for _, h := range r.hosts() {
		switch helper := d.helper(h); helper {
		case Suffix:
			s.Hosts = append(s.Hosts, h)
		case "":
			s.Missing = append(s.Missing, h)
		default:
			s.Other[h] = helper
		}
	}
	for _, m := range d.inner.members {
		if _, ours := r.Keys[m.key]; !ours && d.helper(m.key) == Suffix {
			s.Unrecorded = append(s.Unrecorded, m.key)
		}
	}
	s.Moved = slices.Sorted(maps.Keys(r.Moved))
	s.CredsStore = d.store()
	return s, nil
}

// store is the credsStore, "" where there is none.
func (d document) store() string {
	if m := d.top.member(store); m != nil && d.shape == Docker {
		return m.text
	}
	return ""
}
