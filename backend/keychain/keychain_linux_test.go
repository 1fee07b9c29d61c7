package keychain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"lanyard/backend/internal/keyringtest"
)

// The test binary is its own keychain worker, as lanyard is, and the programs
// that some tests kill.
func TestMain(m *testing.M) {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "keychain-worker":
		err = RunWorker(os.Stdin, os.Stdout)
	case len(args) == 1 && args[0] == "prompt-here":
		err = promptHere()
	case len(args) == 2 && args[0] == "put-in-file":
		err = putInFile(args[1])
	case len(args) == 3 && args[0] == "move-here":
		err = moveHere(args[1], Store(args[2]))
	default:
		goleak.VerifyTestMain(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func keychain(t *testing.T) Keychain {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Other tests may be at work on this computer: no deadline but where it
	// is what is tested.
	return Keychain{Worker: &Worker{Path: self}, Limit: time.Minute}
}

func unlocked(t *testing.T) (*keyringtest.Session, Keychain) {
	t.Helper()
	s := keyringtest.Start(t)
	s.Enter(t)
	return s, keychain(t)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// held is what secret-tool, which is not ours, sees under a name.
func held(t *testing.T, s *keyringtest.Session, name string) string {
	t.Helper()
	out, err := s.Command("secret-tool", "lookup", "service", Service, "username", name).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

func TestPutGetDelete(t *testing.T) {
	s, k := unlocked(t)
	ctx := t.Context()
	name := TokenName("http://localhost:8460", "ann")
	if _, err := k.Get(ctx, name); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing there yet: %v", err)
	}
	for _, value := range []string{"one", "two", strings.Repeat("x", maxValue), "", "ü\n\x00"} {
		must(t, k.Put(ctx, name, []byte(value)))
		if got, err := k.Get(ctx, name); err != nil || string(got) != value {
			t.Errorf("got %q, %v, want %q", got, err, value)
		}
		if got := held(t, s, name); got != value {
			t.Errorf("secret-tool sees %q, want %q", got, value)
		}
	}
	must(t, k.Put(ctx, TokenName("http://localhost:8460", "bob"), []byte("bob")))
	must(t, k.Delete(ctx, name))
	if _, err := k.Get(ctx, name); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if got := held(t, s, name); got != "" {
		t.Errorf("secret-tool still sees %q", got)
	}
	must(t, k.Delete(ctx, name)) // again
	if got, err := k.Get(ctx, TokenName("http://localhost:8460", "bob")); err != nil || string(got) != "bob" {
		t.Errorf("bob's: %q %v", got, err)
	}
}

func TestTooBig(t *testing.T) {
	_, k := unlocked(t)
	if err := k.Put(t.Context(), "token/a/b", make([]byte, maxValue+1)); !errors.Is(err, ErrTooBig) {
		t.Errorf("value: %v", err)
	}
	if err := k.Put(t.Context(), TokenName(strings.Repeat("a", maxName), "b"), []byte("x")); !errors.Is(err, ErrTooBig) {
		t.Errorf("name: %v", err)
	}
}

// What a tool stores may be larger than what we keep ourselves.
func TestLargestStored(t *testing.T) {
	_, k := unlocked(t)
	value := []byte(strings.Repeat("x", maxStored))
	for _, key := range []string{"a.io", strings.Repeat("k", 2000)} {
		must(t, k.Put(t.Context(), StoreName(key), value))
		if got, err := k.Get(t.Context(), StoreName(key)); err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if err := k.Put(t.Context(), StoreName(key), append(value, 'x')); !errors.Is(err, ErrTooBig) {
			t.Errorf("one byte more: %v", err)
		}
	}
}

// The greatest entry fits what each platform takes (macOS: one command line).
func TestLimitsOfThePlatforms(t *testing.T) {
	const windowsValue, macCommand, base64Prefix = 2560, 4096, len("go-keyring-base64:")
	if maxValue > windowsValue {
		t.Errorf("%d bytes are too many for Windows", maxValue)
	}
	command := len("add-generic-password -U -s lanyard -a '' -w ''\n") + maxName + base64Prefix + (maxValue+2)/3*4
	if command > macCommand {
		t.Errorf("a command of %d bytes is too long for macOS", command)
	}
	command = len("add-generic-password -U -s lanyard -a '' -w ''\n") + maxName + base64Prefix + (maxStoredMac+2)/3*4
	if command > macCommand {
		t.Errorf("what a tool stored: a command of %d bytes is too long for macOS", command)
	}
	if message := (maxStored+2)/3*4 + 6*maxName + 256; message > maxMessage {
		t.Errorf("a message of %d bytes is too long for a worker", message)
	}
	for system, want := range map[string]int{"linux": maxStored, "windows": windowsValue, "darwin": maxStoredMac, "freebsd": maxStored} {
		if got := sizeLimit(StoreName("a"), system); got != want {
			t.Errorf("%s: %d bytes", system, got)
		}
		if got := sizeLimit(TokenName("a", "b"), system); got != maxValue {
			t.Errorf("%s, a token: %d bytes", system, got)
		}
	}
}

func TestEntries(t *testing.T) {
	s, k := unlocked(t)
	ctx := t.Context()
	ends := time.Date(2027, 2, 21, 10, 0, 0, 123456000, time.UTC)
	token := Token{Username: "ann", Secret: "lyd_auto_x", UUID: "u-1", Ends: ends, Idle: 720 * time.Hour}
	session := Session{Refresh: "lyd_ref_a_b", SessionID: "s-1"}
	pending := Pending{Server: "http://localhost:8460", Refresh: "lyd_ref_a_b"}
	stored := Stored{Username: "<token>", Secret: "x<y>&z"}
	must(t, k.PutToken(ctx, "srv", "ann", token))
	must(t, k.PutSession(ctx, "srv", "ann", session))
	must(t, k.PutPending(ctx, "4f", pending))
	must(t, k.PutStored(ctx, "https://index.docker.io/v1/", stored))
	if got, err := k.GetToken(ctx, "srv", "ann"); err != nil || got != token {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := k.GetSession(ctx, "srv", "ann"); err != nil || got != session {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := k.GetPending(ctx, "4f"); err != nil || got != pending {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := k.GetStored(ctx, "https://index.docker.io/v1/"); err != nil || got != stored {
		t.Errorf("%+v %v", got, err)
	}
	var raw map[string]any
	must(t, json.Unmarshal([]byte(held(t, s, "token/srv/ann")), &raw))
	want := map[string]any{"v": 1.0, "username": "ann", "secret": "lyd_auto_x", "uuid": "u-1", "ends": "2027-02-21T10:00:00.123456Z", "idle": 2592000.0}
	if fmt.Sprint(raw) != fmt.Sprint(want) {
		t.Errorf("the entry is %v, want %v", raw, want)
	}
	must(t, k.PutToken(ctx, "ghcr.io", "ann", Token{Username: "ann", Secret: "pasted"}))
	if got, err := k.GetToken(ctx, "ghcr.io", "ann"); err != nil || !got.Ends.IsZero() || got.Idle != 0 {
		t.Errorf("a pasted token: %+v %v", got, err)
	}
	for name, value := range map[string]string{
		"newer": `{"v":2,"username":"ann","secret":"canary"}`, "no JSON": "canary", "emptied": "", "wrong type": `{"v":1,"secret":["canary"]}`, "array": `["canary"]`,
	} {
		must(t, k.Put(ctx, "token/srv/ann", []byte(value)))
		if got, err := k.GetToken(ctx, "srv", "ann"); !errors.Is(err, ErrEntry) || got != (Token{}) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestList(t *testing.T) {
	s, k := unlocked(t)
	ctx := t.Context()
	if names, err := k.List(ctx, ""); err != nil || len(names) != 0 {
		t.Errorf("%v %v", names, err)
	}
	want := []string{"session/s/ann", "token/s/ann", "token/s/bob"}
	for _, name := range want {
		must(t, k.Put(ctx, name, []byte("x")))
	}
	k.Index = func() ([]string, error) { return append(want, "token/s/gone"), nil }
	check := func(when string) {
		t.Helper()
		if names, err := k.List(ctx, ""); err != nil || !slices.Equal(names, want) {
			t.Errorf("%s: %v %v", when, names, err)
		}
		if names, err := k.List(ctx, Tokens.Prefix()); err != nil || !slices.Equal(names, want[1:]) {
			t.Errorf("%s, tokens: %v %v", when, names, err)
		}
	}
	check("unlocked")
	must(t, s.Lock())
	check("locked")
	must(t, s.KillDaemon())
	check("locked since its start")
	k.Index = nil
	names, err := k.List(ctx, "")
	t.Logf("locked since its start, without an index: %v %v", names, err)
}

func TestLocked(t *testing.T) {
	s, k := unlocked(t)
	ctx := t.Context()
	name := TokenName("s", "ann")
	must(t, k.Put(ctx, name, []byte("x")))
	must(t, k.Probe(ctx))
	locked := func(when string) {
		t.Helper()
		for what, err := range map[string]error{
			"get": second(k.Get(ctx, name)), "get of another": second(k.Get(ctx, "token/s/none")),
			"put": k.Put(ctx, name, []byte("y")), "delete": k.Delete(ctx, name), "probe": k.Probe(ctx),
		} {
			if !errors.Is(err, ErrLocked) || errors.Is(err, ErrDismissed) {
				t.Errorf("%s: %s: %v", when, what, err)
			}
		}
	}
	must(t, s.Lock())
	locked("locked")
	asked := k
	asked.Asked = true // there is no prompter
	if err := asked.Put(ctx, name, []byte("y")); !errors.Is(err, ErrDismissed) {
		t.Errorf("put, asked: %v", err)
	}
	if _, err := asked.Get(ctx, name); !errors.Is(err, ErrDismissed) {
		t.Errorf("get, asked: %v", err)
	}
	if err := asked.Delete(ctx, name); !errors.Is(err, ErrDismissed) {
		t.Errorf("delete, asked: %v", err)
	}
	must(t, s.KillDaemon())
	locked("killed, and started by the bus")
	must(t, s.StartDaemon())
	if got, err := k.Get(ctx, name); err != nil || string(got) != "x" {
		t.Errorf("unlocked again: %q %v", got, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestNoService(t *testing.T) {
	hungUp := func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "bus")
		l, err := net.Listen("unix", path)
		must(t, err)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		t.Cleanup(func() { l.Close() })
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	}
	for name, prepare := range map[string]func(*testing.T){
		"no bus":              func(t *testing.T) { keyringtest.StartWith(t, keyringtest.Options{NoBus: true}).Enter(t) },
		"bus without service": func(t *testing.T) { keyringtest.StartWith(t, keyringtest.Options{NoDaemon: true}).Enter(t) },
		"dead address":        func(t *testing.T) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus") },
		"autolaunch": func(t *testing.T) {
			keyringtest.StartWith(t, keyringtest.Options{NoBus: true}).Enter(t)
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:")
		},
		"address that starts a program": func(t *testing.T) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unixexec:path=/bin/false") },
		"no address at all":             func(t *testing.T) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "nonsense") },
		"bus that hangs up":             hungUp,
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			k := keychain(t)
			for _, k.Asked = range []bool{false, true} {
				for what, err := range map[string]error{
					"get": second(k.Get(t.Context(), "token/s/a")), "put": k.Put(t.Context(), "token/s/a", []byte("x")),
					"delete": k.Delete(t.Context(), "token/s/a"), "probe": k.Probe(t.Context()), "list": second(k.List(t.Context(), "")),
				} {
					if !errors.Is(err, ErrNoService) {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
		})
	}
}

// A bus found only through XDG_RUNTIME_DIR is used by us and by go-keyring.
func TestBusInRuntimeDir(t *testing.T) {
	s, k := unlocked(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	if got := held(t, s, "token/s/a"); got != "x" {
		t.Errorf("got %q", got)
	}
}

// No default collection: a fresh account whose keyring was never set up.
func TestNoCollection(t *testing.T) {
	s := keyringtest.StartWith(t, keyringtest.Options{})
	s.Enter(t)
	must(t, s.KillDaemon())
	must(t, os.RemoveAll(filepath.Join(s.Home, ".local")))
	must(t, os.RemoveAll(filepath.Join(s.Home, ".cache")))
	k := keychain(t)
	if _, err := k.Get(t.Context(), "token/s/a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, ErrNoService) {
		t.Errorf("put: %v", err)
	}
	if err := k.Delete(t.Context(), "token/s/a"); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func fake(t *testing.T, mode keyringtest.Mode) (*keyringtest.Fake, Keychain) {
	t.Helper()
	s := keyringtest.StartWith(t, keyringtest.Options{NoDaemon: true})
	s.Enter(t)
	return s.StartFake(t, mode), keychain(t)
}

// Security fact 1: go-keyring takes a dismissed prompt for success.
func TestDismissed(t *testing.T) {
	f, k := fake(t, keyringtest.Dismiss)
	for _, k.Asked = range []bool{false, true} {
		if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, ErrDismissed) {
			t.Errorf("put: %v", err)
		}
	}
	f.Add(Service, "token/s/a", []byte("old"))
	if err := k.Put(t.Context(), "token/s/a", []byte("new")); !errors.Is(err, ErrDismissed) && !errors.Is(err, ErrMismatch) {
		t.Errorf("put over another: %v", err)
	}
	for _, k.Asked = range []bool{false, true} {
		if err := k.Delete(t.Context(), "token/s/a"); !errors.Is(err, ErrNotRemoved) {
			t.Errorf("delete: %v", err)
		}
	}
	f.Set(keyringtest.Obey)
	must(t, k.Put(t.Context(), "token/s/a", []byte("new")))
	must(t, k.Delete(t.Context(), "token/s/a"))
}

// Security fact 2: go-keyring waits for a prompt for ever.
func TestPromptThatNobodyAnswers(t *testing.T) {
	f, k := fake(t, keyringtest.Hang)
	f.Add(Service, "token/s/a", []byte("x"))
	for what, call := range map[string]func(context.Context) error{
		"put": func(ctx context.Context) error { return k.Put(ctx, "token/s/b", []byte("x")) },
		"delete": func(ctx context.Context) error {
			asked := k
			asked.Asked = true
			return asked.Delete(ctx, "token/s/a")
		},
	} {
		t.Run(what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if err := call(ctx); !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v", err)
			}
		})
	}
	// Its own deadline, with no other: the child must be gone with it.
	begin := time.Now()
	k.Limit = 0
	if err := k.Put(t.Context(), "token/s/b", []byte("x")); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took < quick || took > 10*quick {
		t.Errorf("it took %v", took)
	}
	if out, _ := exec.Command("pgrep", "-P", fmt.Sprint(os.Getpid()), "-f", "keychain-worker").Output(); len(out) > 0 {
		t.Errorf("children left: %s", out)
	}
}

func TestMismatch(t *testing.T) {
	_, k := fake(t, keyringtest.Garble)
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, ErrMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestCopies(t *testing.T) {
	f, k := fake(t, keyringtest.Obey)
	for _, value := range []string{"one", "two", "three"} {
		f.Add(Service, "token/s/a", []byte(value))
	}
	must(t, k.Put(t.Context(), "token/s/a", []byte("new")))
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "new" {
		t.Errorf("got %q %v", got, err)
	}
	f.Add(Service, "token/s/a", []byte("four"))
	must(t, k.Delete(t.Context(), "token/s/a"))
	if _, err := k.Get(t.Context(), "token/s/a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a copy outlived it: %v", err)
	}
}

// A copy in another collection of a real keyring, which go-keyring never sees.
func TestCopyInAnotherCollection(t *testing.T) {
	s, k := unlocked(t)
	store := s.Command("secret-tool", "store", "--collection=session", "--label=x", "service", Service, "username", "token/s/a")
	store.Stdin = strings.NewReader("stale")
	must(t, store.Run())
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "stale" {
		t.Errorf("got %q %v", got, err)
	}
	must(t, k.Put(t.Context(), "token/s/a", []byte("new")))
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "new" {
		t.Errorf("got %q %v", got, err)
	}
	store = s.Command("secret-tool", "store", "--collection=session", "--label=x", "service", Service, "username", "token/s/a")
	store.Stdin = strings.NewReader("stale")
	must(t, store.Run())
	must(t, k.Delete(t.Context(), "token/s/a"))
	if got := held(t, s, "token/s/a"); got != "" {
		t.Errorf("left %q", got)
	}
}

func TestDaemonKilledInTheMiddle(t *testing.T) {
	s, k := unlocked(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	must(t, s.KillDaemon())
	if err := k.Delete(t.Context(), "token/s/a"); !errors.Is(err, ErrLocked) {
		t.Errorf("delete: %v", err)
	}
	must(t, s.StartDaemon())
	must(t, k.Delete(t.Context(), "token/s/a"))
	must(t, s.KillDaemon())
	must(t, s.StartDaemon())
	if got := held(t, s, "token/s/a"); got != "" {
		t.Errorf("after another restart: %q", got)
	}
}

func TestBusThatNeverAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	must(t, err)
	defer l.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := keychain(t).Get(ctx, "token/s/a"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestWorker(t *testing.T) {
	if err := RunWorker(strings.NewReader("nonsense"), &bytes.Buffer{}); err == nil {
		t.Error("nonsense was accepted")
	}
	_, k := unlocked(t)
	k.Worker = &Worker{Path: "/bin/true"}
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); err == nil {
		t.Error("a worker that does nothing was believed")
	}
	k.Worker = &Worker{Path: "/nonexistent"}
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no worker: %v", err)
	}
	if w, err := WorkerBeside(); err == nil {
		t.Errorf("a worker beside the test binary: %v", w)
	}
}

func TestName(t *testing.T) {
	_, k := unlocked(t)
	if name := k.Name(t.Context()); name != "GNOME Keyring" {
		t.Errorf("got %q", name)
	}
}

// Neither the arguments nor the environment of the child hold the secret.
func TestSecretIsNotInArguments(t *testing.T) {
	_, k := unlocked(t)
	dir := t.TempDir()
	spy := filepath.Join(dir, "spy")
	seen := filepath.Join(dir, "seen")
	self, err := os.Executable()
	must(t, err)
	must(t, os.WriteFile(spy, fmt.Appendf(nil, "#!/bin/sh\n{ echo \"$@\"; env; } > %s\nexec %s keychain-worker\n", seen, self), 0o700))
	k.Worker = &Worker{Path: spy}
	must(t, k.PutToken(t.Context(), "s", "ann", Token{Username: "ann", Secret: "canary-51f"}))
	raw, err := os.ReadFile(seen)
	must(t, err)
	if strings.Contains(string(raw), "canary") || !strings.HasPrefix(string(raw), "keychain-worker\n") {
		t.Errorf("the child got %s", raw)
	}
}

// gnome-keyring aborts if a caller that it does not know yet opens a session
// or reads a property, and is locked when it comes back.
func TestCallsThatAbortGnomeKeyring(t *testing.T) {
	f, k := fake(t, keyringtest.Obey)
	ctx := t.Context()
	must(t, k.Probe(ctx))
	must(t, k.Put(ctx, "token/s/a", []byte("x")))
	must(t, second(k.Get(ctx, "token/s/a")))
	must(t, second(k.List(ctx, "")))
	must(t, k.Delete(ctx, "token/s/a"))
	must(t, second(k.List(ctx, "")))
	if err := second(k.Get(ctx, "token/s/a")); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	k.Name(ctx)
	must(t, k.write(ctx, request{Op: opUnlock}))
	if rude := f.Rude(); len(rude) > 0 {
		t.Errorf("the first calls of a caller were %v", rude)
	}
	// The fake does tell: what go-keyring does by itself is such a call.
	conn, err := dbus.Connect(os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	must(t, err)
	defer conn.Close()
	must(t, conn.Object(ssName, ssPath).Call(ssService+".OpenSession", 0, "plain", dbus.MakeVariant("")).Err)
	if rude := f.Rude(); !slices.Equal(rude, []string{"OpenSession"}) {
		t.Errorf("the fake saw %v", rude)
	}
}

// A first search that came before the service knew us is made again.
func TestFirstSearchIsMissed(t *testing.T) {
	f, k := fake(t, keyringtest.Miss)
	f.Add(Service, "token/s/a", []byte("x"))
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
		t.Errorf("got %q %v", got, err)
	}
}
