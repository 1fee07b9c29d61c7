package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
)

// The library and the handlers log each refusal; a test run is not for reading them.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}

var oneKey = sync.OnceValue(func() *keys.Keys {
	k, err := keys.New(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	return k
})

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// A service is a real handler over a real store, with a page that says yes
// for alice to whatever the browser that began it brings.
type service struct {
	*testing.T
	clock    *clock
	store    *memstore.DB
	grants   *grant.Service
	accounts *account.Service
	handler  *Handler
	http     *httptest.Server
	issuer   string
	alice    account.Account
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{T: t, clock: &clock{at: time.Now().UTC().Truncate(time.Second)}, store: memstore.New()}
	s.grants = &grant.Service{Store: s.store, Key: oneKey().Service(), Limits: grant.DefaultLimits(), Now: s.clock.now}
	s.accounts = &account.Service{Store: s.store, Now: s.clock.now}
	s.alice = account.Account{ID: "acc-alice", Name: "alice", Email: "alice@example.com", Admin: true}
	for _, a := range []account.Account{s.alice, {ID: "acc-root", Name: "root-2", Admin: true}} {
		if err := s.store.CreateAccount(t.Context(), a, false); err != nil {
			t.Fatal(err)
		}
	}
	var mux http.ServeMux
	s.http = httptest.NewServer(&mux)
	t.Cleanup(s.http.Close)
	s.issuer = s.http.URL
	_, port, _ := strings.Cut(strings.TrimPrefix(s.issuer, "http://"), ":")
	s.handler = New(Config{
		Issuer: s.issuer, Grants: s.grants, Accounts: s.accounts, Key: oneKey().OAuth(),
		Binder: browser.Cookies{Port: port}, Now: s.clock.now,
	})
	s.handler.Mount(&mux)
	mux.HandleFunc("/signin", func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("request")
		binding := browser.Cookies{Port: port}.Binding(r)
		if err := s.grants.Decide(r.Context(), id, binding, s.alice.ID, s.clock.now()); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, "/authorize/callback?id="+id, http.StatusSeeOther)
	})
	return s
}

// A browser keeps cookies and does not follow redirects by itself.
func (s *service) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

const (
	redirectURI  = "http://127.0.0.1:49152/callback"
	testVerifier = "0123456789abcdefghijklmnopqrstuvwxyz-._~ABCDEFG"
)

func s256(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// asking is a good authorization request; change spoils it.
func asking(change ...func(url.Values)) url.Values {
	q := url.Values{
		"client_id": {ClientLanyard}, "response_type": {"code"}, "redirect_uri": {redirectURI},
		"scope": {"openid profile email offline_access"}, "state": {"a state"}, "nonce": {"a nonce"},
		"code_challenge": {s256(testVerifier)}, "code_challenge_method": {"S256"}, "audience": {HubAudience},
	}
	for _, c := range change {
		c(q)
	}
	return q
}

func set(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
func add(name, value string) func(url.Values) { return func(q url.Values) { q.Add(name, value) } }
func del(name string) func(url.Values)        { return func(q url.Values) { q.Del(name) } }

type answer struct {
	status int
	header http.Header
	body   string
}

// to is where a redirect leads.
func (a answer) to(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		t.Fatalf("status %d leads to %q (%s)", a.status, a.header.Get("Location"), a.body)
	}
	return u
}

func (s *service) do(c *http.Client, r *http.Request) answer {
	s.Helper()
	res, err := c.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (s *service) get(c *http.Client, target string) answer {
	s.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.issuer + target
	}
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, target, nil)
	if err != nil {
		s.Fatal(err)
	}
	return s.do(c, r)
}

func (s *service) post(path string, form url.Values, change ...func(*http.Request)) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	return s.do(http.DefaultClient, r)
}

// code runs a sign-in up to its code.
func (s *service) code(change ...func(url.Values)) string {
	s.Helper()
	b := s.browser()
	at := s.get(b, pathAuthorize+"?"+asking(change...).Encode()).to(s)
	for range 2 {
		at = s.get(b, s.issuer+at.String()).to(s)
	}
	code := at.Query().Get("code")
	if code == "" {
		s.Fatalf("no code: %s", at)
	}
	return code
}

func exchange(code string, change ...func(url.Values)) url.Values {
	q := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {ClientLanyard}, "code": {code},
		"redirect_uri": {redirectURI}, "code_verifier": {testVerifier},
	}
	for _, c := range change {
		c(q)
	}
	return q
}

func refreshing(token string, change ...func(url.Values)) url.Values {
	q := url.Values{"grant_type": {"refresh_token"}, "client_id": {ClientLanyard}, "refresh_token": {token}}
	for _, c := range change {
		c(q)
	}
	return q
}

// tokens is an answer of the token endpoint, good or bad.
type tokens struct {
	Access      string `json:"access_token"`
	Refresh     string `json:"refresh_token"`
	ID          string `json:"id_token"`
	Type        string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Reason      string `json:"reason"`
}

func (s *service) tokens(a answer) tokens {
	s.Helper()
	var out tokens
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		s.Fatalf("status %d, not JSON: %q", a.status, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		s.Errorf("content type %q", a.header.Get("Content-Type"))
	}
	return out
}

// good fails unless a hands out tokens; bad unless it refuses with status and error.
func (s *service) good(a answer) tokens {
	s.Helper()
	out := s.tokens(a)
	if a.status != http.StatusOK || out.Access == "" || out.Error != "" {
		s.Fatalf("status %d: %s", a.status, a.body)
	}
	return out
}

func (s *service) bad(a answer, status int, code string) tokens {
	s.Helper()
	out := s.tokens(a)
	if a.status != status || out.Error != code || out.Access != "" || out.Refresh != "" {
		s.Errorf("status %d, %s, want %d %s", a.status, a.body, status, code)
	}
	if out.Description == "" {
		s.Errorf("%s has no error_description", out.Error)
	}
	return out
}

// signIn is a whole sign-in.
func (s *service) signIn(change ...func(url.Values)) tokens {
	s.Helper()
	return s.good(s.post(pathToken, exchange(s.code(change...))))
}

// who asks userinfo with a token and returns the status.
func (s *service) who(access string) int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.issuer+pathUserinfo, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access)
	return s.do(http.DefaultClient, r).status
}

func (s *service) disable(disabled bool) {
	s.Helper()
	if err := s.accounts.SetDisabled(context.Background(), s.alice.ID, disabled); err != nil {
		s.Fatal(err)
	}
}
