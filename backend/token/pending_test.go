package token_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/token"
)

// Uses by address and program are seen at once, counted once, and lost
// neither by a store that fails nor by what comes meanwhile.
func TestUsesByAddressAndProgram(t *testing.T) {
	d := newDesk()
	made, _ := d.signIn(t, "s1", "laptop")
	begun := d.now
	want := func(when string, uses ...token.UsedBy) {
		t.Helper()
		got, err := d.Uses(t.Context(), "ada", made.ID)
		if diff := cmp.Diff(uses, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", when, err, diff)
		}
	}
	pull := func(minute int, addr string) {
		d.now = begun.Add(time.Duration(minute) * time.Minute)
		d.Used(made, addr, "docker")
	}
	by := func(addr string, first, last int, count int64) token.UsedBy {
		return token.UsedBy{Addr: addr, Agent: "docker", First: begun.Add(time.Duration(first) * time.Minute), Last: begun.Add(time.Duration(last) * time.Minute), Count: count}
	}
	pull(1, "here")
	pull(2, "here")
	pull(3, "there")
	want("unwritten", by("there", 3, 3, 1), by("here", 1, 2, 2))
	d.shelf.broken = errors.New("disk")
	if err := d.Flush(t.Context()); !errors.Is(err, d.shelf.broken) {
		t.Fatalf("a broken store: %v", err)
	}
	d.shelf.broken = nil
	pull(4, "here")
	want("after a failed write", by("here", 1, 4, 3), by("there", 3, 3, 1))
	if err := d.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("written", by("here", 1, 4, 3), by("there", 3, 3, 1))
	pull(5, "there")
	want("one more", by("there", 3, 5, 2), by("here", 1, 4, 3))
	for _, of := range [][2]string{{"bob", made.ID}, {"ada", "none"}} {
		if _, err := d.Uses(t.Context(), of[0], of[1]); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("of %v: %v", of, err)
		}
	}
}

// What comes while a store writes is neither lost nor written twice.
func TestUsesWhileTheStoreWrites(t *testing.T) {
	d := newDesk()
	made, _ := d.signIn(t, "s1", "laptop")
	d.Used(made, "here", "docker")
	for _, fail := range []error{errors.New("disk"), nil} {
		d.shelf.broken = fail
		d.shelf.writing = func() {
			d.now = d.now.Add(time.Minute)
			d.Used(made, "there", "docker")
			if got, err := d.Get(t.Context(), "ada", made.ID); fail == nil && (err != nil || got.LastUsed.Addr != "there") {
				t.Errorf("%+v %v", got.LastUsed, err)
			}
		}
		if err := d.Flush(t.Context()); !errors.Is(err, fail) {
			t.Fatal(err)
		}
	}
	d.shelf.writing = nil
	if err := d.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := d.Uses(t.Context(), "ada", made.ID)
	if err != nil || len(got) != 2 || got[0].Addr != "there" || got[0].Count != 2 || got[1].Count != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestNoted(t *testing.T) {
	at := func(i int) time.Time { return time.Unix(int64(i), 0).UTC() }
	kept := []token.UsedBy{{Addr: "a", First: at(5), Last: at(9), Count: 2}}
	got := token.Noted(kept, token.Used{Use: token.Use{At: at(9), Addr: "b"}})
	if got[0].Addr != "a" || got[1].Addr != "b" { // of one moment: the one known first
		t.Errorf("%+v", got)
	}
	got = token.Noted(got, token.Used{Use: token.Use{At: at(1), Addr: "a"}})
	if diff := cmp.Diff(token.UsedBy{Addr: "a", First: at(1), Last: at(9), Count: 3}, got[0]); diff != "" || kept[0].Count != 2 {
		t.Errorf("%s, kept %+v", diff, kept)
	}
}
