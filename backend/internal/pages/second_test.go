package pages

import (
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"
	virtual "github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"lanyard/backend/account"
)

// app turns an authenticator app on and returns what it shows, at any time.
func (s *site) app(a account.Account) (code func() string, recovery []string) {
	s.Helper()
	shown := account.Proof{At: s.now(), Second: true}
	if err := s.h.Accounts.BeginTOTP(s.Context(), a.ID, shown); err != nil {
		s.Fatal(err)
	}
	e, err := s.h.Accounts.PendingTOTP(s.again(a), shown, "Lanyard")
	if err != nil {
		s.Fatal(err)
	}
	code = func() string {
		c, err := totp.GenerateCode(e.Secret, s.now())
		if err != nil {
			s.Fatal(err)
		}
		return c
	}
	if _, recovery, err = s.h.Accounts.ConfirmTOTP(s.Context(), a.ID, shown, code(), "192.0.2.1"); err != nil {
		s.Fatal(err)
	}
	s.later(time.Minute)
	return code, recovery
}

// again is an account as it is now.
func (s *site) again(a account.Account) account.Account {
	s.Helper()
	a, err := s.h.Accounts.Account(s.Context(), a.ID)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// What a page demands of the browser that asks for it.
const (
	nothing    = "nothing"
	passworded = "the password, a moment ago"
	signedIn   = "a sign-in, with the second factor where there is one"
	fresh5     = "the same, within five minutes"
)

// demands is every path of the pages, what it demands, and a form for it.
var demands = map[string]struct {
	demand string
	form   url.Values // what is posted, beside the form's token; nil: it takes none
}{
	"/setup":                           {nothing, url.Values{"username": {"eve"}, "password": {password}, "code": {"x"}}},
	"/signin":                          {nothing, url.Values{"username": {"anna"}, "password": {"wrong"}}},
	"/signin/second":                   {passworded, url.Values{"code": {"000000"}}},
	"/signin/confirm":                  {signedIn, url.Values{"decision": {"allow"}}},
	"/activate":                        {signedIn, url.Values{}},
	"/activate/confirm":                {signedIn, url.Values{"decision": {"allow"}}},
	"/account/{$}":                     {signedIn, nil},
	"/account/":                        {nothing, nil},  // unknown pages
	"/signout":                         {signedIn, nil}, // posted, it only forgets
	"/account/security":                {signedIn, nil},
	"/account/security/app":            {fresh5, url.Values{}},
	"/account/security/app/confirm":    {fresh5, url.Values{"code": {"000000"}}},
	"/account/security/app/off":        {fresh5, url.Values{}},
	"/account/security/passkey":        {fresh5, url.Values{"name": {"x"}}},
	"/account/security/passkey/new":    {fresh5, url.Values{"name": {"x"}, "passkey": {"{}"}}},
	"/account/security/passkey/remove": {fresh5, url.Values{}},
	"/account/security/recovery":       {fresh5, url.Values{}},
	"/account/security/password":       {fresh5, url.Values{"password": {"kontrabass zwetschge unfug"}}},
}

// G4: no page is reached around the second factor: not by whoever has given the
// password alone, not by a browser that signed in before the factor was on.
func TestEveryPageAndWhatItDemands(t *testing.T) {
	t.Run("the table is whole", func(t *testing.T) {
		listed := map[string]bool{}
		for _, one := range newSite(t).h.routes() {
			if _, ok := demands[one.path]; !ok {
				t.Errorf("%s is not in the table", one.path)
			}
			listed[one.path] = true
		}
		for path := range demands {
			if !listed[path] {
				t.Errorf("%s is no page", path)
			}
		}
	})
	states := map[string]struct {
		begin func(s *site, p *person, a account.Account)
		meets []string
	}{
		"nobody": {func(*site, *person, account.Account) {}, []string{nothing}},
		"the password alone": {func(s *site, p *person, a account.Account) {
			s.app(a)
			p.open("/signin")
			p.signIn("anna")
			p.shows(200, "Second factor")
		}, []string{nothing, passworded}},
		"signed in before the factor was on": {func(s *site, p *person, a account.Account) {
			p.open("/signin")
			p.signIn("anna")
			p.shows(200, "Your account")
			s.app(a)
		}, []string{nothing}},
		"signed in without it, by a row that says so": {func(s *site, p *person, a account.Account) {
			p.open("/signin")
			p.signIn("anna")
			if err := s.store.ChangeAccount(s.Context(), a.ID, func(a account.Account, _ bool) (account.Account, error) {
				a.Factors.Passkeys = []account.Passkey{{ID: []byte("k"), Name: "k", PublicKey: []byte("x")}}
				return a, nil
			}); err != nil {
				s.Fatal(err)
			}
		}, []string{nothing}},
		"both, six minutes ago": {func(s *site, p *person, a account.Account) {
			code, _ := s.app(a)
			p.open("/signin")
			p.signIn("anna")
			p.submit("code", code())
			p.shows(200, "Your account")
			s.later(6 * time.Minute)
		}, []string{nothing, signedIn}},
	}
	for state, st := range states {
		s := newSite(t)
		a := s.account("anna")
		p := s.person()
		st.begin(s, p, a)
		for path, d := range demands {
			t.Run(path+" by "+state, func(t *testing.T) {
				s.TB = t
				s.later(time.Millisecond) // devices are told apart by it
				p.open("/authorize/start")
				m := regexp.MustCompile(`request=([0-9a-f]+)`).FindStringSubmatch(p.path)
				if m == nil {
					t.Fatal(p.path)
				}
				request, device := m[1], s.device()
				met := false
				for _, one := range st.meets {
					met = met || one == d.demand
				}
				before := s.again(a)
				target := strings.TrimSuffix(path, "{$}")
				query := url.Values{"request": {request}, "user_code": {device.UserCode}}
				p.open(target + "?" + query.Encode())
				if d.demand != nothing && p.past(d.demand) != met {
					t.Errorf("GET: met %v, and at %s: %s", met, p.path, heading(p.body))
				}
				if d.form == nil {
					return
				}
				p.open("/signin?switch=1") // for the form's token
				_, values := p.form()
				values = url.Values{"token": values["token"], "request": {request}, "user_code": {device.UserCode}, "account": {a.ID}, "device": {hex.EncodeToString(device.ID[:])}, "id": {"6b"}}
				for k, v := range d.form {
					values[k] = v
				}
				p.post(target, values)
				if d.demand != nothing && p.past(d.demand) != met {
					t.Errorf("POST: met %v, and at %s: %d %s", met, p.path, p.status, heading(p.body))
				}
				if met && d.demand == signedIn {
					return // it may decide
				}
				if got := s.decision(request); got.Account != "" || got.Denied {
					t.Errorf("the authorization was decided: %+v", got)
				}
				if got := s.deviceNow(device); got.Account != "" || got.Denied {
					t.Errorf("the device was decided: %+v", got)
				}
				after := s.again(a)
				if after.Password != before.Password || after.HasSecond() != before.HasSecond() || len(after.Factors.Passkeys) != len(before.Factors.Passkeys) {
					t.Errorf("the account was changed: %+v", after.Factors)
				}
			})
		}
	}
}

// past says whether the browser was let through to what a page with that
// demand shows.
func (p *person) past(demand string) bool {
	if demand == passworded {
		return heading(p.body) == "Second factor"
	}
	return p.status != http.StatusOK || heading(p.body) != "Sign in"
}

func heading(body string) string {
	_, after, _ := strings.Cut(body, "<h1>")
	text, _, _ := strings.Cut(after, "</h1>")
	return html.UnescapeString(text)
}

func TestSignInWithTheApp(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	code, recovery := s.app(a)
	for name, typed := range map[string]func() string{
		"the app": code, "a recovery code": func() string { return recovery[0] },
	} {
		s.later(time.Minute)
		p := s.person()
		p.open("/authorize/start")
		p.signIn("anna")
		p.shows(200, "Second factor", "authenticator app")
		first := p.client.Jar.Cookies(p.cookieURL())
		p.submit("code", "000000")
		p.shows(403, "Second factor", "This code is wrong")
		p.submit("code", typed())
		p.shows(200, "Allow Lanyard to sign in?")
		for _, c := range p.client.Jar.Cookies(p.cookieURL()) {
			for _, old := range first {
				if c.Name == old.Name && c.Value == old.Value && strings.Contains(c.Name, "session") {
					t.Errorf("%s: the cookie is that from before the second factor", name)
				}
			}
		}
		p.submit("decision", "allow")
		if got := s.decision(p.sentBack()); got.Account != a.ID {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if log := s.log.String(); strings.Contains(log, recovery[0]) || !strings.Contains(log, "second factor refused") {
		t.Errorf("log: %s", log)
	}
}

func (p *person) cookieURL() *url.URL {
	u, err := url.Parse(p.URL)
	if err != nil {
		p.Fatal(err)
	}
	return u
}

// What was changed between password and code voids the password.
func TestAPasswordChangedBeforeTheCode(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	code, _ := s.app(a)
	voided(t, s, "a new password", func() { _ = s.h.Accounts.SetPassword(t.Context(), a.ID, password) }, code)
	voided(t, s, "ten minutes", func() { s.later(10 * time.Minute) }, code)
	voided(t, s, "no factor now", func() { _ = s.h.Accounts.ResetFactors(t.Context(), a.ID) }, code)
	code, _ = s.app(a)
	s.account("chief")
	voided(t, s, "disabled", func() { _ = s.h.Accounts.SetDisabled(t.Context(), a.ID, true) }, code)
}

func voided(t *testing.T, s *site, name string, change func(), code func() string) {
	t.Helper()
	s.later(time.Minute)
	p := s.person()
	p.open("/signin")
	p.signIn("anna")
	p.shows(200, "Second factor")
	s.later(time.Second)
	change()
	p.submit("code", code())
	if p.path != "/signin" || p.status != 200 {
		t.Errorf("%s: %d at %s: %s", name, p.status, p.path, heading(p.body))
	}
}

// A person sets up an app, and takes it off again, by forms alone.
func TestAppOnAndOff(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	p := s.person()
	p.open("/account/security")
	p.shows(200, "Sign in", "show once more that it is you")
	p.signIn("anna")
	p.shows(200, "How you sign in", "Your password alone signs you in")
	p.open("/account/security/app")
	p.shows(200, "How you sign in") // a link begins nothing
	if s.again(a).Factors.Pending.Set() {
		t.Error("a GET made a seed")
	}
	p.submit()
	p.shows(200, "Set up an authenticator app", "<svg class=\"qr\"")
	secret := strings.ReplaceAll(between(p.body, `<p class="secret"><code>`, "</code>"), " ", "")
	if !strings.Contains(html.UnescapeString(p.body), "otpauth://totp/") || len(secret) != 32 {
		t.Errorf("secret %q", secret)
	}
	p.submit("code", "12345")
	p.shows(422, "Set up an authenticator app", "not the code that the app shows")
	code, err := totp.GenerateCode(secret, s.now())
	if err != nil {
		t.Fatal(err)
	}
	other := s.person()
	other.open("/signin")
	other.signIn("anna")
	other.shows(200, "Your account")
	s.later(time.Second)
	p.submit("code", code)
	p.shows(200, "Your recovery codes", "shown this once")
	if n := strings.Count(p.body, "<li><code>"); n != 10 {
		t.Errorf("%d codes", n)
	}
	other.open("/account/")
	other.shows(200, "Sign in") // every other browser is out
	p.open("/account/security")
	p.shows(200, "How you sign in", "On since", "10 are left")
	if strings.Contains(p.body, secret) {
		t.Error("the secret is shown again")
	}
	p.open("/account/security/app")
	p.shows(200, "How you sign in")
	p.open("/account/security/recovery")
	p.submit()
	p.shows(200, "Your recovery codes", "The old codes are dead")
	p.open("/account/security/app/off")
	p.shows(200, "Turn off the authenticator app?", "last second factor")
	p.submit()
	p.shows(200, "How you sign in", "Your password alone")
	if got := s.again(a); got.HasSecond() || len(got.Factors.Recovery) != 0 {
		t.Errorf("%+v", got.Factors)
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the secret is in the log")
	}
}

func between(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	inner, _, _ := strings.Cut(after, to)
	return inner
}

// G9: the last factor goes only when the password is good enough alone.
func TestTheLastFactorAndAShortPassword(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	code, _ := s.app(a)
	p := s.person()
	p.open("/account/security")
	p.signIn("anna")
	p.submit("code", code())
	p.shows(200, "How you sign in")
	p.open("/account/security/password")
	p.submit("password", "short")
	p.shows(422, "Change your password", "at least 8")
	p.submit("password", "xkqzvwpj")
	p.shows(200, "How you sign in")
	p.open("/account/security/app/off")
	p.submit()
	p.shows(409, "Change your password first", "Nothing was changed")
	if !s.again(a).HasSecond() {
		t.Error("it is off")
	}
	p.open("/account/security/password")
	p.submit("password", "kontrabass zwetschge unfug")
	p.open("/account/security/app/off")
	p.submit()
	p.shows(200, "How you sign in", "Your password alone")
}

// A passkey, from the form to the sign-in, with an authenticator in Go.
func TestPasskeyByForms(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	rp := virtual.RelyingParty{ID: "localhost", Name: "Lanyard", Origin: s.h.PublicURL}
	auth := virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: []byte(a.ID)})
	key := virtual.NewCredential(virtual.KeyTypeRSA)
	p := s.person()
	p.open("/account/security")
	p.signIn("anna")
	p.open("/account/security/passkey/new")
	p.shows(200, "Add a passkey")
	if got := p.head.Get("Content-Security-Policy"); !strings.HasSuffix(got, "; script-src 'self'") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %s", got)
	}
	attest := func() string {
		o, err := virtual.ParseAttestationOptions(html.UnescapeString(between(p.body, `data-passkey="`, `"`)))
		if err != nil {
			t.Fatal(err)
		}
		return virtual.CreateAttestationResponse(rp, auth, key, *o)
	}
	p.submit("name", "keyring", "passkey", "{}")
	p.shows(422, "Add a passkey", "was not accepted", `value="keyring"`)
	p.submit("name", " ", "passkey", attest())
	p.shows(422, "Add a passkey", "1 to 60 characters")
	p.submit("name", "keyring", "passkey", attest())
	p.shows(200, "Your recovery codes")
	p.open("/account/security")
	p.shows(200, "How you sign in", "keyring", "never used")
	id := between(p.body, "/account/security/passkey?id=", `"`)
	p.open("/account/security/passkey?id=" + id)
	p.submit("name", "the <b>red</b> key")
	p.shows(200, "How you sign in", "the <b>red</b> key")
	if strings.Contains(p.body, "<b>red") {
		t.Error("a name is not text")
	}

	s.later(time.Minute)
	in := s.person()
	in.open("/authorize/start")
	in.signIn("anna")
	in.shows(200, "Second factor", "Use a passkey", "Recovery code")
	assert := func(of *person) string {
		o, err := virtual.ParseAssertionOptions(html.UnescapeString(between(of.body, `data-passkey="`, `"`)))
		if err != nil {
			t.Fatal(err)
		}
		key.Counter++
		return virtual.CreateAssertionResponse(rp, auth, key, *o)
	}
	send := func(of *person, answer string) {
		action, values := of.form()
		values.Del("code")
		values.Set("passkey", answer)
		of.post(action, values)
	}
	elsewhere := s.person()
	elsewhere.open("/signin")
	elsewhere.signIn("anna")
	send(elsewhere, assert(in)) // what was signed for another browser
	elsewhere.shows(403, "Second factor", "was not accepted")
	send(in, assert(in))
	in.shows(403, "Second factor", "was not accepted") // its challenge is spent by that
	said := assert(in)
	send(in, said)
	in.shows(200, "Allow Lanyard to sign in?")
	if k, ok := s.again(a).Passkey(key.ID); !ok || k.Count != key.Counter || !k.LastUsed.Equal(s.now()) {
		t.Errorf("%+v", k)
	}
	again := s.person()
	again.open("/signin")
	again.signIn("anna")
	send(again, said)
	again.shows(403, "Second factor", "was not accepted")

	in.open("/account/security/passkey?id=" + id)
	in.shows(200, "Passkey", "last second factor")
	_, values := in.form()
	in.post("/account/security/passkey/remove", values)
	in.shows(200, "How you sign in", "Your password alone")
	if s.again(a).HasSecond() {
		t.Error("it is there still")
	}
}

// G3, at the pages: five wrong codes, and the sixth waits, whatever is begun anew.
func TestWrongCodesWait(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	code, _ := s.app(a)
	wrong := "000000"
	if code() == wrong {
		wrong = "111111"
	}
	for range 5 {
		p := s.person()
		p.open("/signin")
		p.signIn("anna")
		p.submit("code", wrong)
		p.shows(403, "Second factor", "This code is wrong")
	}
	p := s.person()
	p.open("/signin")
	p.signIn("anna")
	p.submit("code", code())
	p.shows(429, "Second factor", "Too many wrong passwords or codes")
	if p.head.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.later(30 * time.Second)
	p.submit("code", code())
	p.shows(200, "Your account")
}

// A half sign-in is nobody's, and forgets itself.
func TestHalfASignIn(t *testing.T) {
	s := newSite(t)
	s.account("bert")
	s.app(s.account("anna"))
	p := s.person()
	p.open("/signin")
	p.signIn("bert")
	p.shows(200, "Your account", "bert")
	p.open("/signin?switch=1")
	p.signIn("anna")
	p.shows(200, "Second factor")
	p.open("/account/")
	p.shows(200, "Your account", "bert") // who was before stays
	if strings.Contains(p.body, "anna") {
		t.Error("the half sign-in counts")
	}
	p.open("/signin/second")
	p.shows(200, "Second factor")
	s.later(11 * time.Minute)
	p.open("/signin/second")
	if p.status != http.StatusOK || p.path == "/signin/second" {
		t.Errorf("%d at %s", p.status, p.path)
	}
}

// The picture is a QR code of the very text, read back by its own modules.
func TestThePictureIsTheText(t *testing.T) {
	const text = "otpauth://totp/Lanyard:anna?secret=JBSWY3DPEHPK3PXP"
	svg, err := picture(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds().Dx()
	drawn := make(map[[2]int]bool)
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-`).FindAllStringSubmatch(string(svg), -1) {
		var n [3]int
		for i := range n {
			if n[i], err = strconv.Atoi(m[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		for x := range n[2] {
			drawn[[2]int{n[0] + x - 4, n[1] - 4}] = true
		}
	}
	for y := range size {
		for x := range size {
			if isDark(code, x, y) != drawn[[2]int{x, y}] {
				t.Fatalf("module %d, %d", x, y)
			}
		}
	}
	if want := fmt.Sprintf(`viewBox="0 0 %d %d"`, size+8, size+8); !strings.Contains(string(svg), want) {
		t.Errorf("no %s", want)
	}
}
