package hubapi_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// The Docker CLI sends no body, reads data.token, and takes 201 only.
func TestDesktopGenerateForTheDockerCLI(t *testing.T) {
	w := newWorld(t)
	cli := w.signIn("ada")
	out := w.ask(cli.bearer, "POST", "/v2/access-tokens/desktop-generate", nil).is(201)
	secret := str(out, "data", "token")
	found, err := w.tokens.Find(t.Context(), secret)
	if err != nil || found.ID != str(out, "data", "uuid") || found.Session != cli.session.ID || found.Usable(w.now()) != nil {
		t.Fatalf("%+v, %v", found, err)
	}
	if found.Source != token.Auto || found.Owner != "ada-id" || fmt.Sprint(found.Scopes) != "[repo:admin]" || found.Installation != "" {
		t.Errorf("%+v", found)
	}
	if found.Creator != (token.Use{Addr: "127.0.0.1", Agent: "test/1"}) {
		t.Errorf("made by %+v", found.Creator)
	}
	if str(out, "data", "session_id") != cli.session.ID || str(out, "data", "session_expires_at") != "2027-02-21T12:00:00.000000Z" ||
		str(out, "data", "session_idle_expires_at") != "2026-12-23T12:00:00.000000Z" {
		t.Errorf("%v", out)
	}
	for _, body := range []string{" \r\n", "{}", `{"installation":null}`, `{"anything":[1,{}]}`} {
		again := str(w.ask(cli.bearer, "POST", "/v2/access-tokens/desktop-generate/", body).is(201), "data", "token")
		if _, err := w.tokens.Find(t.Context(), secret); err == nil || again == secret {
			t.Errorf("%q: the earlier token of the session is still good", body)
		}
		secret = again
	}
	if out := w.ask(cli.bearer, "GET", "/v2/access-tokens", nil).is(200); out["count"] != 1.0 {
		t.Errorf("one session has %v tokens", out["count"])
	}
}

func TestDesktopGenerateWithBody(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id, _ := w.generate(ada, "laptop")
	out := w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id, nil).is(200)
	if out["machine"] != "laptop" || out["os"] != "linux" || out["token_label"] != "Lanyard on laptop" || out["generated_by"] != "auto" || out["session_id"] != ada.session.ID || out["token"] != "" {
		t.Errorf("%v", out)
	}
	// Near the end of the session, its idle time ends with it.
	for d := 29 * 24 * time.Hour; ; d += 29 * 24 * time.Hour { // it was used all the time
		w.at(noon.Add(d))
		if d > 80*24*time.Hour {
			break
		}
		w.ask(w.again(ada).bearer, "GET", "/v2/access-tokens", nil).is(200)
		if err := w.grants.Flush(t.Context()); err != nil { // every second, otherwise
			t.Fatal(err)
		}
	}
	last := w.ask(w.again(ada).bearer, "GET", "/v2/access-tokens/session", nil).is(200)
	if last["session_idle_expires_at"] != last["session_expires_at"] {
		t.Errorf("%v", last)
	}
}

// What a computer is told about its own session, fate by fate.
func TestSessionAndFates(t *testing.T) {
	t.Run("no token yet", func(t *testing.T) {
		w := newWorld(t)
		ada := w.signIn("ada")
		out := w.ask(ada.bearer, "GET", "/v2/access-tokens/session", nil).is(200)
		if out["token"] != nil || out["loss"] != nil || out["session_id"] != ada.session.ID {
			t.Errorf("%v", out)
		}
	})
	t.Run("a token", func(t *testing.T) {
		w := newWorld(t)
		ada := w.signIn("ada")
		w.generate(w.signIn("ada"), "other")
		id, _ := w.generate(ada, "laptop")
		out := w.ask(ada.bearer, "GET", "/v2/access-tokens/session/", nil).is(200)
		if str(out, "token", "uuid") != id || str(out, "token", "token") != "" || out["loss"] != nil {
			t.Errorf("%v", out)
		}
	})
	t.Run("deactivated: refused with the reason until activated", func(t *testing.T) {
		w := newWorld(t)
		ada := w.signIn("ada")
		id, _ := w.generate(ada, "laptop")
		w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+id, `{"is_active":false}`).is(200)
		before := w.held()
		refused := w.ask(ada.bearer, "POST", "/v2/access-tokens/desktop-generate", nil)
		refused.refused(403, "inactive", "deactivated by a person; activate it")
		if w.held() != before {
			t.Error("something changed")
		}
		if out := w.ask(ada.bearer, "GET", "/v2/access-tokens/session", nil).is(200); at(out, "token", "is_active") != false {
			t.Errorf("%v", out)
		}
		w.ask(ada.bearer, "PATCH", "/v2/access-tokens/"+id, `{"is_active":true}`).is(200)
		w.generate(ada, "laptop")
	})
	t.Run("deleted: the session is over", func(t *testing.T) {
		w := newWorld(t)
		person, machine := w.signIn("ada"), w.signIn("ada")
		id, _ := w.generate(machine, "laptop")
		w.ask(person.bearer, "DELETE", "/v2/access-tokens/"+id, nil).is(204)
		for _, c := range [][2]string{{"GET", "session"}, {"POST", "desktop-generate"}, {"GET", ""}} {
			w.ask(machine.bearer, c[0], "/v2/access-tokens/"+c[1], nil).refused(401, "ended", "the session has ended; sign in again")
		}
		w.ask(person.bearer, "GET", "/v2/access-tokens/session", nil).is(200)
	})
	t.Run("deleted by itself", func(t *testing.T) {
		w := newWorld(t)
		ada := w.signIn("ada")
		id, _ := w.generate(ada, "laptop")
		w.ask(ada.bearer, "DELETE", "/v2/access-tokens/"+id, nil).is(204)
		w.ask(ada.bearer, "GET", "/v2/access-tokens/session", nil).refused(401, "ended", "")
	})
	t.Run("evicted: the session lives and knows by whom", func(t *testing.T) {
		w := newWorld(t)
		first := w.signIn("ada")
		w.generate(first, "laptop")
		for i := range 5 {
			w.passes(time.Minute)
			w.generate(w.signIn("ada"), fmt.Sprint("other", i))
		}
		out := w.ask(first.bearer, "GET", "/v2/access-tokens/session", nil).is(200)
		if out["token"] != nil || str(out, "loss", "fate") != "evicted" || str(out, "loss", "by") != "other4" || str(out, "loss", "at") != "2026-11-23T12:05:00.000000Z" {
			t.Errorf("%v", out)
		}
		w.generate(first, "laptop") // the one button
		if out := w.ask(first.bearer, "GET", "/v2/access-tokens/session", nil).is(200); out["token"] == nil || out["loss"] != nil {
			t.Errorf("after asking again: %v", out)
		}
	})
	t.Run("superseded: the earlier session of the computer is over", func(t *testing.T) {
		w := newWorld(t)
		first, second := w.signIn("ada"), w.signIn("ada")
		w.generate(first, "laptop")
		w.generate(second, "laptop")
		w.ask(first.bearer, "GET", "/v2/access-tokens/session", nil).refused(401, "ended", "")
		w.ask(second.bearer, "GET", "/v2/access-tokens/session", nil).is(200)
	})
	t.Run("the same computer, another account: nobody is touched", func(t *testing.T) {
		w := newWorld(t)
		ada, bob := w.signIn("ada"), w.signIn("bob")
		w.generate(ada, "laptop")
		w.generate(bob, "laptop")
		if out := w.ask(ada.bearer, "GET", "/v2/access-tokens/session", nil).is(200); out["token"] == nil {
			t.Errorf("%v", out)
		}
	})
}

// slow lets another request overtake one that has passed the gate.
type slow struct {
	*memstore.DB
	before func() // once, before the next Change
}

func (s *slow) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	if run := s.before; run != nil {
		s.before = nil
		run()
	}
	return s.DB.Change(ctx, owner, fn)
}

// A session that ends while its request is under way takes nothing from the one
// that took its place.
func TestGenerateOvertaken(t *testing.T) {
	store := &slow{DB: memstore.New()}
	w := newWorldOn(t, store)
	first, second := w.signIn("ada"), w.signIn("ada")
	w.generate(first, "laptop")
	store.before = func() { w.generate(second, "laptop") }
	w.ask(first.bearer, "POST", "/v2/access-tokens/desktop-generate", `{"installation":"laptop"}`).refused(401, "ended", "the session has ended")
	if out := w.ask(second.bearer, "GET", "/v2/access-tokens/session", nil).is(200); out["token"] == nil {
		t.Errorf("%v", out)
	}
}

func TestRate(t *testing.T) {
	w := newWorld(t)
	w.tokens.Limits.PerHour = 2
	for i := range 7 {
		w.passes(time.Minute)
		w.generate(w.signIn("ada"), fmt.Sprint("c", i))
	}
	late := w.signIn("ada")
	w.passes(10*time.Minute - time.Second/2)
	late = w.again(late)
	before := w.held()
	refused := w.ask(late.bearer, "POST", "/v2/access-tokens/desktop-generate", nil)
	refused.refused(429, "rate", "too many sign-ins")
	wait, err := strconv.Atoi(refused.header.Get("Retry-After"))
	if err != nil || wait != 60*60-11*60+1 { // the first eviction was eleven minutes ago, but for half a second
		t.Errorf("Retry-After %q", refused.header.Get("Retry-After"))
	}
	if w.held() != before {
		t.Error("something changed")
	}
	w.passes(time.Duration(wait) * time.Second)
	w.ask(w.again(late).bearer, "POST", "/v2/access-tokens/desktop-generate", nil).is(201)
}
