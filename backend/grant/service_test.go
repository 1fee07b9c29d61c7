package grant_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/store/memstore"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A desk is a service over a store whose writes can be made to fail.
type desk struct {
	*testing.T
	*grant.Service
	store *failing
	now   time.Time
}

type failing struct {
	*memstore.DB
	mu     sync.Mutex
	broken error // from ChangeSession and UseSessions
}

func (f *failing) fails() error { f.mu.Lock(); defer f.mu.Unlock(); return f.broken }

func (f *failing) ChangeSession(ctx context.Context, id string, fn func(grant.Session) (grant.Session, error)) error {
	return f.DB.ChangeSession(ctx, id, func(s grant.Session) (grant.Session, error) {
		s, err := fn(s)
		return s, errors.Join(err, f.fails())
	})
}

func (f *failing) UseSessions(ctx context.Context, uses []grant.Use) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.DB.UseSessions(ctx, uses)
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, store: &failing{DB: memstore.New()}, now: noon}
	d.Service = &grant.Service{
		Store: d.store, Key: []byte("0123456789abcdef0123456789abcdef"), Limits: grant.DefaultLimits(),
		Now: func() time.Time { return d.now },
	}
	return d
}

func (d *desk) want(err, want error) {
	d.Helper()
	if !errors.Is(err, want) {
		d.Errorf("got %v, want %v", err, want)
	}
}

// coded is a request that alice approved in its browser, with the code "code".
func (d *desk) coded() {
	d.Helper()
	r, err := d.Begin(d.Context(), grant.Request{Client: "lanyard", Browser: sha256.Sum256([]byte("cookie"))})
	if err == nil {
		err = d.Decide(d.Context(), r.ID, "cookie", "alice", d.now)
	}
	if err == nil {
		err = d.SetCode(d.Context(), r.ID, "code")
	}
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) session() (grant.Session, grant.RefreshToken) {
	d.Helper()
	d.coded()
	s, token, err := d.Redeem(d.Context(), "code", grant.Origin{Addr: "192.0.2.1", Agent: "a test"})
	if err != nil {
		d.Fatal(err)
	}
	return s, token
}

func TestDecide(t *testing.T) {
	d := newDesk(t)
	r, err := d.Begin(t.Context(), grant.Request{Browser: sha256.Sum256([]byte("cookie"))})
	if err != nil {
		t.Fatal(err)
	}
	d.want(d.Decide(t.Context(), r.ID, "another", "mallory", noon), grant.ErrDenied)
	d.want(d.Decide(t.Context(), r.ID, "", "mallory", noon), grant.ErrDenied)
	d.want(d.Decide(t.Context(), "unknown", "cookie", "alice", noon), grant.ErrNotFound)
	_, err = d.Request(t.Context(), r.ID, "another")
	d.want(err, grant.ErrDenied)
	d.want(d.Decide(t.Context(), r.ID, "cookie", "alice", noon), nil)
	d.want(d.Decide(t.Context(), r.ID, "cookie", "mallory", noon), grant.ErrUsed)
	d.want(d.Decide(t.Context(), r.ID, "cookie", "", noon), grant.ErrUsed)
	kept, err := d.Request(t.Context(), r.ID, "cookie")
	if err != nil || !kept.Approved() || kept.Account != "alice" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	d.want(d.SetCode(t.Context(), r.ID, "one"), nil)
	d.want(d.SetCode(t.Context(), r.ID, "two"), grant.ErrUsed)
	d.now = noon.Add(30 * time.Minute)
	_, err = d.Request(t.Context(), r.ID, "cookie")
	d.want(err, grant.ErrExpired)
	late, err := d.Begin(t.Context(), grant.Request{Browser: sha256.Sum256([]byte("cookie"))})
	d.want(err, nil)
	d.now = d.now.Add(30 * time.Minute)
	d.want(d.Decide(t.Context(), late.ID, "cookie", "alice", d.now), grant.ErrExpired)
}

func TestRedeem(t *testing.T) {
	d := newDesk(t)
	s, token := d.session()
	if s.Account != "alice" || s.Addr != "192.0.2.1" || !s.EndsAt.Equal(noon.Add(90*day)) || s.Idle != 30*day || s.Refresh.Generation != 1 {
		t.Errorf("session %+v", s)
	}
	family, _, ok := token.Family()
	if !ok || family != s.ID {
		t.Errorf("token of family %q, session %q", family, s.ID)
	}
	_, _, err := d.Redeem(t.Context(), "unknown", grant.Origin{})
	d.want(err, grant.ErrNotFound)
}

// A7: the second time ends what came of the first.
func TestRedeemTwiceEndsTheSession(t *testing.T) {
	d := newDesk(t)
	s, token := d.session()
	d.now = noon.Add(5 * time.Minute) // the code is past its time, its reuse is not
	_, again, err := d.Redeem(t.Context(), "code", grant.Origin{})
	d.want(err, grant.ErrUsed)
	if again != "" {
		t.Error("a second token")
	}
	over, err := d.Live(t.Context(), s.ID)
	d.want(err, grant.ErrEnded)
	if over.Why != grant.WhyCodeReuse {
		t.Errorf("ended: %q", over.Why)
	}
	_, _, err = d.Refresh(t.Context(), token, "lanyard")
	d.want(err, grant.ErrEnded)
}

// B9: what could not be written must not be told as done.
func TestReuseThatCouldNotBeNoted(t *testing.T) {
	full := errors.New("disk full")
	t.Run("of a code", func(t *testing.T) {
		d := newDesk(t)
		s, _ := d.session()
		d.store.broken = full
		_, _, err := d.Redeem(t.Context(), "code", grant.Origin{})
		if d.want(err, full); errors.Is(err, grant.ErrUsed) {
			t.Error("told as a reuse that ended the session")
		}
		d.store.broken = nil
		if _, err := d.Live(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Redeem(t.Context(), "code", grant.Origin{})
		d.want(err, grant.ErrUsed)
	})
	t.Run("of a refresh token", func(t *testing.T) {
		d := newDesk(t)
		_, first := d.session()
		_, _, err := d.Refresh(t.Context(), first, "lanyard")
		d.want(err, nil)
		d.now = noon.Add(day)
		d.store.broken = full
		_, _, err = d.Refresh(t.Context(), first, "lanyard")
		if d.want(err, full); errors.Is(err, grant.ErrUsed) {
			t.Error("told as a reuse that ended the session")
		}
	})
	t.Run("sign-out", func(t *testing.T) {
		d := newDesk(t)
		s, _ := d.session()
		d.store.broken = full
		d.want(d.End(t.Context(), s.ID, grant.WhySignedOut), full)
		d.want(d.Used(t.Context(), s, 1), full) // the first use, which claims it
	})
}

func TestRefresh(t *testing.T) {
	d := newDesk(t)
	s, first := d.session()
	_, _, err := d.Refresh(t.Context(), first, "another client")
	d.want(err, grant.ErrInvalid)
	_, _, err = d.Refresh(t.Context(), "lyd_ref_unknown_0123456789abcdef", "lanyard")
	d.want(err, grant.ErrNotFound)
	next, second, err := d.Refresh(t.Context(), first, "lanyard")
	if err != nil || next.ID != s.ID || next.Refresh.Generation != 2 || second == first {
		t.Errorf("session %+v, %v", next, err)
	}
	for _, token := range []grant.RefreshToken{first, second} {
		if owner, err := d.Owner(t.Context(), token); err != nil || owner.ID != s.ID {
			t.Errorf("owner %+v, %v", owner, err)
		}
	}
	_, err = d.Owner(t.Context(), first+"A")
	d.want(err, grant.ErrInvalid)
	_, err = d.Owner(t.Context(), "x")
	d.want(err, grant.ErrInvalid)
}

// B2: 50 at once, each a winner, no fork.
func TestRefreshesAtOnce(t *testing.T) {
	d := newDesk(t)
	_, first := d.session()
	var wg sync.WaitGroup
	got := make([]grant.RefreshToken, 50)
	for i := range got {
		wg.Go(func() {
			var err error
			if _, got[i], err = d.Refresh(t.Context(), first, "lanyard"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, token := range got {
		if token != got[0] {
			t.Fatal("the family forked")
		}
	}
}

// A use that is not written yet counts already: for idling and for reuse.
func TestUsesCountBeforeTheyAreWritten(t *testing.T) {
	d := newDesk(t)
	s, first := d.session()
	d.want(d.Used(t.Context(), s, 1), nil) // claimed, written at once
	if kept, err := d.store.Session(t.Context(), s.ID); err != nil || !kept.LastUsed.Equal(noon) {
		t.Errorf("the claim is not written: %+v, %v", kept, err)
	}
	s, _, err := d.Refresh(t.Context(), first, "lanyard")
	d.want(err, nil)
	d.now = noon.Add(2 * time.Minute)
	d.want(d.Used(t.Context(), s, 2), nil)
	if kept, _ := d.store.Session(t.Context(), s.ID); kept.Refresh.CurrentUsed || kept.LastUsed.Equal(d.now) {
		t.Error("a use cost a write")
	}
	_, _, err = d.Refresh(t.Context(), first, "lanyard")
	d.want(err, grant.ErrUsed)
	if _, err := d.Live(t.Context(), s.ID); !errors.Is(err, grant.ErrEnded) {
		t.Errorf("got %v", err)
	}
}

func TestFlush(t *testing.T) {
	d := newDesk(t)
	s, _ := d.session()
	d.want(d.Used(t.Context(), s, 1), nil)
	s, err := d.Live(t.Context(), s.ID)
	d.want(err, nil)
	d.now = noon.Add(time.Hour)
	d.want(d.Used(t.Context(), s, 1), nil)
	d.want(d.Used(t.Context(), s, 0), nil) // by its registry token: does not hide the generation
	d.store.broken = errors.New("disk full")
	d.want(d.Flush(t.Context()), d.store.broken)
	d.store.broken = nil
	d.want(d.Flush(t.Context()), nil) // what failed is not forgotten
	kept, err := d.store.Session(t.Context(), s.ID)
	if err != nil || !kept.LastUsed.Equal(d.now) || !kept.Refresh.CurrentUsed {
		t.Errorf("kept %+v, %v", kept, err)
	}
	all, err := d.Of(t.Context(), "alice")
	if err != nil || len(all) != 1 || !all[0].LastUsed.Equal(d.now) {
		t.Errorf("listed %+v, %v", all, err)
	}
}

func TestEnd(t *testing.T) {
	d := newDesk(t)
	s, token := d.session()
	d.want(d.End(t.Context(), s.ID, grant.WhySignedOut), nil)
	d.want(d.End(t.Context(), s.ID, grant.WhyReuse), nil)
	d.want(d.End(t.Context(), "unknown", grant.WhySignedOut), nil)
	over, err := d.Live(t.Context(), s.ID)
	if d.want(err, grant.ErrEnded); over.Why != grant.WhySignedOut {
		t.Errorf("ended: %q", over.Why)
	}
	_, _, err = d.Refresh(t.Context(), token, "lanyard")
	d.want(err, grant.ErrEnded)
	_, err = d.Live(t.Context(), "unknown")
	d.want(err, grant.ErrNotFound)
}

func TestDevice(t *testing.T) {
	begin := func(t *testing.T) (*desk, grant.Device) {
		d := newDesk(t)
		one, err := d.BeginDevice(t.Context(), grant.Device{ID: grant.DeviceID("code"), Client: "lanyard"})
		if err != nil || !one.ExpiresAt.Equal(noon.Add(15*time.Minute)) {
			t.Fatalf("%+v, %v", one, err)
		}
		_, err = d.DeviceOf(t.Context(), "code")
		d.want(err, grant.ErrPending)
		return d, one
	}
	t.Run("approved", func(t *testing.T) {
		d, one := begin(t)
		found, err := d.DeviceFor(t.Context(), grant.ShownUserCode(one.UserCode))
		if err != nil || found.ID != one.ID {
			t.Errorf("found %+v, %v", found, err)
		}
		d.want(d.DecideDevice(t.Context(), one.ID, "alice", noon), nil)
		d.want(d.DecideDevice(t.Context(), one.ID, "", noon), grant.ErrUsed)
		_, err = d.DeviceFor(t.Context(), one.UserCode)
		d.want(err, grant.ErrUsed)
		_, _, err = d.RedeemDevice(t.Context(), "code", "another", grant.Origin{})
		d.want(err, grant.ErrNotFound)
		s, _, err := d.RedeemDevice(t.Context(), "code", "lanyard", grant.Origin{})
		if err != nil || s.Account != "alice" {
			t.Errorf("session %+v, %v", s, err)
		}
		_, _, err = d.RedeemDevice(t.Context(), "code", "lanyard", grant.Origin{})
		d.want(err, grant.ErrUsed)
		if _, err := d.Live(t.Context(), s.ID); err != nil {
			t.Errorf("a second poll cost the session: %v", err)
		}
	})
	t.Run("denied", func(t *testing.T) {
		d, one := begin(t)
		d.want(d.DecideDevice(t.Context(), one.ID, "", noon), nil)
		_, _, err := d.RedeemDevice(t.Context(), "code", "lanyard", grant.Origin{})
		d.want(err, grant.ErrDenied)
	})
	t.Run("expired", func(t *testing.T) {
		d, one := begin(t)
		d.now = one.ExpiresAt
		_, err := d.DeviceFor(t.Context(), one.UserCode)
		d.want(err, grant.ErrExpired)
		d.want(d.DecideDevice(t.Context(), one.ID, "alice", d.now), grant.ErrExpired)
		_, err = d.DeviceOf(t.Context(), "code")
		d.want(err, grant.ErrExpired)
	})
	t.Run("unknown", func(t *testing.T) {
		d, _ := begin(t)
		for _, typed := range []string{"BBBB-BBBB", "", "nonsense"} {
			_, err := d.DeviceFor(t.Context(), typed)
			d.want(err, grant.ErrNotFound)
		}
		_, err := d.DeviceOf(t.Context(), "another")
		d.want(err, grant.ErrNotFound)
	})
}

// With the machine's own clock, as the programs have it.
func TestNinetyDaysByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.now, d.Now = time.Now(), nil
		s, token := d.session()
		for range 89 {
			if err := d.Used(t.Context(), s, 0); err != nil {
				t.Fatal(err)
			}
			<-time.After(day)
			var err error
			if s, token, err = d.Refresh(t.Context(), token, "lanyard"); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(day)
		_, _, err := d.Refresh(t.Context(), token, "lanyard")
		d.want(err, grant.ErrEnded)
	})
}
