package hubapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/hubapi"
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

// named makes a session by a device that says what it is called.
func (w *world) named(who, machine string) computer {
	w.t.Helper()
	ctx, code := context.Background(), uuid.NewString()
	d := grant.Device{ID: grant.DeviceID(code), Client: "lanyard", Machine: machine, Account: who + "-id", AuthTime: w.now()}
	if _, err := w.grants.BeginDevice(ctx, d); err != nil {
		w.t.Fatal(err)
	}
	s, _, err := w.grants.RedeemDevice(ctx, code, "lanyard", grant.Origin{Addr: "192.0.2.7", Agent: "lanyard/1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return computer{s, w.bearer(s, nil)}
}

// rows are the sessions that an account sees, in short.
func (w *world) rows(who string) (out []string) {
	w.t.Helper()
	answer := w.ask(who, "GET", "/v2/access/sessions", nil).is(200)
	all, _ := answer["results"].([]any)
	for _, one := range all {
		row, _ := one.(map[string]any)
		out = append(out, fmt.Sprintf("%v %v %v %v %v", row["machine"], row["client"], row["kind"], row["is_current"], row["token_last_four"] != ""))
	}
	if answer["count"] != float64(len(out)) {
		w.t.Errorf("%v of %d", answer["count"], len(out))
	}
	return out
}

func TestSessionsListed(t *testing.T) {
	w := newWorld(t)
	w.remount(func(h *hubapi.Handler) { h.Program = func(client string) string { return "The " + client } })
	laptop, desk := w.named("ada", "laptop"), w.named("ada", "desk")
	bob := w.signIn("bob")
	w.ask(desk.bearer, "GET", "/v2/access/factors", nil).is(200)
	w.passes(time.Minute)
	w.generate(laptop, "the laptop")
	w.passes(time.Minute)
	out := w.ask(desk.bearer, "GET", "/v2/access/sessions", nil).is(200)
	first, _ := at(out, "results").([]any)[0].(map[string]any)
	for name, want := range map[string]any{
		"session_id": desk.session.ID, "machine": "desk", "os": "", "client": "The lanyard", "ip": "192.0.2.7", "agent": "lanyard/1", "kind": "browser", "is_current": true,
		"created_at": "2026-11-23T12:00:00.000000Z", "last_used": "2026-11-23T12:02:00.000000Z", "session_expires_at": "2027-02-21T12:00:00.000000Z",
		"session_idle_expires_at": "2026-12-23T12:02:00.000000Z", "token_last_four": "",
	} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	w.passes(time.Minute)
	if got := fmt.Sprint(w.rows(laptop.bearer)); got != "[the laptop The lanyard browser true true desk The lanyard browser false false]" {
		t.Error(got)
	}
	// One that nobody has used yet, one that is over, and a program's login.
	w.named("ada", "new")
	gone := w.named("ada", "gone")
	if err := w.grants.End(t.Context(), gone.session.ID, grant.WhySignedOut); err != nil {
		t.Fatal(err)
	}
	if _, err := w.grants.BeginDirect(t.Context(), grant.Direct{Account: "ada-id", Client: "hub", From: grant.FromPassword, AuthTime: w.now()}); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(w.rows(laptop.bearer), "\n")
	for _, line := range []string{"new The lanyard browser false false", " a program that sends name and password or token password false false"} {
		if !strings.Contains(all, line) {
			t.Errorf("%s is not in\n%s", line, all)
		}
	}
	if strings.Contains(all, "gone") || len(w.rows(bob.bearer)) != 1 {
		t.Errorf("%s; bob has %q", all, w.rows(bob.bearer))
	}
}

func TestEndOneSession(t *testing.T) {
	w := newWorld(t)
	laptop, desk, bob := w.signIn("ada"), w.signIn("ada"), w.signIn("bob")
	_, secret := w.generate(desk, "desk")
	for name, id := range map[string]string{"another's": bob.session.ID, "one that never was": strings.Repeat("0", 32), "no id": "x"} {
		out := w.ask(laptop.bearer, "DELETE", "/v2/access/sessions/"+id, nil)
		out.refused(404, "unknown", "not found: there is no session of that id")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	w.ask(bob.bearer, "GET", "/v2/access/sessions", nil).is(200)
	w.ask(laptop.bearer, "DELETE", "/v2/access/sessions/"+desk.session.ID, nil).is(204)
	w.ask(laptop.bearer, "DELETE", "/v2/access/sessions/"+desk.session.ID, nil).is(204) // it is over
	w.ask(desk.bearer, "GET", "/v2/access/sessions", nil).refused(401, "ended", "")
	if found, err := w.tokens.Find(t.Context(), secret); err != nil || found.Usable(w.now()) == nil {
		t.Errorf("its token is good: %v", err)
	}
	w.ask(laptop.bearer, "DELETE", "/v2/access/sessions/"+laptop.session.ID+"?username=bob", nil).refused(400, "invalid", "cannot be used here")
	w.ask(laptop.bearer, "DELETE", "/v2/access/sessions/"+laptop.session.ID, nil).is(204) // one's own, too
	w.ask(laptop.bearer, "GET", "/v2/access/sessions", nil).refused(401, "ended", "")
}

func TestEndOtherSessions(t *testing.T) {
	w := newWorld(t)
	laptop, desk, bob := w.signIn("ada"), w.signIn("ada"), w.signIn("bob")
	for _, query := range []string{"", "?others=", "?others=false", "?others=1"} {
		w.ask(laptop.bearer, "DELETE", "/v2/access/sessions"+query, nil).refused(400, "invalid", "others must be true")
	}
	w.ask(desk.bearer, "GET", "/v2/access/factors", nil).is(200) // nothing ended
	for _, want := range []float64{1, 0} {
		if out := w.ask(laptop.bearer, "DELETE", "/v2/access/sessions?others=true", nil).is(200); out["ended"] != want {
			t.Errorf("%v, want %v", out, want)
		}
	}
	w.ask(desk.bearer, "GET", "/v2/access/factors", nil).refused(401, "ended", "")
	w.ask(laptop.bearer, "GET", "/v2/access/factors", nil).is(200)
	w.ask(bob.bearer, "GET", "/v2/access/factors", nil).is(200)
}

func TestFactors(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	show := func() string {
		out := w.ask(ada.bearer, "GET", "/v2/access/factors", nil).is(200)
		return fmt.Sprint(out["app"], out["passkeys"], out["recovery_codes_left"])
	}
	if got := show(); got != "false 0 0" {
		t.Error(got)
	}
	if err := w.store.ChangeAccount(t.Context(), "ada-id", func(a account.Account, _ bool) (account.Account, error) {
		a.Factors = account.Factors{TOTP: account.TOTP{Seed: []byte("x")}, Passkeys: []account.Passkey{{ID: []byte("k")}}, Recovery: [][]byte{{1}, {2}, {3}}}
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := show(); got != "true 1 3" {
		t.Error(got)
	}
}

// None of it is a token's to ask for, nor a session's that was made of one.
func TestNoneOfItIsATokens(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	made := w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"ci","scopes":["repo:admin"]}`).is(201)
	id := str(made, "uuid")
	login := str(w.ask("", "POST", "/v2/users/login", map[string]string{"username": "ada", "password": str(made, "token")}).is(200), "token")
	for _, c := range [][2]string{
		{http.MethodGet, "/v2/access/sessions"}, {http.MethodDelete, "/v2/access/sessions?others=true"}, {http.MethodDelete, "/v2/access/sessions/" + ada.session.ID},
		{http.MethodGet, "/v2/access/factors"}, {http.MethodGet, "/v2/access/changes"},
		{http.MethodGet, "/v2/access-tokens/" + id + "/reach"}, {http.MethodGet, "/v2/access-tokens/" + id + "/uses"},
	} {
		w.ask(login, c[0], c[1], nil).refused(403, "person", "personal access token")
		w.ask("", c[0], c[1], nil).refused(401, "token", "unauthorized")
		w.ask(str(made, "token"), c[0], c[1], nil).refused(401, "token", "unauthorized")
	}
	w.ask(ada.bearer, "GET", "/v2/access/factors", nil).is(200)
}
