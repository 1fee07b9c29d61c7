//go:build linux && !bindings

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/wailsapp/wails/v2/pkg/options"

	"lanyard/app"
)

// What the window is known by on the session bus. SendMessage there raises it.
const (
	singleName = "org.wails_app_lanyard_desktop.SingleInstance"
	singlePath = "/org/wails_app_lanyard_desktop/SingleInstance"
)

// errSilent: there is a window, which does not answer.
var errSilent = errors.New("the window is open already, and does not answer: close it or end it, then start it again")

// lock: Wails would connect to the bus once more while a window waits to be
// shown, and end a second start as one that failed. beFirst does it instead.
func lock(*app.App) *options.SingleInstanceLock { return nil }

// asked is what the first window has on the bus. What a second start sends is
// not read.
type asked struct{ raise chan<- struct{} }

func (a asked) SendMessage(string) *dbus.Error { //nolint:unparam // the form of a method on the bus
	select {
	case a.raise <- struct{}{}:
	default: // it is raised already
	}
	return nil
}

// beFirst takes the window's name on the bus at address, and holds it as long
// as ctx and the program: who starts the window again puts a word into raise.
// Where another has the name, that window is raised.
func beFirst(ctx context.Context, address string, patience time.Duration, raise chan<- struct{}) (raised bool, err error) {
	if address == "" {
		return false, nil // without a bus there may be two
	}
	ctx, leave := context.WithCancel(ctx)
	late := time.AfterFunc(patience, leave)
	bus, err := dbus.Connect(address, dbus.WithContext(ctx)) // it ends with ctx
	if err != nil {
		leave()
		return false, nil //nolint:nilerr // as without one
	}
	first, err := holder(ctx, bus, raise)
	switch {
	case err != nil:
		leave()
		return false, nil //nolint:nilerr // as without one
	case first == "":
		late.Stop()
		return false, nil
	}
	err = bus.Object(first, singlePath).CallWithContext(ctx, singleName+".SendMessage", dbus.FlagNoAutoStart, "{}").Err
	switch {
	case ctx.Err() != nil:
		return false, errSilent
	case err != nil: // it ended in this moment, and the name is ours
		late.Stop()
		return false, nil //nolint:nilerr // nobody is there any more
	}
	leave()
	return true, nil
}

// holder is who has the window's name; "" if this program has it now. It stands
// in the queue behind another.
func holder(ctx context.Context, bus *dbus.Conn, raise chan<- struct{}) (first string, err error) {
	if err := bus.Export(asked{raise}, singlePath, singleName); err != nil {
		return "", err
	}
	var reply uint32
	err = bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, singleName, uint32(0)).Store(&reply)
	if err != nil || dbus.RequestNameReply(reply) != dbus.RequestNameReplyInQueue {
		return "", err
	}
	err = bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, singleName).Store(&first)
	if err == nil && first == bus.Names()[0] {
		first = ""
	}
	return first, err
}

// elsewhere raises the window that is open already. If there is none, this is
// the first.
func elsewhere(getenv func(string) string, raise chan<- struct{}, say io.Writer) (bool, error) {
	if !hasDisplay(getenv) {
		return false, nil
	}
	raised, err := beFirst(context.Background(), getenv("DBUS_SESSION_BUS_ADDRESS"), 5*time.Second, raise)
	if raised {
		fmt.Fprintln(say, "Lanyard is open already; its window was raised.")
	}
	return raised, err
}
