package pages

import (
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/passkey"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
)

const (
	password = "correct horse battery staple"
	device   = "Lanyard"
)

// A site is the pages over a store in memory, with two paths of internal/oauth
// played: /authorize/start begins a request bound to the browser, and the
// callback redirects to the program as the real one does.
type site struct {
	testing.TB
	*httptest.Server
	h        *Handler
	store    *memstore.DB
	request  grant.Request // what /authorize/start begins
	log      *lockedBuffer
	mu       sync.Mutex
	at       time.Time
	callback []string // ids that came back
}

// service makes one set of keys for all tests: an RSA key costs a second.
var service = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(time.Now()) })

func sealer(t testing.TB) account.Sealer {
	t.Helper()
	k, err := service()
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{TB: t, store: memstore.New(), log: &lockedBuffer{}, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	s.request = grant.Request{Client: "lanyard", RedirectURI: "http://127.0.0.1:1/callback", Machine: "anna-thinkpad", Scopes: []string{"openid"}}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	public := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	b, err := browser.New(public, s.store)
	if err != nil {
		t.Fatal(err)
	}
	party, err := passkey.New(public)
	if err != nil {
		t.Fatal(err)
	}
	party.Now = s.now
	log := slog.New(slog.NewTextHandler(s.log, nil))
	b.Now, b.Log = s.now, log
	s.h = &Handler{
		Accounts: &account.Service{Store: s.store, Hasher: account.NewHasher(), Sealer: sealer(t), Now: s.now},
		Setup:    &account.Setup{Now: s.now},
		Grants:   &grant.Service{Store: s.store, Key: make([]byte, 32), Limits: grant.DefaultLimits(), Now: s.now},
		Browser:  b, Passkeys: party, PublicURL: public, Now: s.now, Log: log,
		Program: func(client string) string { return strings.ToUpper(client[:1]) + client[1:] },
	}
	s.h.Mount(mux)
	mux.HandleFunc("GET /authorize/start", func(w http.ResponseWriter, r *http.Request) {
		request := s.request
		request.Browser = sha256.Sum256([]byte(b.Bind(w, r)))
		request, err := s.h.Grants.Begin(r.Context(), request)
		if err != nil {
			t.Error(err)
		}
		http.Redirect(w, r, "/signin?request="+request.ID, http.StatusFound)
	})
	mux.HandleFunc("GET /authorize/callback", func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("id")
		s.mu.Lock()
		s.callback = append(s.callback, id)
		s.mu.Unlock()
		http.Redirect(w, r, s.request.RedirectURI+"?code=of-"+id, http.StatusFound)
	})
	s.URL = public
	return s
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *site) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// account makes an account, the first as administrator.
func (s *site) account(name string) account.Account {
	s.Helper()
	a, err := s.h.Accounts.Create(s.Context(), account.New{Name: name, Email: name + "@example.org", Password: password, Admin: true})
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// device begins a device authorization and returns it.
func (s *site) device() grant.Device {
	s.Helper()
	d, err := s.h.Grants.BeginDevice(s.Context(), grant.Device{
		ID: grant.DeviceID(s.now().String() + fmt.Sprint(len(s.log.String()))), Client: "lanyard", Machine: "build-vm", Addr: "192.0.2.7", Agent: "lanyard/0.1 (linux)",
	})
	if err != nil {
		s.Fatal(err)
	}
	return d
}

// A person is a browser with its cookies, and the page it shows.
type person struct {
	*site
	client *http.Client
	path   string // of the page shown, with its query
	status int
	head   http.Header
	body   string
}

func (s *site) person() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	p := &person{site: s}
	p.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != strings.TrimPrefix(s.URL, "http://") { // the program's, which is not played here
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return p
}

func (p *person) do(r *http.Request) {
	p.Helper()
	res, err := p.client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.Fatal(err)
	}
	p.path, p.status, p.head, p.body = res.Request.URL.RequestURI(), res.StatusCode, res.Header, string(body)
	if res.StatusCode == http.StatusTemporaryRedirect || res.StatusCode == http.StatusPermanentRedirect {
		p.Errorf("a redirect that would post again: %d", res.StatusCode)
	}
}

func (p *person) open(path string) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		p.Fatal(err)
	}
	p.do(r)
}

func (p *person) post(path string, values url.Values, change ...func(*http.Request)) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(r)
	}
	p.do(r)
}

var (
	formTag  = regexp.MustCompile(`<form method="post" action="([^"]*)"[^>]*>`)
	inputTag = regexp.MustCompile(`<input [^>]*>`)
	attr     = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// form is the form of the page shown: where it goes and what it holds.
func (p *person) form() (action string, values url.Values) {
	p.Helper()
	m := formTag.FindStringSubmatch(p.body)
	if m == nil {
		p.Fatalf("%s: no form:\n%s", p.path, p.body)
	}
	values = url.Values{}
	for _, tag := range inputTag.FindAllString(p.body, -1) {
		attrs := map[string]string{}
		for _, a := range attr.FindAllStringSubmatch(tag, -1) {
			attrs[a[1]] = html.UnescapeString(a[2])
		}
		values.Set(attrs["name"], attrs["value"])
	}
	return html.UnescapeString(m[1]), values
}

// submit fills in the form of the page shown and sends it.
func (p *person) submit(filled ...string) {
	p.Helper()
	action, values := p.form()
	for i := 0; i < len(filled); i += 2 {
		values.Set(filled[i], filled[i+1])
	}
	p.post(action, values)
}

// shows fails unless the page has this status, heading and words.
func (p *person) shows(status int, heading string, words ...string) {
	p.Helper()
	text := html.UnescapeString(p.body)
	if p.status != status || !strings.Contains(text, "<h1>"+heading+"</h1>") {
		p.Fatalf("%s: %d, want %d with %q:\n%s", p.path, p.status, status, heading, p.body)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.Errorf("%s: does not say %q:\n%s", p.path, w, p.body)
		}
	}
}

// signIn signs in at the sign-in page shown.
func (p *person) signIn(name string) {
	p.Helper()
	p.submit("username", name, "password", password)
}

// sentBack fails unless the browser was sent to the program, and returns the request's id.
func (p *person) sentBack() string {
	p.Helper()
	to := p.head.Get("Location")
	if p.status != http.StatusFound || !strings.HasPrefix(to, p.request.RedirectURI+"?code=of-") {
		p.Fatalf("not sent back to the program: %d to %q\n%s", p.status, to, p.body)
	}
	return strings.TrimPrefix(to, p.request.RedirectURI+"?code=of-")
}

// decision is what became of an authorization.
func (s *site) decision(id string) grant.Request {
	s.Helper()
	r, err := s.store.Request(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *site) broken(http.ResponseWriter, *http.Request) error {
	return fmt.Errorf("open the database: %w", io.ErrUnexpectedEOF)
}
