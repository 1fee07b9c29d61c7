package client_test

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/client"
)

// What became of a session is told apart by the service's word for it.
func TestWhyASessionEnded(t *testing.T) {
	for _, c := range []struct {
		name, want string
		happens    func(w *world, g client.Grant, made client.Generated)
	}{
		{"revoked", "revoked", func(w *world, g client.Grant, _ client.Generated) {
			if err := w.server.Revoke(w.Context(), g.Refresh); err != nil {
				w.Fatal(err)
			}
		}},
		{"its token was deleted", "deleted", func(w *world, g client.Grant, made client.Generated) {
			if err := w.server.Delete(w.Context(), g.Access, made.UUID); err != nil {
				w.Fatal(err)
			}
		}},
		{"disabled", "disabled", func(w *world, _ client.Grant, _ client.Generated) {
			a, err := w.Accounts().ByLogin(w.Context(), "anna")
			if err == nil {
				err = w.Accounts().SetDisabled(w.Context(), a.ID, true)
			}
			if err != nil {
				w.Fatal(err)
			}
		}},
		{"unused for 30 days", "expired", func(*world, client.Grant, client.Generated) { time.Sleep(30 * 24 * time.Hour) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				g := w.signIn()
				c.happens(w, g, w.generate(g.Access))
				_, err := w.server.Refresh(w.Context(), g.Refresh)
				var ended *client.Ended
				if !errors.Is(err, client.ErrEnded) || !errors.As(err, &ended) || ended.Reason != c.want {
					w.Errorf("%v (%+v)", err, ended)
				}
			})
		})
	}
}

// The service's clock is read off its answers.
func TestDate(t *testing.T) {
	inBubble(t, func(w *world) {
		time.Sleep(time.Hour)
		if d := time.Since(w.server.Date()); d < time.Hour || d > time.Hour+time.Second {
			w.Errorf("before another answer: %v ago", d)
		}
		w.signIn()
		if d := time.Since(w.server.Date()); d < 0 || d > 2*time.Second {
			w.Errorf("after it: %v ago", d)
		}
	})
}
