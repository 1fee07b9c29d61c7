package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func update(t *testing.T, f StateFile, fn func(*State)) {
	t.Helper()
	if err := f.Update(func(s *State) error { fn(s); return nil }); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, f StateFile) State {
	t.Helper()
	s, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStateFile(t *testing.T) {
	f := StateFile{Dir: filepath.Join(t.TempDir(), "a", "state")}
	if s := load(t, f); len(s.Registries) != 0 || s.Buried("x") {
		t.Errorf("a fresh computer has %+v", s)
	}
	if _, err := os.Stat(f.Dir); err == nil {
		t.Error("reading made the folder")
	}
	update(t, f, func(s *State) {
		s.Serve("localhost:8460", "http://localhost:8460", "ann")
		s.Added("token/x/ann", noon)
		s.Bury("token/x/old", noon)
	})
	want := State{
		Version:    1,
		Registries: map[string]Registry{"localhost:8460": {Server: "http://localhost:8460", Account: "ann"}},
		Entries:    map[string]Entry{"token/x/ann": {Touched: noon}},
		Tombstones: map[string]time.Time{"token/x/old": noon},
		Servers:    map[string][]string{"http://localhost:8460": {"localhost:8460"}},
		HighWater:  noon,
	}
	if diff := cmp.Diff(want, load(t, f)); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]os.FileMode{f.Path(): 0o600, f.Dir: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}

	before, _ := os.Stat(f.Path())
	update(t, f, func(*State) {})
	after, _ := os.Stat(f.Path())
	if !os.SameFile(before, after) {
		t.Error("an update that changes nothing wrote the file")
	}
	failed := errors.New("no")
	if err := f.Update(func(s *State) error { s.HighWater = time.Time{}; return failed }); !errors.Is(err, failed) {
		t.Errorf("the error of fn: %v", err)
	}
	if diff := cmp.Diff(want, load(t, f)); diff != "" {
		t.Error("a failed update:", diff)
	}
}

func TestStateFileRefusesWhatItCannotRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"emptied":         {"", ErrBroken},
		"cut off":         {`{"v":1,"registries":{"a`, ErrBroken},
		"no JSON":         {"hello", ErrBroken},
		"wrong type":      {`{"v":1,"registries":[]}`, ErrBroken},
		"null":            {"null", ErrBroken},
		"no version":      {`{"registries":{}}`, ErrBroken},
		"two values":      {`{"v":1}{"v":1}`, ErrBroken},
		"of the future":   {`{"v":2}`, ErrNewer},
		"NULs of a crash": {strings.Repeat("\x00", 200), ErrBroken},
	} {
		t.Run(name, func(t *testing.T) {
			f := StateFile{Dir: t.TempDir()}
			if err := os.WriteFile(f.Path(), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Load(); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), f.Path()) {
				t.Errorf("load: %v", err)
			}
			if err := f.Update(func(s *State) error { s.HighWater = noon; return nil }); !errors.Is(err, tt.want) {
				t.Errorf("update: %v", err)
			}
			if raw, _ := os.ReadFile(f.Path()); string(raw) != tt.text {
				t.Errorf("the file became %q", raw)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		f := StateFile{Dir: t.TempDir()}
		if err := os.Mkdir(f.Path(), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Load(); !errors.Is(err, ErrBroken) {
			t.Errorf("load: %v", err)
		}
	})
}

func TestUpdateIsAlone(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	const programs, each = 8, 10
	var wg sync.WaitGroup
	for p := range programs {
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("token/%d/%d", p, i)
				if err := f.Update(func(s *State) error { s.Added(name, noon); return nil }); err != nil {
					t.Error(err)
				}
				if _, err := f.Load(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(load(t, f).Entries); got != programs*each {
		t.Errorf("%d of %d updates are there", got, programs*each)
	}
}

func TestUpdateGivesUp(t *testing.T) {
	f := StateFile{Dir: t.TempDir(), Wait: 20 * time.Millisecond}
	other := flock.New(filepath.Join(f.Dir, "state.lock"))
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer other.Close()
	if err := f.Update(func(*State) error { return nil }); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Load(); err != nil {
		t.Errorf("load needs no lock, and said %v", err)
	}
}

func TestNote(t *testing.T) {
	f := StateFile{Dir: filepath.Join(t.TempDir(), "state")}
	note := func(at time.Time) {
		t.Helper()
		if err := f.Note("token/x/ann", at); err != nil {
			t.Fatal(err)
		}
	}
	if used := f.Used("token/x/ann"); !used.IsZero() {
		t.Errorf("used at %v", used)
	}
	note(noon)
	note(noon.Add(59 * time.Second))
	if used := f.Used("token/x/ann"); !used.Equal(noon) {
		t.Errorf("noted twice within a minute: %v", used)
	}
	note(noon.Add(time.Minute))
	note(noon.Add(-time.Hour)) // the clock was set back
	if used := f.Used("token/x/ann"); !used.Equal(noon.Add(time.Minute)) {
		t.Errorf("used at %v", used)
	}
	if used := f.Used("token/x/bob"); !used.IsZero() {
		t.Errorf("bob's is used at %v", used)
	}

	update(t, f, func(s *State) { s.Added("token/x/ann", noon) })
	if e := load(t, f).Entries["token/x/ann"]; !e.Used.Equal(noon.Add(time.Minute)) {
		t.Errorf("the state knows %v", e.Used)
	}
	if end, _ := load(t, f).Life("token/x/ann", time.Time{}, time.Hour).End(); !end.Equal(noon.Add(61 * time.Minute)) {
		t.Errorf("ends %v", end)
	}
	update(t, f, func(s *State) { s.Gone("token/x/ann") })
	if used := f.Used("token/x/ann"); !used.IsZero() {
		t.Errorf("the note outlived its entry: %v", used)
	}
}

// A note must not wait for a program that holds the state file.
func TestNoteTakesNoLock(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	err := f.Update(func(*State) error { return f.Note("token/x/ann", noon) })
	if err != nil || !f.Used("token/x/ann").Equal(noon) {
		t.Errorf("%v, used at %v", err, f.Used("token/x/ann"))
	}
}

func TestTombstone(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	update(t, f, func(s *State) { s.Added("a", noon); s.Bury("a", noon) })
	update(t, f, func(s *State) { s.Bury("a", noon.Add(time.Hour)) })
	s := load(t, f)
	if !s.Buried("a") || !s.Tombstones["a"].Equal(noon) {
		t.Errorf("tombstones %v", s.Tombstones)
	}
	update(t, f, func(s *State) { s.Added("a", noon) })
	if load(t, f).Buried("a") {
		t.Error("a new sign-in did not take the tombstone back")
	}
	update(t, f, func(s *State) { s.Bury("a", noon); s.Gone("a") })
	if s := load(t, f); s.Buried("a") || len(s.Entries) != 0 {
		t.Errorf("left: %+v", s)
	}
}

func TestHighWater(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	update(t, f, func(s *State) {
		s.Added("a", noon)
		s.Heard("a", noon.Add(time.Hour), time.Time{})
		s.Heard("a", noon.Add(-time.Hour), time.Time{})
	})
	s := load(t, f)
	if !s.HighWater.Equal(noon.Add(time.Hour)) || !s.Entries["a"].Touched.Equal(noon.Add(time.Hour)) {
		t.Errorf("a clock set back moved %v", s)
	}
	if !s.Over("a", noon.Add(30*time.Minute), 0, noon) {
		t.Error("past its end by the high-water mark, and not over")
	}
	// A clock that ran ahead by years is put right by the next sign-in.
	update(t, f, func(s *State) { s.Heard("a", noon.AddDate(9, 0, 0), time.Time{}); s.Added("b", noon) })
	if s := load(t, f); s.Over("b", noon.AddDate(0, 3, 0), 0, noon) {
		t.Error("a new session is over at birth")
	}
}

func TestSweep(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	if err := f.Sweep(func(string) error { t.Error("nothing is buried"); return nil }); err != nil {
		t.Error(err)
	}
	update(t, f, func(s *State) {
		for _, name := range []string{"a", "b", "c", "lives"} {
			s.Added(name, noon)
		}
		s.Bury("a", noon)
		s.Bury("b", noon)
		s.Bury("c", noon)
	})
	locked := errors.New("locked")
	var asked []string
	err := f.Sweep(func(name string) error {
		asked = append(asked, name)
		if name == "b" {
			return locked
		}
		return nil
	})
	if !errors.Is(err, locked) {
		t.Errorf("what is left was not told: %v", err)
	}
	s := load(t, f)
	if diff := cmp.Diff([]string{"a", "b", "c"}, asked); diff != "" {
		t.Error(diff)
	}
	if len(s.Tombstones) != 1 || !s.Buried("b") || len(s.Entries) != 2 {
		t.Errorf("left: %+v", s)
	}
}

// An account that is active nowhere can still be made so: its server's hosts
// are known, and those of a build that did not keep them are found.
func TestHostsOfAServer(t *testing.T) {
	var s State
	s.fill()
	s.Serve("b.example", "https://one.example", "ada")
	s.Serve("a.example", "https://one.example", "ada")
	s.Serve("a.example", "https://two.example", "ada")
	s.Serve("a.example", "https://two.example", "bob")
	s.Registries["old.example"] = Registry{Server: "https://one.example", Account: "ada"}
	for server, want := range map[string][]string{
		"https://one.example":  {"a.example", "b.example", "old.example"},
		"https://two.example":  {"a.example"},
		"https://none.example": nil,
	} {
		if diff := cmp.Diff(want, s.HostsOf(server)); diff != "" {
			t.Errorf("%s: %s", server, diff)
		}
	}
	if s.Registries["a.example"].Account != "bob" {
		t.Errorf("%v", s.Registries)
	}
	delete(s.Registries, "a.example") // the active one signs out
	if diff := cmp.Diff([]string{"a.example"}, s.HostsOf("https://two.example")); diff != "" {
		t.Error(diff)
	}
}
