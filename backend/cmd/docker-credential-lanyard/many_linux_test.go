package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"lanyard/backend/internal/keyringtest"
)

// prompter stands where GNOME's dialogs are shown from, and counts them. It is
// a fake: nobody answers.
type prompter struct {
	asked atomic.Int32
	first chan struct{}
}

func (p *prompter) BeginPrompting(dbus.ObjectPath) *dbus.Error {
	if p.asked.Add(1) == 1 {
		close(p.first)
	}
	return nil
}

func (p *prompter) PerformPrompt(dbus.ObjectPath, string, map[string]dbus.Variant, string) *dbus.Error {
	return nil
}

func (p *prompter) StopPrompting(dbus.ObjectPath) *dbus.Error { return nil }

func prompts(d desk) *prompter {
	d.Helper()
	p := &prompter{first: make(chan struct{})}
	conn, err := dbus.Connect(d.Address)
	must(d, err)
	d.Cleanup(func() { _ = conn.Close() })
	must(d, conn.Export(p, "/org/gnome/keyring/Prompter", "org.gnome.keyring.internal.Prompter"))
	reply, err := conn.RequestName("org.gnome.keyring.SystemPrompter", dbus.NameFlagDoNotQueue)
	must(d, err)
	if reply != dbus.RequestNameReplyPrimaryOwner {
		d.Fatal("the prompter's name is taken")
	}
	return p
}

// Fifty at once get the same answer, and none of them prompts: neither while the
// keyring is open nor, each with its reason, while it is locked.
func TestFiftyAtOnce(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, time.Now().Add(time.Hour))
	p := prompts(d)
	const n = 50
	all := func() (outs, reasons []string, took []time.Duration) {
		outs, reasons, took = make([]string, n), make([]string, n), make([]time.Duration, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				began := time.Now()
				outs[i], reasons[i], _ = d.run("get", host)
				took[i] = time.Since(began)
			})
		}
		wg.Wait()
		slices.Sort(took)
		return outs, reasons, took
	}
	want, _, status := d.run("get", host)
	if status != 0 {
		t.Fatalf("%q %d", want, status)
	}
	outs, reasons, took := all()
	for i := range n {
		if outs[i] != want || reasons[i] != "" {
			t.Errorf("%q %q", outs[i], reasons[i])
		}
	}
	t.Logf("open: the middle one took %v, the last %v", took[n/2], took[n-1])

	must(t, d.Lock())
	outs, reasons, took = all()
	for i := range n {
		if outs[i] != notFound || reasons[i] != "lanyard: the keychain is locked: unlock it (`lanyard keychain unlock`) and try again\n" {
			t.Errorf("locked: %q %q", outs[i], reasons[i])
		}
	}
	t.Logf("locked: the middle one took %v, the last %v", took[n/2], took[n-1])
	if asked := p.asked.Load(); asked != 0 {
		t.Errorf("%d prompts", asked)
	}

	// The prompter does count: another program, which wants the keyring open.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tool := d.Command("secret-tool", "lookup", "service", "lanyard")
	must(t, tool.Start())
	defer func() { _ = tool.Process.Kill(); _ = tool.Wait() }()
	select {
	case <-p.first:
	case <-ctx.Done():
		t.Error("the prompter was not asked at all: does it stand where gnome-keyring looks for it?")
	}
}
