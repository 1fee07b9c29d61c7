package grant_test

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/store/memstore"
)

func TestDirectLogins(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	db := memstore.New()
	s := &grant.Service{Store: db, Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: func() time.Time { return now }}
	for name, bad := range map[string]grant.Direct{
		"of a person":             {Account: "anna"},
		"of a token, which?":      {Account: "anna", From: grant.FromToken},
		"of a password and token": {Account: "anna", From: grant.FromPassword, Token: "t"},
	} {
		if _, err := s.BeginDirect(t.Context(), bad); !errors.Is(err, grant.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, err := s.BeginDirect(t.Context(), grant.Direct{Account: "anna", Client: "hub", From: grant.FromToken, Token: "t", AuthTime: now, Origin: grant.Origin{Addr: "192.0.2.1"}})
	if err != nil {
		t.Fatal(err)
	}
	for minute, live := range map[int]bool{0: true, 9: true, 10: false, 11: false} {
		at := now.Add(time.Duration(minute) * time.Minute)
		used := one.Use(0, at) // however much it is used
		if used.Live(at) != live || used.Forgotten(at) == live {
			t.Errorf("minute %d: live %v, forgotten %v", minute, used.Live(at), used.Forgotten(at))
		}
	}
	if ended := one.End(grant.WhySignedOut, now.Add(time.Minute)); !ended.Forgotten(now.Add(time.Minute)) {
		t.Error("an ended one is kept")
	}
	// It has no refresh token: nothing that could be presented rotates it.
	for _, secret := range []string{"", "x", "lyd_ref_" + one.ID + "_xxxxxxxxxxxxxxxxxxxx"} {
		if _, _, err := s.Refresh(t.Context(), grant.RefreshToken(secret), "hub"); !errors.Is(err, grant.ErrInvalid) {
			t.Errorf("%q: %v", secret, err)
		}
	}
	if _, err := s.Live(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	now = now.Add(10 * time.Minute)
	if err := db.Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Live(t.Context(), one.ID); !errors.Is(err, grant.ErrNotFound) {
		t.Errorf("after its end: %v", err)
	}
}

// Only what a person showed themselves is personal; what is not known is not.
func TestPersonalSessions(t *testing.T) {
	for from, want := range map[grant.From]bool{
		grant.FromPerson: true, grant.FromPassword: true, grant.FromToken: false, "a later version's": false,
	} {
		if got := (grant.Session{From: from}).Personal(); got != want {
			t.Errorf("%q: %v", from, got)
		}
	}
}

// An account ends its own, whatever it names.
func TestEndOf(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := &grant.Service{Store: memstore.New(), Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: func() time.Time { return at }}
	one, err := s.BeginDirect(t.Context(), grant.Direct{Account: "alice", From: grant.FromPassword})
	if err != nil {
		t.Fatal(err)
	}
	for account, id := range map[string]string{"bob": one.ID, "alice": "none", "": one.ID} {
		if err := s.EndOf(t.Context(), account, id, grant.WhySignedOut); !errors.Is(err, grant.ErrNotFound) {
			t.Errorf("%q, %q: %v", account, id, err)
		}
	}
	if _, err := s.Live(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := s.EndOf(t.Context(), "alice", one.ID, grant.WhySignedOut); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Live(t.Context(), one.ID); !errors.Is(err, grant.ErrEnded) {
		t.Error(err)
	}
}
