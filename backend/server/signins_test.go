package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/changes"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// signed are the sign-ins in an account's activity, the oldest first.
func (w *town) signed(name string) []string {
	w.Helper()
	all, err := w.activity.Page(w.Context(), w.of[name].account.ID, activity.Query{Most: 1000, Action: "signin."})
	if err != nil {
		w.Fatal(err)
	}
	out := []string{}
	for _, e := range all {
		out = append([]string{fmt.Sprintf("%s %s %s %s %s %s", e.Action, e.Details["by"], e.Details["why"], e.Details["tries"], e.ActorName, e.Addr)}, out...)
	}
	return out
}

// Whoever signs in, and whoever is refused, is in the account's activity,
// at whatever door; a pull is no sign-in, and a name that is nobody's writes nothing.
func TestSignInsAreRemembered(t *testing.T) {
	p := played{newTown(t, nil)}
	bob, settled := p.of["bob"], len(p.signed("bob"))
	login := func(want int, secret string) {
		p.Helper()
		p.step(want, "POST", "/v2/users/login", `{"username":"bob","password":"`+secret+`"}`)
	}
	expect := func(what string, lines ...string) {
		p.Helper()
		if got := p.signed("bob")[settled:]; strings.Join(got, "\n") != strings.Join(lines, "\n") {
			p.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(lines, "\n"))
		}
	}
	const from = "192.0.2.1"
	want := []string{}
	add := func(line string) { want = append(want, line+" "+from) }

	login(200, password)
	add("signin.passed password   bob")
	login(200, bob.tokens["repo:read"])
	add("signin.passed token   bob")
	p.step(200, "POST", "/v2/auth/token", `{"identifier":"bob","secret":"`+bob.tokens["repo:read"]+`"}`)
	add("signin.passed token   bob")
	p.step(200, "POST", "/v2/auth/token", `{"identifier":"bob","secret":"`+password+`"}`)
	add("signin.passed password   bob")
	login(401, "wrong")
	add("signin.refused password wrong password 1 ")
	expect("logins", want...)

	// No more of them within the minute, at whatever door; then as one.
	login(401, "wrong")
	p.step(401, "GET", "/token?service=registry.example&scope=repository:bob/app:pull", "", basic("bob", "wrong")...)
	p.step(401, "POST", "/v2/auth/token", `{"identifier":"bob","secret":"wrong"}`)
	expect("guesses", want...)
	p.at = p.at.Add(time.Minute)
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	add("signin.refused password wrong password 3 ")
	expect("a minute later", want...)

	// Pulls, and names that are nobody's, or no account's of a program.
	p.step(200, "GET", "/token?service=registry.example&scope=repository:bob/app:pull", "", basic("bob", bob.tokens["repo:read"])...)
	p.step(200, "GET", "/token?service=registry.example&scope=repository:bob/app:pull", "", basic("bob", password)...)
	p.step(200, "GET", "/api/v0/api_tokens", "", basic("bob", password)...)
	before := len(p.signed("eve"))
	p.step(401, "POST", "/v2/users/login", `{"username":"nobody","password":"wrong"}`)
	p.step(401, "POST", "/v2/users/login", `{"username":"eve","password":"`+bob.tokens["repo:read"]+`"}`)
	if after := len(p.signed("eve")); after != before {
		t.Errorf("%d of eve's more", after-before)
	}
	expect("pulls", want...)

	// A token that is off.
	off := false
	if _, err := p.tokens.Change(t.Context(), bob.account.ID, bob.tried, token.Patch{Active: &off}, activity.By{}); err != nil {
		t.Fatal(err)
	}
	p.at = p.at.Add(2 * time.Minute)
	for _, secret := range bob.tokens {
		if found, err := p.tokens.Find(t.Context(), secret); err == nil && found.ID == bob.tried {
			login(401, secret)
			add("signin.refused token token is deactivated 1 ")
		}
	}
	expect("a token that is off", want...)
}

// A browser's sign-in: password, then the second factor.
func TestSecondFactorsAreRemembered(t *testing.T) {
	s := running(t, nil)
	ctx := activity.With(t.Context(), activity.By{Addr: "192.0.2.1", Agent: "firefox"})
	a, err := s.accounts.Create(ctx, account.New{Name: "ada", Password: "seven green lanterns swaying"})
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password string) {
		_, _ = s.accounts.First(ctx, "ada", password, "192.0.2.1") // what came of it is in the activity
	}
	signIn("seven green lanterns swaying")
	if err := s.accounts.Store.ChangeAccount(ctx, a.ID, func(a account.Account, _ bool) (account.Account, error) {
		a.Factors.Passkeys = []account.Passkey{{ID: []byte("k")}}
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	signIn("seven green lanterns swaying") // half
	if _, err := s.accounts.Second(ctx, a.ID, "000000", "192.0.2.2"); err == nil {
		t.Fatal("a code of no app")
	}
	refuse := func(account.Account) (account.Touch, error) { return account.Touch{}, fmt.Errorf("not signed") }
	if _, err := s.accounts.ByPasskey(ctx, a.ID, "192.0.2.3", refuse); err == nil {
		t.Fatal("a passkey that signed nothing")
	}
	accept := func(account.Account) (account.Touch, error) { return account.Touch{ID: []byte("k"), Count: 1}, nil }
	if _, err := s.accounts.ByPasskey(ctx, a.ID, "192.0.2.4", accept); err != nil {
		t.Fatal(err)
	}
	if err := s.accounts.SetDisabled(ctx, a.ID, true); err != nil {
		t.Fatal(err)
	}
	signIn("seven green lanterns swaying")
	events, err := s.activity.Page(t.Context(), a.ID, activity.Query{Most: 50, Action: "signin."})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append([]string{fmt.Sprintf("%s %s %s %s %s", e.Action, e.Details["by"], e.Details["why"], e.Addr, e.Agent)}, got...)
	}
	want := []string{
		"signin.passed password  192.0.2.1 firefox", "signin.refused code wrong code 192.0.2.2 firefox",
		"signin.refused passkey wrong passkey 192.0.2.3 firefox", "signin.passed passkey  192.0.2.4 firefox",
		"signin.refused password account is disabled 192.0.2.1 firefox",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What of an account changes is told, and what is another's, or did not
// happen, is not. Nor is the use of a session: whoever is told looks.
func TestTelling(t *testing.T) {
	board := changes.New()
	s := telling{memstore.New(), board, time.Now}
	ctx, now := t.Context(), time.Now()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ada", "bob", "eve"} {
		must(s.CreateAccount(ctx, account.Account{ID: name, Name: name}, false))
	}
	one := grant.Session{ID: "s", Account: "ada", CreatedAt: now, ClaimBy: now.Add(time.Hour), EndsAt: now.Add(time.Hour), Idle: time.Hour}
	must(s.PutSession(ctx, one))
	acme := access.Organization{ID: "o", Name: "acme", Owners: []string{"ada"}, Members: []string{"bob"}}
	held := token.Token{ID: "t", Owner: "ada", Hash: token.Hash("x"), CreatedAt: now, Active: true}
	none := fmt.Errorf("no")
	session := func(end bool) error {
		return s.ChangeSession(ctx, "s", func(one grant.Session) (grant.Session, error) {
			if end {
				return one.End("x", now), nil
			}
			return one.Use(1, now), nil
		})
	}
	organization := func(next access.Organization, err error) error {
		return s.ChangeOrganization(ctx, "acme", func(access.Space) (access.Organization, error) { return next, err })
	}
	for _, c := range []struct {
		what string
		do   func() error
		told string
	}{
		{"an organisation", func() error { return organization(acme, nil) }, "ada bob"},
		{"who left, and who came", func() error {
			return organization(access.Organization{ID: "o", Name: "acme", Owners: []string{"ada"}, Members: []string{"eve"}}, nil)
		}, "ada bob eve"},
		{"no change of an organisation", func() error { _ = organization(acme, none); return nil }, ""},
		{"a token", func() error {
			return s.Change(ctx, "ada", func(h token.Holding) (token.Holding, error) { h.Tokens = []token.Token{held}; return h, nil })
		}, "ada"},
		{"no token", func() error {
			_ = s.Change(ctx, "ada", func(h token.Holding) (token.Holding, error) { return h, none })
			return nil
		}, ""},
		{"a token's use", func() error { return s.Touch(ctx, []token.Used{{Owner: "ada", ID: "t", Use: token.Use{At: now}}}) }, "ada"},
		{"a session's use", func() error { return s.UseSessions(ctx, []grant.Use{{Session: "s", At: now}}) }, ""},
		{"a refresh", func() error { return session(false) }, ""},
		{"a session's end", func() error { return session(true) }, "ada"},
		{"an act for another", func() error {
			return s.AddEvents(ctx, []activity.Event{activity.New("bob", activity.TokenDeleted, activity.By{Account: "ada"}, now)})
		}, "ada bob"},
		{"an account", func() error {
			return s.ChangeAccount(ctx, "eve", func(a account.Account, _ bool) (account.Account, error) { a.Disabled = true; return a, nil })
		}, "eve"},
	} {
		marks := map[string]string{}
		for _, name := range []string{"ada", "bob", "eve"} {
			mark, err := board.Wait(ctx, name, "")
			must(err)
			marks[name] = mark
		}
		must(c.do())
		var told []string
		for _, name := range []string{"ada", "bob", "eve"} {
			if mark, err := board.Wait(ctx, name, ""); err != nil || mark != marks[name] {
				told = append(told, name)
			}
		}
		if got := strings.Join(told, " "); got != c.told {
			t.Errorf("%s: told %q, want %q", c.what, got, c.told)
		}
	}
}

// A whole service: who waits is answered by what another does, and by its end.
func TestChangesOfAService(t *testing.T) {
	p := played{newTown(t, nil)}
	bob := []string{"Authorization", as(p.of["bob"].bearer())}
	mark := fmt.Sprint(p.step(200, "GET", "/v2/access/changes", "", bob...).members(t)["mark"])
	next := fmt.Sprint(p.step(200, "GET", "/v2/access/changes", "", bob...).members(t)["mark"])
	if mark != next {
		t.Error("the look itself is news")
	}
	p.step(201, "POST", "/v2/access-tokens", `{"token_label":"new"}`, bob...)
	if next = fmt.Sprint(p.step(200, "GET", "/v2/access/changes?after="+mark, "", bob...).members(t)["mark"]); next == mark {
		t.Error("a new token is no news")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Background(ctx); err != nil { // it is over at once
		t.Fatal(err)
	}
	p.step(http.StatusServiceUnavailable, "GET", "/v2/access/changes?after="+next, "", bob...)
}
