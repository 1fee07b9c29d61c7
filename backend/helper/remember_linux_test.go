package helper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
)

func (d *desk) uses() []ledger.Use {
	d.t.Helper()
	uses, err := ledger.Ledger{Dir: d.dirs.State}.Read(-1)
	d.must(err)
	return uses
}

// What was asked for and handed out is remembered, newest first, without what
// it was.
func TestLedger(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.must(d.keys.PutToken(t.Context(), server, "ann", keychain.Token{Username: "ann", Secret: secret + "_2345x2Yz", UUID: "u"}))
	d.done("store", storing("ghcr.io", "bob", "canary-password"))
	d.got("http://" + host)
	d.refuses("unmanaged.io", "") // nothing of ours: nobody's business
	d.got("ghcr.io")
	d.list()
	d.done("erase", host)
	d.refuses(host, "logged out")
	d.update(func(s *machine.State) { s.Serve(host, server, "ann") })
	d.must(d.session.Lock())
	d.refuses(host, "locked")
	here, err := os.Getwd()
	d.must(err)
	want := []ledger.Use{
		{Host: host, Server: server, Account: "ann", Refused: "the keychain is locked"},
		{Host: host, Server: server, Account: "ann", Refused: host + " was logged out of"},
		{Host: "ghcr.io", Account: "bob"},
		{Host: host, Server: server, Account: "ann", LastFour: "x2Yz", UUID: "u"},
	}
	got := d.uses()
	for i := range got {
		if got[i].Folder != here || !got[i].At.Equal(d.now) {
			t.Errorf("%v", got[i])
		}
		got[i].Folder = ""
		if i < len(want) && strings.HasPrefix(got[i].Refused, want[i].Refused) {
			got[i].Refused = want[i].Refused
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ledger.Use{}, "At")); diff != "" {
		t.Error(diff)
	}
	raw, err := os.ReadFile(ledger.Ledger{Dir: d.dirs.State}.Path())
	d.must(err)
	if strings.Contains(string(raw), "canary-") || strings.Contains(string(raw), secret) {
		t.Errorf("it holds a secret: %s", raw)
	}
}

// Of a password, which may be short, not even the end is noted.
func TestLedgerOfAPassword(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.must(d.keys.PutToken(t.Context(), "a.io", "ann", keychain.Token{Username: "ann", Secret: "hunter2canary"}))
	d.update(func(s *machine.State) {
		s.Added(keychain.TokenName("a.io", "ann"), birth)
		s.Serve("a.io", "a.io", "ann")
	})
	d.got("a.io")
	if uses := d.uses(); len(uses) != 1 || uses[0].LastFour != "" || uses[0].Account != "ann" {
		t.Errorf("%v", uses)
	}
}

// A ledger that cannot be written, and a state folder that cannot be written
// to at all, are no reason not to answer.
func TestLedgerIsNeverInTheWay(t *testing.T) {
	for name, breakIt := range map[string]func(*desk){
		"a folder in its place": func(d *desk) { d.must(os.MkdirAll(filepath.Join(d.dirs.State, "ledger.jsonl", "x"), 0o700)) },
		"a loop of links":       func(d *desk) { d.must(os.Symlink("ledger.jsonl", filepath.Join(d.dirs.State, "ledger.jsonl"))) },
		"a full device":         func(d *desk) { d.must(os.Symlink("/dev/full", filepath.Join(d.dirs.State, "ledger.jsonl"))) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, keyringtest.Options{})
			d.signIn(host)
			breakIt(d)
			d.serves(host)
			d.serves(host)
		})
	}
}

// Who is slow to say who they are is not waited for.
func TestWhatComesAfterHasItsTime(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	never := make(chan struct{})
	defer close(never)
	h := Helper{
		Getenv: os.Getenv, Keys: d.keys, Limit: d.limit, Now: func() time.Time { return d.now },
		Asker: func() string { <-never; return "" },
	}
	var out, errs strings.Builder
	began := time.Now()
	if status := h.Run([]string{"get"}, strings.NewReader(host), &out, &errs); status != 0 || !strings.Contains(out.String(), secret) || errs.Len() > 0 {
		t.Errorf("%q %q %d", out.String(), errs.String(), status)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	panics := h
	panics.Asker = func() string { panic("canary") }
	out.Reset()
	if status := panics.Run([]string{"get"}, strings.NewReader(host), &out, &errs); status != 0 || !strings.Contains(out.String(), secret) || errs.Len() > 0 {
		t.Errorf("a panic afterwards: %q %q %d", out.String(), errs.String(), status)
	}
}

// The answer is out before anything of what comes after it.
func TestAnswerFirst(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	var out, errs strings.Builder
	answered := ""
	h := Helper{
		Getenv: os.Getenv, Keys: d.keys, Limit: d.limit, Now: func() time.Time { return d.now },
		Asker: func() string { answered = out.String(); return "/usr/bin/docker" },
	}
	h.Run([]string{"get"}, strings.NewReader(host), &out, &errs)
	if !strings.Contains(answered, secret) {
		t.Errorf("it had said %q by then", answered)
	}
	if uses := d.uses(); len(uses) != 1 || uses[0].Tool != "/usr/bin/docker" {
		t.Errorf("%v", uses)
	}
}
