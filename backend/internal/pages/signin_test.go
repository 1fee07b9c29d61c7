package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSignInForAProgram(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.shows(200, "Sign in", "To go on with Lanyard on anna-thinkpad")
	s.later(time.Minute)
	p.signIn("Anna@example.org") // by e-mail, in whatever case
	p.shows(200, "Allow Lanyard to sign in?", "anna-thinkpad", "A minute ago, from this computer", "127.0.0.1",
		"A Read, Write, Delete token for this computer", "At most 90 days", "30 days without use", "anna@example.org")
	if !strings.Contains(p.head.Get("Content-Security-Policy"), "form-action 'self' http://127.0.0.1:1;") {
		t.Errorf("policy %s", p.head.Get("Content-Security-Policy"))
	}
	p.submit("decision", "allow")
	got := s.decision(p.sentBack())
	if got.Account != a.ID || got.Denied || !got.AuthTime.Equal(s.at) {
		t.Errorf("decision %+v", got)
	}
}

func TestEveryAuthorizationIsConfirmed(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/signin")
	p.signIn("anna")
	p.shows(200, "Your account")
	for range 2 {
		p.open("/authorize/start")
		p.shows(200, "Allow Lanyard to sign in?")
		p.submit("decision", "allow")
		p.sentBack()
	}
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	p.submit("decision", "cancel")
	if got := s.decision(p.sentBack()); got.Account != "" || !got.Denied {
		t.Errorf("decision %+v", got)
	}
}

func TestADecisionThatIsNeitherIsNo(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	p.submit("decision", "yes please")
	if got := s.decision(p.sentBack()); got.Account != "" || !got.Denied {
		t.Errorf("decision %+v", got)
	}
}

func TestASecondClickIsTheSameAnswer(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	action, values := p.form()
	values.Set("decision", "allow")
	p.post(action, values)
	p.sentBack()
	p.post(action, values)
	if got := s.decision(p.sentBack()); got.Account != a.ID {
		t.Errorf("decision %+v", got)
	}
	values.Set("decision", "cancel")
	p.post(action, values)
	p.shows(409, "This was answered already")
	p.open("/signin/confirm?request=" + values.Get("request"))
	p.shows(409, "This was answered already")
}

func TestAnotherAccount(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	bert := s.account("bert")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	p.shows(200, "Allow Lanyard to sign in?")
	action, stale := p.form()
	stale.Set("decision", "allow")
	p.open("/signin?request=" + stale.Get("request") + "&switch=1")
	p.shows(200, "Sign in")
	p.submit("username", "bert", "password", "wrong wrong wrong")
	p.shows(403, "Sign in", "The name or the password is wrong")
	p.signIn("bert")
	p.shows(200, "Allow Lanyard to sign in?", "bert@example.org")

	p.post(action, stale) // the other window, that showed anna
	p.shows(200, "Allow Lanyard to sign in?", "bert@example.org")
	p.submit("decision", "allow")
	if got := s.decision(p.sentBack()); got.Account != bert.ID {
		t.Errorf("decision %+v", got)
	}
}

func TestRefusedSignIns(t *testing.T) {
	s := newSite(t)
	anna := s.account("anna")
	s.account("bert")
	p := s.person()
	p.open("/signin")
	p.submit("username", "nobody", "password", password)
	p.shows(403, "Sign in", "The name or the password is wrong")
	unknown := p.body
	p.submit("username", "anna", "password", "not "+password)
	p.shows(403, "Sign in", "The name or the password is wrong", `role="alert"`, `value="anna"`)
	if known := p.body; strings.ReplaceAll(known, "anna", "nobody") != unknown {
		t.Error("the page tells who exists")
	}
	if strings.Contains(p.body, "horse") {
		t.Error("the password came back")
	}
	for _, c := range []struct{ name, password string }{{"", ""}, {"anna", ""}, {"", password}} {
		p.submit("username", c.name, "password", c.password)
		p.shows(403, "Sign in", "The name or the password is wrong")
	}

	if err := s.h.Accounts.SetDisabled(t.Context(), anna.ID, true); err != nil {
		t.Fatal(err)
	}
	p.signIn("anna")
	p.shows(403, "Sign in", "This account is disabled")
	p.submit("username", "anna", "password", "wrong still")
	p.shows(403, "Sign in", "The name or the password is wrong")

	for range 20 {
		p.submit("username", "bert", "password", "guess guess guess")
	}
	p.shows(429, "Sign in", "Too many wrong passwords")
	if p.head.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", p.head.Get("Retry-After"))
	}
	s.later(time.Minute)
	p.signIn("bert")
	p.shows(200, "Your account")
	if strings.Contains(s.log.String(), "horse") || strings.Contains(s.log.String(), "guess") || strings.Contains(s.log.String(), "nobody") {
		t.Error("what was typed is in the log")
	}
}

func TestASignInFromBeforeIsVoid(t *testing.T) {
	disable := func(s *site, id string) error { return s.h.Accounts.SetDisabled(s.Context(), id, true) }
	for name, c := range map[string]struct {
		after time.Duration
		act   func(s *site, id string) error
	}{
		"password changed": {time.Second, func(s *site, id string) error {
			return s.h.Accounts.SetPassword(s.Context(), id, "a wholly different passphrase")
		}},
		"disabled":                    {time.Second, disable},
		"disabled in the same moment": {0, disable},
		"disabled and enabled again": {time.Second, func(s *site, id string) error {
			return errors.Join(disable(s, id), s.h.Accounts.SetDisabled(s.Context(), id, false))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			a := s.account("anna")
			s.account("bert")
			p := s.person()
			p.open("/authorize/start")
			p.signIn("anna")
			p.shows(200, "Allow Lanyard to sign in?")
			action, values := p.form()
			values.Set("decision", "allow")
			s.later(c.after)
			if err := c.act(s, a.ID); err != nil {
				t.Fatal(err)
			}
			p.post(action, values)
			p.shows(200, "Sign in")
			if got := s.decision(values.Get("request")); got.Account != "" {
				t.Error("approved all the same")
			}
			for _, path := range []string{"/account/", "/activate", "/signout"} {
				p.open(path)
				p.shows(200, "Sign in")
			}
		})
	}
}

func TestPromptLoginAsksForThePassword(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	s.request.Prompt, s.request.LoginHint = []string{"login"}, "anna"
	p := s.person()
	p.open("/signin")
	p.signIn("anna")
	s.later(time.Minute)
	p.open("/authorize/start")
	p.shows(200, "Sign in", `value="anna"`)
	_, values := p.form()
	p.open("/signin/confirm?request=" + values.Get("request"))
	p.shows(200, "Sign in")
	p.signIn("anna")
	p.shows(200, "Allow Lanyard to sign in?")
	p.submit("decision", "allow")
	if got := s.decision(p.sentBack()); !got.AuthTime.Equal(s.at) {
		t.Errorf("auth time %v", got.AuthTime)
	}
}

func TestOnlyTheBrowserThatBegan(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p, other := s.person(), s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	_, values := p.form()
	id := values.Get("request")
	other.open("/signin")
	other.signIn("anna")
	for _, path := range []string{"/signin?request=", "/signin/confirm?request="} {
		other.open(path + id)
		other.shows(403, "This sign-in began in another browser")
		s.person().open(path + id) // no cookie at all
	}
	other.open("/signout")
	_, own := other.form()
	other.post("/signin/confirm", url.Values{"token": {own.Get("token")}, "request": {id}, "decision": {"allow"}, "account": {values.Get("account")}})
	other.shows(403, "This sign-in began in another browser")
	if got := s.decision(id); got.Account != "" || got.Denied {
		t.Errorf("decided: %+v", got)
	}
}

func TestRequestsThatAreNoMore(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	_, values := p.form()
	for _, id := range []string{"0123456789abcdef0123456789abcdef", "x", "../..", "%00", strings.Repeat("a", 3000)} {
		for _, path := range []string{"/signin?request=", "/signin/confirm?request="} {
			p.open(path + url.QueryEscape(id))
			p.shows(404, "This sign-in is not known here")
		}
	}
	p.open("/signin/confirm")
	p.shows(404, "This sign-in is not known here")
	s.later(31 * time.Minute)
	p.open("/signin?request=" + values.Get("request"))
	p.shows(410, "This sign-in took too long", "start signing in again")
	values.Set("decision", "allow")
	p.post("/signin/confirm", values)
	p.shows(410, "This sign-in took too long")
}

func TestTheWayOnNeverLeaves(t *testing.T) {
	for _, evil := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "\t//evil.example", "javascript:alert(1)"} {
		s := newSite(t)
		s.account("anna")
		for _, key := range []string{"request", "user_code", "continue", "next", "return_to", "redirect_uri"} {
			p := s.person()
			p.open("/signin?" + url.Values{key: {evil}}.Encode())
			if p.status != 200 {
				continue // refused at once
			}
			action, values := p.form()
			if action != "/signin" {
				t.Errorf("the form goes to %s", action)
			}
			values.Set("username", "anna")
			values.Set("password", password)
			p.post(action, values)
			if !strings.HasPrefix(p.path, "/account/") && !strings.HasPrefix(p.path, "/activate") {
				t.Errorf("%s=%s led to %s", key, evil, p.path)
			}
		}
	}
}

func TestAProgramBehindIPv6(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	s.request.RedirectURI = "http://[::1]:4321/callback" // the policy has no words for it
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	p.submit("decision", "allow")
	p.shows(200, "Going back to your program")
	_, to, ok := strings.Cut(p.body, `<meta http-equiv="refresh" content="0;url=`)
	if to, _, _ = strings.Cut(to, `"`); !ok || !strings.HasPrefix(to, "/authorize/callback?id=") {
		t.Fatalf("no way on: %s", p.body)
	}
	p.open(to)
	p.sentBack()
}

func TestSignOut(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/signout")
	p.shows(200, "Sign in")
	p.signIn("anna")
	p.shows(200, "Your account", "anna", "Administrator", "lanyard token list")
	u, _ := url.Parse(p.URL)
	before := p.client.Jar.Cookies(u)
	p.open("/signout") // a link signs nobody out
	p.shows(200, "Sign out of this browser?")
	p.open("/account/")
	p.shows(200, "Your account")
	p.submit()
	p.shows(200, "Signed out of this browser")
	p.open("/account/")
	p.shows(200, "Sign in")
	q := s.person()
	q.client.Jar.SetCookies(u, before)
	q.open("/account/")
	q.shows(200, "Sign in")
}

func TestABrowserWithoutCookiesIsTold(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.client.Jar = nil
	p.open("/signin")
	p.signIn("anna")
	p.shows(403, "Please try that once more", "cookies")
	p.open("/authorize/start")
	p.shows(403, "This sign-in began in another browser", "cookies")
}

func TestUnknownPages(t *testing.T) {
	s := newSite(t)
	p := s.person()
	p.open("/account/nothing")
	p.shows(404, "There is no such page")
	p.open("/static/nothing.css")
	if p.status != http.StatusNotFound {
		t.Errorf("status %d", p.status)
	}
	p.open("/static/../templates/layout.html")
	if p.status != http.StatusNotFound {
		t.Errorf("status %d", p.status)
	}
}
