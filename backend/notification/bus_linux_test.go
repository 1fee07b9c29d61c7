package notification

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"lanyard/backend/e2e/keyring"
)

// server shows notifications as a desktop does.
type server struct {
	can []string

	mu   sync.Mutex
	said []asked
}

type asked struct {
	title, body string
	actions     []string
	urgent      bool
}

func (s *server) GetCapabilities() ([]string, *dbus.Error) { return s.can, nil }

func (s *server) Notify(_ string, _ uint32, _, title, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, urgent := hints["urgency"]
	s.said = append(s.said, asked{title, body, actions, urgent})
	return uint32(len(s.said)), nil
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

func (s *server) start(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	bus := connect(t, address)
	if err := bus.Export(s, path, name); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return bus
}

func TestShow(t *testing.T) {
	bus := keyring.StartWith(t, keyring.Options{NoDaemon: true}).Address
	opened := make(chan string, 4)
	d := &Desktop{Address: bus, Program: "lanyard", Opened: func(id string) { opened <- id }}
	defer d.Close()
	evil := Shown{ID: "one", Title: "A <b>title</b>", Body: `<img src="file:///etc/passwd"> & more`, Open: "Show", Urgent: true}
	if shown, err := d.Show(t.Context(), evil); shown || err != nil || d.Available(t.Context()) {
		t.Fatalf("nobody shows any: %v, %v", shown, err)
	}
	s := &server{can: []string{"body", "body-markup", "actions"}}
	desk := s.start(t, bus)
	if !d.Available(t.Context()) {
		t.Error("there is a desktop")
	}
	if shown, err := d.Show(t.Context(), evil); !shown || err != nil {
		t.Fatal(shown, err)
	}
	if shown, err := d.Show(t.Context(), Shown{ID: "two", Title: "x", Body: "y", Open: "Show"}); !shown || err != nil {
		t.Fatal(shown, err)
	}
	if got := s.said[0]; got.title != evil.Title || strings.Contains(got.body, "<img") || !strings.Contains(got.body, "&lt;img") || !slices.Equal(got.actions, []string{"default", "Show"}) || !got.urgent {
		t.Errorf("%+v", got)
	}
	if s.said[1].urgent {
		t.Errorf("%+v", s.said[1])
	}
	for _, signal := range []struct {
		member string
		id     uint32
		value  any
	}{
		{"ActionInvoked", 7, "default"}, {"ActionInvoked", 2, "default"}, {"NotificationClosed", 1, uint32(1)}, {"ActionInvoked", 1, "default"}, {"ActionInvoked", 2, "default"},
	} {
		if err := desk.Emit(path, name+"."+signal.member, signal.id, signal.value); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // of what is shown, and of nothing else
		select {
		case id := <-opened:
			if id != "two" {
				t.Errorf("%q was opened", id)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nobody was told")
		}
	}
	if len(opened) > 0 {
		t.Errorf("%q was opened, too", <-opened)
	}
}

// A plain desktop is shown plain text, and asked for no action.
func TestShowPlainly(t *testing.T) {
	bus := keyring.StartWith(t, keyring.Options{NoDaemon: true}).Address
	s := &server{can: []string{"body"}}
	s.start(t, bus)
	d := &Desktop{Address: bus}
	defer d.Close()
	if shown, err := d.Show(t.Context(), Shown{ID: "x", Title: "t", Body: "a < b"}); !shown || err != nil {
		t.Fatal(shown, err)
	}
	if got := s.said[0]; got.body != "a < b" || len(got.actions) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestNoBus(t *testing.T) {
	for _, address := range []string{"", "unix:path=/nowhere"} {
		d := &Desktop{Address: address}
		if shown, err := d.Show(t.Context(), Shown{}); shown || err != nil || d.Available(t.Context()) {
			t.Errorf("%q: %v, %v", address, shown, err)
		}
		d.Close()
	}
}
