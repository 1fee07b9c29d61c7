package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

const crowd = 50

var requestTests = map[string]func(t *testing.T, s Store){
	"every field is kept": func(t *testing.T, s Store) {
		want := request("r")
		want.Denied, want.Session = true, "s"
		must(t, s.Put(t.Context(), want))
		got, err := s.Request(t.Context(), "r")
		must(t, err)
		same(t, "request", got, want)
		got, err = s.RequestByCode(t.Context(), want.Code)
		must(t, err)
		same(t, "request by code", got, want)
	},
	"unknown": func(t *testing.T, s Store) {
		bare := request("r")
		bare.Code = [32]byte{}
		must(t, s.Put(t.Context(), bare))
		_, err := s.Request(t.Context(), "x")
		wantErr(t, err, grant.ErrNotFound)
		_, err = s.RequestByCode(t.Context(), token.Hash("x"))
		wantErr(t, err, grant.ErrNotFound)
		_, err = s.RequestByCode(t.Context(), [32]byte{}) // no code yet is no code
		wantErr(t, err, grant.ErrNotFound)
		wantErr(t, s.ChangeRequest(t.Context(), "x", sameRequest), grant.ErrNotFound)
		wantErr(t, s.RedeemRequest(t.Context(), [32]byte{}, nil), grant.ErrNotFound)
		wantErr(t, s.RedeemRequest(t.Context(), token.Hash("x"), nil), grant.ErrNotFound)
	},
	"change": func(t *testing.T, s Store) {
		want := request("r")
		old := want.Code
		must(t, s.Put(t.Context(), want))
		want.Code = token.Hash("new code")
		must(t, s.ChangeRequest(t.Context(), "r", func(r grant.Request) (grant.Request, error) {
			r.Code = want.Code
			return r, nil
		}))
		_, err := s.RequestByCode(t.Context(), old)
		wantErr(t, err, grant.ErrNotFound)
		got, err := s.RequestByCode(t.Context(), want.Code)
		must(t, err)
		same(t, "by the new code", got, want)

		wantErr(t, s.ChangeRequest(t.Context(), "r", func(r grant.Request) (grant.Request, error) {
			r.Account, r.Scopes[0] = "mallory", "spoilt"
			return r, errNo
		}), errNo)
		if err := s.ChangeRequest(t.Context(), "r", func(r grant.Request) (grant.Request, error) { r.ID = "other"; return r, nil }); err == nil {
			t.Error("a request changed its id")
		}
		got, err = s.Request(t.Context(), "r")
		must(t, err)
		same(t, "after fn's no", got, want)
	},
	"a code is one request's": func(t *testing.T, s Store) {
		one, two := request("1"), request("2")
		two.Code = one.Code
		must(t, s.Put(t.Context(), one))
		if err := s.Put(t.Context(), two); err == nil {
			t.Error("two requests have one code")
		}
		got, err := s.RequestByCode(t.Context(), one.Code)
		must(t, err)
		same(t, "by code", got, one)
		_, err = s.Request(t.Context(), "2")
		wantErr(t, err, grant.ErrNotFound)
	},
	"redeem keeps both or neither": func(t *testing.T, s Store) {
		r := request("r")
		must(t, s.Put(t.Context(), r))
		wantErr(t, s.RedeemRequest(t.Context(), r.Code, func(r grant.Request) (grant.Request, grant.Session, error) {
			r.Session = "s"
			return r, session("s", "owner"), errNo
		}), errNo)
		_, err := s.Session(t.Context(), "s")
		wantErr(t, err, grant.ErrNotFound)
		must(t, s.RedeemRequest(t.Context(), r.Code, func(got grant.Request) (grant.Request, grant.Session, error) {
			same(t, "request in redeem", got, r)
			got.Denied = true
			return got, grant.Session{}, nil // no session
		}))
		of, err := s.SessionsOf(t.Context(), "owner")
		must(t, err)
		if len(of) != 0 {
			t.Errorf("a session without id was kept: %v", of)
		}
		r.Denied = true
		must(t, s.RedeemRequest(t.Context(), r.Code, func(got grant.Request) (grant.Request, grant.Session, error) {
			same(t, "request in redeem", got, r)
			got.Session = "s"
			return got, session("s", "owner"), nil
		}))
		one, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", one, session("s", "owner"))
		r.Session = "s"
		got, err := s.Request(t.Context(), "r")
		must(t, err)
		same(t, "request", got, r)
	},
	"a session is born once": func(t *testing.T, s Store) {
		begin(t, s, session("s", "owner"))
		r := request("r")
		must(t, s.Put(t.Context(), r))
		if err := s.RedeemRequest(t.Context(), r.Code, func(r grant.Request) (grant.Request, grant.Session, error) {
			r.Session = "s"
			return r, session("s", "mallory"), nil
		}); err == nil {
			t.Error("a session was born over another")
		}
		one, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", one, session("s", "owner"))
		got, err := s.Request(t.Context(), "r")
		must(t, err)
		same(t, "request", got, r)
	},
	"50 at once redeem a code, one wins": func(t *testing.T, s Store) {
		service := &grant.Service{Store: s, Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: still}
		r, err := service.Begin(t.Context(), grant.Request{Client: "cli", Browser: token.Hash("b")})
		must(t, err)
		must(t, service.Decide(t.Context(), r.ID, "b", "owner", dawn))
		must(t, service.SetCode(t.Context(), r.ID, "code"))
		errs := atOnce(crowd, func(int) error {
			_, _, err := service.Redeem(context.Background(), "code", grant.Origin{})
			return err
		})
		exactlyOne(t, errs, grant.ErrUsed)
		of, err := s.SessionsOf(t.Context(), "owner")
		must(t, err)
		if len(of) != 1 || of[0].Why != grant.WhyCodeReuse {
			t.Errorf("%d sessions, want the one of the winner, ended by the reuse: %+v", len(of), of)
		}
	},
}

var deviceTests = map[string]func(t *testing.T, s Store){
	"every field is kept": func(t *testing.T, s Store) {
		want := device("d", "BCDFGHJK")
		want.Denied, want.Session = true, "s"
		must(t, s.PutDevice(t.Context(), want))
		got, err := s.Device(t.Context(), want.ID)
		must(t, err)
		same(t, "device", got, want)
		got, err = s.DeviceByUserCode(t.Context(), want.UserCode)
		must(t, err)
		same(t, "device by user code", got, want)
	},
	"unknown": func(t *testing.T, s Store) {
		_, err := s.Device(t.Context(), token.Hash("x"))
		wantErr(t, err, grant.ErrNotFound)
		_, err = s.DeviceByUserCode(t.Context(), "BCDFGHJK")
		wantErr(t, err, grant.ErrNotFound)
		_, err = s.DeviceByUserCode(t.Context(), "")
		wantErr(t, err, grant.ErrNotFound)
		wantErr(t, s.ChangeDevice(t.Context(), token.Hash("x"), sameDevice), grant.ErrNotFound)
		wantErr(t, s.RedeemDevice(t.Context(), token.Hash("x"), nil), grant.ErrNotFound)
	},
	"a user code is one device's": func(t *testing.T, s Store) {
		errs := atOnce(crowd, func(i int) error {
			return s.PutDevice(context.Background(), device(numbered("d", i), "BCDFGHJK"))
		})
		exactlyOne(t, errs, grant.ErrUsed)
		won := slices.Index(errs, nil)
		got, err := s.DeviceByUserCode(t.Context(), "BCDFGHJK")
		must(t, err)
		same(t, "device", got, device(numbered("d", won), "BCDFGHJK"))
		_, err = s.Device(t.Context(), token.Hash(numbered("d", (won+1)%crowd)))
		wantErr(t, err, grant.ErrNotFound)
		wantErr(t, s.PutDevice(t.Context(), device(numbered("d", won), "LMNPQRST")), grant.ErrUsed) // nor is a device put twice
	},
	"change": func(t *testing.T, s Store) {
		want := device("d", "BCDFGHJK")
		must(t, s.PutDevice(t.Context(), want))
		must(t, s.ChangeDevice(t.Context(), want.ID, func(d grant.Device) (grant.Device, error) {
			d.Denied = true
			return d, nil
		}))
		want.Denied = true
		wantErr(t, s.ChangeDevice(t.Context(), want.ID, func(d grant.Device) (grant.Device, error) {
			d.Account, d.Scopes[0] = "mallory", "spoilt"
			return d, errNo
		}), errNo)
		if err := s.ChangeDevice(t.Context(), want.ID, func(d grant.Device) (grant.Device, error) { d.ID[0]++; return d, nil }); err == nil {
			t.Error("a device changed its id")
		}
		got, err := s.Device(t.Context(), want.ID)
		must(t, err)
		same(t, "device", got, want)
	},
	"redeem keeps both or neither": func(t *testing.T, s Store) {
		want := device("d", "BCDFGHJK")
		must(t, s.PutDevice(t.Context(), want))
		redeem := func(with error) error {
			return s.RedeemDevice(t.Context(), want.ID, func(d grant.Device) (grant.Device, grant.Session, error) {
				d.Session = "s"
				return d, session("s", "owner"), with
			})
		}
		wantErr(t, redeem(errNo), errNo)
		got, err := s.Device(t.Context(), want.ID)
		must(t, err)
		same(t, "device", got, want)
		_, err = s.Session(t.Context(), "s")
		wantErr(t, err, grant.ErrNotFound)
		must(t, redeem(nil))
		one, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", one, session("s", "owner"))
		want.Session = "s"
		got, err = s.Device(t.Context(), want.ID)
		must(t, err)
		same(t, "device", got, want)
	},
	"50 polls at once redeem a device, one wins": func(t *testing.T, s Store) {
		service := &grant.Service{Store: s, Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: still}
		d, err := service.BeginDevice(t.Context(), grant.Device{ID: grant.DeviceID("code"), Client: "cli"})
		must(t, err)
		must(t, service.DecideDevice(t.Context(), d.ID, "owner", dawn))
		errs := atOnce(crowd, func(int) error {
			_, _, err := service.RedeemDevice(context.Background(), "code", "cli", grant.Origin{})
			return err
		})
		exactlyOne(t, errs, grant.ErrUsed)
		of, err := s.SessionsOf(t.Context(), "owner")
		must(t, err)
		if len(of) != 1 {
			t.Errorf("%d sessions of one device", len(of))
		}
	},
}

var sessionTests = map[string]func(t *testing.T, s Store){
	"every field is kept": func(t *testing.T, s Store) {
		want := session("s", "owner").End("why", after(3))
		want.LastUsed = after(2)
		begin(t, s, want)
		got, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", got, want)
	},
	"unknown": func(t *testing.T, s Store) {
		_, err := s.Session(t.Context(), "x")
		wantErr(t, err, grant.ErrNotFound)
		wantErr(t, s.ChangeSession(t.Context(), "x", sameSession), grant.ErrNotFound)
		of, err := s.SessionsOf(t.Context(), "x")
		must(t, err)
		if len(of) != 0 {
			t.Errorf("sessions of nobody: %v", of)
		}
	},
	"direct logins": func(t *testing.T, s Store) {
		want := direct("s", "owner")
		must(t, s.PutSession(t.Context(), want))
		got, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", got, want)
		of, err := s.SessionsOf(t.Context(), "owner")
		must(t, err)
		same(t, "sessions of the account", of, []grant.Session{want})
		other := direct("s", "mallory")
		wantErr(t, s.PutSession(t.Context(), other), grant.ErrUsed)
		for name, spoil := range map[string]func(*grant.Session){
			"id":      func(one *grant.Session) { one.ID = "" },
			"account": func(one *grant.Session) { one.Account = "" },
		} {
			one := direct("new", "owner")
			spoil(&one)
			if err := s.PutSession(t.Context(), one); err == nil {
				t.Errorf("a session without %s was kept", name)
			}
		}
		got, err = s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session after refusals", got, want)
	},
	"those of an account and no other's": func(t *testing.T, s Store) {
		for _, of := range []string{"a", "aa", "b"} {
			for _, n := range []string{"1", "2"} {
				begin(t, s, session(of+n, of))
			}
		}
		for _, of := range []string{"a", "aa", "b"} {
			got, err := s.SessionsOf(t.Context(), of)
			must(t, err)
			slices.SortFunc(got, func(a, b grant.Session) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
			same(t, of, got, []grant.Session{session(of+"1", of), session(of+"2", of)})
		}
	},
	"change": func(t *testing.T, s Store) {
		begin(t, s, session("s", "owner"))
		want := session("s", "owner").End("why", after(3))
		must(t, s.ChangeSession(t.Context(), "s", func(one grant.Session) (grant.Session, error) { return one.End("why", after(3)), nil }))
		wantErr(t, s.ChangeSession(t.Context(), "s", func(one grant.Session) (grant.Session, error) {
			one.Client, one.Scopes[0] = "mallory", "spoilt"
			return one, errNo
		}), errNo)
		for name, spoil := range map[string]func(*grant.Session){
			"id":      func(one *grant.Session) { one.ID = "other" },
			"account": func(one *grant.Session) { one.Account = "mallory" },
		} {
			if err := s.ChangeSession(t.Context(), "s", func(one grant.Session) (grant.Session, error) { spoil(&one); return one, nil }); err == nil {
				t.Errorf("a session changed its %s", name)
			}
		}
		got, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", got, want)
	},
	"uses": func(t *testing.T, s Store) {
		for _, id := range []string{"used", "late", "twice", "ended", "unused"} {
			begin(t, s, session(id, "owner"))
		}
		must(t, s.ChangeSession(t.Context(), "ended", func(one grant.Session) (grant.Session, error) { return one.End("why", after(1)), nil }))
		uses := []grant.Use{
			{Session: "used", Generation: 1, At: after(5)}, {Session: "late", At: after(11)}, {Session: "gone", At: after(5)},
			{Session: "twice", At: after(6)}, {Session: "twice", At: after(4)}, {Session: "ended", At: after(2)},
		}
		want := map[string]grant.Session{}
		for _, id := range []string{"used", "late", "twice", "ended", "unused"} {
			one, err := s.Session(t.Context(), id)
			must(t, err)
			want[id] = one
		}
		for _, u := range uses {
			if one, ok := want[u.Session]; ok {
				want[u.Session] = one.Use(u.Generation, u.At)
			}
		}
		must(t, s.UseSessions(t.Context(), uses))
		for id, one := range want {
			got, err := s.Session(t.Context(), id)
			must(t, err)
			same(t, id, got, one)
		}
		if used, late := want["used"].LastUsed, want["late"].LastUsed; !used.Equal(after(5)) || !late.IsZero() {
			t.Errorf("used %v, late %v", used, late)
		}
	},
	"50 present one refresh token at once and get one successor": func(t *testing.T, s Store) {
		service := &grant.Service{Store: s, Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: still}
		r, err := service.Begin(t.Context(), grant.Request{Client: "cli", Browser: token.Hash("b")})
		must(t, err)
		must(t, service.Decide(t.Context(), r.ID, "b", "owner", dawn))
		must(t, service.SetCode(t.Context(), r.ID, "code"))
		_, first, err := service.Redeem(t.Context(), "code", grant.Origin{})
		must(t, err)
		got := make([]grant.RefreshToken, crowd)
		failures, err := failed(atOnce(crowd, func(i int) (err error) {
			_, got[i], err = service.Refresh(context.Background(), first, "cli")
			return err
		}))
		if failures != 0 {
			t.Fatalf("%d refused, the first: %v", failures, err)
		}
		for _, next := range got {
			if next.Reveal() != got[0].Reveal() {
				t.Fatal("two successors of one refresh token")
			}
		}
	},
}

func sameRequest(r grant.Request) (grant.Request, error) { return r, nil }
func sameDevice(d grant.Device) (grant.Device, error)    { return d, nil }
func sameSession(s grant.Session) (grant.Session, error) { return s, nil }

// exactlyOne wants one success and otherwise only refusal.
func exactlyOne(t *testing.T, errs []error, refusal error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, refusal):
			t.Errorf("refused with %v, want %v", err, refusal)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won, want exactly one", won, len(errs))
	}
}

// direct is the session of a login without a browser: no refresh token, ten
// minutes from dawn.
func direct(id, owner string) grant.Session {
	return grant.Session{
		ID: id, Account: owner, Client: "hub", Scopes: []string{"repo:read"}, Audience: []string{"a"},
		CreatedAt: dawn, AuthTime: dawn, EndsAt: after(10), Idle: 10 * time.Minute, ClaimBy: after(10), LastUsed: dawn,
		Addr: "192.0.2.1", Agent: "hub-tool", From: grant.FromToken, Token: "of the owner",
	}
}
