//go:build linux && !bindings

package main

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// darkWithin is what the desktop may take to say whether it is dark: the window
// waits for it.
const darkWithin = 150 * time.Millisecond

// darkDesktop asks the desktop (XDG Desktop Portal, Settings). One that does not
// say, or not at once, is light. Nothing is started by being asked.
func darkDesktop(getenv func(string) string) bool {
	address := getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), darkWithin)
	defer cancel()
	dark := make(chan bool, 1)
	go func() { dark <- saysDark(ctx, address) }()
	select {
	case is := <-dark:
		return is
	case <-ctx.Done():
		return false
	}
}

func saysDark(ctx context.Context, address string) bool {
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer bus.Close()
	var said dbus.Variant
	err = bus.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop").
		CallWithContext(ctx, "org.freedesktop.portal.Settings.Read", dbus.FlagNoAutoStart, "org.freedesktop.appearance", "color-scheme").Store(&said)
	if err != nil {
		return false
	}
	for {
		inner, ok := said.Value().(dbus.Variant) // Read wraps it twice
		if !ok {
			break
		}
		said = inner
	}
	scheme, ok := said.Value().(uint32)
	return ok && scheme == 1
}
