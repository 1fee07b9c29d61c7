package hubapi_test

import (
	"testing"
	"time"
)

// Signing out everywhere: every computer of the account, and nobody else's;
// what was made by hand stays.
func TestEndSessions(t *testing.T) {
	w := newWorld(t)
	laptop, desk, bob := w.signIn("ada"), w.signIn("ada"), w.signIn("bob")
	_, onLaptop := w.generate(laptop, "laptop")
	_, onDesk := w.generate(desk, "desk")
	_, bobs := w.generate(bob, "laptop")
	byHand := str(w.ask(laptop.bearer, "POST", "/v2/access-tokens", `{"token_label":"ci"}`).is(201), "token")
	gone := w.signIn("ada")
	if err := w.grants.End(t.Context(), gone.session.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	usable := func(secret string) bool {
		found, err := w.tokens.Find(t.Context(), secret)
		return err == nil && found.Usable(w.now()) == nil
	}

	if out := w.ask(laptop.bearer, "DELETE", "/v2/access-tokens/sessions", nil).is(200); out["ended"] != 2.0 {
		t.Errorf("two were alive: %v", out)
	}
	for name, c := range map[string]computer{"laptop": laptop, "desk": desk} {
		w.ask(c.bearer, "GET", "/v2/access-tokens", nil).refused(401, "ended", "the session has ended; sign in again")
		w.ask(c.bearer, "DELETE", "/v2/access-tokens/sessions", nil).refused(401, "ended", "")
		if s, err := w.grants.Of(t.Context(), "ada-id"); err != nil || len(s) != 3 || s[0].Live(w.now()) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if usable(onLaptop) || usable(onDesk) {
		t.Error("a computer's token is still good")
	}
	if !usable(bobs) || !usable(byHand) {
		t.Error("another's token, or one made by hand, is gone")
	}
	w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).is(200)
	w.passes(time.Second)
	w.generate(w.signIn("ada"), "laptop") // and in again
}
