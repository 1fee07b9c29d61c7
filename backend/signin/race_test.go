//go:build linux

package signin

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// bury marks anna's entries as to be removed, as the helper does at their end
// and as a removal leaves them that the keychain did not carry out.
func (w *world) bury() {
	w.Helper()
	err := w.computer.state().Update(func(s *machine.State) error {
		s.Bury(keychain.TokenName(w.service.URL, "anna"), time.Now())
		s.Bury(keychain.SessionName(w.service.URL, "anna"), time.Now())
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// sweep is what the helper does with what is buried.
func (w *world) sweep() {
	err := w.computer.state().Sweep(func(name string) error { return w.computer.Keychain.Delete(w.Context(), name) })
	if err != nil {
		w.Error(err)
	}
}

// A removal that was never carried out does not hit the next sign-in, not even
// one that the helper tries again at that very moment.
func TestSignInOverARemoval(t *testing.T) {
	for _, step := range []string{"exchanged", "generated", "token", "session"} {
		t.Run("tried again when "+step, func(t *testing.T) {
			w := newWorld(t)
			w.signIn()
			w.bury()
			swept := make(chan bool)
			flow := w.flow(w.service, "anna")
			flow.at = func(at string) {
				if at == step {
					go func() { w.sweep(); close(swept) }()
				}
			}
			if _, err := flow.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-swept
			w.has(w.entries(w.service, "anna")...)
			w.lives(w.service, "anna", 1, 1)
			if s := w.state(); len(s.Tombstones) > 0 || len(s.Entries) != 2 {
				t.Errorf("the state says %+v", s)
			}
		})
	}
}

// What is to be removed is not used any more, and not written anew.
func TestAccessToWhatIsBuried(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/oauth/token" { // the helper finds it to be over, while the answer is on its way
			w.bury()
			w.sweep()
			w.bury()
		}
		return service.Nothing
	}
	if _, err := w.computer.Access(t.Context(), result.Account); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("buried meanwhile: %v", err)
	}
	w.has()
}

func TestAccessToWhatWasBuried(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	w.bury()
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/oauth/token" {
			t.Error("the session was refreshed")
		}
		return service.Nothing
	}
	if _, err := w.computer.Access(t.Context(), result.Account); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("%v", err)
	}
}

// A sign-out that was cut off is no sign-in to be completed.
func TestASignOutIsNotUndone(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	pending := keychain.Pending{Server: w.service.URL, Refresh: w.held(w.service, "anna").Refresh}
	if err := w.computer.putPending(t.Context(), newPending(), pending); err != nil {
		t.Fatal(err)
	}
	w.bury()
	if n, err := w.computer.Recover(t.Context()); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.lives(w.service, "anna", 0, 0)
	w.start()
	w.clean()
}

// A tombstone alone, of an account that nothing else is known of.
func TestWhatIsBuriedGoes(t *testing.T) {
	w := newWorld(t)
	const key = "https://registry.example/v1/"
	if err := w.computer.Keychain.PutStored(t.Context(), key, keychain.Stored{Username: "u", Secret: "s"}); err != nil {
		t.Fatal(err)
	}
	err := w.computer.state().Update(func(s *machine.State) error {
		s.Bury(keychain.StoreName(key), time.Now())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) > 0 {
		t.Errorf("%v %v", over, err)
	}
	w.clean()
}

// A sign-in that waited for its set-up was ended elsewhere meanwhile.
func TestKilledAndEndedElsewhere(t *testing.T) {
	k := killAfter(t, "held")
	server, err := client.Open(t.Context(), k.service.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Revoke(t.Context(), k.held(k.service, "anna").Refresh.Reveal()); err != nil {
		t.Fatal(err)
	}
	k.start()
	k.has(append(k.entries(k.service, "bert"), k.entries(k.other, "anna")...)...)
	k.lives(k.service, "anna", 0, 0)
	k.untouched(k.service, "bert", k.bert)
	k.untouched(k.other, "anna", k.away)
}

// A sign-out waits for a refresh that is under way, so that what this brings
// is not left behind.
func TestSignOutDuringARefresh(t *testing.T) {
	w := newWorld(t)
	result := w.signIn()
	done := make(chan error, 1)
	w.network.Lose = func(r *http.Request) service.Loss {
		if r.URL.Path == "/oauth/token" {
			go func() {
				_, err := w.computer.SignOut(t.Context(), result.Account)
				done <- err
			}()
		}
		return service.Nothing
	}
	if _, err := w.computer.Access(t.Context(), result.Account); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.clean()
	w.lives(w.service, "anna", 0, 0)
}
