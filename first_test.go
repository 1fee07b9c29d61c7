//go:build linux && !bindings

package main

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"lanyard/backend/e2e/keyring"
)

// first is a window that is open, as the bus knows it.
type first struct {
	raised chan string
	silent <-chan struct{} // says nothing before
}

func (f *first) SendMessage(text string) *dbus.Error {
	if f.silent != nil {
		<-f.silent
		return nil
	}
	f.raised <- text
	return nil
}

func (f *first) open(t *testing.T, address string) {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	if err := bus.Export(f, singlePath, singleName); err != nil {
		t.Fatal(err)
	}
	if reply, err := bus.RequestName(singleName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
}

func TestSecondStart(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	env := func(set map[string]string) func(string) string { return func(name string) string { return set[name] } }
	there := env(map[string]string{"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": s.Address})
	if raised, err := elsewhere(there, io.Discard); raised || err != nil {
		t.Errorf("the first start: %v, %v", raised, err)
	}
	f := &first{raised: make(chan string, 1)}
	f.open(t, s.Address)
	if raised, err := elsewhere(there, io.Discard); !raised || err != nil || len(f.raised) != 1 {
		t.Errorf("the second: %v, %v, raised %d times", raised, err, len(f.raised))
	}
	for name, of := range map[string]map[string]string{
		"without a display": {"DBUS_SESSION_BUS_ADDRESS": s.Address},
		"without a bus":     {"DISPLAY": ":1"},
		"with a dead bus":   {"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + t.TempDir() + "/bus"},
	} {
		if raised, err := elsewhere(env(of), io.Discard); raised || err != nil {
			t.Errorf("%s: %v, %v", name, raised, err)
		}
	}
}

func TestSecondStartBesideASilentFirst(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	f := &first{silent: t.Context().Done()}
	f.open(t, s.Address)
	if raised, err := raiseFirst(t.Context(), s.Address, 50*time.Millisecond); raised || !errors.Is(err, errSilent) {
		t.Errorf("%v, %v", raised, err)
	}
}
