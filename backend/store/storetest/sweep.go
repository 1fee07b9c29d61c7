package storetest

import (
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

const day = 24 * time.Hour

var sweepTests = map[string]func(t *testing.T, s Store){
	"nothing to do": func(t *testing.T, s Store) {
		must(t, s.Sweep(t.Context(), dawn))
	},
	"requests go by their own rule": func(t *testing.T, s Store) {
		waiting, spent := request("waiting"), request("spent")
		spent.Session = "s"
		for _, r := range []grant.Request{waiting, spent} {
			must(t, s.Put(t.Context(), r))
		}
		everyMinute(t, s, dawn, 26*time.Hour, func(now time.Time) {
			for _, r := range []grant.Request{waiting, spent} {
				_, err := s.Request(t.Context(), r.ID)
				_, byCode := s.RequestByCode(t.Context(), r.Code)
				there(t, "request "+r.ID, err, byCode, now, r.Forgotten, grant.ErrNotFound)
			}
		})
	},
	"devices go by their own rule, and free their user code": func(t *testing.T, s Store) {
		d := device("d", "BCDFGHJK")
		must(t, s.PutDevice(t.Context(), d))
		everyMinute(t, s, dawn, 27*time.Hour, func(now time.Time) {
			_, err := s.Device(t.Context(), d.ID)
			_, byCode := s.DeviceByUserCode(t.Context(), d.UserCode)
			there(t, "device", err, byCode, now, d.Forgotten, grant.ErrNotFound)
		})
		must(t, s.PutDevice(t.Context(), device("e", "BCDFGHJK")))
	},
	"sessions go a month after their end": func(t *testing.T, s Store) {
		ended := session("ended", "a").End("why", after(5))
		for _, one := range []grant.Session{session("unclaimed", "a"), session("used", "a"), session("ended", "a")} {
			begin(t, s, one)
		}
		must(t, s.ChangeSession(t.Context(), "ended", func(grant.Session) (grant.Session, error) { return ended, nil }))
		must(t, s.UseSessions(t.Context(), []grant.Use{{Session: "used", At: after(5)}}))
		var now time.Time
		for now = dawn; now.Before(dawn.Add(70 * day)); now = now.Add(6 * time.Hour) {
			must(t, s.Sweep(t.Context(), now))
			of, err := s.SessionsOf(t.Context(), "a")
			must(t, err)
			listed := map[string]bool{}
			for _, one := range of {
				listed[one.ID] = true
			}
			for id, one := range map[string]grant.Session{"unclaimed": session("", "a"), "used": session("", "a").Use(0, after(5)), "ended": ended} {
				_, err := s.Session(t.Context(), id)
				var list error
				if !listed[id] {
					list = grant.ErrNotFound
				}
				there(t, "session "+id, err, list, now, one.Forgotten, grant.ErrNotFound)
			}
		}
	},
	"direct logins go as soon as they are over": func(t *testing.T, s Store) {
		for _, id := range []string{"over", "ended"} {
			must(t, s.PutSession(t.Context(), direct(id, "a")))
		}
		must(t, s.UseSessions(t.Context(), []grant.Use{{Session: "over", At: after(5)}}))
		must(t, s.ChangeSession(t.Context(), "ended", func(one grant.Session) (grant.Session, error) { return one.End("why", after(3)), nil }))
		for _, c := range []struct {
			minute int
			left   []string
		}{{4, []string{"over"}}, {9, []string{"over"}}, {10, nil}} {
			must(t, s.Sweep(t.Context(), after(c.minute)))
			of, err := s.SessionsOf(t.Context(), "a")
			must(t, err)
			var ids []string
			for _, one := range of {
				ids = append(ids, one.ID)
			}
			same(t, numbered("sessions in minute", c.minute), ids, c.left)
		}
	},
	"browser sessions go at their end": func(t *testing.T, s Store) {
		found := func(id string) bool {
			_, _, found, err := s.BrowserSession(t.Context(), id)
			must(t, err)
			return found
		}
		must(t, s.PutBrowserSession(t.Context(), "early", []byte("x"), after(1)))
		must(t, s.PutBrowserSession(t.Context(), "late", []byte("x"), after(1)))
		must(t, s.PutBrowserSession(t.Context(), "late", []byte("x"), after(3)))
		must(t, s.PutBrowserSession(t.Context(), "nearer", []byte("x"), after(9)))
		must(t, s.PutBrowserSession(t.Context(), "nearer", []byte("x"), after(2)))
		for minute := range 5 {
			must(t, s.Sweep(t.Context(), after(minute)))
			for id, until := range map[string]int{"early": 1, "late": 3, "nearer": 2} {
				if got, want := found(id), minute < until; got != want {
					t.Errorf("minute %d: %s is there: %v", minute, id, got)
				}
			}
		}
	},
	"generated tokens go with their session, no others": func(t *testing.T, s Store) {
		for _, id := range []string{"ended", "idle", "live", "unclaimed"} {
			begin(t, s, session(id, "a"))
		}
		expired := byHand("a", "by hand, expired", dawn)
		expired.ExpiresAt = after(1)
		pinned := generated("a", "of ended", "ended", after(1))
		hold(t, s, "a", pinned, generated("a", "of idle", "idle", after(2)), generated("a", "of live", "live", after(3)),
			generated("a", "of unclaimed", "unclaimed", after(4)), generated("a", "of nothing", "nothing", after(5)), expired)
		hold(t, s, "b", byHand("b", "b's", dawn))
		must(t, s.UseSessions(t.Context(), []grant.Use{{Session: "ended", At: after(5)}, {Session: "idle", At: after(5)}, {Session: "live", At: after(5)}}))
		must(t, s.UseSessions(t.Context(), []grant.Use{{Session: "live", At: after(20 * 24 * 60)}}))
		for _, step := range []struct {
			now  time.Time
			want []string
		}{
			{after(5), []string{"by hand, expired", "of ended", "of idle", "of live", "of unclaimed"}},
			{after(8), []string{"by hand, expired", "of idle", "of live", "of unclaimed"}},
			{after(10), []string{"by hand, expired", "of idle", "of live"}},
			{dawn.Add(29 * day), []string{"by hand, expired", "of idle", "of live"}},
			{dawn.Add(31 * day), []string{"by hand, expired", "of live"}},
			{dawn.Add(51 * day), []string{"by hand, expired"}},
			{dawn.Add(200 * day), []string{"by hand, expired"}},
		} {
			if step.now.Equal(after(8)) {
				must(t, s.ChangeSession(t.Context(), "ended", func(one grant.Session) (grant.Session, error) { return one.End("test", after(7)), nil }))
			}
			must(t, s.Sweep(t.Context(), step.now))
			same(t, "tokens at "+step.now.String(), idsOf(held(t, s, "a")), step.want)
			_, err := s.ByHash(t.Context(), token.Hash("secret of of ended"))
			if gone := step.now.After(after(7)); gone != (err != nil) {
				t.Errorf("secret of the ended session at %v: %v", step.now, err)
			}
		}
		same(t, "b", idsOf(held(t, s, "b")), []string{"b's"})
		for _, lost := range held(t, s, "a").Losses {
			if lost.Fate != token.Swept {
				t.Errorf("%s: %s", lost.Token, lost.Fate)
			}
		}
		if n := len(held(t, s, "a").Losses); n != 5 {
			t.Errorf("%d losses, want 5", n)
		}
	},
	"a token that outlived its session's row": func(t *testing.T, s Store) {
		begin(t, s, session("s", "a"))
		hold(t, s, "a", generated("a", "1", "s", after(1)))
		must(t, s.Sweep(t.Context(), dawn.Add(400*day))) // both at once, after a long stop
		for range 3 {
			must(t, s.Sweep(t.Context(), dawn.Add(402*day)))
		}
		same(t, "tokens", idsOf(held(t, s, "a")), []string{})
		_, err := s.Session(t.Context(), "s")
		wantErr(t, err, grant.ErrNotFound)
	},
	"a token generated for a session that is over": func(t *testing.T, s Store) {
		begin(t, s, session("s", "a").End("why", after(1)))
		must(t, s.Sweep(t.Context(), after(5)))
		hold(t, s, "a", generated("a", "1", "s", after(6)))
		must(t, s.Sweep(t.Context(), after(7)))
		same(t, "tokens", idsOf(held(t, s, "a")), []string{})
	},
}

// everyMinute sweeps at each minute of a while, and looks.
func everyMinute(t *testing.T, s Store, from time.Time, long time.Duration, look func(now time.Time)) {
	t.Helper()
	for now := from; !now.After(from.Add(long)); now = now.Add(10 * time.Minute) {
		must(t, s.Sweep(t.Context(), now))
		look(now)
	}
}

// there wants a row until it is forgotten, and gone at the latest a day after;
// never before, and never in one index only.
func there(t *testing.T, what string, err, other error, now time.Time, forgotten func(time.Time) bool, notFound error) {
	t.Helper()
	if (err == nil) != (other == nil) {
		t.Fatalf("%s at %v: by id %v, otherwise %v", what, now, err, other)
	}
	if !forgotten(now) {
		if err != nil {
			t.Fatalf("%s at %v: %v, but it is not forgotten", what, now, err)
		}
		return
	}
	if forgotten(now.Add(-day)) && err == nil {
		t.Fatalf("%s at %v: still there", what, now)
	}
	if err != nil {
		wantErr(t, err, notFound)
	}
}
