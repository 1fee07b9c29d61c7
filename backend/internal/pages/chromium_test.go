package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// A chromium is a real browser with a fresh profile.
type chromium struct {
	testing.TB
	ctx    context.Context
	origin string // of the site
	site   *site  // for what is asked of the service itself

	mu     sync.Mutex
	issues []string // what the browser refused or complained of
}

func newChromium(t testing.TB, origin string) *chromium {
	t.Helper()
	home, err := os.MkdirTemp("", "chromium-home-") // not t.TempDir: its last processes may write while it is removed
	if err != nil {
		t.Fatal(err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath("chromium"), chromedp.DisableGPU, chromedp.Env("HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, closeTab := chromedp.NewContext(ctx)
	c := &chromium{TB: t, ctx: ctx, origin: origin}
	t.Cleanup(func() { closeTab(); stop(); _ = os.RemoveAll(home) })
	err = chromedp.Listen(ctx, func(ev any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch ev := ev.(type) {
		case *audits.EventIssueAdded:
			if d := ev.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
				c.issues = append(c.issues, fmt.Sprintf("policy: %s of %s", d.ViolatedDirective, d.BlockedURL))
			}
		case *log.EventEntryAdded:
			if ev.Entry.Source == log.EntrySourceSecurity || ev.Entry.Source == log.EntrySourceViolation {
				c.issues = append(c.issues, ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	c.do(call(audits.Enable, cdp.Empty{}), call(log.Enable, cdp.Empty{}))
	return c
}

func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func (c *chromium) do(steps ...chromedp.Action[chromedp.Void]) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		c.Fatal(err)
	}
}

func value[T any](c *chromium, a chromedp.Action[T]) T {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		c.Fatal(err)
	}
	return v
}

// open shows a page of the site.
func (c *chromium) open(path string) {
	c.Helper()
	c.do(chromedp.Navigate(c.origin + path))
}

// fill types into the fields of those names.
func (c *chromium) fill(filled ...string) {
	c.Helper()
	for i := 0; i < len(filled); i += 2 {
		field := chromedp.CSS(`input[name="` + filled[i] + `"]`)
		c.do(chromedp.Clear(field), chromedp.SendKeys(field, filled[i+1]))
	}
}

// click clicks and waits for the page that comes of it.
func (c *chromium) click(what string) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(what))); err != nil {
		c.Fatalf("click %s: %v", what, err)
	}
}

func (c *chromium) titled(want string) {
	c.Helper()
	if got := value(c, chromedp.Title()); got != want+" – Lanyard" {
		c.Fatalf("the page is %q, want %q", got, want)
	}
}

// complaints are the browser's since the last time.
func (c *chromium) complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.issues
	c.issues = nil
	return out
}

// program listens where a program waits for its code.
func program(t testing.TB) (redirectURI string, got <-chan string) {
	codes := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><link rel=icon href=data:,><title>the program</title>")
		if r.URL.Path == "/callback" {
			select {
			case codes <- r.FormValue("code"):
			default:
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/callback", codes
}

func arrives(t testing.TB, codes <-chan string) string {
	t.Helper()
	select {
	case code := <-codes:
		return code
	case <-time.After(30 * time.Second):
		t.Fatal("the program waits in vain")
		return ""
	}
}

func TestTheWholePathInChromium(t *testing.T) {
	for name, c := range map[string]struct {
		script   bool
		decision string
	}{
		"allow":              {true, "allow"},
		"cancel":             {true, "cancel"},
		"without JavaScript": {false, "allow"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			redirect, codes := program(t)
			s.request.RedirectURI = redirect
			b := newChromium(t, s.URL)
			if !c.script {
				b.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			}
			b.open("/authorize/start")
			b.titled("Set up this service")
			b.fill("code", s.h.Setup.Fresh(), "username", "anna", "email", "anna@example.org", "password", password)
			b.click("button")
			b.titled("Allow Lanyard to sign in?")
			b.open("/signout")
			b.click("button")
			b.titled("Signed out of this browser")

			b.open("/authorize/start")
			b.titled("Sign in")
			b.fill("username", "anna", "password", "not the password")
			b.click("button")
			b.titled("Error: sign in")
			b.fill("password", password) // the name is there still
			b.click("button")
			b.titled("Allow Lanyard to sign in?")
			b.click(`button[value="` + c.decision + `"]`)
			id := strings.TrimPrefix(arrives(t, codes), "of-")
			if got := s.decision(id); (got.Account != "") != (c.decision == "allow") || got.Denied != (c.decision == "cancel") {
				t.Errorf("decision %+v", got)
			}
			if said := b.complaints(); said != nil {
				t.Errorf("the browser complains: %v", said)
			}
		})
	}
}

// With a policy that does not name the program, Chromium stops the form on its
// way: what the test above sees is the policy's doing, and a complaint would
// have been heard.
func TestChromiumHoldsFormsToThePolicy(t *testing.T) {
	s := newSite(t)
	redirect, codes := program(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/form", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><link rel=icon href=data:,><title>form</title><form method=post action=/post><button>Go</button></form>`)
	})
	mux.HandleFunc("/post", func(w http.ResponseWriter, r *http.Request) { _ = seeOther(w, r, "/back") })
	mux.HandleFunc("/back", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, redirect, http.StatusFound) })
	s.Config.Handler = s.h.Browser.Headers(mux)
	b := newChromium(t, s.URL)
	b.open("/form")
	b.do(chromedp.Click(chromedp.CSS("button")))
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-codes:
			t.Fatal("the form went through")
		case <-deadline:
			t.Fatal("no complaint")
		case <-tick.C:
			if said := b.complaints(); said != nil {
				if !strings.Contains(strings.Join(said, "\n"), "form-action") {
					t.Fatalf("the browser complains of something else: %v", said)
				}
				return
			}
		}
	}
}

func TestDeviceCodeInChromium(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	d := s.device()
	b := newChromium(t, s.URL)
	b.open("/activate")
	b.fill("username", "anna", "password", password)
	b.click("button")
	b.titled("Enter a code")
	b.fill("user_code", strings.ToLower(d.UserCode))
	b.click("button")
	b.titled("Allow Lanyard to sign in?")
	b.click(`button[value="allow"]`)
	b.titled("Signed in")
	if got := s.deviceNow(d); got.Account != a.ID {
		t.Errorf("decision %+v", got)
	}
	if said := b.complaints(); said != nil {
		t.Errorf("the browser complains: %v", said)
	}
}

// A page of another site sends our own form, cookies and all that it can.
func TestAnotherSitesFormInChromium(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	b := newChromium(t, s.URL)
	b.open("/signin")
	b.fill("username", "anna", "password", password)
	b.click("button")
	b.titled("Your account")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>evil</title><form method=post action="%s/signout"><input name=token value=x><button>Win</button></form>`, s.URL)
	}))
	t.Cleanup(evil.Close)
	for name, host := range map[string]string{"another port": "localhost", "another site": "127.0.0.1"} {
		b.do(chromedp.Navigate(strings.Replace(evil.URL, "127.0.0.1", host, 1)))
		b.click("button")
		if got := value(b, chromedp.Title()); got != "Stopped for your safety – Lanyard" {
			t.Errorf("%s: %q", name, got)
		}
	}
	b.open("/account/")
	b.titled("Your account")

	frame := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>frame</title><iframe src="%s/account/"></iframe>`, s.URL)
	}))
	t.Cleanup(frame.Close)
	b.complaints()
	b.do(chromedp.Navigate(frame.URL))
	if said := strings.Join(b.complaints(), "\n"); !strings.Contains(said, "frame-ancestors") {
		t.Errorf("framed: %s", said)
	}
}
