package keychain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// chosen is where a test's settings lie.
type chosen struct {
	mu sync.Mutex
	p  Place
}

func (c *chosen) place() (Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.p, nil
}

func (c *chosen) pin(s Store) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p.Store = s
	return nil
}

// ladder is a keychain that has both, in a session with these parts.
func ladder(t *testing.T, o keyringtest.Options) (*keyringtest.Session, Keychain, *chosen) {
	t.Helper()
	s := keyringtest.StartWith(t, o)
	s.Enter(t)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	c := &chosen{p: Place{Dir: filepath.Join(t.TempDir(), "state")}}
	k := keychain(t)
	k.Place, k.work = c.place, 4
	k.Passphrase = func(context.Context, bool) (Secret, error) { return passphrase, nil }
	t.Cleanup(func() { must(t, forgetKey(file{dir: c.p.Dir}.holdName())) })
	return s, k, c
}

func TestLadder(t *testing.T) {
	indexOf := func(names ...string) func() ([]string, error) {
		return func() ([]string, error) { return names, nil }
	}
	for name, c := range map[string]struct {
		session keyringtest.Options
		place   Place // without folder
		file    bool  // is there
		key     bool  // is at hand
		index   func() ([]string, error)
		want    Store
		err     error  // of a write
		why     string // part of it
	}{
		"a desktop":                            {index: indexOf(), want: System, why: "the system has this one"},
		"a desktop, and a key at hand":         {key: true, index: indexOf(), want: System, why: "the system has this one"},
		"a desktop, and a file":                {file: true, index: indexOf(), want: File, why: "the encrypted file is there"},
		"a desktop, and a file not wanted":     {file: true, place: Place{FailClosed: true}, index: indexOf(), want: System, why: "the system has this one"},
		"a desktop, the system chosen":         {file: true, place: Place{Store: System}, index: indexOf(), want: System, why: "settings"},
		"a desktop, the file chosen":           {file: true, place: Place{Store: File}, index: indexOf(), want: File, why: "settings"},
		"a server":                             {session: keyringtest.Options{NoBus: true}, index: indexOf(), want: System, err: ErrNoService, why: "no encrypted file"},
		"a server with a bus":                  {session: keyringtest.Options{NoDaemon: true}, index: indexOf(), want: System, err: ErrNoService, why: "no encrypted file"},
		"a server with a file":                 {session: keyringtest.Options{NoBus: true}, file: true, index: indexOf(), want: File, why: "the encrypted file is there"},
		"a server with a key":                  {session: keyringtest.Options{NoBus: true}, key: true, index: indexOf(), want: File, why: "at hand"},
		"a server with a key, nothing known":   {session: keyringtest.Options{NoBus: true}, key: true, want: System, err: ErrNoService, why: "no encrypted file"},
		"a desktop that is only missing":       {session: keyringtest.Options{NoBus: true}, key: true, index: indexOf("token/s/a"), want: System, err: ErrNoService, why: "no encrypted file"},
		"a server, fail closed":                {session: keyringtest.Options{NoBus: true}, key: true, file: true, place: Place{FailClosed: true}, index: indexOf(), want: System, err: ErrFailClosed, why: "fail_closed"},
		"a server, the system chosen":          {session: keyringtest.Options{NoBus: true}, key: true, file: true, place: Place{Store: System}, index: indexOf(), want: System, err: ErrNoService, why: "settings"},
		"a server, the file chosen, not made":  {session: keyringtest.Options{NoBus: true}, place: Place{Store: File}, index: indexOf(), want: File, err: ErrNoService, why: "settings"},
		"a server, the file chosen, and a key": {session: keyringtest.Options{NoBus: true}, key: true, place: Place{Store: File}, want: File, why: "settings"},
	} {
		t.Run(name, func(t *testing.T) {
			_, k, settings := ladder(t, c.session)
			if c.key {
				c.place.KeyFile = filepath.Join(t.TempDir(), "key")
				must(t, MakeKeyFile(c.place.KeyFile))
			}
			c.place.Dir = settings.p.Dir
			settings.p = c.place
			if c.file {
				must(t, k.Make(t.Context()))
			}
			k.Index = c.index
			s, err := k.Standing(t.Context())
			if err != nil || s.Store != c.want || !errors.Is(s.State, c.err) || !strings.Contains(s.Why, c.why) {
				t.Errorf("%+v %v", s, err)
			}
			if err := k.Probe(t.Context()); !errors.Is(err, c.err) {
				t.Errorf("probe: %v", err)
			}
			if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, c.err) {
				t.Errorf("put: %v", err)
			}
			if c.err != nil {
				if errors.Is(second(k.Get(t.Context(), "token/s/a")), ErrNotFound) {
					t.Error("what cannot be seen is called not found")
				}
				return
			}
			if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
				t.Errorf("got %q %v", got, err)
			}
			settings.p.Store = c.want // and in none but this one
			if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
				t.Errorf("in %s: %q %v", c.want, got, err)
			}
		})
	}
}

func TestUnknownStore(t *testing.T) {
	_, k, settings := ladder(t, keyringtest.Options{NoBus: true})
	settings.p.Store = "vault"
	for what, err := range map[string]error{"get": second(k.Get(t.Context(), "a")), "put": k.Put(t.Context(), "a", nil), "delete": k.Delete(t.Context(), "a"), "standing": second(k.Standing(t.Context()))} {
		if !errors.Is(err, ErrStore) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for text, ok := range map[string]bool{"file": true, string(System): true, "": false, "File": false, "vault": false} {
		if _, err := ParseStore(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	broken := errors.New("settings file is damaged")
	k.Place = func() (Place, error) { return Place{}, broken }
	if err := k.Put(t.Context(), "a", nil); !errors.Is(err, broken) {
		t.Errorf("broken settings: %v", err)
	}
}

// The helper makes not one call more on the bus because there is a ladder.
func TestProbingIsFree(t *testing.T) {
	s, k, _ := ladder(t, keyringtest.Options{NoDaemon: true})
	f := s.StartFake(t, keyringtest.Obey)
	f.Add(Service, "token/s/a", []byte("x"))
	count := func(k Keychain) int {
		before := f.Calls()
		if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
			t.Errorf("got %q %v", got, err)
		}
		return f.Calls() - before
	}
	with := count(k)
	k.Place = nil
	if without := count(k); with != without || with != 3 {
		t.Errorf("%d calls with a ladder, %d without", with, without)
	}
}

// both are entries in one place, for a move to the other.
func fill(t *testing.T, k Keychain) map[string]string {
	t.Helper()
	want := map[string]string{}
	for i, name := range []string{"session/s/ann", "token/s/ann", "token/ghcr.io/b", StoreName("https://index.docker.io/v1/"), "pending/4f"} {
		want[name] = fmt.Sprintf("value %d", i)
		must(t, k.Put(t.Context(), name, []byte(want[name])))
	}
	return want
}

// check: this place, and no other, has exactly these.
func check(t *testing.T, k Keychain, p Place, store Store, want map[string]string) {
	t.Helper()
	other := map[Store]Store{System: File, File: System}
	for s, n := range map[Store]int{store: len(want), other[store]: 0} {
		p.Store = s
		k.Place = func() (Place, error) { return p, nil }
		names, err := k.List(t.Context(), "")
		if s == File && n == 0 && !isThere(filepath.Join(p.Dir, fileName)) {
			continue // it went with its last entry
		}
		if err != nil || len(names) != n {
			t.Errorf("%s has %v, %v; want %d", s, names, err, n)
		}
		for _, name := range names {
			if got, err := k.Get(t.Context(), name); err != nil || string(got) != want[name] {
				t.Errorf("%s: %s is %q, %v", s, name, got, err)
			}
		}
	}
}

func TestMove(t *testing.T) {
	s, k, settings := ladder(t, keyringtest.Options{})
	ctx := t.Context()
	want := fill(t, k)
	// What is not ours stays where it is.
	store := s.Command("secret-tool", "store", "--label=x", "service", "other", "username", "token/s/ann")
	store.Stdin = strings.NewReader("theirs")
	must(t, store.Run())

	m := Mover{Keychain: k, To: File, Pin: settings.pin}
	if moved, err := m.Move(ctx); err != nil || moved != (Moved{System, File, len(want)}) {
		t.Fatalf("%+v %v", moved, err)
	}
	check(t, k, settings.p, File, want)
	if settings.p.Store != File {
		t.Errorf("the settings say %q", settings.p.Store)
	}
	if moved, err := m.Move(ctx); err != nil || moved != (Moved{}) {
		t.Errorf("again: %+v %v", moved, err)
	}
	must(t, k.Put(ctx, "token/s/new", []byte("new")))
	want["token/s/new"] = "new"
	m.To = System
	if moved, err := m.Move(ctx); err != nil || moved != (Moved{File, System, len(want)}) {
		t.Fatalf("back: %+v %v", moved, err)
	}
	check(t, k, settings.p, System, want)
	left, _ := filepath.Glob(filepath.Join(settings.p.Dir, "*"))
	left = slices.DeleteFunc(left, func(path string) bool { return strings.HasSuffix(path, ".lock") })
	if len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if out, err := s.Command("secret-tool", "lookup", "service", "other", "username", "token/s/ann").Output(); err != nil || string(out) != "theirs" {
		t.Errorf("theirs: %q %v", out, err)
	}
}

// A move that cannot be made leaves everything where it was.
func TestMoveThatFails(t *testing.T) {
	ctx := t.Context()
	for name, spoil := range map[string]func(*testing.T, *keyringtest.Session, *Mover){
		"no passphrase": func(_ *testing.T, _ *keyringtest.Session, m *Mover) { m.Keychain.Passphrase = nil },
		"prompt dismissed": func(_ *testing.T, _ *keyringtest.Session, m *Mover) {
			m.Keychain.Passphrase = func(context.Context, bool) (Secret, error) { return "", nil }
		},
		"keyring locked": func(t *testing.T, s *keyringtest.Session, _ *Mover) { must(t, s.Lock()) },
		"settings cannot be written": func(t *testing.T, _ *keyringtest.Session, m *Mover) {
			pin := m.Pin
			m.Pin = func(s Store) error {
				if s == File {
					return os.ErrPermission
				}
				return pin(s)
			}
		},
		"not this place": func(_ *testing.T, _ *keyringtest.Session, m *Mover) { m.To = "vault" },
		"folder not ours": func(t *testing.T, _ *keyringtest.Session, m *Mover) {
			p, _ := m.Keychain.Place()
			must(t, os.MkdirAll(p.Dir, 0o777))
			must(t, os.Chmod(p.Dir, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, k, settings := ladder(t, keyringtest.Options{})
			want := fill(t, k)
			m := Mover{Keychain: k, To: File, Pin: settings.pin}
			spoil(t, s, &m)
			if moved, err := m.Move(ctx); err == nil || moved != (Moved{}) {
				t.Errorf("%+v %v", moved, err)
			}
			if name == "keyring locked" {
				must(t, s.StartDaemon())
			}
			must(t, os.Chmod(settings.p.Dir, 0o700))
			if isThere(filepath.Join(settings.p.Dir, fileName)) || isThere(filepath.Join(settings.p.Dir, journalName)) {
				t.Error("something is left")
			}
			check(t, k, settings.p, System, want)
		})
	}
}

// moveHere is a program that moves, for TestMoveKilled: arguments are the
// folder, to where, and what it is to be killed at.
func moveHere(dir string, to Store) error {
	pinned := filepath.Join(dir, "pinned")
	k := Keychain{Place: func() (Place, error) {
		text, err := os.ReadFile(pinned)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return Place{Store: Store(text), Dir: dir}, err
	}, Asked: true, Limit: time.Minute, work: 4, Passphrase: func(context.Context, bool) (Secret, error) { return passphrase, nil }}
	_, err := Mover{Keychain: k, To: to, Pin: func(s Store) error {
		if err := os.WriteFile(pinned+".new", []byte(s), 0o600); err != nil {
			return err
		}
		return os.Rename(pinned+".new", pinned)
	}}.Move(context.Background())
	return err
}

// SIGKILL anywhere in a move: what counts then has everything, and the same
// command finishes it, or the opposite takes it back.
func TestMoveKilled(t *testing.T) {
	s, k, settings := ladder(t, keyringtest.Options{})
	must(t, os.MkdirAll(settings.p.Dir, 0o700))
	pinned := filepath.Join(settings.p.Dir, "pinned")
	self, err := os.Executable()
	must(t, err)
	move := func(to Store, inject ...string) error {
		args := append(inject, self, "move-here", settings.p.Dir, string(to))
		return s.Command(args[0], args[1:]...).Run()
	}
	now := func() Store {
		text, err := os.ReadFile(pinned)
		must(t, err)
		return Store(text)
	}
	must(t, os.WriteFile(pinned, []byte(System), 0o600))
	settings.p.Store = System
	want := map[string]string{}
	for _, name := range []string{"session/s/ann", "token/s/ann"} {
		want[name] = "value of " + name
		must(t, k.Put(t.Context(), name, []byte(want[name])))
	}
	kills := 0
	for _, c := range []struct {
		call  string
		every int
	}{{"renameat", 1}, {"unlinkat", 1}, {"fsync", 1}, {"close", 17}, {"write", 4}} {
		for n := 1; ; n += c.every {
			from := now()
			to := map[Store]Store{System: File, File: System}[from]
			err := move(to, "strace", "-f", "-qq", "-o", "/dev/null", "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", c.call, n))
			if err == nil {
				if now() != to {
					t.Fatalf("%s %d: done, and %s counts", c.call, n, now())
				}
				break
			}
			kills++
			// What counts has everything, before anything is repaired.
			p := settings.p
			p.Store = now()
			counts := k
			counts.Place = func() (Place, error) { return p, nil }
			for name, value := range want {
				if got, err := counts.Get(t.Context(), name); err != nil || string(got) != value {
					t.Fatalf("%s %d: in %s %s is %q, %v", c.call, n, p.Store, name, got, err)
				}
			}
			if n%2 == 1 {
				to = from
			}
			if err := move(to); err != nil {
				t.Fatalf("%s %d: finish the move to %s: %v", c.call, n, to, err)
			}
			check(t, k, settings.p, to, want)
			if isThere(filepath.Join(settings.p.Dir, journalName)) {
				t.Fatalf("%s %d: the journal is left", c.call, n)
			}
		}
	}
	if kills < 12 { // how often it writes differs
		t.Errorf("only %d kills", kills)
	}
}

// A move that was decided is finished by whoever comes next; one that was not
// is left to a person.
func TestFinish(t *testing.T) {
	_, k, settings := ladder(t, keyringtest.Options{})
	ctx := t.Context()
	want := fill(t, k)
	m := Mover{Keychain: k, To: File, Pin: settings.pin}
	must(t, m.Finish(ctx)) // nothing to do
	m.Pin = func(s Store) error {
		must(t, settings.pin(s))
		if s == File {
			runtime.Goexit() // as a kill right after the decision
		}
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = m.Move(ctx) })
	wg.Wait()
	names := func(s Store) int {
		p := settings.p
		p.Store = s
		k := k
		k.Place = func() (Place, error) { return p, nil }
		names, err := k.List(ctx, "")
		must(t, err)
		return len(names)
	}
	if names(System) != len(want) || names(File) != len(want) {
		t.Fatalf("%d and %d entries", names(System), names(File))
	}
	s, err := k.Standing(ctx)
	if err != nil || s.Move == nil || *s.Move != (Unfinished{System, File}) {
		t.Errorf("%+v %v", s, err)
	}
	settings.p.Store = System // as if it had not been decided
	must(t, m.Finish(ctx))
	if names(System) != len(want) || names(File) != len(want) {
		t.Errorf("not decided: %d and %d entries", names(System), names(File))
	}
	settings.p.Store = File
	must(t, m.Finish(ctx))
	check(t, k, settings.p, File, want)
	if isThere(filepath.Join(settings.p.Dir, journalName)) {
		t.Error("the journal is left")
	}
}

// Programs that are at work while the entries move lose nothing.
func TestMoveUnderWork(t *testing.T) {
	_, k, settings := ladder(t, keyringtest.Options{})
	want := fill(t, k)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	last := make([]string, 3)
	for i := range last {
		name := fmt.Sprintf("token/work/%d", i)
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				value := fmt.Sprint(n)
				if err := k.Put(context.Background(), name, []byte(value)); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				last[i] = value
				if got, err := k.Get(context.Background(), name); err != nil || string(got) != value {
					t.Errorf("got %q %v, want %q", got, err, value)
					return
				}
			}
		})
	}
	to := File
	for range 4 {
		_, err := Mover{Keychain: k, To: to, Pin: settings.pin}.Move(t.Context())
		if err != nil && !errors.Is(err, ErrMoving) {
			t.Error(err)
		}
		to = map[Store]Store{System: File, File: System}[settings.p.Store]
	}
	close(stop)
	wg.Wait()
	for i, value := range last {
		want[fmt.Sprintf("token/work/%d", i)] = value
	}
	check(t, k, settings.p, settings.p.Store, want)
}

func TestJournalThatCannotBeRead(t *testing.T) {
	_, k, settings := ladder(t, keyringtest.Options{})
	want := fill(t, k)
	must(t, os.MkdirAll(settings.p.Dir, 0o700))
	path := filepath.Join(settings.p.Dir, journalName)
	for name, text := range map[string]string{"emptied": "", "no JSON": "x", "of the future": `{"v":2,"from":"file","to":"secret-service"}`} {
		overwrite(t, path, text)
		if _, err := (Mover{Keychain: k, To: File, Pin: settings.pin}).Move(t.Context()); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if raw(t, path) != text {
			t.Errorf("%s: it was written over", name)
		}
	}
	must(t, os.Remove(path))
	check(t, k, settings.p, System, want)
}
