package dockerconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Diff is what a Use would change, host by host. It shows nothing else of the
// file, in which docker may keep passwords in clear.
type Diff struct {
	Path    string // behind a symbolic link its target
	Creates bool   // the file does not exist yet
	Lines   []DiffLine
}

// DiffLine is one key of credHelpers; "" is no entry.
type DiffLine struct{ Host, Before, After string }

func (d Diff) String() string {
	if len(d.Lines) == 0 {
		return d.Path + ": nothing to change\n"
	}
	var b strings.Builder
	b.WriteString(d.Path)
	if d.Creates {
		b.WriteString(" (new file)")
	}
	b.WriteString("\n  \"" + helpers + "\"\n")
	for _, l := range d.Lines {
		for _, side := range []struct{ sign, helper string }{{"-", l.Before}, {"+", l.After}} {
			if side.helper != "" {
				fmt.Fprintf(&b, "  %s   %s: %s\n", side.sign, quote(l.Host), quote(side.helper))
			}
		}
	}
	return b.String()
}

func diff(now snapshot, e edit) (Diff, error) {
	before, err := parse(now.data)
	if err != nil {
		return Diff{}, err
	}
	after, err := parse(e.text)
	if err != nil {
		return Diff{}, err
	}
	d := Diff{Path: now.path, Creates: !now.exists}
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
	d, err := parse(now.data)
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
		if _, ours := r.Keys[m.key]; !ours && m.text == Suffix {
			s.Unrecorded = append(s.Unrecorded, m.key)
		}
	}
	for _, m := range d.top.members {
		if m.key == "credsStore" {
			s.CredsStore = m.text
		}
	}
	return s, nil
}
