//go:build linux && !bindings

package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"lanyard/backend/e2e/keyring"
)

// first is a window that is open, as the bus knows it.
type first struct {
	bus    *dbus.Conn
	silent <-chan struct{} // says nothing before
	ends   bool            // in the moment in which it is asked
}

func (f *first) SendMessage(string) *dbus.Error {
	if f.ends {
		_ = f.bus.Close()
	}
	if f.silent != nil {
		<-f.silent
	}
	return nil
}

func (f *first) open(t *testing.T, address string) {
	t.Helper()
	f.bus = connect(t, address)
	if err := f.bus.Export(f, singlePath, singleName); err != nil {
		t.Fatal(err)
	}
	if reply, err := f.bus.RequestName(singleName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
}

func connect(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	return bus
}

// held says whether somebody has the window's name.
func held(t *testing.T, address string) (has bool) {
	t.Helper()
	if err := connect(t, address).BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, singleName).Store(&has); err != nil {
		t.Fatal(err)
	}
	return has
}

func TestSecondStart(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	env := func(set map[string]string) func(string) string { return func(name string) string { return set[name] } }
	for name, of := range map[string]map[string]string{
		"without a display": {"DBUS_SESSION_BUS_ADDRESS": s.Address},
		"without a bus":     {"DISPLAY": ":1"},
		"with a dead bus":   {"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + t.TempDir() + "/bus"},
	} {
		if raised, err := elsewhere(env(of), nil, io.Discard); raised || err != nil || held(t, s.Address) {
			t.Errorf("%s: %v, %v", name, raised, err)
		}
	}
	there := env(map[string]string{"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": s.Address})
	raise := make(chan struct{}, 1)
	if raised, err := elsewhere(there, raise, io.Discard); raised || err != nil || !held(t, s.Address) {
		t.Errorf("the first start: %v, %v", raised, err)
	}
	for range 3 { // also while the window is being raised
		var said strings.Builder
		if raised, err := elsewhere(there, nil, &said); !raised || err != nil || len(raise) != 1 || said.Len() == 0 {
			t.Errorf("the second: %v, %v, %q, raised %d times", raised, err, said.String(), len(raise))
		}
	}
}

// Of many starts at once one opens the window.
func TestManyStartsAtOnce(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	const starts = 20
	raised := make(chan bool, starts)
	for range starts {
		go func() {
			one, err := beFirst(t.Context(), s.Address, time.Minute, make(chan struct{}, 1))
			if err != nil {
				t.Error(err)
			}
			raised <- one
		}()
	}
	windows := 0
	for range starts {
		if !<-raised {
			windows++
		}
	}
	if windows != 1 {
		t.Errorf("%d windows", windows)
	}
}

// What the bus knew the window of an earlier build by is raised, too.
func TestSecondStartBesideAnEarlierBuild(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	(&first{}).open(t, s.Address)
	if raised, err := beFirst(t.Context(), s.Address, time.Minute, nil); !raised || err != nil {
		t.Errorf("%v, %v", raised, err)
	}
}

func TestSecondStartBesideASilentFirst(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	(&first{silent: t.Context().Done()}).open(t, s.Address)
	if raised, err := beFirst(t.Context(), s.Address, 50*time.Millisecond, nil); raised || !errors.Is(err, errSilent) {
		t.Errorf("%v, %v", raised, err)
	}
}

// The first may end in the moment in which it is to be raised: then the second
// opens, and a third raises that.
func TestSecondStartWhileTheFirstEnds(t *testing.T) {
	s := keyring.StartWith(t, keyring.Options{NoDaemon: true})
	(&first{ends: true}).open(t, s.Address)
	raise := make(chan struct{}, 1)
	if raised, err := beFirst(t.Context(), s.Address, time.Minute, raise); raised || err != nil {
		t.Errorf("the second: %v, %v", raised, err)
	}
	if raised, err := beFirst(t.Context(), s.Address, time.Minute, nil); !raised || err != nil || len(raise) != 1 {
		t.Errorf("the third: %v, %v, raised %d times", raised, err, len(raise))
	}
}
