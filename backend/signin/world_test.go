//go:build linux

package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/keys"
	"lanyard/backend/machine"
)

// serviceKeys are made once: an RSA key takes a while.
var serviceKeys = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(time.Now()) })

// world is a person's computer with a real keyring, and a real service.
type world struct {
	*testing.T
	session  *keyringtest.Session
	service  *service.Service
	computer *Computer
	docker   *docker
	network  *service.Network
	opened   []string // addresses given to the browser
	clock    time.Duration
}

// sharedSession is the keyring of all tests that do it no harm: to start one
// takes longer than most tests. It ends with TestMain.
var sharedSession = sync.OnceValues(func() (*keyringtest.Session, error) {
	s, err := keyringtest.New(keyringtest.Options{})
	if err == nil {
		atEnd = append(atEnd, s.Close)
	}
	return s, err
})

// newWorld has one account, anna, and the shared keyring, which is emptied.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, service.Options{})
}

func newWorldAt(t *testing.T, o service.Options) *world {
	t.Helper()
	session, err := sharedSession()
	if err != nil {
		t.Fatal(err)
	}
	w := inSession(t, session, o)
	t.Cleanup(func() {
		for _, name := range w.namesIn(context.Background()) {
			if err := w.computer.Keychain.Delete(context.Background(), name); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// newWorldWith has a keyring of its own, for tests that lock or kill it. Its
// writes are made in a child: go-keyring keeps its first connection.
func newWorldWith(t *testing.T, k keyringtest.Options) *world {
	t.Helper()
	w := inSession(t, keyringtest.StartWith(t, k), service.Options{})
	w.computer.Keychain.Worker = worker(t)
	return w
}

func inSession(t *testing.T, session *keyringtest.Session, o service.Options) *world {
	t.Helper()
	session.Enter(t)
	w := &world{T: t, session: session, service: startService(t, o), docker: &docker{}}
	w.service.Person(t, "anna")
	w.network = &service.Network{Under: w.service.Transport()}
	w.computer = &Computer{
		Dirs: dirsIn(t.TempDir()), Docker: w.docker, Transport: w.network,
		Now: func() time.Time { return time.Now().Add(w.clock) },
	}
	return w
}

func startService(t *testing.T, o service.Options) *service.Service {
	t.Helper()
	all, err := serviceKeys()
	if err != nil {
		t.Fatal(err)
	}
	o.Keys = all
	return service.Start(t, o)
}

// flow is a sign-in of name at s that the person will allow.
func (w *world) flow(s *service.Service, name string) *Flow {
	w.Helper()
	server, err := client.Open(w.Context(), s.URL, w.computer.Transport)
	if err != nil {
		w.Fatal(err)
	}
	return &Flow{Computer: w.computer, Server: server, OpenBrowser: w.browse(s.Sit(name))}
}

// browse is a browser that opens beside us.
func (w *world) browse(person *service.Person) func(string) error {
	return func(address string) error {
		w.opened = append(w.opened, address)
		go func() {
			if err := person.Allow(address); err != nil {
				w.Errorf("in the browser: %v", err)
			}
		}()
		return nil
	}
}

// signIn signs anna in, as most tests begin.
func (w *world) signIn() Result {
	w.Helper()
	result, err := w.flow(w.service, "anna").Run(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// names are the keychain's entries.
func (w *world) names() []string { return w.namesIn(w.Context()) }

func (w *world) namesIn(ctx context.Context) []string {
	w.Helper()
	names, err := w.computer.Keychain.List(ctx, "")
	if err != nil {
		w.Fatal(err)
	}
	return names
}

// has fails unless the keychain holds exactly these entries.
func (w *world) has(want ...string) {
	w.Helper()
	slices.Sort(want)
	if got := w.names(); !slices.Equal(got, want) {
		w.Errorf("the keychain holds %q, want %q", got, want)
	}
}

func (w *world) entries(s *service.Service, names ...string) []string {
	var all []string
	for _, name := range names {
		all = append(all, keychain.TokenName(s.URL, name), keychain.SessionName(s.URL, name))
	}
	return all
}

func (w *world) state() machine.State {
	w.Helper()
	s, err := w.computer.state().Load()
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// token is the token that the keychain holds.
func (w *world) token(s *service.Service, name string) keychain.Token {
	w.Helper()
	token, err := w.computer.Keychain.GetToken(w.Context(), s.URL, name)
	if err != nil {
		w.Fatal(err)
	}
	return token
}

func (w *world) held(s *service.Service, name string) keychain.Session {
	w.Helper()
	session, err := w.computer.Keychain.GetSession(w.Context(), s.URL, name)
	if err != nil {
		w.Fatal(err)
	}
	return session
}

// lives fails unless the service takes exactly so many tokens of name, all of
// them the keychain's, in so many sessions.
func (w *world) lives(s *service.Service, name string, tokens, sessions int) {
	w.Helper()
	alive, in, err := s.Alive(name)
	if err != nil {
		w.Fatal(err)
	}
	if len(alive) != tokens || len(in) != sessions {
		w.Errorf("%s has %d tokens in %d sessions at the service, want %d in %d", name, len(alive), len(in), tokens, sessions)
	}
	for _, id := range alive {
		held, err := w.computer.Keychain.GetToken(w.Context(), s.URL, name)
		if err != nil || held.UUID != id {
			w.Errorf("the token %s of %s lives, and no keychain holds it: %v", id, name, err)
		}
	}
}

// untouched fails unless an earlier sign-in still works, from both ends.
func (w *world) untouched(s *service.Service, name string, before keychain.Token) {
	w.Helper()
	if after := w.token(s, name); after != before {
		w.Errorf("the token of %s was changed", name)
	}
	if status, err := s.Login(name, before.Secret.Reveal()); err != nil || status != http.StatusOK {
		w.Errorf("the token of %s is answered %d, %v", name, status, err)
	}
	if _, err := w.computer.Access(w.Context(), Account{s.URL, name}); err != nil {
		w.Errorf("the session of %s: %v", name, err)
	}
}

// clean fails if anything of a sign-in is left on this computer.
func (w *world) clean() {
	w.Helper()
	w.has()
	s := w.state()
	if len(s.Registries)+len(s.Entries)+len(s.Tombstones) > 0 {
		w.Errorf("the state still knows %v %v %v", s.Registries, s.Entries, s.Tombstones)
	}
}

// secretless fails if one of the secrets lies in a file of ours.
func (w *world) secretless(secrets ...string) {
	w.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Dir(w.computer.Dirs.State), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if secret == "" || strings.Contains(string(text), secret) {
				w.Errorf("%s holds a secret, or the test has none", path)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		w.Errorf("%d files, %v", files, err)
	}
}

// docker stands for dockerconfig, which has tests of its own.
type docker struct {
	set  []string
	fail error
}

func (d *docker) SetUp(_ context.Context, hosts []string) error {
	if d.fail != nil {
		return d.fail
	}
	d.set = slices.Compact(slices.Sorted(slices.Values(append(d.set, hosts...))))
	return nil
}

func (d *docker) TakeDown(_ context.Context, hosts []string) error {
	if d.fail != nil {
		return d.fail
	}
	d.set = slices.DeleteFunc(d.set, func(h string) bool { return slices.Contains(hosts, h) })
	return nil
}

func (d *docker) Tidy() error { return d.fail }

var errDocker = errors.New("config.json is broken")

// on loses what becomes of requests to a path; the rest passes.
func on(path string, loss service.Loss) func(*http.Request) service.Loss {
	return func(r *http.Request) service.Loss {
		if r.URL.Path == path {
			return loss
		}
		return service.Nothing
	}
}

func offline(*http.Request) service.Loss { return service.Request }

// redirectOf is the address that an authorization comes back to.
func redirectOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("redirect_uri")
}
