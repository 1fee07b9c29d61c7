package storetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/token"
)

const cap5 = 5

// still is a clock that stands: births must differ all the same.
func still() time.Time { return dawn }

var capTests = map[string]func(t *testing.T, s Store){
	"40 computers at once, never more than five": func(t *testing.T, s Store) {
		service := &token.Service{Store: s, Limits: token.Limits{Auto: cap5}, Now: still}
		stop := make(chan struct{})
		var reader sync.WaitGroup
		var looks atomic.Int64
		reader.Go(func() {
			for {
				h, err := s.Holding(context.Background(), "a")
				if err != nil || len(h.Tokens) > cap5 {
					t.Errorf("a reader saw %d tokens, %v", len(h.Tokens), err)
					return
				}
				looks.Add(1)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		const n = 40
		var mu sync.Mutex
		var born []token.Token
		failures, err := failed(atOnce(n, func(i int) error {
			made, secret, err := service.Generate(t.Context(), "a", token.For{Session: numbered("s", i), Installation: numbered("i", i), Machine: numbered("m", i)})
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if token.Hash(secret.Reveal()) != made.Hash {
				t.Error("the answer's secret is not the token's")
			}
			born = append(born, made)
			return nil
		}))
		close(stop)
		reader.Wait()
		if failures != 0 {
			t.Fatalf("%d of %d refused, the first: %v", failures, n, err)
		}
		if looks.Load() == 0 {
			t.Error("the reader saw nothing")
		}
		// All unused: each gave way in the order of birth, so the five born last are left.
		slices.SortFunc(born, func(a, b token.Token) int { return a.CreatedAt.Compare(b.CreatedAt) })
		for i := range born[1:] {
			if !born[i+1].CreatedAt.After(born[i].CreatedAt) {
				t.Fatalf("two born at %v", born[i].CreatedAt)
			}
		}
		h := held(t, s, "a")
		var want []string
		for _, one := range born[n-cap5:] {
			want = append(want, one.ID)
		}
		same(t, "the five left", idsOf(h), want)
		if got := len(h.Losses); got != n-cap5 {
			t.Fatalf("%d losses, want %d", got, n-cap5)
		}
		for i, lost := range h.Losses {
			if lost.Token != born[i].ID || lost.Fate == token.Superseded {
				t.Fatalf("loss %d is %s %s, want %s", i, lost.Token, lost.Fate, born[i].ID)
			}
		}
		for i, one := range born {
			_, err := s.ByHash(t.Context(), one.Hash)
			if (err == nil) != (i >= n-cap5) {
				t.Errorf("secret of the %d. of %d: %v", i+1, n, err)
			}
		}
	},
	"40 sign-ins of one computer leave one token and one session": func(t *testing.T, s Store) {
		service := &token.Service{Store: s, Limits: token.Limits{Auto: cap5}, Now: still}
		const n = 40
		for i := range n {
			begin(t, s, session(numbered("s", i), "a"))
		}
		failures, err := failed(atOnce(n, func(i int) error {
			_, _, err := service.Generate(t.Context(), "a", token.For{Session: numbered("s", i), Installation: "this one"})
			return err
		}))
		if failures != 0 {
			t.Fatalf("%d of %d refused, the first: %v", failures, n, err)
		}
		h := held(t, s, "a")
		if len(h.Tokens) != 1 {
			t.Fatalf("%d tokens, want one", len(h.Tokens))
		}
		all, err := s.SessionsOf(t.Context(), "a")
		must(t, err)
		for _, one := range all {
			if alive := one.Why != string(token.Superseded); alive != (one.ID == h.Tokens[0].Session) {
				t.Errorf("session %s: ended %v %q; the token is of %s", one.ID, one.EndedAt, one.Why, h.Tokens[0].Session)
			}
		}
	},
	"tokens by hand stay": func(t *testing.T, s Store) {
		manual := byHand("a", "manual", dawn)
		hold(t, s, "a", manual)
		service := &token.Service{Store: s, Limits: token.Limits{Auto: cap5, Manual: 2}, Now: still}
		failures, err := failed(atOnce(20, func(i int) error {
			_, _, err := service.Generate(t.Context(), "a", token.For{Session: numbered("s", i)})
			return err
		}))
		if failures != 0 {
			t.Fatal(err)
		}
		failures, _ = failed(atOnce(20, func(int) error {
			_, _, err := service.Create(t.Context(), "a", token.Spec{Description: "d"})
			return err
		}))
		if failures != 19 {
			t.Errorf("%d of 20 creations by hand beyond the one that fits were refused, want 19", failures)
		}
		h := held(t, s, "a")
		if len(h.Tokens) != cap5+2 || h.Tokens[0].ID != "manual" {
			t.Errorf("%d tokens, the oldest %q; want %d and the one made by hand", len(h.Tokens), h.Tokens[0].ID, cap5+2)
		}
	},
	"a token and its session go in one commit": func(t *testing.T, s Store) {
		// A reader sees a live token or none, never one whose session has ended:
		// token and session are read in one transaction too.
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		const n = 30
		for i := range n {
			begin(t, s, session(numbered("s", i), "a"))
		}
		current := make(chan token.Token, n)
		var reader sync.WaitGroup
		reader.Go(func() {
			for one := range current {
				for range 50 {
					got, err := s.Presented(context.Background(), one.Hash, nil)
					byHash, err2 := s.ByHash(context.Background(), one.Hash)
					for _, seen := range []token.Token{got.Token, byHash} {
						if seen.ID != "" && !seen.SessionUntil.Equal(after(10)) {
							t.Errorf("token of %s was seen with its session ended", seen.Session)
							return
						}
					}
					if err != nil && err2 != nil {
						s, err := s.Session(context.Background(), one.Session)
						if err != nil || s.EndedAt.IsZero() {
							t.Errorf("token of %s is gone, its session lives on, %v", one.Session, err)
						}
						break
					}
				}
			}
		})
		for i := range n {
			one := generated("a", numbered("t", i), numbered("s", i), dawn)
			hold(t, s, "a", one)
			current <- one
			must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
				return token.Holding{Ends: []token.End{{Session: one.Session, Why: token.Deleted, At: after(3)}}}, nil
			}))
		}
		close(current)
		reader.Wait()
	},
}
