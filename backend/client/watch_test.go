package client_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
)

// The programs that are signed in: seen, and ended one by one, or all others.
func TestSessionsOfAnAccount(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, one := w.Context(), w.signIn().Access
		time.Sleep(5 * time.Minute)
		w.generate(one)
		two, three := w.signIn().Access, w.signIn().Access
		time.Sleep(time.Minute)
		all, err := w.server.Sessions(ctx, two)
		if err != nil || len(all) != 3 {
			w.Fatalf("%+v %v", all, err)
		}
		first := all[0]
		if !first.Current || first.Machine != "anna's laptop" || first.Client != "Lanyard" || first.Kind != "browser" || first.TokenLastFour != "" ||
			!first.Ends.Equal(first.Began.Add(90*24*time.Hour)) || !first.IdleBy.Equal(first.LastUsed.Add(30*24*time.Hour)) {
			w.Errorf("%+v", first)
		}
		var laptop client.SessionRow
		for _, s := range all {
			if s.Machine == "laptop" {
				laptop = s
			}
		}
		if laptop.Current || laptop.OS != "linux" || len(laptop.TokenLastFour) != 4 || laptop.Agent != "lanyard" || !laptop.LastUsed.After(laptop.Began) {
			w.Errorf("%+v", laptop)
		}
		if err := w.server.EndSession(ctx, two, laptop.ID); err != nil {
			w.Error(err)
		}
		if _, err := w.server.Sessions(ctx, one); !errors.Is(err, client.ErrEnded) {
			w.Errorf("after its end: %v", err)
		}
		for _, id := range []string{"nobody's", "../sessions", strings.Repeat("0", 32)} {
			if err := w.server.EndSession(ctx, two, id); !errors.Is(err, client.ErrNotFound) {
				w.Errorf("%s: %v", id, err)
			}
		}
		for _, want := range []int{1, 0} {
			if n, err := w.server.EndOtherSessions(ctx, two); err != nil || n != want {
				w.Errorf("%d %v, want %d", n, err, want)
			}
		}
		if _, err := w.server.Factors(ctx, three); !errors.Is(err, client.ErrEnded) {
			w.Errorf("another: %v", err)
		}
		if f, err := w.server.Factors(ctx, two); err != nil || f != (client.Factors{}) {
			w.Errorf("%+v %v", f, err)
		}
	})
}

func TestWhatATokenReaches(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, access := w.Context(), w.signIn().Access
		h := w.server.Holder(access, "")
		ci, err := h.Create(ctx, client.NewToken{Label: "ci", Scopes: []string{"repo:write"}})
		if err != nil {
			w.Fatal(err)
		}
		if all, more, err := h.Reach(ctx, ci.UUID); err != nil || len(all) != 0 || more != 0 {
			w.Errorf("%v %d %v", all, more, err)
		}
		if _, err := w.server.CreateRepository(ctx, access, client.RepositoryPatch{Name: "anna/app"}); err != nil {
			w.Fatal(err)
		}
		if all, _, err := h.Reach(ctx, ci.UUID); err != nil || len(all) != 1 || all[0].Repository != "anna/app" || strings.Join(all[0].Actions, " ") != "pull push" {
			w.Errorf("%v %v", all, err)
		}
		if ok, err := w.server.Accepts(ctx, "anna", ci.Secret); err != nil || !ok {
			w.Fatal(ok, err)
		}
		if all, err := h.Uses(ctx, ci.UUID); err != nil || len(all) != 1 || all[0].Count != 1 || all[0].IP == "" || all[0].Last.IsZero() || !all[0].First.Equal(all[0].Last) {
			w.Errorf("%+v %v", all, err)
		}
		for _, id := range []string{"x", strings.Repeat("0", 36)} {
			if _, _, err := h.Reach(ctx, id); !errors.Is(err, client.ErrNotFound) {
				w.Errorf("%s: %v", id, err)
			}
			if _, err := h.Uses(ctx, id); !errors.Is(err, client.ErrNotFound) {
				w.Errorf("%s: %v", id, err)
			}
		}
	})
}

// Waiting for changes: nothing for 25 seconds, something at once, an end at
// once, and the service's end.
func TestChanges(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, access := w.Context(), w.signIn().Access
		h := w.server.Holder(access, "")
		mark, err := w.server.Changes(ctx, access, "")
		if err != nil {
			w.Fatal(err)
		}
		began := time.Now()
		if again, err := w.server.Changes(ctx, access, mark); err != nil || again != mark || time.Since(began) != 25*time.Second {
			w.Errorf("%q %v after %v", again, err, time.Since(began))
		}
		type said struct {
			mark string
			err  error
			at   time.Time
		}
		wait := func(after string) chan said {
			out := make(chan said, 1)
			go func() {
				mark, err := w.server.Changes(ctx, access, after)
				out <- said{mark, err, time.Now()}
			}()
			synctest.Wait()
			return out
		}
		waiting := wait(mark)
		made := time.Now()
		if _, err := h.Create(ctx, client.NewToken{Label: "ci", Scopes: []string{"repo:read"}}); err != nil {
			w.Fatal(err)
		}
		got := <-waiting
		if got.err != nil || got.mark == mark || !got.at.Equal(made) {
			w.Errorf("%+v after %v", got, got.at.Sub(made))
		}
		// The look that follows is no news: else a window would look for ever.
		if _, err := h.List(ctx, client.TokenQuery{}); err != nil {
			w.Fatal(err)
		}
		if again, err := w.server.Changes(ctx, access, got.mark); err != nil || again != got.mark {
			w.Errorf("%q %v", again, err)
		}
		waiting = wait(got.mark)
		if _, err := w.server.EndSessions(ctx, access); err != nil {
			w.Fatal(err)
		}
		if got := <-waiting; !errors.Is(got.err, client.ErrEnded) {
			w.Errorf("its session has ended: %+v", got)
		}
		access = w.signIn().Access
		if mark, err = w.server.Changes(ctx, access, ""); err != nil {
			w.Fatal(err)
		}
		waiting = wait(mark)
		stopped := time.Now()
		w.Stop()
		if got := <-waiting; !errors.Is(got.err, client.ErrServer) && !errors.Is(got.err, client.ErrUnreachable) || got.at.Sub(stopped) > time.Second {
			w.Errorf("the service has stopped: %+v, after %v", got, got.at.Sub(stopped))
		}
	})
}

// Who signed in, and who did not, is read like all activity.
func TestSignInsInTheActivity(t *testing.T) {
	inBubble(t, func(w *world) {
		for _, secret := range []string{"wrong", service.Password} {
			if _, err := w.Login("anna", secret); err != nil {
				w.Fatal(err)
			}
		}
		all, err := w.server.Activity(w.Context(), w.signIn().Access, client.ActivityQuery{Action: "signin."})
		if err != nil || len(all) < 2 {
			w.Fatalf("%+v %v", all, err)
		}
		first := all[len(all)-1]
		if first.Action != "signin.refused" || first.Details["why"] != "wrong password" || first.Details["tries"] != "1" || first.IP == "" || first.ActorName != "" {
			w.Errorf("%+v", first)
		}
		if last := all[0]; last.Action != "signin.passed" || last.Details["by"] != "password" || last.ActorName != "anna" || last.Agent == "" {
			w.Errorf("%+v", last)
		}
	})
}

// A session that nobody uses ends while a window waits, and the window is told
// at that moment: waiting kept nothing alive.
func TestChangesOfASessionThatEndsByTheClock(t *testing.T) {
	inBubble(t, func(w *world) {
		access := w.signIn().Access
		began := time.Now()
		time.Sleep(9*time.Minute + 50*time.Second) // of the ten in which it is to be used
		mark, err := w.server.Changes(w.Context(), access, "")
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.server.Changes(w.Context(), access, mark); !errors.Is(err, client.ErrEnded) || time.Since(began) != 10*time.Minute {
			w.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
