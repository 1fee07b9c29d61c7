//go:build linux && !bindings

package main

import (
	"testing"

	"github.com/godbus/dbus/v5"

	"lanyard/backend/e2e/keyring"
)

// portal says what a desktop's does.
type portal struct{ said any }

func (p portal) Read(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(dbus.MakeVariant(p.said)), nil
}

func TestDarkDesktop(t *testing.T) {
	for name, c := range map[string]struct {
		said any // nil: there is no portal
		want bool
	}{
		"dark": {uint32(1), true}, "light": {uint32(2), false}, "no preference": {uint32(0), false}, "something else": {"dark", false}, "no portal": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
			if c.said != nil {
				bus := connect(t, s.Address)
				if err := bus.Export(portal{c.said}, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings"); err != nil {
					t.Fatal(err)
				}
				if _, err := bus.RequestName("org.freedesktop.portal.Desktop", dbus.NameFlagDoNotQueue); err != nil {
					t.Fatal(err)
				}
			}
			if got := darkDesktop(func(string) string { return s.Address }); got != c.want {
				t.Error(got)
			}
		})
	}
	if darkDesktop(func(string) string { return "" }) || darkDesktop(func(string) string { return "unix:path=/nowhere" }) {
		t.Error("a desktop without a bus is dark")
	}
}
