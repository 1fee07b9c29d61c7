//go:build linux

package desk

import (
	"errors"
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Desktop stands in for the desktop's settings, of which there are none on a
// bare screen: it answers programs that ask whether it is light or dark, and
// tells them when that changes (XDG Desktop Portal, Settings).
type Desktop struct {
	bus    *dbus.Conn
	mu     sync.Mutex
	scheme uint32
}

// The choices of a person.
const (
	DarkScheme  uint32 = 1
	LightScheme uint32 = 2
)

const (
	portal     = "org.freedesktop.portal.Desktop"
	portalPath = "/org/freedesktop/portal/desktop"
	settings   = "org.freedesktop.portal.Settings"
	appearance = "org.freedesktop.appearance"
	scheme     = "color-scheme"
)

// Desktop starts it, without a choice. Close ends it.
func (d *Desk) Desktop() (*Desktop, error) {
	t := &Desktop{}
	var err error
	t.bus, err = answerAs(d.Address, portal, portalPath, settings, &portalObject{t})
	return t, err
}

// answerAs connects to the bus and answers there by that name, with object's
// methods. Another that has it already is an error.
func answerAs(address, name string, path dbus.ObjectPath, face string, object any) (*dbus.Conn, error) {
	bus, err := dbus.Connect(address)
	if err != nil {
		return nil, err
	}
	err = bus.Export(object, path, face)
	if err == nil {
		var reply dbus.RequestNameReply
		if reply, err = bus.RequestName(name, dbus.NameFlagDoNotQueue); err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
			err = fmt.Errorf("somebody answers as %s already", name)
		}
	}
	if err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	return bus, nil
}

// Choose tells the programs of a new choice.
func (t *Desktop) Choose(now uint32) error {
	t.mu.Lock()
	t.scheme = now
	t.mu.Unlock()
	return t.bus.Emit(portalPath, settings+".SettingChanged", appearance, scheme, dbus.MakeVariant(now))
}

// Close takes it off the bus.
func (t *Desktop) Close() error { return t.bus.Close() }

// portalObject has its methods on the bus.
type portalObject struct{ desktop *Desktop }

// Read is the portal's, which has a variant in the variant.
func (o *portalObject) Read(namespace, key string) (dbus.Variant, *dbus.Error) {
	if namespace != appearance || key != scheme {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.portal.Error.NotFound", nil)
	}
	o.desktop.mu.Lock()
	defer o.desktop.mu.Unlock()
	return dbus.MakeVariant(dbus.MakeVariant(o.desktop.scheme)), nil
}
