package storetest

import (
	"context"
	"testing"

	"lanyard/backend/account"
)

var accountTests = map[string]func(t *testing.T, s Store){
	"every field is kept": func(t *testing.T, s Store) {
		want := person("a")
		want.Admin, want.Disabled = true, true
		must(t, s.CreateAccount(t.Context(), want, false))
		got, err := s.Account(t.Context(), "a")
		must(t, err)
		same(t, "account", got, want)
	},
	"second factors are kept": func(t *testing.T, s Store) {
		want := factored("a")
		must(t, s.CreateAccount(t.Context(), want, false))
		for _, read := range []func() (account.Account, error){
			func() (account.Account, error) { return s.Account(t.Context(), "a") },
			func() (account.Account, error) { return s.AccountByLogin(t.Context(), "name-a") },
			func() (account.Account, error) { return everybody(t, s)[0], nil },
		} {
			got, err := read()
			must(t, err)
			same(t, "account", got, want)
			got.Factors.Passkeys[0].Count, got.Factors.Recovery[0] = 99, nil // a reader's own affair
		}
		got, err := s.Account(t.Context(), "a")
		must(t, err)
		same(t, "account after a reader changed theirs", got, want)
		must(t, s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
			a.Factors = account.Factors{}
			return a, nil
		}))
		got, err = s.Account(t.Context(), "a")
		must(t, err)
		want.Factors = account.Factors{}
		same(t, "account without factors", got, want)
	},
	"a refused change leaves the second factors": func(t *testing.T, s Store) {
		want := factored("a")
		must(t, s.CreateAccount(t.Context(), want, false))
		wantErr(t, s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
			a.Factors.TOTP.Step = 99
			a.Factors.Passkeys[0].Count = 99
			a.Factors.Recovery[0] = nil
			return a, errNo
		}), errNo)
		got, err := s.Account(t.Context(), "a")
		must(t, err)
		same(t, "account", got, want)
	},
	"50 at once spend one recovery code": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), factored("a"), false))
		exactlyOne(t, atOnce(crowd, func(int) error {
			return s.ChangeAccount(context.Background(), "a", func(a account.Account, _ bool) (account.Account, error) {
				if len(a.Factors.Recovery) == 0 {
					return a, errNo
				}
				a.Factors.Recovery = a.Factors.Recovery[1:]
				return a, nil
			})
		}), errNo)
	},
	"50 at once bring one step of an app": func(t *testing.T, s Store) {
		must(t, s.CreateAccount(t.Context(), factored("a"), false))
		exactlyOne(t, atOnce(crowd, func(int) error {
			return s.ChangeAccount(context.Background(), "a", func(a account.Account, _ bool) (account.Account, error) {
				if a.Factors.TOTP.Step >= 8 {
					return a, errNo
				}
				a.Factors.TOTP.Step = 8
				return a, nil
			})
		}), errNo)
	},
	"unknown": func(t *testing.T, s Store) {
		noMail := person("a")
		noMail.Email = ""
		must(t, s.CreateAccount(t.Context(), noMail, false))
		_, err := s.Account(t.Context(), "x")
		wantErr(t, err, account.ErrNotFound)
		for _, key := range []string{"x", "", "name", "name-a2", "@"} {
			_, err = s.AccountByLogin(t.Context(), key)
			wantErr(t, err, account.ErrNotFound)
		}
		wantErr(t, s.ChangeAccount(t.Context(), "x", func(a account.Account, _ bool) (account.Account, error) { return a, nil }), account.ErrNotFound)
	},
	"by name or e-mail, whatever its case": func(t *testing.T, s Store) {
		want := person("a")
		want.Email = "Ann.Other@Example.ORG"
		must(t, s.CreateAccount(t.Context(), want, false))
		for _, login := range []string{"name-a", "NAME-A", " Name-a ", "ann.other@example.org", "ANN.OTHER@EXAMPLE.ORG"} {
			got, err := s.AccountByLogin(t.Context(), account.Key(login))
			must(t, err)
			same(t, login, got, want)
		}
	},
	"taken": func(t *testing.T, s Store) {
		first := person("a")
		must(t, s.CreateAccount(t.Context(), first, false))
		for name, spoil := range map[string]func(*account.Account){
			"id":                  func(a *account.Account) { a.ID = first.ID },
			"name":                func(a *account.Account) { a.Name = first.Name },
			"name in capitals":    func(a *account.Account) { a.Name = "NAME-A" },
			"e-mail":              func(a *account.Account) { a.Email = "A@EXAMPLE.org" },
			"the other's e-mail":  func(a *account.Account) { a.Name = first.Email },
			"the other's account": func(a *account.Account) { a.Email = first.Name },
		} {
			b := person("b")
			spoil(&b)
			wantErr(t, s.CreateAccount(t.Context(), b, false), account.ErrTaken)
			if all := everybody(t, s); len(all) != 1 {
				t.Fatalf("%s: %d accounts after a refusal", name, len(all))
			}
		}
		got, err := s.AccountByLogin(t.Context(), account.Key(first.Email))
		must(t, err)
		same(t, "the first", got, first)
	},
	"two without e-mail": func(t *testing.T, s Store) {
		for _, id := range []string{"a", "b"} {
			a := person(id)
			a.Email = ""
			must(t, s.CreateAccount(t.Context(), a, false))
		}
	},
	"50 at once want one name": func(t *testing.T, s Store) {
		exactlyOne(t, atOnce(crowd, func(i int) error {
			a := person(numbered("a", i))
			a.Name = "wanted"
			return s.CreateAccount(context.Background(), a, false)
		}), account.ErrTaken)
	},
	"50 at once want to be the first": func(t *testing.T, s Store) {
		exactlyOne(t, atOnce(crowd, func(i int) error {
			a := person(numbered("a", i))
			a.Admin = true
			return s.CreateAccount(context.Background(), a, true)
		}), account.ErrSetUp)
		if all := everybody(t, s); len(all) != 1 {
			t.Errorf("%d accounts, want the first alone", len(all))
		}
	},
	"all, by name": func(t *testing.T, s Store) {
		if all := everybody(t, s); len(all) != 0 {
			t.Fatalf("accounts of an empty store: %v", all)
		}
		names := map[string]string{"1": "zoe", "2": "ann", "3": "ann-2", "4": "mo"}
		for id, name := range names {
			a := person(id)
			a.Name = name
			must(t, s.CreateAccount(t.Context(), a, false))
		}
		var got []string
		for _, a := range everybody(t, s) {
			got = append(got, a.Name)
			if names[a.ID] != a.Name {
				t.Errorf("%s is called %s", a.ID, a.Name)
			}
		}
		same(t, "names", got, []string{"ann", "ann-2", "mo", "zoe"})
	},
	"change": func(t *testing.T, s Store) {
		want := person("a")
		must(t, s.CreateAccount(t.Context(), want, false))
		must(t, s.CreateAccount(t.Context(), person("b"), false))
		want.Name, want.Email, want.Password = "renamed", "new@example.org", "p"
		must(t, s.ChangeAccount(t.Context(), "a", func(account.Account, bool) (account.Account, error) { return want, nil }))
		for _, gone := range []string{"name-a", "a@example.org"} {
			_, err := s.AccountByLogin(t.Context(), gone)
			wantErr(t, err, account.ErrNotFound)
		}
		for name, spoil := range map[string]func(*account.Account) error{
			"fn's no":             func(a *account.Account) error { a.Name = "other"; return errNo },
			"another's name":      func(a *account.Account) error { a.Name = "Name-B"; return nil },
			"another's e-mail":    func(a *account.Account) error { a.Email = "B@example.org"; return nil },
			"another id":          func(a *account.Account) error { a.ID = "c"; return nil },
			"another's id":        func(a *account.Account) error { a.ID = "b"; return nil },
			"no name":             func(a *account.Account) error { a.Name = ""; return nil },
			"e-mail of the other": func(a *account.Account) error { a.Name = "b@example.org"; return nil },
		} {
			if err := s.ChangeAccount(t.Context(), "a", func(a account.Account, _ bool) (account.Account, error) {
				err := spoil(&a)
				return a, err
			}); err == nil {
				t.Errorf("%s was kept", name)
			}
			for _, login := range []string{"renamed", "new@example.org"} {
				got, err := s.AccountByLogin(t.Context(), login)
				must(t, err)
				same(t, name, got, want)
			}
			got, err := s.AccountByLogin(t.Context(), "b@example.org")
			must(t, err)
			same(t, name+": the other", got, person("b"))
		}
		must(t, s.CreateAccount(t.Context(), person("a2"), false))
		again := person("c")
		again.Name, again.Email = "name-a", "a@example.org" // free again
		must(t, s.CreateAccount(t.Context(), again, false))
	},
	"others are other enabled administrators": func(t *testing.T, s Store) {
		others := func(id string) (got bool) {
			must(t, s.ChangeAccount(t.Context(), id, func(a account.Account, others bool) (account.Account, error) {
				got = others
				return a, nil
			}))
			return got
		}
		set := func(id string, admin, disabled bool) {
			must(t, s.ChangeAccount(t.Context(), id, func(a account.Account, _ bool) (account.Account, error) {
				a.Admin, a.Disabled = admin, disabled
				return a, nil
			}))
		}
		boss := person("boss")
		boss.Admin = true
		must(t, s.CreateAccount(t.Context(), boss, true))
		must(t, s.CreateAccount(t.Context(), person("b"), false))
		for _, step := range []struct {
			what                string
			bAdmin, bDisabled   bool
			wantBoss, wantOther bool
		}{
			{"a member", false, false, false, true},
			{"a second administrator", true, false, true, true},
			{"a disabled administrator", true, true, false, true},
			{"enabled again", true, false, true, true},
			{"a member again", false, false, false, true},
		} {
			set("b", step.bAdmin, step.bDisabled)
			if got := others("boss"); got != step.wantBoss {
				t.Errorf("%s: others for the boss %v, want %v", step.what, got, step.wantBoss)
			}
			if got := others("b"); got != step.wantOther {
				t.Errorf("%s: others for the other %v, want %v", step.what, got, step.wantOther)
			}
		}
	},
	"two administrators disable each other at once": func(t *testing.T, s Store) {
		for _, id := range []string{"a", "b"} {
			a := person(id)
			a.Admin = true
			must(t, s.CreateAccount(t.Context(), a, false))
		}
		service := &account.Service{Store: s, Now: still}
		exactlyOne(t, atOnce(2, func(i int) error {
			return service.SetDisabled(context.Background(), []string{"a", "b"}[i], true)
		}), account.ErrLastAdmin)
	},
}

// factored is a person with every kind of second factor.
func factored(id string) account.Account {
	a := person(id)
	a.ShortPassword = true
	a.Factors = account.Factors{
		TOTP: account.TOTP{Seed: []byte("sealed"), Since: after(3), Step: 7}, Pending: account.TOTP{Seed: []byte("waits"), Since: after(4)},
		Passkeys: []account.Passkey{{
			ID: []byte{1, 2}, Name: "Ann's \"key\"", PublicKey: []byte{3}, Count: 4, Synced: true, Transports: []string{"usb"},
			CreatedAt: after(5), LastUsed: after(6),
		}},
		Recovery: [][]byte{{5, 6}},
	}
	return a
}

func everybody(t *testing.T, s Store) []account.Account {
	t.Helper()
	all, err := s.Accounts(t.Context())
	must(t, err)
	return all
}
