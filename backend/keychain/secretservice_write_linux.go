package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"
)

func writable(ctx context.Context) error {
	r, err := open(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	return r.writable()
}

// writable looks at the collection that go-keyring will write to.
func (r *reader) writable() error {
	_, locked, err := r.target()
	if err == nil && locked {
		return ErrLocked
	}
	return err
}

// target is the collection that go-keyring will write to: login if there is
// one, else the default.
func (r *reader) target() (path dbus.ObjectPath, locked bool, err error) {
	if err := r.meet(); err != nil {
		return "", false, err
	}
	all := r.property(ssPath, ssService, "Collections")
	login := r.property(ssLogin, ssCollection, "Locked")
	standard := r.property(ssDefault, ssCollection, "Locked")
	var v dbus.Variant
	if err := r.finish(all, &v); err != nil {
		return "", false, err
	}
	path, call := ssDefault, standard
	if paths, ok := v.Value().([]dbus.ObjectPath); ok && slices.Contains(paths, ssLogin) {
		path, call = ssLogin, login
	}
	if err := r.finish(call, &v); errors.Is(err, ErrTimeout) || errors.Is(err, ErrNoService) {
		return "", false, err
	} else if err != nil {
		return "", false, fmt.Errorf("%w: it has no default collection: %w", ErrNoService, err)
	}
	shut, ok := v.Value().(bool)
	return path, !ok || shut, nil
}

// removeCopies deletes every unlocked item of that name; with keep, all but
// one that holds keep, and none if there is no such. go-keyring sees one
// collection, and the first item in it: a copy elsewhere would outlive a
// sign-out, or be read in its place.
//
// A service may want to ask before it deletes, as KeePassXC does; without ask
// it is not let.
func removeCopies(ctx context.Context, name string, keep []byte, ask bool) error {
	r, end, err := openFor(ctx)
	if err != nil {
		return err
	}
	defer end()
	items, _, err := r.search(attributes(name))
	if err != nil {
		return err
	}
	if keep != nil {
		session, err := r.session()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(items, func(item dbus.ObjectPath) bool {
			value, err := r.secret(item, session)
			return err == nil && bytes.Equal(value, keep)
		})
		if i < 0 {
			return nil // the caller reads what is there instead
		}
		items = slices.Delete(items, i, i+1)
	}
	for _, item := range items {
		var prompt dbus.ObjectPath
		err := r.finish(r.start(item, ssItem+".Delete"), &prompt)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotRemoved, err)
		}
		if prompt != "/" && !ask {
			return ErrNotRemoved
		}
		if prompt != "/" {
			if err := r.ask(prompt); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownDeletes: we delete ourselves, as go-keyring would let the service ask
// the person, wanted or not, and never take the question back.
const ownDeletes = true

func deleteAll(ctx context.Context, name string) error { return removeCopies(ctx, name, nil, true) }

// replace changes an item that is there, and says whether it did. go-keyring
// makes it anew instead, for which KeePassXC asks the person each time.
func replace(ctx context.Context, name string, value []byte) bool {
	r, err := open(ctx)
	if err != nil {
		return false
	}
	defer r.close()
	collection, locked, err := r.target()
	if err != nil || locked {
		return false
	}
	var items []dbus.ObjectPath // of this collection: another one may be for this session only
	if err := r.finish(r.start(collection, ssCollection+".SearchItems", attributes(name)), &items); err != nil || len(items) == 0 {
		return false
	}
	session, err := r.session()
	if err != nil {
		return false
	}
	secret := ssSecret{Session: session, Parameters: []byte{}, Value: value, ContentType: "text/plain; charset=utf8"}
	return r.finish(r.start(items[0], ssItem+".SetSecret", secret)) == nil
}
