package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
)

// G6: nothing is changed by a session that was stolen, or is from before the
// second factor; and no factor is on before it was shown.
func TestChangingFactorsNeedsAFreshProof(t *testing.T) {
	type do func(w *world, p account.Proof) error
	changes := map[string]do{
		"begin app":     func(w *world, p account.Proof) error { return w.BeginTOTP(t.Context(), w.id, p) },
		"show the seed": func(w *world, p account.Proof) error { _, err := w.PendingTOTP(w.anna(), p, "L"); return err },
		"confirm app": func(w *world, p account.Proof) error {
			_, _, err := w.ConfirmTOTP(t.Context(), w.id, p, w.code(0), home)
			return err
		},
		"app off":        func(w *world, p account.Proof) error { _, err := w.RemoveTOTP(t.Context(), w.id, p); return err },
		"recovery codes": func(w *world, p account.Proof) error { _, err := w.NewRecovery(t.Context(), w.id, p); return err },
		"add passkey": func(w *world, p account.Proof) error {
			_, _, err := w.AddPasskey(t.Context(), w.id, p, key("new"))
			return err
		},
		"rename passkey": func(w *world, p account.Proof) error {
			return w.RenamePasskey(t.Context(), w.id, p, []byte("k"), "other")
		},
		"remove passkey": func(w *world, p account.Proof) error {
			_, err := w.RemovePasskey(t.Context(), w.id, p, []byte("k"))
			return err
		},
		"password": func(w *world, p account.Proof) error {
			_, err := w.ChangePassword(t.Context(), w.id, p, "quite another passphrase")
			return err
		},
	}
	proofs := map[string]func(w *world) account.Proof{
		"none": func(*world) account.Proof { return account.Proof{} },
		"five minutes ago": func(w *world) account.Proof {
			return account.Proof{At: w.now.Add(-5*time.Minute - time.Second), Second: true}
		},
		"the password alone": func(w *world) account.Proof { return account.Proof{At: w.now} },
		"voided by a change": func(w *world) account.Proof {
			return account.Proof{At: w.anna().SignedOutAt.Add(-time.Second), Second: true}
		},
		"of a disabled account":  func(w *world) account.Proof { w.disable(); return w.shown() },
		"from before everything": func(w *world) account.Proof { return account.Proof{At: w.now.AddDate(-1, 0, 0), Second: true} },
	}
	for change, do := range changes {
		for proof, of := range proofs {
			t.Run(change+" by "+proof, func(t *testing.T) {
				w := withApp(t)
				w.add(key("k"))
				w.secret = w.begin()
				p := of(w)
				before := fmt.Sprintf("%#v", w.anna())
				if err := do(w, p); !errors.Is(err, account.ErrStale) {
					t.Errorf("%v", err)
				}
				if got := fmt.Sprintf("%#v", w.anna()); got != before {
					t.Errorf("changed:\n%s\n%s", before, got)
				}
			})
		}
		t.Run(change, func(t *testing.T) {
			w := withApp(t)
			w.add(key("k"))
			w.secret = w.begin()
			if err := do(w, w.shown()); err != nil {
				t.Errorf("by a fresh one: %v", err)
			}
		})
	}
}

func (w *world) disable() {
	w.Helper()
	create(w.T, w.Service, account.New{Name: "chief", Admin: true})
	if err := w.SetDisabled(w.Context(), w.id, true); err != nil {
		w.Fatal(err)
	}
}

// G6: an app is a factor from its first right code on.
func TestAnAppNeedsItsFirstCode(t *testing.T) {
	w := newWorld(t)
	if _, _, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), "000000", home); !errors.Is(err, account.ErrNoFactor) {
		t.Errorf("nothing begun: %v", err)
	}
	w.secret = w.begin()
	for _, typed := range []string{w.wrong(1), w.code(-2), "", "x"} {
		if _, codes, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), typed, home); !errors.Is(err, account.ErrWrongCode) || codes != nil {
			t.Errorf("%q: %v, %v", typed, codes, err)
		}
	}
	if w.anna().HasSecond() {
		t.Fatal("on without a code")
	}
	if a, err := w.SignIn(t.Context(), "anna", password, home); err != nil || a.ID != w.id {
		t.Errorf("the password, while it waits: %v", err)
	}
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("a code of the app that waits signs in: %v", err)
	}
	first := w.secret
	if w.secret = w.begin(); w.secret == first {
		t.Error("the seed is the same")
	}
	a, codes, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), w.code(0), home)
	if err != nil || len(codes) != 10 || !a.HasSecond() || a.Factors.Pending.Set() || !a.SignedOutAt.Equal(w.now) {
		t.Fatalf("%+v, %d codes, %v", a.Factors, len(codes), err)
	}
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("the code that turned it on signs in, too: %v", err)
	}
	if (account.Proof{At: w.now.Add(-time.Second), Second: true}).Holds(a) {
		t.Error("browsers from before stay signed in")
	}

	// Another app in its place: the first stays until the code of the second.
	w.now = w.now.Add(time.Minute)
	old := w.secret
	w.secret = w.begin()
	fresh := w.secret
	w.secret = old
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); err != nil {
		t.Errorf("the old one, while another waits: %v", err)
	}
	w.secret = fresh
	if _, codes, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), w.code(0), home); err != nil || codes != nil {
		t.Errorf("%v, %v", codes, err)
	}
	w.now, w.secret = w.now.Add(time.Minute), old
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("the old one, afterwards: %v", err)
	}

	w.secret = w.begin()
	w.now = w.now.Add(15 * time.Minute)
	if _, _, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), w.code(0), home); !errors.Is(err, account.ErrNoFactor) {
		t.Errorf("a set-up of a quarter of an hour ago: %v", err)
	}
}

// G9: without its last factor an account is protected by its password, which
// must be good enough for that; the recovery codes go.
func TestTheLastFactor(t *testing.T) {
	w := withApp(t)
	w.add(key("k"))
	if err := w.SetPassword(t.Context(), w.id, "xkqzvwpj"); err != nil {
		t.Fatalf("eight characters beside a second factor: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if a, err := w.RemoveTOTP(t.Context(), w.id, w.shown()); err != nil || !a.HasSecond() || len(a.Factors.Recovery) == 0 {
		t.Fatalf("one of two: %v", err)
	}
	before := fmt.Sprintf("%#v", w.anna())
	for name, remove := range map[string]func() error{
		"by the person":        func() error { _, err := w.RemovePasskey(t.Context(), w.id, w.shown(), []byte("k")); return err },
		"by an administrator":  func() error { return w.ResetFactors(t.Context(), w.id) },
		"one that is not hers": func() error { _, err := w.RemovePasskey(t.Context(), w.id, w.shown(), []byte("x")); return err },
		"one that is gone":     func() error { _, err := w.RemoveTOTP(t.Context(), w.id, w.shown()); return err },
	} {
		err := remove()
		if want := map[bool]error{true: account.ErrShort, false: account.ErrNoFactor}[strings.HasPrefix(name, "by")]; !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := fmt.Sprintf("%#v", w.anna()); got != before {
			t.Errorf("%s: changed", name)
		}
	}
	if _, err := w.ChangePassword(t.Context(), w.id, w.shown(), "kontrabass zwetschge unfug"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RemovePasskey(t.Context(), w.id, w.shown(), []byte("k")); err != nil {
		t.Fatal(err)
	}
	a := w.anna()
	if a.HasSecond() || len(a.Factors.Recovery) != 0 || a.ShortPassword {
		t.Errorf("%+v", a.Factors)
	}
	if _, err := w.SignIn(t.Context(), "anna", "kontrabass zwetschge unfug", home); err != nil {
		t.Errorf("the password alone: %v", err)
	}
	if _, err := w.Second(t.Context(), w.id, w.codes[0], home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("a recovery code of nothing: %v", err)
	}
	if _, err := w.NewRecovery(t.Context(), w.id, w.shown()); !errors.Is(err, account.ErrNoFactor) {
		t.Errorf("recovery codes of nothing: %v", err)
	}
}

// Whoever lost all factors and all codes asks an administrator.
func TestAnAdministratorResetsFactors(t *testing.T) {
	w := withApp(t)
	w.add(key("k"))
	if err := w.ResetFactors(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	if a := w.anna(); a.HasSecond() || len(a.Factors.Recovery) != 0 || !a.SignedOutAt.Equal(w.now) {
		t.Errorf("%+v", a.Factors)
	}
	if err := w.ResetFactors(t.Context(), "nobody"); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestPasswordsBesideASecondFactor(t *testing.T) {
	plain := newWorld(t)
	for _, short := range []string{"xkqzvwpj", "xkq zvw pjh tb"} {
		if err := plain.SetPassword(t.Context(), plain.id, short); !errors.Is(err, account.ErrInvalid) || !strings.Contains(err.Error(), "15") {
			t.Errorf("%q alone: %v", short, err)
		}
	}
	w := withApp(t)
	for password, bad := range map[string]string{
		"xkqzvwpj": "", "kontrabass zwetschge unfug": "", "xkqzvwp": "at least 8", "password": "easy to guess", "annaanna": "easy to guess", "12345678": "easy to guess",
	} {
		err := w.SetPassword(t.Context(), w.id, password)
		if (bad == "") != (err == nil) || (err != nil && (!errors.Is(err, account.ErrInvalid) || !strings.Contains(err.Error(), bad))) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestPasskeysThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.add(key("k"))
	for name, c := range map[string]struct {
		key  account.Passkey
		want error
	}{
		"the same again":        {key("k"), account.ErrFactors},
		"without a name":        {account.Passkey{ID: []byte("n"), Name: " "}, account.ErrInvalid},
		"with an endless name":  {account.Passkey{ID: []byte("n"), Name: strings.Repeat("x", 61)}, account.ErrInvalid},
		"with a name unseen":    {account.Passkey{ID: []byte("n"), Name: "a\u202eb"}, account.ErrInvalid},
		"with a name not text":  {account.Passkey{ID: []byte("n"), Name: "\xff"}, account.ErrInvalid},
		"with a name on 2 rows": {account.Passkey{ID: []byte("n"), Name: "a\nb"}, account.ErrInvalid},
	} {
		if _, codes, err := w.AddPasskey(t.Context(), w.id, w.shown(), c.key); !errors.Is(err, c.want) || codes != nil {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(c.want, account.ErrInvalid) {
			if err := w.RenamePasskey(t.Context(), w.id, w.shown(), []byte("k"), c.key.Name); !errors.Is(err, c.want) {
				t.Errorf("renamed %s: %v", name, err)
			}
		}
	}
	for i := range 19 {
		w.add(key(fmt.Sprint(i)))
	}
	if _, _, err := w.AddPasskey(t.Context(), w.id, w.shown(), key("one more")); !errors.Is(err, account.ErrFactors) {
		t.Errorf("the 21st: %v", err)
	}
	if n := len(w.anna().Factors.Passkeys); n != 20 {
		t.Errorf("%d are kept", n)
	}
}

// D5: what the database says of a seed is nothing, and nobody else's row opens it.
func TestSeedsAreSealed(t *testing.T) {
	w := withApp(t)
	if kept := string(w.anna().Factors.TOTP.Seed); strings.Contains(kept, w.secret) {
		t.Errorf("in clear: %q", kept)
	}
	hers, other := w.anna(), create(t, w.Service, account.New{Name: "bert"})
	err := w.Store.ChangeAccount(t.Context(), other.ID, func(a account.Account, _ bool) (account.Account, error) {
		a.Factors.TOTP = hers.Factors.TOTP
		return a, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Second(t.Context(), other.ID, w.code(0), home); err == nil {
		t.Error("a seed was moved into another account")
	}
	keyless := &account.Service{Store: w.Store, Hasher: w.Hasher, Now: w.Now}
	if _, err := keyless.Second(t.Context(), w.id, w.code(0), home); err == nil || errors.Is(err, account.ErrWrongCode) {
		t.Errorf("without the key: %v", err)
	}
	if err := keyless.BeginTOTP(t.Context(), w.id, w.shown()); err == nil {
		t.Error("a seed is made without a key")
	}
	if said := fmt.Sprintf("%v %+v %#v", account.Enrolment{Secret: "JBSW"}, account.Enrolment{Secret: "JBSW"}, account.Enrolment{Secret: "JBSW"}); said != "*** *** ***" {
		t.Errorf("printed %s", said)
	}
}
