//go:build linux

package desk

import (
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Notifications stands in for the part of a desktop that shows notifications,
// of which there is none on a bare screen (Desktop Notifications 1.2).
type Notifications struct {
	bus   *dbus.Conn
	mu    sync.Mutex
	shown []Notification
}

// Notification is one that a program had shown.
type Notification struct {
	Program, Title, Body string
	Actions              []string // each with its words after it
}

const (
	notifier     = "org.freedesktop.Notifications"
	notifierPath = "/org/freedesktop/Notifications"
)

// Notifications starts it. Close ends it.
func (d *Desk) Notifications() (*Notifications, error) {
	n := &Notifications{}
	var err error
	n.bus, err = answerAs(d.Address, notifier, notifierPath, notifier, &notifierObject{n})
	return n, err
}

// All are those that were shown so far, the first first.
func (n *Notifications) All() []Notification {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.shown)
}

// Click is the person who clicks the one of that index.
func (n *Notifications) Click(index int) error {
	return n.bus.Emit(notifierPath, notifier+".ActionInvoked", uint32(index+1), "default")
}

// Close takes it off the bus.
func (n *Notifications) Close() error { return n.bus.Close() }

// notifierObject has its methods on the bus.
type notifierObject struct{ all *Notifications }

// GetCapabilities says that a notification can be clicked.
func (o *notifierObject) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"body", "actions"}, nil
}

// Notify takes one. Its number is its place in the order, from 1 on.
func (o *notifierObject) Notify(program string, _ uint32, _, title, body string, actions []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	o.all.shown = append(o.all.shown, Notification{program, title, body, actions})
	return uint32(len(o.all.shown)), nil
}
