package oauth

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lanyard/backend/internal/browser"
)

// A1, A2, trap 11: one form of address and no other; a mistake leads nowhere.
func TestTrap11RedirectURIs(t *testing.T) {
	s := newService(t)
	for _, uri := range []string{"http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:49152/callback"} {
		if a := s.get(s.browser(), pathAuthorize+"?"+asking(set("redirect_uri", uri)).Encode()); a.status != http.StatusSeeOther || a.to(t).Path != "/signin" {
			t.Errorf("%s is refused", uri)
		}
	}
	for name, uri := range map[string]string{
		"none":               "",
		"localhost":          "http://localhost:49152/callback",
		"https":              "https://127.0.0.1:49152/callback",
		"user":               "http://user@127.0.0.1:49152/callback",
		"evil behind a user": "http://127.0.0.1:49152@evil.example/callback",
		"fragment":           "http://127.0.0.1:49152/callback#x",
		"empty fragment":     "http://127.0.0.1:49152/callback#",
		"query":              "http://127.0.0.1:49152/callback?x=1",
		"empty query":        "http://127.0.0.1:49152/callback?",
		"other path":         "http://127.0.0.1:49152/callback/x",
		"slash at the end":   "http://127.0.0.1:49152/callback/",
		"dots":               "http://127.0.0.1:49152/x/../callback",
		"escaped":            "http://127.0.0.1:49152/%63allback",
		"upper case":         "HTTP://127.0.0.1:49152/callback",
		"path upper case":    "http://127.0.0.1:49152/Callback",
		"backslash":          `http://127.0.0.1:49152\callback`,
		"evil host":          "http://127.0.0.1.evil.example:49152/callback",
		"hex":                "http://0x7f.1:49152/callback",
		"short":              "http://127.1:49152/callback",
		"number":             "http://2130706433:49152/callback",
		"other loopback":     "http://127.0.0.2:49152/callback",
		"mapped":             "http://[::ffff:127.0.0.1]:49152/callback",
		"long form":          "http://[0:0:0:0:0:0:0:1]:49152/callback",
		"zone":               "http://[::1%25lo]:49152/callback",
		"no port":            "http://127.0.0.1/callback",
		"port 0":             "http://127.0.0.1:0/callback",
		"port 65536":         "http://127.0.0.1:65536/callback",
		"port with zero":     "http://127.0.0.1:080/callback",
		"line end":           "http://127.0.0.1:49152/callback\n",
		"space before":       " http://127.0.0.1:49152/callback",
		"scheme of its own":  "lanyard://callback",
		"javascript":         "javascript:alert(1)",
		"relative":           "//127.0.0.1:49152/callback",
	} {
		t.Run(name, func(t *testing.T) {
			a := s.get(s.browser(), pathAuthorize+"?"+asking(set("redirect_uri", uri)).Encode())
			if a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
				t.Errorf("answer %d to %q", a.status, a.header.Get("Location"))
			}
			if uri != "" && strings.Contains(a.body, strings.TrimSpace(uri)) {
				t.Error("the page repeats the address")
			}
		})
	}
}

// Whatever is let through leads to this computer and to one path.
func FuzzRedirectURIs(f *testing.F) {
	for _, seed := range []string{redirectURI, "http://[::1]:1/callback", "http://127.0.0.1:1@evil.example/callback", "http://127.0.0.1:1/callback#"} {
		f.Add(seed)
	}
	c, _ := clientOf(ClientLanyard)
	f.Fuzz(func(t *testing.T, uri string) {
		if !c.redirects(uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.User != nil || (u.Hostname() != "127.0.0.1" && u.Hostname() != "::1") ||
			u.EscapedPath() != "/callback" || u.ForceQuery || u.RawQuery != "" || u.Fragment != "" || u.String() != uri {
			t.Errorf("%q is let through", uri)
		}
	})
}

// Trap 10: errors that are ours to show are pages of ours.
func TestTrap10ErrorPages(t *testing.T) {
	s := newService(t)
	for name, query := range map[string]string{
		"unknown client":     asking(set("client_id", "<script>alert(1)</script>")).Encode(),
		"no client":          asking(del("client_id")).Encode(),
		"client twice":       asking(add("client_id", ClientLanyard)).Encode(),
		"redirect URI twice": asking(add("redirect_uri", redirectURI)).Encode(),
		"broken query":       asking().Encode() + "&%zz",
		"too long":           asking(set("state", strings.Repeat("a", 10_000))).Encode(),
		"nothing":            "",
	} {
		t.Run(name, func(t *testing.T) {
			a := s.get(s.browser(), pathAuthorize+"?"+query)
			if a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
				t.Errorf("answer %d to %q", a.status, a.header.Get("Location"))
			}
			for header, want := range map[string]string{
				"Content-Type": "text/html", "Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "no-store",
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if !strings.Contains(a.header.Get(header), want) {
					t.Errorf("%s: %q", header, a.header.Get(header))
				}
			}
			if strings.Contains(a.body, "alert") {
				t.Error("the page repeats what it was sent")
			}
		})
	}
	if a := s.do(http.DefaultClient, httptestPost(t, s.issuer+pathAuthorize, asking())); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", a.status)
	}
}

func httptestPost(t *testing.T, target string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// What the program is told, with state and issuer, and nothing kept.
func TestAuthorizeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"trap 3, no PKCE":                   {func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") }, "invalid_request"},
		"trap 3, plain":                     {func(q url.Values) { q.Set("code_challenge", testVerifier); q.Set("code_challenge_method", "plain") }, "invalid_request"},
		"trap 3, plain by default":          {del("code_challenge_method"), "invalid_request"},
		"A4 method in lower case":           {set("code_challenge_method", "s256"), "invalid_request"},
		"A4 empty challenge":                {set("code_challenge", ""), "invalid_request"},
		"A4 challenge of 42":                {set("code_challenge", s256(testVerifier)[:42]), "invalid_request"},
		"A4 challenge of 44":                {set("code_challenge", s256(testVerifier)+"A"), "invalid_request"},
		"A4 challenge of another alphabet":  {set("code_challenge", strings.Repeat("+", 43)), "invalid_request"},
		"A12 prompt none":                   {set("prompt", "none"), "login_required"},
		"A12 prompt none and login":         {set("prompt", "none login"), "invalid_request"},
		"unknown prompt":                    {set("prompt", "dance"), "invalid_request"},
		"max_age of words":                  {set("max_age", "soon"), "invalid_request"},
		"negative max_age":                  {set("max_age", "-1"), "invalid_request"},
		"A16 request":                       {set("request", "e30.e30."), "request_not_supported"},
		"A16 request_uri":                   {set("request_uri", "http://127.0.0.1:1/"), "request_uri_not_supported"},
		"A16 scope twice":                   {add("scope", "openid"), "invalid_request"},
		"A16 challenge twice":               {add("code_challenge", s256("x")), "invalid_request"},
		"A16 a parameter with NUL":          {set("login_hint", "a\x00b"), "invalid_request"},
		"A16 bytes that are no text":        {set("login_hint", "\xff"), "invalid_request"},
		"A17 token":                         {set("response_type", "token"), "unsupported_response_type"},
		"A17 id_token token":                {set("response_type", "id_token token"), "unsupported_response_type"},
		"A17 none":                          {del("response_type"), "invalid_request"},
		"A17 response_mode fragment":        {set("response_mode", "fragment"), "invalid_request"},
		"A17 response_mode form_post":       {set("response_mode", "form_post"), "invalid_request"},
		"no scope":                          {del("scope"), "invalid_scope"},
		"unknown scopes only":               {set("scope", "root admin"), "invalid_scope"},
		"trap 4, foreign audience":          {set("audience", "https://evil.example"), "invalid_target"},
		"trap 4, audience with a suffix":    {set("audience", HubAudience+".evil.example"), "invalid_target"},
		"trap 4, foreign resource":          {set("resource", "https://evil.example"), "invalid_target"},
		"state too long for us to send it":  {set("state", strings.Repeat("s", maxState+1)), "invalid_request"},
		"state with an end of line in it":   {set("state", "a\r\nSet-Cookie: x=y"), "invalid_request"},
		"state given twice":                 {add("state", "another"), "invalid_request"},
		"registration of a client by value": {set("registration", "{}"), "registration_not_supported"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			a := s.get(s.browser(), pathAuthorize+"?"+asking(c.change).Encode())
			to := a.to(t)
			if a.status != http.StatusSeeOther || to.Scheme+"://"+to.Host+to.Path != redirectURI || to.Fragment != "" {
				t.Fatalf("answer %d to %s", a.status, to)
			}
			q := to.Query()
			if q.Get("error") != c.code || q.Get("error_description") == "" || q.Get("code") != "" {
				t.Errorf("told %v", q)
			}
			if q.Get("iss") != s.issuer { // A10
				t.Errorf("iss %q", q.Get("iss"))
			}
			if want := map[bool]string{true: "", false: "a state"}[strings.HasPrefix(name, "state ")]; q.Get("state") != want {
				t.Errorf("state %q", q.Get("state"))
			}
			if a.header.Get("Set-Cookie") != "" || a.body != "" {
				t.Errorf("cookie %q, body %q", a.header.Get("Set-Cookie"), a.body)
			}
		})
	}
}

func TestAuthorizeKeepsWhatThePagesShow(t *testing.T) {
	s := newService(t)
	b := s.browser()
	to := s.get(b, pathAuthorize+"?"+asking(
		set("lanyard_machine", " my\u202elaptop"+strings.Repeat("x", 200)), set("login_hint", "alice"), set("max_age", "60"),
	).Encode()).to(t)
	r, err := s.store.Request(t.Context(), to.Query().Get("request"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Machine, "mylaptopx") || len(r.Machine) != 100 || r.LoginHint != "alice" || strings.Join(r.Prompt, " ") != "login" {
		t.Errorf("kept %+v", r)
	}
	if strings.Join(r.Audience, " ") != s.issuer+" "+HubAudience || r.Client != ClientLanyard || r.Nonce != "a nonce" {
		t.Errorf("kept %+v", r)
	}
}

// Trap 2: the library's callback trusts the id. An attacker begins a flow,
// has the victim sign in by a link, and fetches the code himself.
func TestTrap2BrowserBinding(t *testing.T) {
	s := newService(t)
	attacker, victim := s.browser(), s.browser()
	link := s.get(attacker, pathAuthorize+"?"+asking().Encode()).to(t)
	id := link.Query().Get("request")

	if a := s.get(victim, s.issuer+link.String()); a.status != http.StatusForbidden {
		t.Errorf("the victim's browser could decide: %d", a.status)
	}
	// Even if the page had not looked: decided by whatever means, the code is
	// for the browser that began it.
	s.get(victim, pathAuthorize+"?"+asking().Encode()) // has a binding, its own
	for name, c := range map[string]*http.Client{"another browser": victim, "none": http.DefaultClient} {
		if a := s.get(c, pathCallback+"?id="+id); a.status != http.StatusForbidden || a.header.Get("Location") != "" {
			t.Errorf("%s gets %d to %q", name, a.status, a.header.Get("Location"))
		}
	}
	if a := s.get(attacker, pathCallback+"?id="+id); a.to(t).Path != "/signin" {
		t.Error("undecided, it leads elsewhere than back to the page")
	}
	if a := s.get(attacker, pathCallback+"?id=unknown"); a.status != http.StatusForbidden {
		t.Errorf("an unknown id is told from a foreign one: %d", a.status)
	}
}

func TestCallback(t *testing.T) {
	begin := func(t *testing.T, change ...func(url.Values)) (s *service, b *http.Client, id, binding string) {
		s = newService(t)
		b = s.browser()
		id = s.get(b, pathAuthorize+"?"+asking(change...).Encode()).to(t).Query().Get("request")
		at, _ := url.Parse(s.issuer)
		r := httptest.NewRequest(http.MethodGet, s.issuer, nil)
		for _, c := range b.Jar.Cookies(at) {
			r.AddCookie(c)
		}
		return s, b, id, browser.Cookies{Port: at.Port()}.Binding(r)
	}
	t.Run("approved", func(t *testing.T) {
		s, b, id, binding := begin(t)
		if err := s.grants.Decide(t.Context(), id, binding, s.alice.ID, s.clock.now()); err != nil {
			t.Fatal(err)
		}
		a := s.get(b, pathCallback+"?id="+id)
		q := a.to(t).Query()
		if q.Get("state") != "a state" || q.Get("iss") != s.issuer || len(q.Get("code")) != 43 || len(q) != 3 {
			t.Errorf("told %v", q)
		}
		if a.body != "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("body %q, headers %v", a.body, a.header)
		}
		if again := s.get(b, pathCallback+"?id="+id); again.status != http.StatusBadRequest || again.header.Get("Location") != "" {
			t.Errorf("a second time: %d", again.status)
		}
		s.good(s.post(pathToken, exchange(q.Get("code"))))
		if again := s.get(b, pathCallback+"?id="+id); again.status != http.StatusBadRequest {
			t.Errorf("after the exchange: %d", again.status)
		}
	})
	t.Run("denied", func(t *testing.T) {
		s, b, id, binding := begin(t)
		if err := s.grants.Decide(t.Context(), id, binding, "", s.clock.now()); err != nil {
			t.Fatal(err)
		}
		if q := s.get(b, pathCallback+"?id="+id).to(t).Query(); q.Get("error") != "access_denied" || q.Get("state") != "a state" || q.Get("iss") != s.issuer {
			t.Errorf("told %v", q)
		}
	})
	t.Run("too late", func(t *testing.T) {
		s, b, id, _ := begin(t)
		s.clock.pass(30 * time.Minute)
		if a := s.get(b, pathCallback+"?id="+id); a.status != http.StatusBadRequest {
			t.Errorf("answer %d", a.status)
		}
	})
	for name, ask := range map[string]func(url.Values){"prompt login": set("prompt", "login"), "max_age 0": set("max_age", "0")} {
		t.Run("A12 "+name+" with a sign-in from before", func(t *testing.T) {
			s, b, id, binding := begin(t, ask)
			if err := s.grants.Decide(t.Context(), id, binding, s.alice.ID, s.clock.now().Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			if q := s.get(b, pathCallback+"?id="+id).to(t).Query(); q.Get("error") != "login_required" || q.Get("code") != "" {
				t.Errorf("told %v", q)
			}
		})
	}
}

// A7 and trap 1: the library reads, signs, then deletes.
func TestTrap1ACodeServesOnce(t *testing.T) {
	s := newService(t)
	code := s.code()
	good := s.atOnce(20, func() answer { return s.post(pathToken, exchange(code)) })
	if len(good) != 1 {
		t.Fatalf("%d of 20 exchanges got tokens", len(good))
	}
	if status := s.who(good[0].Access); status != http.StatusUnauthorized {
		t.Errorf("a code was used twice and its session lives: %d", status)
	}
	s.bad(s.post(pathToken, refreshing(good[0].Refresh)), http.StatusBadRequest, "invalid_grant")
}

// B2 and trap 1: no fork, and nobody is signed out for being two.
func TestTrap1RefreshesAtOnceAgree(t *testing.T) {
	s := newService(t)
	first := s.signIn()
	good := s.atOnce(30, func() answer { return s.post(pathToken, refreshing(first.Refresh)) })
	if len(good) != 30 {
		t.Errorf("%d of 30 refreshes got tokens", len(good))
	}
	heads := map[string]bool{}
	for _, g := range good {
		heads[g.Refresh] = true
	}
	if len(heads) != 1 {
		t.Errorf("%d successors", len(heads))
	}
	s.good(s.post(pathToken, refreshing(good[0].Refresh)))
}

// Trap 8: the token endpoint takes a form by POST and nothing else.
func TestTrap8TheFormOfRequests(t *testing.T) {
	s := newService(t)
	got := s.signIn()
	form := refreshing(got.Refresh)
	for name, c := range map[string]struct {
		ask    func() answer
		status int
		code   string
	}{
		"GET": {func() answer { return s.get(http.DefaultClient, pathToken+"?"+form.Encode()) }, 405, "invalid_request"},
		"PUT": {func() answer { return s.post(pathToken, form, func(r *http.Request) { r.Method = http.MethodPut }) }, 405, "invalid_request"},
		"in the query": {func() answer {
			return s.post(pathToken, nil, func(r *http.Request) { r.URL.RawQuery = form.Encode() })
		}, 400, "invalid_request"},
		"JSON": {func() answer {
			return s.post(pathToken, form, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
		}, 415, "invalid_request"},
		"no content type":  {func() answer { return s.post(pathToken, form, func(r *http.Request) { r.Header.Del("Content-Type") }) }, 415, "invalid_request"},
		"more than 64 KiB": {func() answer { return s.post(pathToken, url.Values{"x": {strings.Repeat("a", 65<<10)}}) }, 413, "invalid_request"},
		"a value of 5 KiB": {func() answer { return s.post(pathToken, refreshing(strings.Repeat("a", 5<<10))) }, 400, "invalid_request"},
		"broken form":      {func() answer { return s.post(pathToken, nil, func(r *http.Request) { setBody(r, "grant_type=%zz") }) }, 400, "invalid_request"},
		"token twice":      {func() answer { return s.post(pathToken, refreshing(got.Refresh, add("refresh_token", "x"))) }, 400, "invalid_request"},
		"NUL":              {func() answer { return s.post(pathToken, refreshing("a\x00")) }, 400, "invalid_request"},
		"no grant type":    {func() answer { return s.post(pathToken, refreshing(got.Refresh, del("grant_type"))) }, 400, "invalid_request"},
		"no refresh token": {func() answer { return s.post(pathToken, refreshing("")) }, 400, "invalid_request"},
		"B6 password": {func() answer {
			return s.post(pathToken, refreshing("", set("grant_type", "password"), set("username", "alice")))
		}, 400, "unsupported_grant_type"},
		"jwt-bearer": {func() answer {
			return s.post(pathToken, refreshing("", set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), set("assertion", got.ID)))
		}, 400, "unsupported_grant_type"},
		"token exchange": {func() answer {
			return s.post(pathToken, refreshing("", set("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), set("subject_token", got.Access)))
		}, 400, "unauthorized_client"},
		"client credentials": {func() answer { return s.post(pathToken, refreshing("", set("grant_type", "client_credentials"))) }, 400, "unauthorized_client"},
		"unknown client":     {func() answer { return s.post(pathToken, refreshing(got.Refresh, set("client_id", "nobody"))) }, 401, "invalid_client"},
		"no client":          {func() answer { return s.post(pathToken, refreshing(got.Refresh, del("client_id"))) }, 400, "invalid_request"},
		"B16 a secret":       {func() answer { return s.post(pathToken, refreshing(got.Refresh, set("client_secret", "x"))) }, 401, "invalid_client"},
		"B16 an assertion": {func() answer {
			return s.post(pathToken, refreshing(got.Refresh, set("client_assertion", "a.b.c"), set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")))
		}, 401, "invalid_client"},
		"B16 Basic with a password": {func() answer {
			return s.post(pathToken, refreshing(got.Refresh, del("client_id")), func(r *http.Request) { r.SetBasicAuth(ClientLanyard, "x") })
		}, 401, "invalid_client"},
		"B16 Basic beside another client": {func() answer {
			return s.post(pathToken, refreshing(got.Refresh, set("client_id", ClientDockerCLI)), func(r *http.Request) { r.SetBasicAuth(ClientLanyard, "") })
		}, 401, "invalid_client"},
		"B16 Bearer": {func() answer {
			return s.post(pathToken, form, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+got.Access) })
		}, 401, "invalid_client"},
		"two Authorization headers": {func() answer {
			return s.post(pathToken, form, func(r *http.Request) { r.Header["Authorization"] = []string{"Basic eDo=", "Basic eTo="} })
		}, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.ask()
			s.bad(a, c.status, c.code)
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			if (c.status == 401) != (a.header.Get("WWW-Authenticate") != "") {
				t.Errorf("challenge %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	a := s.post(pathToken, form, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	})
	s.good(a) // none of these spent the token
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" {
		t.Error("tokens may be kept")
	}
	// A public client may name itself by Basic, with no password (RFC 6749 §2.3.1).
	s.good(s.post(pathToken, refreshing(got.Refresh, del("client_id")), func(r *http.Request) { r.SetBasicAuth(ClientLanyard, "") }))
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// Trap 8: by default the library reflects any origin, with credentials.
func TestTrap8NoCORS(t *testing.T) {
	s := newService(t)
	for _, path := range []string{pathToken, pathDevice, pathRevoke, pathUserinfo, pathDiscovery, pathKeys, pathAuthorize} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			r, err := http.NewRequestWithContext(t.Context(), method, s.issuer+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			if a := s.do(s.browser(), r); a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s lets %q in", method, path, a.header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}

// Only what we mean to serve is served; the library has more.
func TestNoOtherPaths(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"/healthz", "/ready", "/oauth/introspect", "/oauth/token/", "/introspect", "/end_session", "/device_authorization", "/authorize/"} {
		if a := s.get(s.browser(), path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
