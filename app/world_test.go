//go:build linux

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keys"
	"lanyard/backend/machine"
	"lanyard/backend/notification"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	os.Exit(m.Run())
}

// serviceKeys are made once: an RSA key takes a while.
var serviceKeys = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(time.Now()) })

// world is a window without a screen, a real keyring, a real service, and a
// browser made of HTTP.
type world struct {
	*testing.T
	*App
	session *keyring.Session
	service *service.Service
	screen  *fakeScreen
	own     *fakeOwn
	network *service.Network
	desktop *fakeDesktop
	clock   time.Duration

	mu      sync.Mutex
	opened  []string
	folders []string
	browse  func(address string) error // what the person does; nil: nothing
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldWith(t, keyring.Options{})
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	return w
}

// newWorldWith has no account at its service.
func newWorldWith(t *testing.T, k keyring.Options) *world {
	t.Helper()
	return newWorldAt(t, k, service.Options{})
}

// newWorldAt has a service of a kind.
func newWorldAt(t *testing.T, k keyring.Options, o service.Options) *world {
	t.Helper()
	session := keyring.StartWith(t, k)
	session.Enter(t)
	t.Setenv("SHELL", "/bin/sh")
	write(t, filepath.Join(session.Home, ".profile"), `PATH="$HOME/.local/bin:$PATH"`, 0o600)
	all, err := serviceKeys()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, session: session, screen: &fakeScreen{}, desktop: &fakeDesktop{}}
	o.Keys = all
	w.service = service.Start(t, o)
	w.network = &service.Network{Under: nearby{w.service.Transport()}}
	w.own = &fakeOwn{world: w, running: true}
	w.App = w.window(filepath.Join(t.TempDir(), "here"))
	return w
}

// window is one on a computer whose files lie in home.
func (w *world) window(home string) *App {
	w.Helper()
	dirs := machine.Dirs{Config: filepath.Join(home, "config"), State: filepath.Join(home, "state"), Data: filepath.Join(home, "data")}
	helper := filepath.Join(w.TempDir(), dockerconfig.Program)
	write(w, helper, "#!/bin/sh\n", 0o700)
	docker := &signin.DockerConfig{
		File:   dockerconfig.File{Path: filepath.Join(w.session.Home, ".docker", "config.json"), Journal: dirs.State},
		Helper: dockerconfig.Helper{Exe: helper, Journal: dirs.State, Finder: dockerconfig.Finder{Home: w.session.Home}},
	}
	computer := &signin.Computer{Dirs: dirs, Docker: docker, Transport: w.network, Now: func() time.Time { return time.Now().Add(w.clock) }}
	asked := *computer
	asked.Keychain.Asked = true
	a := build(Parts{
		Computer: computer, Asked: &asked, Docker: docker, Own: w.own, Data: dirs.Service(), Open: w.open, Folder: w.openFolder,
		Version: "test", Now: computer.Now, Notifier: w.desktop,
		Entries: &autostart.Entries{Dir: filepath.Join(home, "autostart")}, AtLogin: autostart.Job{Name: "lanyard", Title: "Lanyard", Program: "/opt/lanyard-desktop"},
	}, w.screen)
	w.Cleanup(func() { a.Shutdown(context.Background()) })
	return a
}

func write(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// open is the system's browser.
func (w *world) open(address string) error {
	w.mu.Lock()
	w.opened = append(w.opened, address)
	browse := w.browse
	w.mu.Unlock()
	if browse != nil && strings.Contains(address, "/authorize?") {
		go func() {
			if err := browse(address); err != nil {
				w.Errorf("in the browser: %v", err)
			}
		}()
	}
	return nil
}

func (w *world) pages() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.opened)
}

// signIn signs anna in, as most tests begin.
func (w *world) signIn() SessionView {
	w.Helper()
	v, err := w.App.session.SignIn("", false)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// current is what the page is told.
func (w *world) current() SessionView {
	w.Helper()
	v, err := w.App.session.Current()
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// stands fails unless this computer stands so.
func (w *world) stands(state string) SessionView {
	w.Helper()
	v := w.current()
	if v.State != state {
		w.Fatalf("it stands %+v, want %s", v, state)
	}
	return v
}

// until polls for what happens beside the test.
func (w *world) until(what string, done func() bool) {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("waited for %s", what)
		}
	}
}

// fakeScreen notes what is done to the window.
type fakeScreen struct {
	mu     sync.Mutex
	events []event
	raised int
	theme  string
	zoom   int // percent
	copied []string
	told   []string
	closed int
	saveAs string   // file that the person chooses; "": the proposed one in saveTo
	saveTo string   // folder that the person chooses; "": they think better of it
	asked  []string // names that were proposed for files
	secret string   // on the clipboard
	marked bool
}

type event struct {
	name string
	view any
}

func (s *fakeScreen) enter(context.Context) {}

func (s *fakeScreen) Emit(name string, view any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event{name, view})
}

func (s *fakeScreen) Raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raised++
}

func (s *fakeScreen) Copy(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copied = append(s.copied, text)
	return nil
}

func (s *fakeScreen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
}

func (s *fakeScreen) CopySecret(secret string) (take func() bool, err error) {
	s.lie(secret, true)
	return func() bool {
		if now, _ := s.clipboard(); now != secret {
			return false
		}
		s.lie("", false)
		return true
	}, nil
}

func (s *fakeScreen) Theme(chosen string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.theme = chosen
}

func (s *fakeScreen) Zoom(percent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zoom = percent
}

func (s *fakeScreen) SaveAs(_, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, name)
	if s.saveAs != "" || s.saveTo == "" {
		return s.saveAs, nil
	}
	return filepath.Join(s.saveTo, name), nil
}

func (s *fakeScreen) lie(text string, marked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret, s.marked = text, marked
}

func (s *fakeScreen) clipboard() (text string, marked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secret, s.marked
}

func (s *fakeScreen) Tell(_, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, text)
}

func (s *fakeScreen) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.events {
		if e.name == name {
			n++
		}
	}
	return n
}

func (s *fakeScreen) raises() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raised
}

// prompts are the sign-in's, in order.
func (s *fakeScreen) prompts() []PromptView {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []PromptView
	for _, e := range s.events {
		if p, ok := e.view.(PromptView); ok && e.name == eventSignIn {
			all = append(all, p)
		}
	}
	return all
}

// fakeOwn is the world's service as this computer's own: a fake in that it is
// no process. The demonstration has the real one.
type fakeOwn struct {
	world     *world
	mu        sync.Mutex
	running   bool
	installed bool
	fail      error
}

func (o *fakeOwn) Status(ctx context.Context) (ownservice.Status, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return ownservice.Status{}, o.fail
	}
	if !o.running {
		return ownservice.Status{}, ownservice.ErrNotRunning
	}
	needs, err := o.world.service.NeedsSetup(ctx)
	return ownservice.Status{PublicURL: o.world.service.URL, Version: "test", Data: "/data", NeedsSetup: needs}, err
}

func (o *fakeOwn) Ensure(ctx context.Context) (ownservice.Status, bool, error) {
	o.mu.Lock()
	started := !o.running
	o.running = true
	o.mu.Unlock()
	st, err := o.Status(ctx)
	return st, started, err
}

func (o *fakeOwn) Stop(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.running {
		return ownservice.ErrNotRunning
	}
	o.running = false
	return nil
}

func (o *fakeOwn) SetupCode(context.Context) (string, error) { return o.world.service.SetupCode(), nil }

func (o *fakeOwn) Owns(_ context.Context, address string) bool { return address == o.world.service.URL }

func (o *fakeOwn) Automatic(context.Context) (ownservice.Automatic, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return ownservice.Automatic{Service: map[bool]autostart.Standing{true: autostart.Current, false: autostart.Absent}[o.installed]}, nil
}

func (o *fakeOwn) Install(context.Context, ownservice.Set) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.installed = true
	return nil
}

func (o *fakeOwn) Uninstall(context.Context, ownservice.Set) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.installed = false
	return nil
}

func (o *fakeOwn) Backup(_ context.Context, to io.Writer) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.running {
		return 0, ownservice.ErrNotRunning
	}
	n, err := io.WriteString(to, "the database")
	return int64(n), err
}

// nearby is a network that ends at this computer.
type nearby struct{ next http.RoundTripper }

var errFar = errors.New("no test leaves this computer")

func (n nearby) RoundTrip(r *http.Request) (*http.Response, error) {
	if host := r.URL.Hostname(); host != "localhost" && host != "127.0.0.1" {
		return nil, fmt.Errorf("%w for %s", errFar, host)
	}
	return n.next.RoundTrip(r)
}

func (w *world) openFolder(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.folders = append(w.folders, path)
	return nil
}

// fakeDesktop shows notifications.
type fakeDesktop struct {
	mu    sync.Mutex
	shown []notification.Shown
}

func (d *fakeDesktop) Show(_ context.Context, s notification.Shown) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown = append(d.shown, s)
	return true, nil
}

func (d *fakeDesktop) all() []notification.Shown {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.shown)
}

// views are those of an event, in order.
func views[V any](s *fakeScreen, name string) []V {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []V
	for _, e := range s.events {
		if v, ok := e.view.(V); ok && e.name == name {
			all = append(all, v)
		}
	}
	return all
}

func mustFind(t *testing.T, w *world) signin.Account {
	t.Helper()
	a, err := w.core.Computer.Find("")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// isWaiting: the service has been asked for what changes, with a mark.
func (c *core) isWaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marked != ""
}
