//go:build linux

package signin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// A server names whatever hosts it likes: an attack by one that a person
// signs in to beside the one of their work.
func TestClaim(t *testing.T) {
	const (
		work, other = "https://work.example", "https://other.example"
		ghcr        = "ghcr.io"
	)
	served := func(host, server string, change ...func(*machine.State)) machine.State {
		s := machine.State{Registries: map[string]machine.Registry{}, Tombstones: map[string]time.Time{}}
		if host != "" {
			s.Serve(host, server, "ann")
		}
		for _, c := range change {
			c(&s)
		}
		return s
	}
	by := func(server string) Account { return Account{server, "ann"} }
	for name, c := range map[string]struct {
		state  machine.State
		server string
		named  []string
		take   []string
		left   []Left
	}{
		"nobody is there":              {served("", ""), other, []string{ghcr}, []string{ghcr}, nil},
		"an account of the same":       {served(ghcr, other), other, []string{ghcr}, []string{ghcr}, nil},
		"an account of another":        {served(ghcr, work), other, []string{ghcr, "x.example"}, []string{"x.example"}, []Left{{ghcr, by(work)}}},
		"a pasted token":               {served(ghcr, ghcr), other, []string{ghcr}, nil, []Left{{ghcr, by(ghcr)}}},
		"a tool logged out there":      {served(ghcr, work, func(s *machine.State) { s.Registries[ghcr] = machine.Registry{Server: work, Account: "ann", Off: true} }), other, []string{ghcr}, nil, []Left{{ghcr, by(work)}}},
		"one that is being removed":    {served(ghcr, work, func(s *machine.State) { s.Bury(keychain.TokenName(work, "ann"), time.Now()) }), other, []string{ghcr}, []string{ghcr}, nil},
		"Docker Hub, nobody there":     {served("", ""), other, []string{machine.DockerHub}, nil, []Left{{Host: machine.DockerHub}}},
		"Docker Hub, somebody there":   {served(machine.DockerHub, client.HubURL), other, []string{machine.DockerHub}, nil, []Left{{Host: machine.DockerHub}}},
		"Docker Hub, its own already":  {served(machine.DockerHub, other), other, []string{machine.DockerHub}, nil, []Left{{Host: machine.DockerHub}}},
		"Docker Hub itself":            {served(machine.DockerHub, machine.DockerHub), client.HubURL, []string{machine.DockerHub}, []string{machine.DockerHub}, nil},
		"Docker Hub's names elsewhere": {served("", ""), client.HubURL, []string{"hub.docker.com"}, []string{"hub.docker.com"}, nil},
		"a token for Docker Hub":       {served(machine.DockerHub, client.HubURL), machine.DockerHub, []string{machine.DockerHub}, []string{machine.DockerHub}, nil},
		"a token where one is":         {served(ghcr, work), ghcr, []string{ghcr}, []string{ghcr}, nil},
		"its own host, taken before":   {served("other.example", work), other, []string{"other.example"}, []string{"other.example"}, nil},
		"its own host, a pasted token": {served("other.example", "other.example"), other, []string{"other.example"}, []string{"other.example"}, nil},
		"its host at another port":     {served("other.example:5000", work), other, []string{"other.example:5000"}, nil, []Left{{"other.example:5000", by(work)}}},
		"it names nothing":             {served(ghcr, work), other, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			take, left := claim(c.state, c.server, c.named)
			if diff := cmp.Diff(c.take, take) + cmp.Diff(c.left, left); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Through a whole sign-in, a cut-off one, and a switch by a person's word.
func TestASignInDisplacesNobodyOfAnotherServer(t *testing.T) {
	const shared, free = "ghcr.io", "free.example"
	w := newWorldAt(t, service.Options{Registries: []string{shared, "work.example"}})
	work := w.signInAs(w.service, "anna")
	other := startService(t, service.Options{Registries: []string{"https://" + shared, free, "https://index.docker.io/v1/"}})
	other.Person(t, "evan")

	result, err := w.flow(other, "evan").Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	anna, evan := Account{w.service.URL, "anna"}, Account{other.URL, "evan"}
	want := []Left{{shared, anna}, {Host: machine.DockerHub}}
	if diff := cmp.Diff(want, result.Left); diff != "" || !slices.Equal(result.Hosts, []string{free}) {
		t.Errorf("%v %s", result.Hosts, diff)
	}
	stands := func(when string) {
		t.Helper()
		s := w.state()
		if r := s.Registries[shared]; r.Account != "anna" {
			t.Errorf("%s: %s is served by %+v", when, shared, r)
		}
		if r, served := s.Registries[machine.DockerHub]; served {
			t.Errorf("%s: Docker Hub is served by %+v", when, r)
		}
		if set := slices.Sorted(slices.Values(append([]string{free}, work...))); !slices.Equal(w.docker.set, set) {
			t.Errorf("%s: the tools ask us for %v", when, w.docker.set)
		}
	}
	stands("signed in")

	access, err := w.computer.Access(t.Context(), evan)
	if err == nil {
		err = w.computer.Regenerate(t.Context(), access)
	}
	if err != nil {
		t.Fatal(err)
	}
	stands("its token made anew")

	session := w.held(other, "evan")
	if err := w.computer.putPending(t.Context(), newPending(), keychain.Pending{Server: other.URL, Refresh: session.Refresh}); err != nil {
		t.Fatal(err)
	}
	if n, err := w.computer.Recover(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	stands("finished by the next start")

	k := w.named("evan")
	if !slices.Equal(k.Hosts, []string{free, shared}) || !slices.Equal(k.Active, []string{free}) {
		t.Errorf("%+v", k)
	}
	if _, err := w.computer.Switch(t.Context(), k, machine.DockerHub); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("Docker Hub was switched: %v", err)
	}
	stands("Docker Hub is asked for")
	if _, err := w.computer.Switch(t.Context(), k, shared); err != nil || w.state().Registries[shared].Account != "evan" {
		t.Errorf("a person cannot: %v", err)
	}
	if _, err := w.computer.Switch(t.Context(), w.named("anna"), shared); err != nil {
		t.Error(err)
	}
	stands("switched back")
}
