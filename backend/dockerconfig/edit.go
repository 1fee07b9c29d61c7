package dockerconfig

import (
	"fmt"
	"slices"
)

// edit is one change worked out and not yet written.
type edit struct {
	text   []byte // the file's new bytes
	gone   bool   // instead, the file is to be deleted
	record record // to keep; without Keys: to be deleted
	change Change
}

// edit decides what becomes of the file as it is now, so that hosts, and no
// others of ours, have the helper. It writes nothing, and is asked again when
// the file changed meanwhile.
func (f File) edit(now snapshot, r record, hosts []string) (edit, error) {
	current, err := parse(now.data)
	if err != nil {
		return edit{}, fmt.Errorf("%w (%s)", err, now.path)
	}
	if err := f.conflicts(current, hosts); err != nil {
		return edit{}, err
	}
	if !r.loaded || !now.exists {
		r = r.begin(f.Path, now, current)
	}
	untouched := r.unchanged(now)
	for _, h := range hosts {
		// A key of ours that is not on record (a lost journal) is ours from now
		// on, so the bytes of before the first Use are not what is to come back.
		if _, ours := r.Keys[h]; !ours && current.helper(h) == Suffix {
			untouched = false
		}
	}
	base := current
	if untouched {
		if base, err = parse(r.backup); err != nil {
			return edit{}, fmt.Errorf("%w: the backup: %w", ErrJournal, err)
		}
	} else {
		r.Before = ""
		if len(current.inner.members) == 0 {
			r.Was = current.emptyHelpers()
		}
	}

	c := Change{Path: now.path, Former: map[string]string{}, Left: map[string]string{}}
	for _, h := range r.hosts() {
		switch former := r.Keys[h]; {
		case slices.Contains(hosts, h):
			continue
		case current.helper(h) != Suffix:
			if current.helper(h) != unquote(former) {
				c.Left[h] = current.helper(h)
			}
			continue
		case base.helper(h) != Suffix: // the backup, which never had it
			c.removed(h, former)
		case former == "":
			base, err = parse(base.unset(h, r.Was))
			c.removed(h, former)
		default:
			base, err = parse(base.set(h, former))
			c.removed(h, former)
		}
		if err != nil {
			return edit{}, err
		}
	}
	keys := map[string]string{}
	for _, h := range slices.Compact(slices.Sorted(slices.Values(hosts))) {
		if current.helper(h) == Suffix {
			keys[h] = r.Keys[h]
			c.Kept = append(c.Kept, h)
		} else {
			keys[h] = current.raw(h)
			c.Added = append(c.Added, h)
			if keys[h] != "" {
				c.Former[h] = current.helper(h)
			}
		}
		if base.helper(h) == Suffix {
			continue
		}
		if base, err = parse(base.set(h, quote(Suffix))); err != nil {
			return edit{}, fmt.Errorf("%w (%s)", err, now.path)
		}
	}

	e := edit{text: base.data, record: r, change: c}
	e.record.Keys = keys
	if len(keys) == 0 {
		e.gone = now.exists && !r.Existed && base.empty()
		e.change.Restored = r.loaded && (untouched || e.gone)
	}
	return e, nil
}

func (c *Change) removed(host, former string) {
	c.Removed = append(c.Removed, host)
	if former != "" {
		c.Former[host] = unquote(former)
	}
}

// conflicts: hosts that someone else gave another helper, before or after the last Use.
func (f File) conflicts(d document, hosts []string) error {
	if f.Replace {
		return nil
	}
	other := map[string]string{}
	for _, h := range hosts {
		if m := d.entry(h); m != nil && m.text != Suffix {
			other[h] = m.text
		}
	}
	if len(other) > 0 {
		return &ConflictError{Path: f.Path, Hosts: other}
	}
	return nil
}
