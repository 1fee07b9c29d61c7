package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
)

// The whole flow as other people's libraries speak it.
func TestFlowWithForeignLibraries(t *testing.T) {
	s := newService(t)
	provider, err := oidc.NewProvider(t.Context(), s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	conf := oauth2.Config{
		ClientID: ClientLanyard, Endpoint: provider.Endpoint(), RedirectURL: redirectURI,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
	v := oauth2.GenerateVerifier()
	b := s.browser()
	at := s.get(b, conf.AuthCodeURL("st", oauth2.S256ChallengeOption(v), oidc.Nonce("no"))).to(s)
	at = s.get(b, s.issuer+at.String()).to(s)
	at = s.get(b, s.issuer+at.String()).to(s)
	if got := at.Scheme + "://" + at.Host + at.Path; got != redirectURI {
		t.Fatalf("sent to %s", got)
	}
	if q := at.Query(); q.Get("state") != "st" || q.Get("iss") != s.issuer {
		t.Errorf("answer %v", q)
	}

	token, err := conf.Exchange(t.Context(), at.Query().Get("code"), oauth2.VerifierOption(v))
	if err != nil {
		t.Fatal(err)
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: ClientLanyard}).Verify(t.Context(), token.Extra("id_token").(string))
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != s.alice.ID || id.Nonce != "no" || len(id.Audience) != 1 || id.VerifyAccessToken(token.AccessToken) != nil {
		t.Errorf("ID token %+v", id)
	}
	info, err := provider.UserInfo(t.Context(), conf.TokenSource(t.Context(), token))
	if err != nil || info.Subject != s.alice.ID || info.Email != s.alice.Email {
		t.Errorf("userinfo %+v, %v", info, err)
	}
	next, err := conf.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil || next.RefreshToken == token.RefreshToken || next.AccessToken == token.AccessToken {
		t.Errorf("refresh: %v", err)
	}
}

func TestTokensSayWhatTheyAre(t *testing.T) {
	s := newService(t)
	got := s.signIn()
	if got.Type != "Bearer" || got.ExpiresIn != 600 || got.Scope != "openid profile email offline_access" {
		t.Errorf("answer %+v", got)
	}
	if len(got.Access) >= 2400 || !strings.HasPrefix(got.Refresh, "lyd_ref_") || strings.Contains(got.Refresh, "..") {
		t.Errorf("access token of %d bytes, refresh token %q", len(got.Access), got.Refresh)
	}
	c, err := bearer.Verify(got.Access, oneKey().OAuth().JWKS(), s.issuer, s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if c.Hub.Username != "alice" || c.Generation != 1 || c.Client != ClientLanyard || c.Expires-c.IssuedAt != 600 {
		t.Errorf("claims %+v", c)
	}
	if strings.Join(c.Audience, " ") != s.issuer+" "+HubAudience {
		t.Errorf("audience %v", c.Audience)
	}
}

// Trap 5: the library's tokens share type and audience.
func TestTrap5AnIDTokenIsNoAccessToken(t *testing.T) {
	s := newService(t)
	got := s.signIn()
	if status := s.who(got.ID); status != http.StatusUnauthorized {
		t.Errorf("an ID token gets %d at userinfo", status)
	}
	for raw, want := range map[string]string{got.ID: "JWT", got.Access: "at+jwt"} {
		parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		var c jwt.Claims
		if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
			t.Fatal(err)
		}
		if typ := parsed.Headers[0].ExtraHeaders["typ"]; typ != want || c.Audience.Contains(ClientLanyard) != (want == "JWT") || c.Audience.Contains(s.issuer) == (want == "JWT") {
			t.Errorf("typ %v with audience %v", typ, c.Audience)
		}
	}
}

// No refresh token for whoever did not ask, no ID token either.
func TestScopesDecideWhatIsHandedOut(t *testing.T) {
	s := newService(t)
	if got := s.signIn(set("scope", "openid")); got.Refresh != "" || got.ID == "" {
		t.Errorf("scope openid: %+v", got)
	}
	if got := s.signIn(set("scope", "offline_access unknown")); got.Refresh == "" || got.ID != "" || got.Scope != "offline_access" {
		t.Errorf("scope offline_access: %+v", got)
	}
}

func TestCodeIsRefused(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"A5 no verifier":                set("code_verifier", ""),
		"A6 verifier of 42":             set("code_verifier", testVerifier[:42]),
		"A6 verifier of 129":            set("code_verifier", strings.Repeat("a", 129)),
		"A6 another verifier":           set("code_verifier", testVerifier+"x"),
		"A6 verifier in another script": set("code_verifier", strings.Replace(testVerifier, "a", "а", 1)),
		"A6 the challenge itself":       set("code_verifier", s256(testVerifier)),
		"A8 other redirect URI":         set("redirect_uri", "http://127.0.0.1:49153/callback"),
		"unknown code":                  set("code", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			code := s.code()
			s.bad(s.post(pathToken, exchange(code, change)), http.StatusBadRequest, "invalid_grant")
			s.good(s.post(pathToken, exchange(code))) // who lacks something cannot spend it
		})
	}
	t.Run("A8 another client", func(t *testing.T) {
		s := newService(t)
		s.bad(s.post(pathToken, exchange(s.code(), set("client_id", ClientDockerCLI))), http.StatusBadRequest, "unauthorized_client")
	})
	t.Run("A9 after a minute", func(t *testing.T) {
		s := newService(t)
		code := s.code()
		s.clock.pass(time.Minute)
		s.bad(s.post(pathToken, exchange(code)), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("A9 account disabled", func(t *testing.T) {
		s := newService(t)
		code := s.code()
		s.disable(true)
		s.bad(s.post(pathToken, exchange(code)), http.StatusBadRequest, "invalid_grant")
		s.disable(false) // its sign-in stays void
		s.bad(s.post(pathToken, exchange(code)), http.StatusBadRequest, "invalid_grant")
	})
}

// B3: 90 days, however often it is used; 30 without use.
func TestRefreshEnds(t *testing.T) {
	t.Run("used daily to the end", func(t *testing.T) {
		s := newService(t)
		got := s.signIn()
		if s.who(got.Access) != http.StatusOK {
			t.Fatal("not claimed")
		}
		for range 89 {
			s.clock.pass(24 * time.Hour)
			got = s.good(s.post(pathToken, refreshing(got.Refresh)))
		}
		s.clock.pass(24 * time.Hour)
		s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
		if status := s.who(got.Access); status != http.StatusUnauthorized {
			t.Errorf("its access token gets %d", status)
		}
	})
	t.Run("unused for 30 days", func(t *testing.T) {
		s := newService(t)
		got := s.signIn()
		if s.who(got.Access) != http.StatusOK {
			t.Fatal("not claimed")
		}
		s.clock.pass(30*24*time.Hour - time.Second)
		got = s.good(s.post(pathToken, refreshing(got.Refresh)))
		s.clock.pass(30 * 24 * time.Hour)
		s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("never used within ten minutes", func(t *testing.T) {
		s := newService(t)
		got := s.signIn()
		s.clock.pass(10 * time.Minute)
		s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("B4 account disabled", func(t *testing.T) {
		s := newService(t)
		got := s.signIn()
		s.disable(true)
		s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
		if status := s.who(got.Access); status != http.StatusUnauthorized {
			t.Errorf("its access token gets %d", status)
		}
	})
}

func TestRefreshWithALostAnswer(t *testing.T) {
	s := newService(t)
	first := s.signIn()
	lost := s.good(s.post(pathToken, refreshing(first.Refresh)))
	s.clock.pass(23 * time.Hour)
	again := s.good(s.post(pathToken, refreshing(first.Refresh)))
	if again.Refresh != lost.Refresh {
		t.Error("a lost answer forks the family")
	}
	// The successor was used: its access token was accepted.
	if s.who(again.Access) != http.StatusOK {
		t.Fatal("access token refused")
	}
	s.bad(s.post(pathToken, refreshing(first.Refresh)), http.StatusBadRequest, "invalid_grant")
	s.bad(s.post(pathToken, refreshing(lost.Refresh)), http.StatusBadRequest, "invalid_grant") // the session ended
	if status := s.who(again.Access); status != http.StatusUnauthorized {
		t.Errorf("after reuse its access token gets %d", status)
	}
}

func TestRefreshWithinAMinuteForgives(t *testing.T) {
	s := newService(t)
	first := s.signIn()
	second := s.good(s.post(pathToken, refreshing(first.Refresh)))
	if s.who(second.Access) != http.StatusOK {
		t.Fatal("access token refused")
	}
	s.clock.pass(59 * time.Second)
	if again := s.good(s.post(pathToken, refreshing(first.Refresh))); again.Refresh != second.Refresh {
		t.Error("another successor")
	}
	s.clock.pass(time.Second)
	s.bad(s.post(pathToken, refreshing(first.Refresh)), http.StatusBadRequest, "invalid_grant")
}

func TestRefreshAfterADayIsReuse(t *testing.T) {
	s := newService(t)
	first := s.signIn()
	second := s.good(s.post(pathToken, refreshing(first.Refresh)))
	s.clock.pass(24 * time.Hour)
	s.bad(s.post(pathToken, refreshing(first.Refresh)), http.StatusBadRequest, "invalid_grant")
	s.bad(s.post(pathToken, refreshing(second.Refresh)), http.StatusBadRequest, "invalid_grant")
}

func TestRefreshScopes(t *testing.T) {
	s := newService(t)
	got := s.signIn(set("scope", "openid offline_access"))
	s.bad(s.post(pathToken, refreshing(got.Refresh, set("scope", "openid email"))), http.StatusBadRequest, "invalid_scope") // B5
	narrowed := s.good(s.post(pathToken, refreshing(got.Refresh, set("scope", "offline_access"))))
	if narrowed.Scope != "offline_access" || narrowed.ID != "" || narrowed.Refresh == "" {
		t.Errorf("narrowed: %+v", narrowed)
	}
	if whole := s.good(s.post(pathToken, refreshing(narrowed.Refresh))); whole.Scope != "openid offline_access" {
		t.Errorf("scope %q", whole.Scope)
	}
}

func TestRefreshTokensThatAreNotOurs(t *testing.T) {
	s := newService(t)
	got := s.signIn()
	family := strings.SplitN(got.Refresh, "_", 4)[2]
	for name, token := range map[string]string{
		"garbage":           "x",
		"access token":      got.Access,
		"cut off":           got.Refresh[:len(got.Refresh)-1],
		"longer":            got.Refresh + "A",
		"invented secret":   "lyd_ref_" + family + "_" + strings.Repeat("A", 54),
		"another's family":  "lyd_ref_" + strings.Repeat("0", 32) + "_" + strings.SplitN(got.Refresh, "_", 4)[3],
		"path for a family": "lyd_ref_../../x_" + strings.Repeat("A", 54),
	} {
		t.Run(name, func(t *testing.T) {
			s.bad(s.post(pathToken, refreshing(token)), http.StatusBadRequest, "invalid_grant")
		})
	}
	s.good(s.post(pathToken, refreshing(got.Refresh))) // none of them ended the session
}

// B9 and all the like: when the store fails, nobody is let in and nobody is
// told that it is their fault.
func TestStoreErrorsAre503(t *testing.T) {
	s := newService(t)
	got, code := s.signIn(), s.code()
	b := s.browser()
	asked := s.get(b, pathAuthorize+"?"+asking().Encode()).to(s)
	device := s.post(pathDevice, url.Values{"client_id": {ClientLanyard}, "scope": {"openid"}})
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]answer{
		"code":     s.post(pathToken, exchange(code)),
		"refresh":  s.post(pathToken, refreshing(got.Refresh)),
		"revoke":   s.post(pathRevoke, url.Values{"client_id": {ClientLanyard}, "token": {got.Refresh}}),
		"device":   s.post(pathDevice, url.Values{"client_id": {ClientLanyard}, "scope": {"openid"}}),
		"poll":     s.post(pathToken, url.Values{"grant_type": {deviceGrant}, "client_id": {ClientLanyard}, "device_code": {s.device(device).DeviceCode}}),
		"revoke 2": s.post(pathRevoke, url.Values{"client_id": {ClientLanyard}, "token": {got.Access}}),
	} {
		t.Run(name, func(t *testing.T) {
			if out := s.bad(a, http.StatusServiceUnavailable, "server_error"); strings.Contains(out.Description, "closed") {
				t.Errorf("the store's own words are shown: %q", out.Description)
			}
		})
	}
	if status := s.who(got.Access); status != http.StatusServiceUnavailable {
		t.Errorf("userinfo answers %d", status)
	}
	if q := s.get(b, pathAuthorize+"?"+asking().Encode()).to(s).Query(); q.Get("error") != "temporarily_unavailable" || q.Get("iss") != s.issuer {
		t.Errorf("authorize answers %v", q)
	}
	if a := s.get(b, pathCallback+"?id="+asked.Query().Get("request")); a.status != http.StatusServiceUnavailable || a.header.Get("Location") != "" {
		t.Errorf("callback answers %d", a.status)
	}
}

func TestRevocation(t *testing.T) {
	revoke := func(token, client string) url.Values {
		return url.Values{"client_id": {client}, "token": {token}, "token_type_hint": {"refresh_token"}}
	}
	for name, c := range map[string]struct {
		form  func(tokens) url.Values
		ended bool
	}{
		"refresh token":                  {func(g tokens) url.Values { return revoke(g.Refresh, ClientLanyard) }, true},
		"access token":                   {func(g tokens) url.Values { return revoke(g.Access, ClientLanyard) }, true},
		"B7 another client's":            {func(g tokens) url.Values { return revoke(g.Refresh, ClientDockerCLI) }, false},
		"B7 another client's, access":    {func(g tokens) url.Values { return revoke(g.Access, ClientDockerCLI) }, false},
		"B7 unknown":                     {func(tokens) url.Values { return revoke("x", ClientLanyard) }, false},
		"B7 unknown family":              {func(tokens) url.Values { return revoke("lyd_ref_00_"+strings.Repeat("A", 54), ClientLanyard) }, false},
		"B7 invented secret":             {func(g tokens) url.Values { return revoke(g.Refresh[:45]+strings.Repeat("A", 54), ClientLanyard) }, false},
		"B7 an ID token":                 {func(g tokens) url.Values { return revoke(g.ID, ClientLanyard) }, false},
		"B7 something like a dotted JWT": {func(tokens) url.Values { return revoke("a.b.c", ClientLanyard) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			got := s.signIn()
			if a := s.post(pathRevoke, c.form(got)); a.status != http.StatusOK || a.body != "" {
				t.Errorf("answer %d %q", a.status, a.body)
			}
			want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusOK}[c.ended]
			if status := s.who(got.Access); status != want { // B8
				t.Errorf("its access token gets %d, want %d", status, want)
			}
			if c.ended {
				s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
				all, err := s.grants.Of(t.Context(), s.alice.ID)
				if err != nil || len(all) != 1 || all[0].Why != grant.WhySignedOut {
					t.Errorf("sessions %+v, %v", all, err)
				}
				if a := s.post(pathRevoke, c.form(got)); a.status != http.StatusOK {
					t.Errorf("a second time: %d", a.status)
				}
			}
		})
	}
	s := newService(t)
	s.bad(s.post(pathRevoke, url.Values{"client_id": {ClientLanyard}}), http.StatusBadRequest, "invalid_request")
	s.bad(s.post(pathRevoke, revoke("x", "nobody")), http.StatusUnauthorized, "invalid_client")
}

func TestARotatedRefreshTokenStillSignsOut(t *testing.T) {
	s := newService(t)
	first := s.signIn()
	second := s.good(s.post(pathToken, refreshing(first.Refresh)))
	s.post(pathRevoke, url.Values{"client_id": {ClientLanyard}, "token": {first.Refresh}})
	s.bad(s.post(pathToken, refreshing(second.Refresh)), http.StatusBadRequest, "invalid_grant")
}

func TestUserinfo(t *testing.T) {
	s := newService(t)
	got := s.signIn()
	with := func(target string, headers ...string) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.issuer+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range headers {
			r.Header.Add("Authorization", h)
		}
		return s.do(http.DefaultClient, r)
	}
	for name, c := range map[string]struct {
		answer answer
		status int
		says   string
	}{
		"good":                     {with(pathUserinfo, "Bearer "+got.Access), 200, ""},
		"B13 none":                 {with(pathUserinfo), 401, `Bearer realm="lanyard"`},
		"B13 bad":                  {with(pathUserinfo, "Bearer x"), 401, `error="invalid_token"`},
		"B12 in the query":         {with(pathUserinfo + "?access_token=" + got.Access), 400, `error="invalid_request"`},
		"B12 in two places":        {with(pathUserinfo+"?access_token="+got.Access, "Bearer "+got.Access), 400, `error="invalid_request"`},
		"B12 in two headers":       {with(pathUserinfo, "Bearer "+got.Access, "Bearer "+got.Access), 400, `error="invalid_request"`},
		"B13 without scope openid": {with(pathUserinfo, "Bearer "+s.signIn(set("scope", "offline_access")).Access), 403, `error="insufficient_scope"`},
		"a refresh token":          {with(pathUserinfo, "Bearer "+got.Refresh), 401, `error="invalid_token"`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.answer.status != c.status || !strings.Contains(c.answer.header.Get("WWW-Authenticate"), c.says) {
				t.Errorf("answer %d %q", c.answer.status, c.answer.header.Get("WWW-Authenticate"))
			}
			if c.answer.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			if c.status == 401 && c.says == `Bearer realm="lanyard"` && c.answer.header.Get("WWW-Authenticate") != c.says {
				t.Error("the challenge to nobody is not bare")
			}
		})
	}
}
