package storetest

import (
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
			got, who, err := s.Presented(t.Context(), want.Hash)
			must(t, err)
			same(t, "token", got, want)
			same(t, "account", who, person(want.Owner))
		}
	},
	"an account's change is seen at once": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		hold(t, s, "a", byHand("a", "1", after(1)))
		must(t, s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
			a.Disabled = true
			return a, nil
		}))
		_, who, err := s.Presented(t.Context(), byHand("a", "1", after(1)).Hash)
		must(t, err)
		if !who.Disabled {
			t.Error("a disabled account was presented as enabled")
		}
	},
	"an unknown secret": func(t *testing.T, s Store) {
		_, _, err := s.Presented(t.Context(), token.Hash("x"))
		wantErr(t, err, token.ErrNotFound)
	},
	"a token whose owner is gone": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", after(1)))
		_, _, err := s.Presented(t.Context(), byHand("a", "1", after(1)).Hash)
		wantErr(t, err, account.ErrNotFound)
	},
}
