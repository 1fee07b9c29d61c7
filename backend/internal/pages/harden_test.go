package pages

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
)

func TestFormsThatAreNotOurs(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p, other := s.person(), s.person()
	p.open("/signin")
	action, values := p.form()
	values.Set("username", "anna")
	values.Set("password", password)
	other.open("/signin")
	_, theirs := other.form()

	with := func(key, value string) url.Values {
		v := url.Values{}
		for k := range values {
			v.Set(k, values.Get(k))
		}
		v.Set(key, value)
		return v
	}
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for name, c := range map[string]struct {
		values  url.Values
		change  func(*http.Request)
		status  int
		heading string
	}{
		"another site":          {values, header("Sec-Fetch-Site", "cross-site"), 403, "Stopped for your safety"},
		"another port":          {values, header("Sec-Fetch-Site", "same-site"), 403, "Stopped for your safety"},
		"null origin":           {values, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") }, 403, "Stopped for your safety"},
		"foreign origin":        {values, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") }, 403, "Stopped for your safety"},
		"no token":              {with("token", ""), header("X", "y"), 403, "Please try that once more"},
		"another's token":       {with("token", theirs.Get("token")), header("X", "y"), 403, "Please try that once more"},
		"text/plain":            {values, header("Content-Type", "text/plain"), 415, "That was not a form"},
		"json":                  {values, header("Content-Type", "application/json"), 415, "That was not a form"},
		"no type":               {values, header("Content-Type", ""), 415, "That was not a form"},
		"multipart":             {values, header("Content-Type", "multipart/form-data; boundary=x"), 415, "That was not a form"},
		"too large":             {with("username", strings.Repeat("a", maxForm)), header("X", "y"), 413, "That was too much"},
		"broken escape":         {nil, func(r *http.Request) { setBody(r, "username=%zz&token=x") }, 415, "That was not a form"},
		"method override":       {values, func(r *http.Request) { r.Method = "DELETE"; r.Header.Set("X-HTTP-Method-Override", "POST") }, 405, "This page does not work that way"},
		"put":                   {values, func(r *http.Request) { r.Method = "PUT" }, 405, "This page does not work that way"},
		"everything in the URL": {url.Values{}, func(r *http.Request) { r.URL.RawQuery = values.Encode() }, 403, "Please try that once more"},
	} {
		t.Run(name, func(t *testing.T) {
			p.TB = t
			p.post(action, c.values, c.change)
			p.shows(c.status, c.heading)
			p.open("/account/")
			p.shows(200, "Sign in")
		})
	}
	p.TB = t
	p.post(action, values)
	p.shows(200, "Your account")
	p.post("/account/", values)
	p.shows(405, "This page does not work that way")
	if p.head.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow %q", p.head.Get("Allow"))
	}
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func TestForwardedHeadersAreNotBelieved(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	p.open("/authorize/start")
	p.signIn("anna")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+p.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "X-Original-URL", "X-Forwarded-Proto", "Forwarded"} {
		r.Header.Set(k, "203.0.113.9")
	}
	p.do(r)
	p.shows(200, "Allow Lanyard to sign in?", "127.0.0.1", strings.TrimPrefix(p.h.PublicURL, "http://"))
	if strings.Contains(p.body, "203.0.113.9") {
		t.Error("a forwarded header is shown")
	}
}

var (
	quoted = regexp.MustCompile(`"[^"<>]*"`)
	active = regexp.MustCompile(`(?i)<(script|img|iframe|object|style|base)\b|<[^>]*\s(on[a-z]+|style)\s*=|"javascript:`)
)

func TestWhatProgramsSayIsText(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\u202egpj.exe\x00\x1b[31m"
	s := newSite(t)
	s.account("anna")
	s.request.Machine, s.request.Client, s.request.LoginHint = evil, evil, evil
	p := s.person()
	check := func() {
		t.Helper()
		if found := active.FindString(quoted.ReplaceAllString(p.body, `""`)); found != "" || strings.ContainsAny(p.body, "\u202e\x00\x1b") {
			t.Errorf("%s: %q\n%s", p.path, found, p.body)
		}
	}
	p.open("/authorize/start")
	check()
	p.signIn("anna")
	check()
	p.open("/activate?user_code=" + url.QueryEscape(evil))
	p.shows(422, "Enter a code")
	check()
	p.open("/signin?switch=1&user_code=" + url.QueryEscape(evil))
	check()
	p.submit("username", evil, "password", evil)
	p.shows(403, "Sign in")
	check()
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	p := s.person()
	for _, path := range []string{"/signin", "/setup", "/account/", "/account/x", "/signin?request=x", "/static/x", assetNames["lanyard.css"]} {
		p.open(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		} {
			if got := p.head.Get(name); got != want {
				t.Errorf("%s: %s: %s", path, name, got)
			}
		}
		if kept := p.head.Get("Cache-Control"); (path == assetNames["lanyard.css"]) != strings.Contains(kept, "immutable") || p.head.Get("Content-Type") == "" {
			t.Errorf("%s: kept %q, type %q", path, kept, p.head.Get("Content-Type"))
		}
	}
}

func TestAFaultTellsNothing(t *testing.T) {
	s := newSite(t)
	rec := httptest.NewRecorder()
	s.h.fail(rec, httptest.NewRequest(http.MethodGet, "/signin", nil), errors.New("open /var/lib/secret.db: no such file"))
	body := rec.Body.String()
	m := regexp.MustCompile(`Reference <code>([A-Z2-7]{10})</code>`).FindStringSubmatch(body)
	if rec.Code != 500 || strings.Contains(body, "secret.db") || m == nil {
		t.Fatalf("%d %s", rec.Code, body)
	}
	if !strings.Contains(s.log.String(), m[1]) || !strings.Contains(s.log.String(), "secret.db") {
		t.Errorf("log: %s", s.log)
	}
}

func TestBusy(t *testing.T) {
	s := newSite(t)
	rec := httptest.NewRecorder()
	s.h.fail(rec, httptest.NewRequest(http.MethodGet, "/signin", nil), account.ErrBusy)
	if rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
	}
}

func TestPlain(t *testing.T) {
	for said, want := range map[string]string{
		"anna-thinkpad":          "anna-thinkpad",
		"  two\n\twords ":        "two words",
		"a\u202eb\u200bc":        "a b c",
		"\x1b[31mred":            "[31mred",
		"":                       "",
		"Ännas Rechner ☕":        "Ännas Rechner ☕",
		strings.Repeat("x", 200): strings.Repeat("x", 79) + "…",
	} {
		if got := plain(said); got != want {
			t.Errorf("plain(%q) = %q", said, got)
		}
	}
}

func TestAddr(t *testing.T) {
	for remote, want := range map[string]string{
		"127.0.0.1:1234": "127.0.0.1", "[::1]:1": "::1", "[::ffff:192.0.2.1]:9": "192.0.2.1", "[fe80::1%eth0]:9": "fe80::1", "@": "@", "": "",
	} {
		if got := addr(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("addr(%q) = %q", remote, got)
		}
	}
}

func TestAsked(t *testing.T) {
	for name, c := range map[string]struct{ public, from, want string }{
		"own computer":         {"http://localhost:8460", "127.0.0.1", "Just now, from this computer"},
		"own computer, IPv6":   {"http://localhost:8460", "::1", "Just now, from this computer"},
		"elsewhere":            {"https://lanyard.example", "192.0.2.7", "Just now, from 192.0.2.7"},
		"behind a proxy":       {"https://lanyard.example", "127.0.0.1", "Just now"},
		"not known":            {"https://lanyard.example", "", "Just now"},
		"not an address":       {"http://localhost:8460", "<b>", "Just now"},
		"localhost is a label": {"https://localhost.evil.example", "127.0.0.1", "Just now"},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			h := &Handler{PublicURL: c.public, Now: func() time.Time { return now }}
			if got := h.asked(now, c.from).Text; got != c.want {
				t.Errorf("asked %q, want %q", got, c.want)
			}
		})
	}
}
