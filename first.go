//go:build linux && !bindings

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/godbus/dbus/v5"
)

// What Wails makes of single on the session bus. SendMessage there raises the
// window.
const (
	singleName = "org.wails_app_lanyard_desktop.SingleInstance"
	singlePath = "/org/wails_app_lanyard_desktop/SingleInstance"
)

// errSilent: there is a window, which does not answer.
var errSilent = errors.New("the window is open already, and does not answer: close it or end it, then start it again")

// raiseFirst raises the window that the person has open on the bus at address,
// and says whether there is one. Wails would do so, too, but only with a second
// window made, and would end the program as one that failed.
func raiseFirst(ctx context.Context, address string, patience time.Duration) (raised bool, err error) {
	if address == "" {
		return false, nil // without a bus there may be two
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return false, nil // as without one
	}
	defer bus.Close()
	var open bool
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, singleName).Store(&open); err != nil || !open {
		return false, nil
	}
	first := bus.Object(singleName, singlePath)
	err = first.CallWithContext(ctx, singleName+".SendMessage", dbus.FlagNoAutoStart, "{}").Err
	if ctx.Err() != nil {
		return false, errSilent
	}
	if err != nil { // it ended in this moment
		return false, nil
	}
	return true, nil
}

// elsewhere raises the window that is open already.
func elsewhere(getenv func(string) string, say io.Writer) (bool, error) {
	if !hasDisplay(getenv) {
		return false, nil
	}
	raised, err := raiseFirst(context.Background(), getenv("DBUS_SESSION_BUS_ADDRESS"), 5*time.Second)
	if raised {
		fmt.Fprintln(say, "Lanyard is open already; its window was raised.")
	}
	return raised, err
}
