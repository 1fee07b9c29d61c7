package keychain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// System is the keychain of the operating system: here whatever speaks
// freedesktop.org's Secret Service, as GNOME Keyring, KWallet and KeePassXC do.
const System Store = "secret-service"

// The Secret Service API of freedesktop.org, as far as reading needs it.
const (
	ssName       = "org.freedesktop.secrets"
	ssPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	ssService    = "org.freedesktop.Secret.Service"
	ssCollection = "org.freedesktop.Secret.Collection"
	ssItem       = "org.freedesktop.Secret.Item"
	ssLogin      = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	peerPing     = "org.freedesktop.DBus.Peer.Ping"
	ssDefault    = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
)

// ssSecret is the type (oayays). In a plain session Value is the secret itself.
type ssSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// reader is one connection to the person's Secret Service.
//
// The first call on it must be one that needs nothing of the service, and its
// answer must be waited for: gnome-keyring (42 to 50 at least) takes note of a
// new caller in an idle callback, which a first OpenSession or property may
// overtake; it then aborts, and is locked when it comes back. A search that
// overtakes is merely answered with an error.
type reader struct {
	ctx  context.Context
	conn *dbus.Conn
	link *link
	met  bool // the service has answered
}

func open(ctx context.Context) (*reader, error) {
	conn, link, err := connect(ctx)
	return &reader{ctx: ctx, conn: conn, link: link}, err
}

func (r *reader) close() { _ = r.conn.Close() }

// start makes a call and does not wait for the answer.
func (r *reader) start(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return r.conn.Object(ssName, path).Go(method, 0, nil, args...)
}

// finish waits for the answer to a call, and sends what was started so far.
func (r *reader) finish(call *dbus.Call, into ...any) error {
	if err := r.link.flush(); err != nil {
		return inTime(r.ctx, fmt.Errorf("%w: %w", ErrNoService, err))
	}
	select {
	case call = <-call.Done:
	case <-r.ctx.Done():
		return inTime(r.ctx, r.ctx.Err())
	}
	return inTime(r.ctx, classify(call.Store(into...)))
}

// meet makes sure that the service knows us.
func (r *reader) meet() error {
	if r.met {
		return nil
	}
	err := r.finish(r.start(ssPath, peerPing))
	r.met = err == nil
	return err
}

func (r *reader) property(path dbus.ObjectPath, face, name string) *dbus.Call {
	return r.start(path, "org.freedesktop.DBus.Properties.Get", face, name)
}

func attributes(name string) map[string]string {
	return map[string]string{"service": Service, "username": name}
}

// read is three flights: search, open a session, fetch.
func read(ctx context.Context, name string) ([]byte, error) {
	r, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	unlocked, locked, err := r.search(attributes(name))
	if err != nil {
		return nil, err
	}
	if len(unlocked) == 0 {
		return nil, r.absent(locked)
	}
	session, err := r.session()
	if err != nil {
		return nil, err
	}
	item := unlocked[0]
	if len(unlocked) > 1 {
		item = r.newest(unlocked)
	}
	return r.secret(item, session)
}

// session is a plain one: the bus is the person's own, and a secret on it is
// no better hidden by a key that is agreed on over the same bus.
func (r *reader) session() (dbus.ObjectPath, error) {
	if err := r.meet(); err != nil {
		return "", err
	}
	var none dbus.Variant
	var path dbus.ObjectPath
	err := r.finish(r.start(ssPath, ssService+".OpenSession", "plain", dbus.MakeVariant("")), &none, &path)
	return path, err
}

func (r *reader) search(attributes map[string]string) (unlocked, locked []dbus.ObjectPath, err error) {
	const method = ssService + ".SearchItems"
	err = r.finish(r.start(ssPath, method, attributes), &unlocked, &locked)
	var refused dbus.Error
	if !r.met && errors.As(err, &refused) && refused.Name == "org.freedesktop.DBus.Error.UnknownMethod" {
		err = r.finish(r.start(ssPath, method, attributes), &unlocked, &locked) // it overtook, see reader
	}
	r.met = r.met || err == nil
	return unlocked, locked, err
}

func (r *reader) secret(item, session dbus.ObjectPath) ([]byte, error) {
	var s ssSecret
	if err := r.finish(r.start(item, ssItem+".GetSecret", session), &s); err != nil {
		return nil, err
	}
	return s.Value, nil
}

// absent says what it means that nothing readable was found. A locked
// keychain may hide even the names of its entries, so there nothing is known.
func (r *reader) absent(locked []dbus.ObjectPath) error {
	if len(locked) > 0 {
		return ErrLocked
	}
	if err := r.writable(); errors.Is(err, ErrLocked) || errors.Is(err, ErrTimeout) {
		return err
	}
	return ErrNotFound
}

// newest is the item last changed, of several with the same name.
func (r *reader) newest(items []dbus.ObjectPath) dbus.ObjectPath {
	calls := make([]*dbus.Call, len(items))
	for i, item := range items {
		calls[i] = r.property(item, ssItem, "Modified")
	}
	best, bestTime := items[0], uint64(0)
	for i, call := range calls {
		var v dbus.Variant
		if err := r.finish(call, &v); err != nil {
			continue
		}
		if t, ok := v.Value().(uint64); ok && t > bestTime {
			best, bestTime = items[i], t
		}
	}
	return best
}

// holds says whether the keychain has the entry, locked or not.
func holds(ctx context.Context, name string) (bool, error) {
	r, err := open(ctx)
	if err != nil {
		return false, err
	}
	defer r.close()
	unlocked, locked, err := r.search(attributes(name))
	if err != nil {
		return false, err
	}
	if len(unlocked) > 0 {
		return true, nil
	}
	if err := r.absent(locked); !errors.Is(err, ErrNotFound) {
		return false, err
	}
	return false, nil
}

// list names our entries. The attributes of a locked item may be unreadable;
// then the index is asked, name by name.
func list(ctx context.Context, index []string) ([]string, error) {
	r, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	unlocked, locked, err := r.search(map[string]string{"service": Service})
	if err != nil {
		return nil, err
	}
	var names []string
	unreadable := false
	items := append(unlocked, locked...)
	calls := make([]*dbus.Call, len(items))
	for i, item := range items {
		calls[i] = r.property(item, ssItem, "Attributes")
	}
	for _, call := range calls {
		var v dbus.Variant
		if err := r.finish(call, &v); errors.Is(err, ErrNotFound) {
			continue // removed in between
		} else if err != nil {
			return nil, err
		}
		a, _ := v.Value().(map[string]string)
		name := a["username"]
		if _, _, err := ParseName(name); err != nil {
			unreadable = true
			continue
		}
		names = append(names, name)
	}
	if !unreadable && len(items) > 0 {
		return names, nil
	}
	for _, name := range index {
		unlocked, locked, err := r.search(attributes(name))
		if err != nil {
			return nil, err
		}
		if len(unlocked)+len(locked) > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		if err := r.absent(nil); !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return names, nil
}

// humanName goes by the program behind the bus name.
func humanName(ctx context.Context) string {
	const unknown = "Secret Service"
	r, err := open(ctx)
	if err != nil {
		return unknown
	}
	defer r.close()
	var pid uint32
	if err := r.finish(r.conn.BusObject().Go("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, nil, ssName), &pid); err != nil {
		return unknown
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return unknown
	}
	for _, known := range []struct{ prefix, name string }{
		{"gnome-keyring", "GNOME Keyring"},
		{"kwallet", "KWallet"},
		{"ksecret", "KWallet"},
		{"keepassxc", "KeePassXC"},
	} {
		if strings.HasPrefix(string(comm), known.prefix) {
			return known.name
		}
	}
	return unknown
}
