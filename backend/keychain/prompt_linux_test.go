package keychain

import (
	"context"
	"errors"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// Real prompts of a real keyring, answered by a keyboard.
func TestRealPrompt(t *testing.T) {
	s := keyringtest.StartWith(t, keyringtest.Options{Password: "sesame"})
	s.Enter(t)
	screen := s.StartScreen(t)
	k := keychain(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))

	asked := k
	asked.Asked = true
	get := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() {
			got, err := asked.Get(ctx, "token/s/a")
			if err == nil && string(got) != "x" {
				t.Errorf("got %q", got)
			}
			done <- err
		}()
		return done
	}
	// Each is done again where the prompt was not ready for a keyboard yet.
	cancel := func() { screen.Type("", "Escape") }
	answer := func() { screen.Type("sesame", "Return") }
	wrong := func() { screen.Type("wrong", "Return") }
	for _, c := range []struct {
		name      string
		first, do func()
		want      error
	}{
		{"cancelled", nil, cancel, ErrDismissed},
		{"wrong, then cancelled", wrong, cancel, ErrDismissed},
		{"answered", nil, answer, nil},
		{"wrong, then answered", wrong, answer, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, s.Lock())
			if _, err := k.Get(t.Context(), "token/s/a"); !errors.Is(err, ErrLocked) || screen.Asks() {
				t.Errorf("nobody asked: %v, prompt %v", err, screen.Asks())
			}
			done := get(t.Context())
			screen.Await(true)
			if c.first != nil {
				c.first()
			}
			for waiting := true; waiting; {
				c.do()
				select {
				case err := <-done:
					waiting = false
					if !errors.Is(err, c.want) {
						t.Errorf("got %v", err)
					}
				case <-time.After(time.Second):
				}
			}
			screen.Await(false)
		})
	}
	t.Run("never answered", func(t *testing.T) {
		must(t, s.Lock())
		ctx, cancel := context.WithCancel(t.Context())
		done := get(ctx)
		screen.Await(true)
		cancel() // as the two minutes do
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		screen.Await(false) // it goes with the child that asked
		if left := workers(t); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	})
}
