package browser

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

type row struct {
	data    []byte
	expires time.Time
}

type memory struct {
	mu     sync.Mutex
	rows   map[string]row
	writes int
	broken error
}

func (m *memory) PutBrowserSession(_ context.Context, id string, data []byte, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[string]row{}
	}
	m.rows[id] = row{data, expires}
	m.writes++
	return m.broken
}

func (m *memory) BrowserSession(_ context.Context, id string) ([]byte, time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[id]
	return r.data, r.expires, ok, m.broken
}

func (m *memory) DeleteBrowserSession(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, id)
	return m.broken
}

// A site is a service with four pages, and a person's browser.
type site struct {
	*testing.T
	b       *Browser
	store   *memory
	server  *httptest.Server
	browser *http.Client
	now     time.Time
	// during runs inside /slow, after the sign-in was read.
	during func()
}

func newSite(t *testing.T) *site {
	s := &site{T: t, store: &memory{}, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	b, err := New("http://localhost:8460", s.store)
	if err != nil {
		t.Fatal(err)
	}
	b.Now, b.Log = func() time.Time { return s.now }, slog.New(slog.DiscardHandler)
	s.b = b
	mux := http.NewServeMux()
	who := func(w http.ResponseWriter, r *http.Request) {
		in, _ := b.SignedIn(r.Context())
		io.WriteString(w, in.Account)
	}
	mux.HandleFunc("/who", who)
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if err := b.SignIn(r.Context(), SignedIn{Account: r.FormValue("name"), At: s.now}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		if err := b.SignOut(r.Context()); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { s.during(); who(w, r) })
	s.server = httptest.NewServer(b.Sessions(mux))
	t.Cleanup(s.server.Close)
	s.browser = s.newBrowser()
	return s
}

func (s *site) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func (s *site) get(path string, cookies ...*http.Cookie) string {
	s.Helper()
	req, err := http.NewRequest(http.MethodGet, s.server.URL+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	client := s.browser
	if cookies != nil {
		client = http.DefaultClient
		for _, c := range cookies {
			req.AddCookie(c)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(body)
}

// cookie is the sign-in's cookie as the browser holds it now.
func (s *site) cookie() *http.Cookie {
	s.Helper()
	req, _ := http.NewRequest(http.MethodGet, s.server.URL, nil)
	for _, c := range s.browser.Jar.Cookies(req.URL) {
		if c.Name == "lanyard-session-8460" {
			return c
		}
	}
	s.Fatal("no cookie")
	return nil
}

func (s *site) want(path, account string, cookies ...*http.Cookie) {
	s.Helper()
	if got := s.get(path, cookies...); got != account {
		s.Errorf("signed in: %q, want %q", got, account)
	}
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	s.want("/who", "")
	if len(s.store.rows) != 0 {
		t.Error("a visitor costs a row")
	}
	s.get("/in?name=anna")
	s.want("/who", "anna")
	old := s.cookie()
	s.get("/out")
	s.want("/who", "")
	s.want("/who", "", old)
	if len(s.store.rows) != 0 {
		t.Error("a row outlived the sign-out")
	}
}

func TestACookieFromBeforeASignInIsDead(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=mallory")
	planted := s.cookie()
	s.get("/in?name=anna")
	s.want("/who", "anna")
	s.want("/who", "", planted)
}

func TestTheStoreHoldsNoCookie(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	for id := range s.store.rows {
		if strings.Contains(id, s.cookie().Value) || strings.Contains(s.cookie().Value, id) {
			t.Error("the id of a row is a cookie")
		}
	}
}

func TestIdleAndAbsoluteEnd(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	s.now = s.now.Add(idle - time.Second)
	s.want("/who", "anna")
	s.now = s.now.Add(idle)
	s.want("/who", "")

	s.get("/in?name=anna")
	end := s.now.Add(absolute)
	for s.now = s.now.Add(6 * time.Hour); s.now.Before(end); s.now = s.now.Add(6 * time.Hour) {
		s.want("/who", "anna")
	}
	s.want("/who", "")
}

func TestPagesSeldomWrite(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	before := s.store.writes
	for range 20 {
		s.now = s.now.Add(10 * time.Second)
		s.want("/who", "anna")
	}
	if got := s.store.writes - before; got != 0 {
		t.Errorf("%d writes in three minutes of reading", got)
	}
}

func TestAPageThatWasLoadingDoesNotUndoASignOut(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	old := s.cookie()
	s.now = s.now.Add(noteEvery) // so that the page will write
	s.during = func() { s.get("/out") }
	s.want("/slow", "anna", old)
	s.want("/who", "", old)
}

func TestARowThatCannotBeReadIsNoSignIn(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	for id, r := range s.store.rows {
		s.store.rows[id] = row{[]byte("{"), r.expires}
	}
	s.want("/who", "")
	s.get("/in?name=anna")
	s.want("/who", "anna")
}

func TestABrokenStoreIsSaid(t *testing.T) {
	s := newSite(t)
	s.get("/in?name=anna")
	s.store.broken = errors.New("disk on fire")
	got := s.get("/who")
	if strings.Contains(got, "anna") || strings.Contains(got, "fire") || !strings.Contains(got, "Try again") {
		t.Errorf("answer: %q", got)
	}
}

func TestCookies(t *testing.T) {
	for name, c := range map[string]struct {
		url, session, browser string
		secure                bool
	}{
		"loopback":   {"http://localhost:8461", "lanyard-session-8461", "lanyard-browser-8461", false},
		"https":      {"https://lanyard.example", "__Host-lanyard-session", "__Host-lanyard-browser", true},
		"other port": {"https://lanyard.example:8443", "__Host-lanyard-session", "__Host-lanyard-browser", true},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := New(c.url, &memory{})
			if err != nil {
				t.Fatal(err)
			}
			rec := httptest.NewRecorder()
			b.Sessions(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b.Bind(w, r)
				if err := b.SignIn(r.Context(), SignedIn{Account: "anna", At: time.Now()}); err != nil {
					t.Error(err)
				}
			})).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, c.url, nil))
			got := map[string]*http.Cookie{}
			for _, cookie := range rec.Result().Cookies() {
				got[cookie.Name] = cookie
				if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != c.secure {
					t.Errorf("cookie %v", cookie)
				}
				if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err != nil || len(raw) < 16 {
					t.Errorf("cookie %s has %d bytes", cookie.Name, len(raw))
				}
			}
			if got[c.session] == nil || got[c.browser] == nil || len(got) != 2 {
				t.Errorf("cookies: %v", got)
			}
		})
	}
}

func TestBadPublicURLs(t *testing.T) {
	for _, url := range []string{"", "localhost:8460", "ftp://localhost", "http://", "://"} {
		if _, err := New(url, &memory{}); err == nil {
			t.Errorf("%q is accepted", url)
		}
	}
}

func TestBinding(t *testing.T) {
	c := Cookies{Port: "8460"}
	rec := httptest.NewRecorder()
	first := c.Bind(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	set := rec.Result().Cookies()
	if len(set) != 1 || set[0].Value != first {
		t.Fatalf("cookies set: %v, binding %q", set, first)
	}
	with := func(values ...string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, v := range values {
			r.AddCookie(&http.Cookie{Name: set[0].Name, Value: v})
		}
		return r
	}
	for name, q := range map[string]struct {
		r    *http.Request
		want string
	}{
		"held":          {with(first), first},
		"none":          {with(), ""},
		"tossed in":     {with(first, first), ""},
		"short":         {with("AAAA"), ""},
		"not ours":      {with(strings.Repeat("!", bindingLen)), ""},
		"loose base64":  {with(first[:bindingLen-1]), ""},
		"another's too": {with(first, strings.Repeat("A", bindingLen)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.Binding(q.r); got != q.want {
				t.Errorf("binding %q, want %q", got, q.want)
			}
			again := httptest.NewRecorder()
			if got := c.Bind(again, q.r); got == "" || (q.want != "" && (got != q.want || len(again.Result().Cookies()) != 0)) {
				t.Errorf("bind gave %q and %v", got, again.Result().Cookies())
			}
			if c.Posted(q.r, FormToken(first)) != (q.want != "") {
				t.Error("form token judged wrongly")
			}
			if c.Posted(q.r, "") || c.Posted(q.r, FormToken("")) {
				t.Error("a form without token is accepted")
			}
		})
	}
	if other := c.Bind(httptest.NewRecorder(), with()); other == first {
		t.Error("two browsers, one binding")
	}
}

func TestSameOrigin(t *testing.T) {
	b, err := New("http://localhost:8460", &memory{})
	if err != nil {
		t.Fatal(err)
	}
	h := b.SameOrigin(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "in") }), nil)
	for name, c := range map[string]struct {
		method string
		header map[string]string
		want   int
	}{
		"own form":             {"POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200},
		"typed address":        {"GET", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		"a link elsewhere":     {"GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
		"own form, old":        {"POST", map[string]string{"Origin": "http://localhost:8460"}, 200},
		"no browser":           {"POST", nil, 200},
		"another site's":       {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		"another port's":       {"POST", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, 403},
		"another site's, old":  {"POST", map[string]string{"Origin": "https://evil.example"}, 403},
		"another port's, old":  {"POST", map[string]string{"Origin": "http://localhost:3000"}, 403},
		"null origin, old":     {"POST", map[string]string{"Origin": "null"}, 403},
		"another method's too": {"DELETE", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://localhost:8460/signin", nil)
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != c.want {
				t.Errorf("status %d, want %d", rec.Code, c.want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for url, hsts := range map[string]bool{"http://localhost:8460": false, "https://lanyard.example": true} {
		b, err := New(url, &memory{})
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		b.Headers(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, url, nil))
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := rec.Header().Get("Strict-Transport-Security") != ""; got != hsts {
			t.Errorf("%s: HSTS %v", url, got)
		}
	}
}

func TestAllowForm(t *testing.T) {
	for target, want := range map[string]string{
		"http://127.0.0.1:41234/callback":     " http://127.0.0.1:41234",
		"https://app.example/cb?x=1":          " https://app.example",
		"com.example.app:/callback":           " com.example.app:",
		"http://[::1]:41234/callback":         "",
		"http://127.0.0.1:1;script-src *":     "",
		"https://a.example, https://b/":       "",
		"http://*:1/":                         "",
		"http://u:p@127.0.0.1:1/":             "",
		"javascript:alert(1)":                 "",
		"data:text/html,x":                    "",
		"http:/callback":                      "",
		"":                                    "",
		"//evil.example/":                     "",
		"https://app.example\r\nX: y":         "",
		"https://a.example' 'unsafe-inline'/": "",
	} {
		t.Run(target, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Security-Policy", "before")
			ok := AllowForm(w, target)
			got := w.Header().Get("Content-Security-Policy")
			if ok != (want != "") || (!ok && got != "before") {
				t.Fatalf("%v, policy %s", ok, got)
			}
			if ok && !strings.Contains(got, "; form-action 'self'"+want+"; frame-ancestors 'none'; ") {
				t.Errorf("policy %s", got)
			}
		})
	}
}
