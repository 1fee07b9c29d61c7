package pages

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSetupLeadsBackToTheAuthorization(t *testing.T) {
	s := newSite(t)
	p := s.person()
	code := s.h.Setup.Fresh()
	p.open("/authorize/start")
	p.shows(200, "Set up this service")
	if !strings.HasPrefix(p.path, "/setup?request=") {
		t.Errorf("at %s", p.path)
	}
	p.submit("code", strings.ToLower(code), "username", " Anna ", "email", "anna@example.org", "password", password)
	p.shows(200, "Allow Lanyard to sign in?", "anna@example.org")
	p.submit("decision", "allow")
	a, err := s.h.Accounts.ByLogin(t.Context(), "anna")
	if err != nil || !a.Admin {
		t.Fatalf("account %+v, %v", a, err)
	}
	if got := s.decision(p.sentBack()); got.Account != a.ID {
		t.Errorf("decision %+v", got)
	}
	p.open("/setup")
	p.shows(410, "Set up already")
	if err := s.h.Setup.Try(code); err == nil {
		t.Error("the code is good still")
	}
	if strings.Contains(s.log.String(), code) || strings.Contains(s.log.String(), "horse") {
		t.Error("a secret is in the log")
	}
}

func TestEveryPageLeadsToSetup(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/signin", "/activate", "/activate?user_code=BCDF-GHJK", "/account/", "/signin/confirm?request=x"} {
		p := s.person()
		p.open(path)
		p.shows(200, "Set up this service")
	}
}

func TestSetupForADevice(t *testing.T) {
	s := newSite(t)
	d := s.device()
	p := s.person()
	p.open("/activate?user_code=" + d.UserCode)
	p.submit("code", s.h.Setup.Fresh(), "username", "anna", "password", password)
	p.shows(200, "Allow Lanyard to sign in?", "build-vm")
}

func TestWhatSetupRefuses(t *testing.T) {
	s := newSite(t)
	code := s.h.Setup.Fresh()
	p := s.person()
	for name, c := range map[string]struct{ code, user, email, password, says string }{
		"wrong code":        {"ABCD-EFGH-JKLM", "anna", "", password, "This code is wrong"},
		"no code":           {"", "anna", "", password, "This code is wrong"},
		"short name":        {code, "a", "", password, "A user name has 2 to 64 characters"},
		"bad name":          {code, "anna/x", "", password, "made of a-z and 0-9"},
		"reserved name":     {code, "access-tokens", "", password, "is reserved"},
		"bad e-mail":        {code, "anna", "anna", password, "is not an e-mail address"},
		"short password":    {code, "anna", "", "pass", "at least 15 characters"},
		"common password":   {code, "anna", "", "passwordpassword123", "easy to guess"},
		"password = e-mail": {code, "anna-lovelace", "anna-lovelace@example.org", "anna-lovelace@example.org", "easy to guess"},
	} {
		t.Run(name, func(t *testing.T) {
			p.TB = t
			p.open("/setup")
			p.submit("code", c.code, "username", c.user, "email", c.email, "password", c.password)
			p.shows(422, "Set up this service", c.says, `role="alert"`, `aria-invalid="true"`, "<title>Error: ", `value="`+c.user+`"`)
			if strings.Contains(p.body, `value="`+c.password+`"`) && c.password != c.email {
				t.Error("the password came back")
			}
			if all, _ := s.h.Accounts.All(t.Context()); len(all) != 0 {
				t.Fatal("an account was made")
			}
		})
	}
}

func TestSetupCodeIsSpentByTrying(t *testing.T) {
	s := newSite(t)
	code := s.h.Setup.Fresh()
	p := s.person()
	p.open("/setup")
	for range 10 {
		p.submit("code", "ABCD-EFGH-JKLM", "username", "anna", "password", password)
		p.shows(422, "Set up this service", "This code is wrong")
	}
	p.submit("code", code, "username", "anna", "password", password)
	p.shows(422, "Set up this service", "This code is wrong")

	code = s.h.Setup.Fresh()
	s.later(15 * time.Minute)
	p.submit("code", code, "username", "anna", "password", password)
	p.shows(422, "Set up this service", "This code is wrong")
}

func TestOneOfManySetupsWins(t *testing.T) {
	s := newSite(t)
	code := s.h.Setup.Fresh()
	var wins atomic.Int32
	var all sync.WaitGroup
	people := make([]*person, 12)
	for i := range people {
		people[i] = s.person()
		people[i].open("/setup")
	}
	for i, p := range people {
		action, values := p.form()
		for k, v := range map[string]string{"code": code, "username": "anna" + string(rune('a'+i)), "password": password} {
			values.Set(k, v)
		}
		all.Go(func() {
			p.post(action, values)
			if p.status == http.StatusOK && strings.HasPrefix(p.path, "/account/") {
				wins.Add(1)
			}
		})
	}
	all.Wait()
	if list, err := s.h.Accounts.All(t.Context()); err != nil || len(list) != 1 || wins.Load() != 1 {
		t.Errorf("%d accounts, %d winners, %v", len(list), wins.Load(), err)
	}
}
