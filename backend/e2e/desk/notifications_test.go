//go:build linux

package desk

import (
	"testing"
	"time"

	"lanyard/backend/notification"
)

// What a program has shown is there to be read, and it hears of a click; a
// desktop has one who shows them.
func TestNotifications(t *testing.T) {
	d := newDesk(t)
	all, err := d.Notifications()
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if second, err := d.Notifications(); err == nil {
		t.Error("two answer by one name", second.Close())
	}
	opened := make(chan string, 1)
	program := &notification.Desktop{Address: d.Address, Opened: func(id string) { opened <- id }}
	defer program.Close()
	if shown, err := program.Show(t.Context(), notification.Shown{ID: "one", Title: "A title", Body: "a < b", Open: "Show"}); !shown || err != nil {
		t.Fatal(shown, err)
	}
	if got := all.All(); len(got) != 1 || got[0].Title != "A title" || got[0].Body != "a < b" || len(got[0].Actions) != 2 {
		t.Fatalf("%+v", got)
	}
	if err := all.Click(0); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-opened:
		if id != "one" {
			t.Error(id)
		}
	case <-time.After(20 * time.Second):
		t.Error("it heard of no click")
	}
}
