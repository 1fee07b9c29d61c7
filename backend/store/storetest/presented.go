package storetest

import (
	"context"
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
