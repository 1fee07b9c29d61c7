package pages

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// authenticator gives the browser a security key that verifies its person at
// once.
func (c *chromium) authenticator() {
	c.Helper()
	c.do(call(webauthn.Enable, webauthn.EnableParams{}), call(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	}))
}

// appCode is what the app shows that was set up with the secret on the page.
func (c *chromium) appCode(secret string) string {
	c.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), c.site.now())
	if err != nil {
		c.Fatal(err)
	}
	return code
}

func (c *chromium) text(what string) string {
	c.Helper()
	return value(c, chromedp.Text(chromedp.CSS(what)))
}

// One real registration and one real sign-in with it (G7).
func TestPasskeyInChromium(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	b := newChromium(t, s.URL)
	b.site = s
	b.authenticator()
	b.open("/account/security")
	b.fill("username", "anna", "password", password)
	b.click("button")
	b.titled("How you sign in")
	b.open("/account/security/passkey/new")
	b.fill("name", "the key on my keyring")
	b.click("button")
	b.titled("Your recovery codes")
	b.click("a.button")
	b.titled("How you sign in")
	if list := b.text(".rows"); !strings.Contains(list, "the key on my keyring") || !strings.Contains(list, "never used") {
		t.Errorf("listed as %q", list)
	}
	s.later(time.Minute)
	b.open("/signout")
	b.click("button")
	b.open("/authorize/start")
	b.fill("username", "anna", "password", password)
	b.click("button")
	b.titled("Second factor")
	b.click("form[data-passkey] button")
	b.titled("Allow Lanyard to sign in?")
	a, err := s.h.Accounts.ByLogin(t.Context(), "anna")
	if err != nil || len(a.Factors.Passkeys) != 1 || !a.Factors.Passkeys[0].LastUsed.Equal(s.now()) || a.Factors.Passkeys[0].Count == 0 {
		t.Errorf("%+v, %v", a.Factors, err)
	}
	if said := b.complaints(); said != nil {
		t.Errorf("the browser complains: %v", said)
	}
}

// An app is set up and used by a browser that runs no script.
func TestAppWithoutJavaScriptInChromium(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	b := newChromium(t, s.URL)
	b.site = s
	b.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.open("/account/security")
	b.fill("username", "anna", "password", password)
	b.click("button")
	b.click(`form[action="/account/security/app"] button`)
	b.titled("Set up an authenticator app")
	secret := b.text(".secret")
	b.fill("code", b.appCode(secret))
	b.click("button")
	b.titled("Your recovery codes")
	recovery, _, _ := strings.Cut(b.text(".codes"), "\n")
	for name, code := range map[string]func() string{
		"app":           func() string { return b.appCode(secret) },
		"recovery code": func() string { return recovery },
	} {
		s.later(time.Minute)
		b.open("/signout")
		b.click("button")
		b.open("/signin")
		b.fill("username", "anna", "password", password)
		b.click("button")
		b.titled("Second factor")
		b.fill("code", code())
		b.click("button")
		if got := value(b, chromedp.Title()); got != "Your account – Lanyard" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if said := b.complaints(); said != nil {
		t.Errorf("the browser complains: %v", said)
	}
}

// TestSecurityGallery goes through every state of the pages about second
// factors.
func TestSecurityGallery(t *testing.T) {
	folder := os.Getenv(galleryVar)
	if folder != "" {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t)
	s.account("anna")
	b := newChromium(t, s.URL)
	b.site = s
	b.authenticator()
	look := func(name string) { t.Helper(); b.gallery(folder, name) }

	b.open("/account/security")
	look("security-signin")
	b.fill("username", "anna", "password", password)
	b.click("button")
	look("security-none")
	b.open("/account/security/app")
	b.titled("How you sign in")
	b.click(`form[action="/account/security/app"] button`)
	look("app")
	secret := b.text(".secret")
	b.fill("code", "000000")
	b.click("button")
	look("app-wrong")
	b.open("/account/security")
	look("security-waiting")
	b.open("/account/security/app")
	b.fill("code", b.appCode(secret))
	b.click("button")
	look("codes")
	b.click("a.button")
	look("security-app")
	b.open("/account/security/app/off")
	look("app-off")
	b.open("/account/security/recovery")
	look("recovery")
	b.click("button")
	look("codes-new")
	b.open("/account/security/password")
	look("password")
	b.fill("password", "short")
	b.click("button")
	look("password-wrong")
	b.fill("password", "xkqzvwpj")
	b.click("button")
	b.titled("How you sign in")

	b.open("/signout")
	b.click("button")
	s.later(time.Minute)
	signIn := func() {
		b.open("/authorize/start")
		b.fill("username", "anna", "password", "xkqzvwpj")
		b.click("button")
	}
	signIn()
	look("second-app")
	b.fill("code", "000000")
	b.click("button")
	look("second-wrong")
	b.fill("code", b.appCode(secret))
	b.click("button")
	b.titled("Allow Lanyard to sign in?")

	b.open("/account/security/app/off")
	b.click("button")
	look("short-password")
	b.open("/account/security/passkey/new")
	look("passkey-new")
	b.fill("name", " ")
	b.click("button")
	look("passkey-new-wrong")
	b.fill("name", strings.Repeat("Schlüsselbund", 4))
	b.click("button")
	b.titled("How you sign in")
	b.open("/account/security/passkey/new")
	b.fill("name", "this computer")
	b.do(chromedp.Click(chromedp.CSS("button")))
	b.do(chromedp.WaitVisible(chromedp.CSS("[role=alert]")))
	look("passkey-known")
	b.open("/account/security")
	look("security-both")
	b.click(".rows a")
	look("passkey")
	b.open("/account/security/app/off")
	b.click("button")
	b.open("/account/security")
	look("security-passkey")
	b.click(".rows a")
	look("passkey-last")
	b.open("/account/")
	look("account-second")
	b.open("/signout")
	b.click("button")
	s.later(time.Minute)
	signIn()
	look("second-passkey")
	for range 6 {
		b.fill("code", "AAAAA-AAAAA-AAAAA")
		b.click(`form:not([data-passkey]) button`)
	}
	look("second-throttled")
	if said := b.complaints(); said != nil {
		t.Errorf("the browser complains: %v", said)
	}
}
