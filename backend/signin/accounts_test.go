//go:build linux

package signin

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
)

// signInAs signs name in at s; hosts are the registries there.
func (w *world) signInAs(s *service.Service, name string) []string {
	w.Helper()
	result, err := w.flow(s, name).Run(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return result.Hosts
}

func (w *world) known() []Known {
	w.Helper()
	all, err := w.computer.Known()
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func (w *world) named(text string) Known {
	w.Helper()
	k, err := Named(w.known(), text)
	if err != nil {
		w.Fatal(err)
	}
	return k
}

// A second account of one server becomes the active one, and the first stays
// and can be switched back to, and away again, without its server.
func TestSecondAccountOfOneServer(t *testing.T) {
	w := newWorld(t)
	w.service.Person(t, "bert")
	hosts := w.signInAs(w.service, "anna")
	anna := w.token(w.service, "anna")
	w.signInAs(w.service, "bert")
	w.has(w.entries(w.service, "anna", "bert")...)
	w.untouched(w.service, "anna", anna)
	if k := w.named("bert"); !slices.Equal(k.Active, hosts) || k.Pasted {
		t.Errorf("%+v", k)
	}
	if k := w.named("anna"); len(k.Active) != 0 || !slices.Equal(k.Hosts, hosts) {
		t.Errorf("%+v", k)
	}

	w.network.Lose = offline
	for _, name := range []string{"anna", "bert", "anna"} {
		if got, err := w.computer.Switch(t.Context(), w.named(name), ""); err != nil || !slices.Equal(got, hosts) {
			t.Fatal(got, err)
		}
		if r := w.state().Registries[hosts[0]]; r.Account != name || r.Server != w.service.URL {
			t.Errorf("%+v serves after a switch to %s", r, name)
		}
	}
	w.network.Lose = nil

	// Signing out of the active one switches to nobody by itself.
	r, err := w.computer.SignOut(t.Context(), w.named("anna").Account)
	if err != nil || !r.Refused {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, served := w.state().Registries[hosts[0]]; served {
		t.Error("another account answers, and nobody asked for that")
	}
	left := Waiting(w.known(), r.Hosts)
	if len(left) != 1 || left[0].Name != "bert" {
		t.Fatalf("%+v is said to wait", left)
	}
	if len(w.docker.set) != 0 {
		t.Errorf("the tools are set up for %v, which nobody serves", w.docker.set)
	}
	if _, err := w.computer.Switch(t.Context(), left[0], hosts[0]); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w.docker.set, hosts) {
		t.Errorf("the tools are set up for %v", w.docker.set)
	}
	if len(Waiting(w.known(), r.Hosts)) != 0 {
		t.Error("somebody waits for a host that is taken")
	}
}

func TestOneNameAtTwoServers(t *testing.T) {
	w := newWorld(t)
	other := startService(t, service.Options{})
	other.Person(t, "anna")
	here, there := w.signInAs(w.service, "anna"), w.signInAs(other, "anna")

	_, err := Named(w.known(), "anna")
	if !errors.Is(err, ErrAmbiguous) || !strings.Contains(err.Error(), "anna@"+w.service.URL) || !strings.Contains(err.Error(), "anna@"+other.URL) {
		t.Errorf("%v", err)
	}
	for text, server := range map[string]string{
		"anna@" + other.URL:             other.URL,
		"anna@" + w.service.URL:         w.service.URL,
		"anna@" + hostOf(other.URL):     other.URL,
		"anna@" + hostOf(w.service.URL): w.service.URL,
		here[0]:                         w.service.URL,
		"http://" + there[0] + "/v2/":   other.URL,
	} {
		if k := w.named(text); k.Server != server {
			t.Errorf("%q is %s, want the one of %s", text, k.Ref(), server)
		}
	}
	for _, text := range []string{other.URL, other.URL + "/", hostOf(other.URL), strings.ToUpper(hostOf(other.URL)), there[0]} {
		if !w.named("anna@"+other.URL).At(text) || w.named("anna@"+w.service.URL).At(text) {
			t.Errorf("--server %s is another one", text)
		}
	}
	for _, text := range []string{"", "bert", "anna@", "@" + other.URL, "anna@nowhere.example", "nowhere.example", "anna\x1b[31m"} {
		if k, err := Named(w.known(), text); !errors.Is(err, ErrNotSignedIn) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q is %s, %v", text, k.Ref(), err)
		}
	}
	if _, err := w.computer.Switch(t.Context(), w.named("anna@"+other.URL), here[0]); !errors.Is(err, ErrNotSignedIn) || !strings.Contains(err.Error(), there[0]) {
		t.Errorf("another server's registry: %v", err)
	}
	if _, err := w.computer.Switch(t.Context(), w.named("anna@"+other.URL), "no host"); err == nil {
		t.Error("no host at all")
	}
}

func TestNobodyIsHere(t *testing.T) {
	w := newWorld(t)
	if _, err := Named(w.known(), "anna"); !errors.Is(err, ErrNotSignedIn) {
		t.Error(err)
	}
	if len(w.known()) != 0 {
		t.Error(w.known())
	}
}

// A switch while the other program signs the account out: it is refused.
func TestSwitchToWhoHasGone(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	anna := w.named("anna")
	if _, err := w.computer.SignOut(t.Context(), anna.Account); err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Switch(t.Context(), anna, ""); !errors.Is(err, ErrNotSignedIn) {
		t.Error(err)
	}
	if len(w.state().Registries) != 0 {
		t.Errorf("%v", w.state().Registries)
	}
}

// docker logout turned a host off; switching to its account serves it again.
func TestSwitchTurnsAHostOn(t *testing.T) {
	w := newWorld(t)
	hosts := w.signIn().Hosts
	w.turnOff(hosts[0])
	if k := w.named("anna"); !slices.Equal(k.Off, hosts[:1]) {
		t.Errorf("%+v", k)
	}
	if _, err := w.computer.Switch(t.Context(), w.named("anna"), ""); err != nil {
		t.Fatal(err)
	}
	if k := w.named("anna"); len(k.Off) != 0 {
		t.Errorf("%+v", k)
	}
}

// Two computers of one account: one command, and both are signed out.
func TestSignOutEverywhere(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	held := w.held(w.service, "anna")
	elsewhere := *w.computer
	elsewhere.Dirs = dirsIn(t.TempDir())
	flow := w.flow(w.service, "anna")
	flow.Computer = &elsewhere
	if _, err := flow.Run(t.Context()); err != nil { // the keyring is one: it holds the second sign-in now
		t.Fatal(err)
	}
	if tokens, sessions, err := w.service.Alive("anna"); err != nil || len(tokens) != 2 || len(sessions) != 2 {
		t.Fatal(tokens, sessions, err)
	}

	r, ended, err := elsewhere.SignOutEverywhere(t.Context(), Account{w.service.URL, "anna"})
	if err != nil || ended != 2 || !r.Removed || !r.Refused {
		t.Fatalf("%d ended, %+v, %v", ended, r, err)
	}
	w.has()
	w.lives(w.service, "anna", 0, 0)
	server, err := client.Open(t.Context(), w.service.URL, w.computer.Transport)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Refresh(t.Context(), held.Refresh.Reveal()); !errors.Is(err, client.ErrEnded) {
		t.Errorf("the other computer: %v", err)
	}
}

// Those that know of no sessions are not asked to end any.
func TestSignOutEverywhereElse(t *testing.T) {
	w := newWorld(t)
	w.network.Lose = func(r *http.Request) service.Loss {
		t.Errorf("%s was asked", r.URL)
		return service.Request
	}
	for _, a := range []Account{{"registry.example", "otto"}, {client.HubURL, "ada"}} {
		if _, _, err := w.computer.SignOutEverywhere(t.Context(), a); !errors.Is(err, client.ErrRefused) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// Without the service nothing is done: this computer alone is lanyard logout.
func TestSignOutEverywhereOffline(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.network.Lose = offline
	if _, _, err := w.computer.SignOutEverywhere(t.Context(), Account{w.service.URL, "anna"}); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	w.network.Lose = nil
	w.has(w.entries(w.service, "anna")...)
	w.lives(w.service, "anna", 1, 1)
}
