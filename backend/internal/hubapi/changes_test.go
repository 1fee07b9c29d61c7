package hubapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/internal/changes"
	"lanyard/backend/internal/hubapi"
)

func TestChanges(t *testing.T) {
	w := newWorld(t)
	board := changes.New()
	w.remount(func(h *hubapi.Handler) { h.Changes, h.PerMinute = board, 10 })
	ada := w.signIn("ada")
	w.ask(ada.bearer, "GET", "/v2/access/factors", nil).is(200) // claims the session
	used := w.living(ada)
	first := str(w.ask(ada.bearer, "GET", "/v2/access/changes", nil).is(200), "mark")
	poll := func() chan said {
		out := make(chan said, 1)
		go func() {
			got, err := w.send(ada.bearer, "GET", "/v2/access/changes?after="+first, nil)
			if err != nil {
				t.Error(err)
			}
			out <- got
		}()
		return out
	}
	waiting := poll()
	board.Told("ada-id")
	second := str((<-waiting).is(200), "mark")
	if second == "" || second == first {
		t.Errorf("%q after %q", second, first)
	}
	if again := str(w.ask(ada.bearer, "GET", "/v2/access/changes?after="+first, nil).is(200), "mark"); again != second {
		t.Errorf("%q, want %q", again, second)
	}
	w.ask(ada.bearer, "GET", "/v2/access/changes?after="+strings.Repeat("x", 65), nil).refused(400, "invalid", "after must be a mark")
	w.ask(ada.bearer, "GET", "/v2/access/changes?username=bob", nil).refused(400, "invalid", "cannot be used here")
	w.passes(5 * time.Second)
	w.ask(ada.bearer, "GET", "/v2/access/changes", nil).is(200)
	if now := w.living(ada); !now.Equal(used) {
		t.Errorf("waiting is a use: %v, then %v", used, now)
	}
	// Nor is it one of the requests that are counted, but it is bounded, too.
	refused := 0
	for range 20 {
		if w.ask(ada.bearer, "GET", "/v2/access/changes", nil).status == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing bounds it")
	}
	w.ask(ada.bearer, "GET", "/v2/access/factors", nil).is(200)
}

// living is when a session was last used.
func (w *world) living(c computer) time.Time {
	w.t.Helper()
	s, err := w.grants.Live(w.t.Context(), c.session.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return s.LastUsed
}

// Who waits while their session ends is told that, and so is whoever waits when
// the service stops.
func TestChangesEnd(t *testing.T) {
	w := newWorld(t)
	board := &attended{Board: changes.New(), waits: make(chan struct{}, 9)}
	w.remount(func(h *hubapi.Handler) { h.Changes = board })
	ada, other := w.signIn("ada"), w.signIn("ada")
	mark := str(w.ask(ada.bearer, "GET", "/v2/access/changes", nil).is(200), "mark")
	<-board.waits
	poll := func(c computer) chan said {
		out := make(chan said, 1)
		go func() {
			got, err := w.send(c.bearer, "GET", "/v2/access/changes?after="+mark, nil)
			if err != nil {
				t.Error(err)
			}
			out <- got
		}()
		<-board.waits // the gate has let it pass
		return out
	}
	of := poll(ada)
	if err := w.grants.End(t.Context(), ada.session.ID, grant.WhySignedOut); err != nil {
		t.Fatal(err)
	}
	board.Told("ada-id")
	(<-of).refused(401, "ended", "the session has ended")
	w.ask(ada.bearer, "GET", "/v2/access/changes", nil).refused(401, "ended", "")

	mark = str(w.ask(other.bearer, "GET", "/v2/access/changes", nil).is(200), "mark")
	<-board.waits
	of = poll(other)
	board.Close()
	(<-of).refused(503, "stopping", "the service is stopping")
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Error("that it stops is no error")
	}
}

// attended says when somebody begins to wait.
type attended struct {
	*changes.Board
	waits chan struct{}
}

func (a *attended) Wait(ctx context.Context, account, after string) (string, error) {
	a.waits <- struct{}{}
	return a.Board.Wait(ctx, account, after)
}
