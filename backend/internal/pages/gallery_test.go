package pages

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// galleryVar names a folder: with it set, TestGallery leaves its pictures there.
const galleryVar = "LANYARD_GALLERY"

// A look is a way of looking at a page.
type look struct {
	name          string
	width, height int64
	zoom          float64 // of the whole page, as Ctrl + makes it
	dark          bool
}

var looks = []look{
	{"1280-light", 1280, 800, 1, false},
	{"1280-dark", 1280, 800, 1, true},
	{"360-light", 360, 740, 1, false},
	{"360-dark", 360, 740, 1, true},
	{"zoomed", 360, 740, 1.5, false},
}

// faults is what is wrong with how a page looks or reads, asked of the browser
// itself: too wide, unlabelled, too pale (WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.2).
const faults = `(() => {
  const out = [], seen = [...document.querySelectorAll('main *')];
  if (document.documentElement.scrollWidth > innerWidth) out.push('wider than the window: ' + document.documentElement.scrollWidth + ' of ' + innerWidth);
  if (document.querySelectorAll('h1').length !== 1) out.push('not one h1');
  if (!document.title.endsWith(' – Lanyard') || document.title.length < 14) out.push('title ' + document.title);
  for (const i of document.querySelectorAll('input:not([type=hidden])')) {
    if (i.labels.length !== 1) out.push('no label: ' + i.name);
    if (!i.autocomplete) out.push('no autocomplete: ' + i.name);
    for (const id of (i.getAttribute('aria-describedby') || '').split(' ').filter(Boolean))
      if (!document.getElementById(id)) out.push('described by nothing: ' + id);
    if (i.hasAttribute('aria-invalid') && !document.querySelector('[role=alert]')) out.push('a wrong field and nothing announced');
  }
  for (const b of document.querySelectorAll('button, a, input:not([type=hidden])')) {
    const r = b.getBoundingClientRect();
    if (r.height < 24 && !b.closest('p')) out.push('too small to hit: ' + b.textContent);
  }
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = css => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = c => { const f = [...c].slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] === 255) return c; } return 'white'; };
  for (const e of seen) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || (e.matches('input:not([type=hidden])'));
    if (!own) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(rgb(behind(e)));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) out.push('too pale (' + ratio.toFixed(2) + '): ' + e.tagName + ' ' + e.textContent.trim().slice(0, 30));
  }
  return out.join('; ');
})()`

// TestGallery goes through every state of every page, as a person would.
func TestGallery(t *testing.T) {
	folder := os.Getenv(galleryVar)
	if folder != "" {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t)
	redirect, _ := program(t)
	s.request.RedirectURI = redirect
	b := newChromium(t, s.URL)
	look := func(name string) { t.Helper(); b.gallery(folder, name) }

	b.open("/authorize/start")
	look("setup")
	b.fill("code", "ABCD-EFGH-JKLM", "username", "anna/lovelace", "email", "anna.lovelace@analytical", "password", password)
	b.click("button")
	look("setup-wrong")
	b.fill("code", s.h.Setup.Fresh(), "username", "anna", "email", "anna@example.org", "password", "lanyardlanyard1")
	b.click("button")
	look("setup-password")
	b.fill("password", password)
	b.click("button")
	look("confirm")
	b.open("/setup")
	look("setup-over")
	b.open("/account/")
	look("account")
	b.open("/signout")
	look("signout")
	b.click("button")
	look("signedout")
	b.open("/signin")
	look("signin")
	b.open("/authorize/start")
	look("signin-program")
	b.fill("username", "anna", "password", "not the password")
	b.click("button")
	look("signin-wrong")

	long := strings.Repeat("anna-maria-josepha-", 3) + "von-und"
	s.account(long)
	s.request.Client, s.request.Machine = strings.Repeat("Programmverwaltungs", 3), strings.Repeat("ein-sehr-langer-rechnername-", 3)
	b.open("/authorize/start")
	b.fill("username", long, "password", password)
	look("signin-long")
	b.click("button")
	look("confirm-long")
	s.request.Client, s.request.Machine = "lanyard", ""
	b.open("/authorize/start")
	look("confirm-nameless")

	b.open("/activate")
	look("activate")
	b.fill("user_code", "BBBB-BBBB")
	b.click("button")
	look("activate-wrong")
	d := s.device()
	b.fill("user_code", d.UserCode)
	b.click("button")
	look("device")
	b.click(`button[value="allow"]`)
	look("device-allowed")
	s.later(time.Second)
	b.open("/activate?user_code=" + s.device().UserCode)
	b.click(`button[value="cancel"]`)
	look("device-refused")
	for _, letter := range "CDFGH" {
		b.open(fmt.Sprintf("/activate?user_code=BBBBBBB%c", letter))
	}
	look("device-guesses")

	b.open("/signin?request=unknown")
	look("unknown")
	b.open("/account/nothing")
	look("missing")
	begun, _ := s.h.Grants.Begin(t.Context(), s.request)
	b.open("/signin?request=" + begun.ID)
	look("other-browser")
	b.open("/authorize/start")
	path := value(b, chromedp.Location())
	s.later(time.Hour)
	b.do(chromedp.Navigate(path))
	look("expired")
	s.later(8 * 24 * time.Hour)
	b.open("/signin")
	for range 11 {
		b.fill("username", "anna", "password", "not the password")
		b.click("button")
	}
	look("signin-throttled")
	s.Server.Config.Handler = s.h.Browser.Headers(s.h.serve(route{get: s.broken}))
	b.open("/signin")
	look("fault")
	if said := b.complaints(); said != nil {
		t.Errorf("the browser complains: %v", said)
	}
}

// gallery looks at the page in every way, and leaves a picture of each in folder
// ("": none).
func (c *chromium) gallery(folder, name string) {
	c.Helper()
	for _, l := range looks {
		picture, wrong := c.look(l, folder != "")
		if wrong != "" {
			c.Errorf("%s, %s: %s", name, l.name, wrong)
		}
		if folder == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-"+l.name+".png"), picture, 0o644); err != nil {
			c.Fatal(err)
		}
	}
}

// look shows the page so and says what is wrong with it.
func (c *chromium) look(l look, keep bool) (picture []byte, wrong string) {
	c.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	width, height := int64(float64(l.width)/l.zoom), int64(float64(l.height)/l.zoom)
	c.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(l.zoom)),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
	wrong = value(c, chromedp.Evaluate[string](faults))
	if keep {
		picture = value(c, chromedp.FullScreenshot(100))
	}
	return picture, wrong
}
