package dockerconfig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Want is what a file is to have, besides what earlier calls brought.
type Want struct {
	Hosts     []string // ask our helper
	Move      []string // keys of auths: their secrets go to the Vault, and their hosts ask our helper
	DropStore bool     // the credsStore of all other hosts goes, as its program is missing
}

// plan is a Want as change takes it.
type plan struct {
	Want
	only bool // Hosts are the whole set of ours, but for those of moved logins
	back bool // Undo: nothing of ours stays, and what was moved or dropped comes back
}

// edit is one change worked out and not yet written.
type edit struct {
	text   []byte // the file's new bytes
	gone   bool   // instead, the file is to be deleted
	record record // to keep; if nothing is left on it: to be deleted
	change Change
	moves  []Login  // to be kept in the vault before the file is written
	forget []string // hosts that the vault is to let go of afterwards
}

// edit decides what becomes of the file as it is now. It writes nothing, and
// is asked again when the file changed meanwhile.
func (f File) edit(now snapshot, r record, p plan) (edit, error) {
	wrap := func(err error) error { return fmt.Errorf("%w (%s)", err, now.path) }
	current, err := parse(now.data, f.Shape)
	if err != nil {
		return edit{}, wrap(err)
	}
	if !r.loaded || !now.exists {
		r = r.begin(f, now, current)
	}
	r.Moved = maps.Clone(r.Moved)
	for _, key := range p.Move {
		if m := current.auths().member(key); m != nil {
			p.Hosts = merged(p.Hosts, askedFor(key))
		}
	}
	hosts := f.hosts(r, p)
	if err := f.conflicts(current, hosts); err != nil {
		return edit{}, err
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
		if base, err = parse(r.backup, f.Shape); err != nil {
			return edit{}, fmt.Errorf("%w: the backup: %w", ErrJournal, err)
		}
	} else {
		r.Before = ""
		if len(current.inner.members) == 0 {
			r.Was = current.emptyHelpers()
		}
	}

	e := edit{change: Change{Path: now.path, Former: map[string]string{}, Left: map[string]string{}}}
	if base, err = f.move(base, current, &r, &e, p); err != nil {
		return edit{}, wrap(err)
	}
	if untouched { // the bytes of before, without the secrets that are kept elsewhere now
		r.backup = base.data
		r.Before = hash(base.data)
	}
	if base, err = f.give(base, current, &r, &e, hosts); err != nil {
		return edit{}, wrap(err)
	}
	if base, err = f.restore(base, &r, &e, p); err != nil {
		return edit{}, wrap(err)
	}
	e.text, e.record = base.data, r
	if r.over() {
		e.gone = now.exists && !r.Existed && base.empty()
		e.change.Restored = r.loaded && (untouched || e.gone)
	}
	return e, nil
}

// hosts is the whole set that is ours after p.
func (f File) hosts(r record, p plan) []string {
	if p.back {
		return nil
	}
	hosts := p.Hosts
	if !p.only {
		hosts = merged(hosts, r.hosts())
	}
	for _, m := range r.Moved {
		hosts = merged(hosts, m.Hosts)
	}
	return merged(hosts, nil)
}

// move takes secrets out of base that are to go to the vault.
func (f File) move(base, current document, r *record, e *edit, p plan) (document, error) {
	for _, key := range slices.Sorted(slices.Values(p.Move)) {
		if f.Vault == nil {
			return base, ErrVault
		}
		_, m, login, err := current.without(key)
		if err != nil {
			return base, err
		}
		text, _, _, err := base.without(key)
		if _, begun := r.Moved[key]; err != nil && begun {
			text, err = base.data, nil // a move that was cut off: the backup is without it already
		}
		if err != nil {
			return base, err
		}
		if base, err = parse(text, f.Shape); err != nil {
			return base, err
		}
		if r.Moved == nil {
			r.Moved = map[string]moved{}
		}
		r.Moved[key] = m
		e.moves = append(e.moves, login)
		e.change.Moved = append(e.change.Moved, key)
	}
	return base, nil
}

// give makes hosts, and no others of ours, have the helper.
func (f File) give(base, current document, r *record, e *edit, hosts []string) (document, error) {
	var err error
	c := &e.change
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
			base, err = parse(base.unset(h, r.Was), f.Shape)
			c.removed(h, former)
		default:
			base, err = parse(base.set(h, former), f.Shape)
			c.removed(h, former)
		}
		if err != nil {
			return base, err
		}
	}
	keys := map[string]string{}
	for _, h := range hosts {
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
		if base, err = parse(base.set(h, f.Shape.helper()), f.Shape); err != nil {
			return base, err
		}
	}
	r.Keys = keys
	return base, nil
}

// restore settles credsStore, and brings back what an Undo is to bring back.
func (f File) restore(base document, r *record, e *edit, p plan) (document, error) {
	if !p.back {
		if p.DropStore || r.Store != "" {
			text, was := base.dropStore()
			if was != "" && r.Store == "" {
				r.Store, e.change.Store = was, unquote(was)
			}
			if p.DropStore || unquote(was) == unquote(r.Store) { // one that was set anew stays
				return parse(text, f.Shape)
			}
		}
		return base, nil
	}
	var err error
	if r.Store != "" {
		if base, err = parse(base.putStore(r.Store), f.Shape); err != nil {
			return base, err
		}
		r.Store = ""
	}
	for _, key := range slices.Sorted(maps.Keys(r.Moved)) {
		m := r.Moved[key]
		if f.Vault == nil {
			return base, ErrVault
		}
		username, secret, err := f.Vault.Reveal(m.Hosts[0])
		switch {
		case errors.Is(err, ErrNoLogin): // logged out of since
			continue
		case err != nil:
			return base, fmt.Errorf("bring back the password for %s: %w", key, err)
		}
		text, ok := base.with(key, m, username, secret)
		if !ok { // the file has something else there now: what is kept is all there is
			continue
		}
		if base, err = parse(text, f.Shape); err != nil {
			return base, err
		}
		e.change.Returned = append(e.change.Returned, key)
		e.forget = merged(e.forget, m.Hosts)
	}
	r.Moved = nil
	return base, nil
}

func (c *Change) removed(host, former string) {
	c.Removed = append(c.Removed, host)
	if former != "" {
		c.Former[host] = unquote(former)
	}
}

// conflicts: hosts that someone else gave another helper, before or after the
// last Use.
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
