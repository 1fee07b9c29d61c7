package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"lanyard/backend/account"
	"lanyard/backend/token"
)

var presentedTests = map[string]func(t *testing.T, s Store){
	"token and account": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		must(t, s.CreateAccount(t.Context(), person("b"), false))
		begin(t, s, session("s", "a"))
		auto, manual := generated("a", "1", "s", after(1)), byHand("b", "2", after(1))
		hold(t, s, "a", auto)
		hold(t, s, "b", manual)
		auto.SessionUntil = after(10)
		for _, want := range []token.Token{auto, manual} {
			got, err := s.Presented(t.Context(), want.Hash, nil)
			must(t, err)
			same(t, "token", got.Token, want)
			same(t, "account", got.Account, person(want.Owner))
		}
	},
	"an account's change is seen at once": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		hold(t, s, "a", byHand("a", "1", after(1)))
		must(t, s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
			a.Disabled = true
			return a, nil
		}))
		got, err := s.Presented(t.Context(), byHand("a", "1", after(1)).Hash, nil)
		must(t, err)
		if !got.Account.Disabled {
			t.Error("a disabled account was presented as enabled")
		}
	},
	"both are of one moment": func(t *testing.T, s Store) {
		// The account is disabled whenever it holds the token.
		off := person("a")
		off.Disabled = true
		must(t, s.CreateAccount(t.Context(), off, false))
		one := byHand("a", "1", after(1))
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for {
					got, err := s.Presented(context.Background(), one.Hash, nil)
					if err == nil && !got.Account.Disabled {
						t.Error("the token was presented with what its account became later")
						return
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		set := func(disabled bool) {
			must(t, s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
				a.Disabled = disabled
				return a, nil
			}))
		}
		for range 100 {
			hold(t, s, "a", one)
			hold(t, s, "a")
			set(false)
			set(true)
		}
		close(stop)
		readers.Wait()
	},
	"the secret of a token that gave way": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		one := byHand("a", "1", after(1))
		hold(t, s, "a", one)
		loss := token.Loss{Token: "1", Fate: token.Evicted, At: after(2), Machine: "m", By: "n", Hash: one.Hash[:]}
		set := func(losses ...token.Loss) {
			must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
				h.Tokens, h.Losses = nil, losses
				return h, nil
			}))
		}
		set(loss)
		p, err := s.Presented(t.Context(), one.Hash, []string{"a/b"})
		wantErr(t, err, token.ErrNotFound)
		lost := new(token.LostError)
		if !errors.As(err, &lost) {
			t.Fatalf("error %v", err)
		}
		same(t, "loss", *lost, token.LostError{Owner: "a", Loss: loss})
		same(t, "whose it was", p.Account, person("a"))
		set(token.Loss{Token: "2", Fate: token.Swept, At: after(3), Hash: bytes.Repeat([]byte{7}, 32)}) // the other is forgotten
		_, err = s.ByHash(t.Context(), one.Hash)
		if wantErr(t, err, token.ErrNotFound); errors.As(err, &lost) {
			t.Error("a loss that was forgotten is told")
		}
		hold(t, s, "a", one) // a token again
		_, err = s.Presented(t.Context(), one.Hash, nil)
		must(t, err)
	},
	"an unknown secret": func(t *testing.T, s Store) {
		_, err := s.Presented(t.Context(), token.Hash("x"), nil)
		wantErr(t, err, token.ErrNotFound)
	},
	"a token whose owner is gone": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", after(1)))
		_, err := s.Presented(t.Context(), byHand("a", "1", after(1)).Hash, nil)
		wantErr(t, err, account.ErrNotFound)
	},
}
