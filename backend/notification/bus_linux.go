package notification

import (
	"context"
	"fmt"
	"html"
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	name = "org.freedesktop.Notifications"
	path = "/org/freedesktop/Notifications"
)

// Desktop shows notifications on the session bus at Address.
type Desktop struct {
	Address string // "": there is none
	Program string // name of the desktop entry
	Icon    string // name, or path of a picture
	// Opened is called with the ID of what a person opened.
	Opened func(id string)

	mu    sync.Mutex
	bus   *dbus.Conn // nil: not yet, or gone
	shown map[uint32]string
}

// Available says whether anybody shows notifications now.
func (d *Desktop) Available(ctx context.Context) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	bus, err := d.connect(ctx)
	return err == nil && owned(ctx, bus)
}

// Show has one shown: false where nobody does.
func (d *Desktop) Show(ctx context.Context, s Shown) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	bus, err := d.connect(ctx)
	if err != nil || !owned(ctx, bus) {
		return false, nil // as on a desktop without
	}
	var can []string
	if err := call(ctx, bus, "GetCapabilities").Store(&can); err != nil {
		return false, fmt.Errorf("ask for notifications: %w", err)
	}
	body, actions := s.Body, []string{}
	if slices.Contains(can, "body-markup") { // what people wrote is text
		body = html.EscapeString(body)
	}
	if slices.Contains(can, "actions") {
		actions = []string{"default", s.Open}
	}
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant(d.Program), "category": dbus.MakeVariant("device")}
	if s.Urgent {
		hints["urgency"] = dbus.MakeVariant(byte(2))
	}
	var id uint32
	if err := call(ctx, bus, "Notify", "Lanyard", uint32(0), d.Icon, s.Title, body, actions, hints, int32(-1)).Store(&id); err != nil {
		return false, fmt.Errorf("show a notification: %w", err)
	}
	d.shown[id] = s.ID
	return true, nil
}

func call(ctx context.Context, bus *dbus.Conn, method string, args ...any) *dbus.Call {
	return bus.Object(name, path).CallWithContext(ctx, name+"."+method, dbus.FlagNoAutoStart, args...)
}

// owned: nothing is started by being asked.
func owned(ctx context.Context, bus *dbus.Conn) (has bool) {
	err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has)
	return err == nil && has
}

// connect is once for as long as the bus lives. A connection of our own: it is
// no other's to close.
func (d *Desktop) connect(ctx context.Context) (*dbus.Conn, error) {
	if d.bus != nil && d.bus.Connected() {
		return d.bus, nil
	}
	if d.Address == "" {
		return nil, dbus.ErrClosed
	}
	type made struct {
		bus *dbus.Conn
		err error
	}
	done := make(chan made, 1)
	go func() {
		bus, err := dbus.Connect(d.Address)
		done <- made{bus, err}
	}()
	select {
	case <-ctx.Done(): // a bus that says nothing
		return nil, ctx.Err()
	case m := <-done:
		if m.err != nil {
			return nil, m.err
		}
		d.bus, d.shown = m.bus, map[uint32]string{}
	}
	for _, member := range []string{"ActionInvoked", "NotificationClosed"} {
		err := d.bus.AddMatchSignal(dbus.WithMatchInterface(name), dbus.WithMatchObjectPath(path), dbus.WithMatchMember(member))
		if err != nil {
			return nil, err
		}
	}
	heard := make(chan *dbus.Signal, 16)
	d.bus.Signal(heard)
	go d.listen(heard)
	return d.bus, nil
}

// listen ends with the connection.
func (d *Desktop) listen(heard <-chan *dbus.Signal) {
	for s := range heard {
		if s.Path != path || len(s.Body) != 2 {
			continue
		}
		number, ok := s.Body[0].(uint32)
		if !ok {
			continue
		}
		d.mu.Lock()
		id, ours := d.shown[number]
		opened := ours && s.Name == name+".ActionInvoked"
		if s.Name == name+".NotificationClosed" {
			delete(d.shown, number)
		}
		d.mu.Unlock()
		if opened && d.Opened != nil {
			d.Opened(id)
		}
	}
}

// Close lets the bus go; what is shown stays.
func (d *Desktop) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bus != nil {
		_ = d.bus.Close()
		d.bus = nil
	}
}
