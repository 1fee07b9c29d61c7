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

// newWorld has one account, anna.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, keyringtest.Options{}, service.Options{})
}

func newWorldWith(t *testing.T, k keyringtest.Options, o service.Options) *world {
	t.Helper()
	session := keyringtest.StartWith(t, k)
	session.Enter(t)
	w := &world{T: t, session: session, service: startService(t, o), docker: &docker{}}
	w.service.Person(t, "anna")
	w.network = &service.Network{Under: w.service.Transport()}
	w.computer = w.another()
	w.computer.Docker, w.computer.Transport = w.docker, w.network
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

// another computer of the same person, with the same keyring.
func (w *world) another() *Computer {
	w.Helper()
	return &Computer{Dirs: dirsIn(w.TempDir()), Now: func() time.Time { return time.Now().Add(w.clock) }}
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
func (w *world) names() []string {
	w.Helper()
	names, err := w.computer.Keychain.List(w.Context(), "")
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
