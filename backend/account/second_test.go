package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/account"
)

// G1: a code is accepted once, however many bring it at once.
func TestACodeCountsOnce(t *testing.T) {
	w := withApp(t)
	code := w.code(0)
	var all sync.WaitGroup
	var in atomic.Int32
	for i := range 50 {
		all.Go(func() {
			_, err := w.Second(context.WithoutCancel(t.Context()), w.id, code, fmt.Sprintf("192.0.2.%d", i))
			switch {
			case err == nil:
				in.Add(1)
			case errors.Is(err, account.ErrWrongCode), errors.Is(err, account.ErrThrottled):
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("%d came in with one code", in.Load())
	}
	for range 2 { // nor in its own window, nor after
		if _, err := w.Second(t.Context(), w.id, code, "198.51.100.1"); err == nil {
			t.Error("the code counts again")
		}
		w.now = w.now.Add(31 * time.Second)
	}
	w.now = w.now.Add(time.Hour)
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if _, err := w.Second(t.Context(), w.id, w.code(-1), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("one from before the last: %v", err)
	}
}

// G2: one step around now, and ASCII digits.
func TestWhichCodesCount(t *testing.T) {
	for name, c := range map[string]struct {
		typed func(*world) string
		good  bool
	}{
		"now":                       {func(w *world) string { return w.code(0) }, true},
		"a step ago":                {func(w *world) string { return w.code(-1) }, true},
		"a step ahead":              {func(w *world) string { return w.code(1) }, true},
		"two steps ago":             {func(w *world) string { return w.code(-2) }, false},
		"two steps ahead":           {func(w *world) string { return w.code(2) }, false},
		"spaces around":             {func(w *world) string { return "  " + w.code(0) + " " }, true},
		"as apps show it":           {func(w *world) string { return w.code(0)[:3] + " " + w.code(0)[3:] }, true},
		"a tab":                     {func(w *world) string { return w.code(0) + "\t" }, false},
		"a line end":                {func(w *world) string { return w.code(0) + "\n" }, false},
		"a wide space":              {func(w *world) string { return w.code(0) + "\u00a0" }, false},
		"a dash":                    {func(w *world) string { return w.code(0)[:3] + "-" + w.code(0)[3:] }, false},
		"wide digits":               {func(w *world) string { return digits(w.code(0), '０') }, false},
		"Arabic digits":             {func(w *world) string { return digits(w.code(0), '٠') }, false},
		"five":                      {func(w *world) string { return w.code(0)[:5] }, false},
		"seven":                     {func(w *world) string { return w.code(0) + "0" }, false},
		"a sign":                    {func(w *world) string { return "+" + w.code(0)[1:] }, false},
		"nothing":                   {func(*world) string { return "" }, false},
		"spaces":                    {func(*world) string { return "      " }, false},
		"a NUL":                     {func(w *world) string { return w.code(0) + "\x00" }, false},
		"another secret's":          {func(w *world) string { return w.wrong(3) }, false},
		"a megabyte":                {func(w *world) string { return strings.Repeat(w.code(0), 200_000) }, false},
		"the password":              {func(*world) string { return password }, false},
		"the recovery of nobody":    {func(*world) string { return "AAAAA-AAAAA-AAAAA" }, false},
		"before the app was set up": {func(w *world) string { w.now = w.now.Add(-10 * time.Minute); return w.code(0) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := withApp(t)
			a, err := w.Second(t.Context(), w.id, c.typed(w), home)
			if c.good && (err != nil || a.ID != w.id) {
				t.Errorf("refused: %v", err)
			}
			if !c.good && (!errors.Is(err, account.ErrWrongCode) || a.ID != "") {
				t.Errorf("accepted: %v, %v", a, err)
			}
		})
	}
}

func digits(code string, zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, code)
}

// What passes for a code is six ASCII digits, whatever is typed.
func FuzzCodes(f *testing.F) {
	for _, seed := range []string{"000000", " 000 000 ", "００００００", "0\n", "AAAAA-AAAAA-AAAAA", "aaaaa aaaaa aaaaa", "ſ", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		app, isApp, recovery, isRecovery := account.CodesOf(typed)
		if isApp && (len(app) != 6 || strings.Trim(app, "0123456789") != "" || app != strings.ReplaceAll(typed, " ", "")) {
			t.Errorf("%q is the code %q", typed, app)
		}
		if isRecovery && (len(recovery) != 15 || isApp || strings.ToUpper(recovery) != recovery) {
			t.Errorf("%q is the recovery code %q", typed, recovery)
		}
	})
}

// G3: five wrong ones, then slowly, and nothing begins anew: neither the
// password, nor a challenge, nor another kind of factor, nor another address.
func TestGuessingCodes(t *testing.T) {
	w := withApp(t)
	w.add(key("k"))
	w.now = w.now.Add(time.Minute)
	challenge := func() string {
		a, err := w.First(t.Context(), "anna", password, home)
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Challenge(a)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	guesses := []func() error{
		func() error { _, err := w.Second(t.Context(), w.id, w.wrong(1), home); return err },
		func() error { _, _, err := w.Answer(t.Context(), challenge(), w.wrong(2), home); return err },
		func() error { _, err := w.Second(t.Context(), w.id, "AAAAA-AAAAA-AAAAA", home); return err },
		func() error {
			_, err := w.ByPasskey(t.Context(), w.id, home, func(account.Account) (account.Touch, error) {
				return account.Touch{}, errors.New("wrong signature")
			})
			return err
		},
		func() error { _, err := w.First(t.Context(), "ANNA@example.org", "not her password", home); return err },
	}
	for i, guess := range guesses {
		if err := guess(); !errors.Is(err, account.ErrWrongCode) && !errors.Is(err, account.ErrWrong) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	right := map[string]func() error{
		"app":                 func() error { _, err := w.Second(t.Context(), w.id, w.code(0), home); return err },
		"app, new challenge":  func() error { _, _, err := w.Answer(t.Context(), challenge(), w.code(0), home); return err },
		"recovery code":       func() error { _, err := w.Second(t.Context(), w.id, w.codes[0], home); return err },
		"passkey":             func() error { _, err := w.ByPasskey(t.Context(), w.id, home, touches("k", 9)); return err },
		"app, password again": func() error { challenge(); _, err := w.Second(t.Context(), w.id, w.code(0), home); return err },
	}
	for name, try := range right {
		if err := try(); !errors.Is(err, account.ErrThrottled) {
			t.Errorf("%s, after five wrong ones: %v", name, err)
		}
	}
	w.now = w.now.Add(30 * time.Second)
	if err := guesses[0](); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("after the wait: %v", err)
	}
	if err := right["app"](); !errors.Is(err, account.ErrThrottled) {
		t.Errorf("a second one after one wait: %v", err)
	}
	w.now = w.now.Add(30 * time.Second)
	if err := right["app"](); err != nil {
		t.Errorf("the right one, after the wait: %v", err)
	}
}

// G3: who knows the password and has many addresses guesses no faster, and does
// not keep the owner out who has a passkey or a recovery code.
func TestGuessingCodesFromManyAddresses(t *testing.T) {
	w := withApp(t)
	w.add(key("k"))
	told := 0
	for i := range 200 {
		_, err := w.Second(t.Context(), w.id, w.wrong(i), fmt.Sprintf("198.51.100.%d", i))
		if !errors.Is(err, account.ErrThrottled) {
			told++
		}
	}
	if told != 5 {
		t.Errorf("%d guesses were told at once", told)
	}
	told = 0
	for range 24 * 60 * 2 {
		w.now = w.now.Add(30 * time.Second)
		if _, err := w.Second(t.Context(), w.id, w.wrong(1), "198.51.100.200"); !errors.Is(err, account.ErrThrottled) {
			told++
		}
	}
	if told > 100 {
		t.Errorf("%d guesses a day", told)
	}
	if _, err := w.Second(t.Context(), w.id, w.codes[0], home); err != nil {
		t.Errorf("the owner's recovery code, from home: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	if _, err := w.ByPasskey(t.Context(), w.id, home, touches("k", 6)); err != nil {
		t.Errorf("the owner's passkey, from home: %v", err)
	}
}

// A store that fails is nobody's guess.
func TestAStoreThatFailsCostsNoTry(t *testing.T) {
	w := withApp(t)
	whole := w.Store
	w.Store = broken{whole}
	for range 20 {
		if _, err := w.Second(t.Context(), w.id, w.code(0), home); !errors.Is(err, errDisk) {
			t.Fatalf("%v", err)
		}
	}
	w.Store = whole
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

var errDisk = errors.New("disk full")

type broken struct{ account.Store }

func (broken) ChangeAccount(context.Context, string, func(account.Account, bool) (account.Account, error)) error {
	return errDisk
}

// G5: each code is 64 bits or more, single, and dead once there are new ones.
func TestRecoveryCodes(t *testing.T) {
	w := withApp(t)
	if len(w.codes) != 10 {
		t.Fatalf("%d codes", len(w.codes))
	}
	seen := map[string]bool{}
	for _, c := range w.codes {
		plain := strings.ReplaceAll(c, "-", "")
		if len(plain) != 15 || strings.Trim(plain, "23456789ABCDEFGHJKMNPQRSTVWXYZ") != "" || seen[c] { // 30^15 is 2^73
			t.Errorf("code %q", c)
		}
		seen[c] = true
	}
	for _, kept := range w.anna().Factors.Recovery {
		for c := range seen {
			if len(kept) != 32 || strings.Contains(string(kept), c[:5]) {
				t.Errorf("kept as %q", kept)
			}
		}
	}
	if _, err := w.Second(t.Context(), w.id, " "+strings.ToLower(w.codes[0])+" ", home); err != nil {
		t.Errorf("in lower case: %v", err)
	}
	if _, err := w.Second(t.Context(), w.id, w.codes[0], home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("twice: %v", err)
	}
	fresh, err := w.NewRecovery(t.Context(), w.id, w.shown())
	if err != nil || len(fresh) != 10 {
		t.Fatalf("%v, %v", fresh, err)
	}
	if _, err := w.Second(t.Context(), w.id, w.codes[1], home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("an old one, after new ones: %v", err)
	}
	if _, err := w.Second(t.Context(), w.id, fresh[1], home); err != nil {
		t.Errorf("a new one: %v", err)
	}
	other := create(t, w.Service, account.New{Name: "bert"})
	if _, err := w.Second(t.Context(), other.ID, fresh[2], home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("another's: %v", err)
	}
	if n := len(w.anna().Factors.Recovery); n != 9 {
		t.Errorf("%d are left", n)
	}
}

// G7, G8: the count of a passkey goes up in the transaction that looks at it.
func TestPasskeysCount(t *testing.T) {
	w := newWorld(t)
	w.add(key("k"))
	zero := key("zero")
	zero.Count = 0
	w.add(zero)
	for _, c := range []struct {
		id    string
		count uint32
		good  bool
	}{
		{"k", 5, false}, {"k", 4, false}, {"k", 0, false}, {"k", 7, true}, {"k", 7, false}, {"k", 6, false}, {"k", 8, true},
		{"zero", 0, true}, {"zero", 0, true}, {"zero", 3, true}, {"zero", 0, false}, {"strange", 9, false},
	} {
		w.now = w.now.Add(time.Minute)
		before := w.anna()
		a, err := w.ByPasskey(t.Context(), w.id, home, touches(c.id, c.count))
		k, _ := w.anna().Passkey([]byte(c.id))
		switch {
		case c.good && (err != nil || a.ID != w.id || k.Count != c.count || !k.LastUsed.Equal(w.now)):
			t.Errorf("%s with %d: %v, kept %+v", c.id, c.count, err, k)
		case !c.good && (!errors.Is(err, account.ErrWrongCode) || fmt.Sprintf("%#v", before) != fmt.Sprintf("%#v", w.anna())):
			t.Errorf("%s with %d: %v", c.id, c.count, err)
		}
	}
	var all sync.WaitGroup
	var in atomic.Int32
	for i := range 50 {
		all.Go(func() {
			if _, err := w.ByPasskey(context.WithoutCancel(t.Context()), w.id, fmt.Sprintf("198.51.100.%d", i), touches("k", 50)); err == nil {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("%d came in with one count", in.Load())
	}
}

func TestChallenges(t *testing.T) {
	w := withApp(t)
	a := w.anna()
	good, err := w.Challenge(a)
	if err != nil {
		t.Fatal(err)
	}
	began := w.now
	if got, at, err := w.Answer(t.Context(), good, w.code(0), home); err != nil || got.ID != a.ID || !at.Equal(began) {
		t.Errorf("%v at %v, %v", got, at, err)
	}
	for name, bad := range map[string]string{
		"nothing": "", "not base64": "*", "not ours": "AAAA", "a megabyte": strings.Repeat("A", 1<<20), "cut off": good[:len(good)-4],
	} {
		if got, _, err := w.Answer(t.Context(), bad, w.code(1), home); !errors.Is(err, account.ErrWrongCode) || got.ID != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	w.now = began.Add(5*time.Minute + time.Second)
	if _, _, err := w.Answer(t.Context(), good, w.code(0), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("too late: %v", err)
	}
	w.now = began.Add(time.Minute)
	if err := w.SetPassword(t.Context(), w.id, "quite another passphrase"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Answer(t.Context(), good, w.code(0), home); !errors.Is(err, account.ErrWrongCode) {
		t.Errorf("after a new password: %v", err)
	}
	// A seed, moved to where a challenge goes, is none.
	stolen := w.anna().Factors.TOTP.Seed
	if _, err := (mirror{}).Open(stolen, "challenge"); err == nil {
		t.Error("a seed opens as a challenge")
	}
}

// E8: of an account with a second factor the password alone is refused, counts
// as wrong, and takes what a wrong one takes.
func TestThePasswordAloneIsRefused(t *testing.T) {
	w := withApp(t)
	for i := range 10 {
		if a, err := w.SignIn(t.Context(), "anna", password, home); !errors.Is(err, account.ErrSecond) || a.ID != "" {
			t.Fatalf("try %d: %v, %v", i, a, err)
		}
	}
	if _, err := w.SignIn(t.Context(), "anna", password, home); !errors.Is(err, account.ErrThrottled) {
		t.Errorf("it does not count: %v", err)
	}
	if _, err := w.First(t.Context(), "anna", password, home); !errors.Is(err, account.ErrThrottled) {
		t.Errorf("it does not count elsewhere: %v", err)
	}
	if _, err := w.SignIn(t.Context(), "anna", "wrong", "192.0.2.2"); !errors.Is(err, account.ErrWrong) {
		t.Errorf("a wrong one tells of the factor: %v", err)
	}
	// Both wait for a turn to hash before anything is decided, so that time
	// tells them apart no more than two wrong ones.
	busy := &account.Service{Store: w.Store, Hasher: account.NoTurns(), Now: w.Now}
	for _, tried := range []string{password, "wrong"} {
		soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := busy.SignIn(soon, "anna", tried, "192.0.2.3"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q was judged without hashing: %v", tried, err)
		}
		cancel()
	}
}

// A right password forgives nothing while the second factor is still to come.
func TestAPasswordDoesNotForgive(t *testing.T) {
	w := withApp(t)
	for range 20 {
		for range 2 {
			_, _ = w.First(t.Context(), "anna", "wrong", home)
		}
		if _, err := w.First(t.Context(), "anna", password, home); errors.Is(err, account.ErrThrottled) {
			return
		}
	}
	t.Error("a right password now and then forgives the wrong ones between")
}

func TestDisabledAtTheSecondFactor(t *testing.T) {
	w := withApp(t)
	create(t, w.Service, account.New{Name: "chief", Admin: true})
	if err := w.SetDisabled(t.Context(), w.id, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Second(t.Context(), w.id, w.code(0), home); !errors.Is(err, account.ErrDisabled) {
		t.Errorf("%v", err)
	}
	if _, err := w.Second(t.Context(), "nobody", w.code(0), home); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}
