package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/store/memstore"
)

const password = "correct horse battery staple"

func newService(t *testing.T) (*account.Service, *time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 23, 9, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	return &account.Service{Store: memstore.New(), Hasher: account.NewHasher(), Now: func() time.Time { return now }}, &now
}

func create(t *testing.T, s *account.Service, n account.New) account.Account {
	t.Helper()
	if n.Password == "" {
		n.Password = password
	}
	a, err := s.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCreate(t *testing.T) {
	s, _ := newService(t)
	a := create(t, s, account.New{Name: "anna", Email: " anna@example.org "})
	if a.Admin || a.Disabled || a.Email != "anna@example.org" || a.ID == "" || strings.Contains(a.Password, "horse") ||
		a.CreatedAt.Location() != time.UTC || a.CreatedAt.Nanosecond() != 123_456_000 {
		t.Errorf("account %#v", a)
	}
	for name, c := range map[string]struct {
		n    account.New
		want error
	}{
		"name taken":             {account.New{Name: "anna", Password: password}, account.ErrTaken},
		"e-mail taken":           {account.New{Name: "bert", Email: "Anna@Example.org", Password: password}, account.ErrTaken},
		"bad name":               {account.New{Name: "Bert", Password: password}, account.ErrInvalid},
		"bad e-mail":             {account.New{Name: "bert", Email: "bert", Password: password}, account.ErrInvalid},
		"bad password":           {account.New{Name: "bert", Password: "passwordpassword123"}, account.ErrInvalid},
		"own name as password":   {account.New{Name: "bartholomew-smith", Password: "bartholomew-smith"}, account.ErrInvalid},
		"own e-mail as password": {account.New{Name: "bert", Email: "bertie@example.org", Password: "bertie@example.org"}, account.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Create(t.Context(), c.n); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if all, err := s.All(t.Context()); err != nil || len(all) != 1 {
				t.Errorf("%d accounts, %v", len(all), err)
			}
		})
	}
}

func TestOneFirstAdministrator(t *testing.T) {
	s, _ := newService(t)
	if empty, err := s.Empty(t.Context()); err != nil || !empty {
		t.Fatalf("empty %v, %v", empty, err)
	}
	var all sync.WaitGroup
	var made, refused, busy atomic.Int32
	for i := range 20 {
		all.Go(func() {
			a, err := s.CreateFirst(context.WithoutCancel(t.Context()), account.New{Name: "anna" + string(rune('a'+i)), Password: password})
			switch {
			case err == nil && a.Admin:
				made.Add(1)
			case errors.Is(err, account.ErrSetUp):
				refused.Add(1)
			case errors.Is(err, account.ErrBusy): // a slow machine
				busy.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || refused.Load()+busy.Load() != 19 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
	if empty, err := s.Empty(t.Context()); err != nil || empty {
		t.Errorf("empty %v, %v", empty, err)
	}
}

func TestSignIn(t *testing.T) {
	s, now := newService(t)
	a := create(t, s, account.New{Name: "anna", Email: "anna@example.org"})
	for _, login := range []string{"anna", "Anna", " anna ", "anna@example.org", "ANNA@example.org"} {
		if got, err := s.SignIn(t.Context(), login, password, "192.0.2.1"); err != nil || got.ID != a.ID {
			t.Errorf("%q: %v, %v", login, got, err)
		}
	}
	for name, c := range map[string]struct{ login, password string }{
		"wrong password": {"anna", password + "r"},
		"no password":    {"anna", ""},
		"unknown":        {"bert", password},
		"nobody":         {"", ""},
		"id":             {a.ID, password},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.SignIn(t.Context(), c.login, c.password, "192.0.2.9")
			if !errors.Is(err, account.ErrWrong) || err.Error() != account.ErrWrong.Error() || got.ID != "" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}

	create(t, s, account.New{Name: "chief", Admin: true})
	if err := s.SetDisabled(t.Context(), a.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(t.Context(), "anna", "wrong", "192.0.2.1"); !errors.Is(err, account.ErrWrong) {
		t.Errorf("a stranger learns that it is disabled: %v", err)
	}
	if _, err := s.SignIn(t.Context(), "anna", password, "192.0.2.1"); !errors.Is(err, account.ErrDisabled) {
		t.Errorf("disabled: %v", err)
	}
	*now = now.Add(time.Minute)
	if err := s.SetDisabled(t.Context(), a.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(t.Context(), "anna", password, "192.0.2.1"); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

// Name and e-mail in any case are one account, with one budget of wrong ones.
func TestOneBudgetPerPerson(t *testing.T) {
	s, now := newService(t)
	create(t, s, account.New{Name: "anna", Email: "anna@example.org"})
	logins := []string{"anna", "Anna", "anna@example.org", "ANNA@EXAMPLE.ORG", " anna"}
	for i := range 10 {
		if _, err := s.SignIn(t.Context(), logins[i%len(logins)], "wrong", "192.0.2.1"); !errors.Is(err, account.ErrWrong) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	for _, login := range logins {
		if _, err := s.SignIn(t.Context(), login, password, "192.0.2.1"); !errors.Is(err, account.ErrThrottled) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if _, err := s.SignIn(t.Context(), "anna", password, "192.0.2.2"); err != nil {
		t.Errorf("the owner, from home: %v", err)
	}
	*now = now.Add(30 * time.Second)
	if _, err := s.SignIn(t.Context(), "anna", password, "192.0.2.1"); err != nil {
		t.Errorf("after half a minute: %v", err)
	}
}

func TestGuessesAtOnceTellNoMore(t *testing.T) {
	s, _ := newService(t)
	create(t, s, account.New{Name: "anna"})
	var all sync.WaitGroup
	var wrong atomic.Int32
	for range 30 {
		all.Go(func() {
			switch _, err := s.SignIn(t.Context(), "anna", "wrong", "192.0.2.1"); {
			case errors.Is(err, account.ErrWrong):
				wrong.Add(1)
			case errors.Is(err, account.ErrThrottled), errors.Is(err, account.ErrBusy): // busy on a slow machine
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := wrong.Load(); n < 1 || n > 10 {
		t.Errorf("%d of 30 guesses at once were told", n)
	}
}

func TestRightOnesAtOnceAllComeIn(t *testing.T) {
	s, _ := newService(t)
	create(t, s, account.New{Name: "anna"})
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := s.SignIn(t.Context(), "anna", password, "192.0.2.1"); err != nil && !errors.Is(err, account.ErrBusy) {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestSetPassword(t *testing.T) {
	s, now := newService(t)
	a := create(t, s, account.New{Name: "anna", Email: "anna@example.org"})
	if !a.SignedOutAt.IsZero() {
		t.Errorf("signed out at %v", a.SignedOutAt)
	}
	*now = now.Add(time.Hour)
	for name, bad := range map[string]string{"short": "short", "common": "passwordpassword123", "own e-mail": "anna@example.org"} {
		if err := s.SetPassword(t.Context(), a.ID, bad); !errors.Is(err, account.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.SetPassword(t.Context(), "nobody", "quite another passphrase"); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if err := s.SetPassword(t.Context(), a.ID, "quite another passphrase"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(t.Context(), "anna", password, ""); !errors.Is(err, account.ErrWrong) {
		t.Errorf("the old one: %v", err)
	}
	got, err := s.SignIn(t.Context(), "anna", "quite another passphrase", "")
	if err != nil || !got.SignedOutAt.Equal(now.Truncate(time.Microsecond)) {
		t.Errorf("the new one: signed out at %v, %v", got.SignedOutAt, err)
	}
}

func TestDisabling(t *testing.T) {
	s, now := newService(t)
	a := create(t, s, account.New{Name: "anna"})
	create(t, s, account.New{Name: "chief", Admin: true})
	for range 2 { // a second time changes nothing
		if err := s.SetDisabled(t.Context(), a.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	at := now.Truncate(time.Microsecond)
	*now = now.Add(time.Hour)
	if err := s.SetDisabled(t.Context(), a.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := s.SetDisabled(t.Context(), a.ID, false); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Account(t.Context(), a.ID); err != nil || got.Disabled || !got.SignedOutAt.Equal(at) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.SetDisabled(t.Context(), "nobody", true); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	s, _ := newService(t)
	anna := create(t, s, account.New{Name: "anna", Admin: true})
	create(t, s, account.New{Name: "bert"})
	if err := s.SetDisabled(t.Context(), anna.ID, true); !errors.Is(err, account.ErrLastAdmin) {
		t.Fatalf("the only one: %v", err)
	}
	carl := create(t, s, account.New{Name: "carl", Admin: true})
	var all sync.WaitGroup
	var done, refused atomic.Int32
	for _, id := range []string{anna.ID, carl.ID} { // both at once
		all.Go(func() {
			switch err := s.SetDisabled(t.Context(), id, true); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, account.ErrLastAdmin):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || refused.Load() != 1 {
		t.Errorf("%d disabled, %d refused", done.Load(), refused.Load())
	}
}
