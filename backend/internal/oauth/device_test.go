package oauth

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"lanyard/backend/grant"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

type deviceAnswer struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	URI        string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int    `json:"expires_in"`
	Interval   int    `json:"interval"`
}

func (s *service) device(a answer) deviceAnswer {
	s.Helper()
	var d deviceAnswer
	if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != http.StatusOK {
		s.Fatalf("status %d: %s", a.status, a.body)
	}
	return d
}

func (s *service) begin(client string) deviceAnswer {
	s.Helper()
	return s.device(s.post(pathDevice, url.Values{
		"client_id": {client}, "scope": {"openid offline_access"}, "audience": {HubAudience}, "lanyard_machine": {"my\u202e laptop\x1b"[:len("my\u202e laptop")]},
	}))
}

func (s *service) poll(d deviceAnswer, client string) answer {
	s.Helper()
	return s.post(pathToken, url.Values{"grant_type": {deviceGrant}, "client_id": {client}, "device_code": {d.DeviceCode}})
}

// decide is what the page does: "" is a no.
func (s *service) decide(d deviceAnswer, account string) error {
	found, err := s.grants.DeviceFor(s.Context(), d.UserCode)
	if err != nil {
		return err
	}
	return s.grants.DecideDevice(s.Context(), found.ID, account, s.clock.now())
}

// What docker/cli internal/oauth demands, in its own words and with its own
// checks: none of these may change, or docker login ends.
func TestTrap6TheDockerCLI(t *testing.T) {
	s := newService(t)
	d := s.begin(ClientDockerCLI)
	if d.UserCode == "" || d.Interval < 1 || d.ExpiresIn < 60 {
		t.Errorf("begun: %+v", d)
	}
	if at, _, ok := strings.Cut(d.Complete, "?"); !ok || at != s.issuer+"/activate" || d.URI != at {
		t.Errorf("docker shows %q", at)
	}
	for range 20 { // it polls as it likes, and gives up when told to slow down
		if out := s.bad(s.poll(d, ClientDockerCLI), http.StatusBadRequest, "authorization_pending"); out.Description == "" {
			t.Fatal("no description")
		}
	}
	if err := s.decide(d, s.alice.ID); err != nil {
		t.Fatal(err)
	}
	got := s.good(s.poll(d, ClientDockerCLI))
	token, err := jwt.ParseSigned(got.Access, []jose.SignatureAlgorithm{
		jose.HS256, jose.HS384, jose.HS512, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		jwt.Claims
		Domain struct {
			Username string `json:"username"`
		} `json:"https://hub.docker.com"`
	}
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.Domain.Username != "alice" {
		t.Errorf("docker reads %+v, %v", claims, err)
	}
	if !claims.Audience.Contains(HubAudience) || !claims.Audience.Contains(s.issuer) {
		t.Errorf("trap 4, audience: %v", claims.Audience)
	}
	// It keeps "<refresh token>..<client id>" and splits on the dots at logout.
	if parts := strings.Split(got.Refresh+".."+ClientDockerCLI, ".."); len(parts) != 2 || parts[0] != got.Refresh {
		t.Errorf("docker splits the refresh token into %d parts", len(parts))
	}
	if a := s.post(pathRevoke, url.Values{"client_id": {ClientDockerCLI}, "token": {got.Refresh}}); a.status != http.StatusOK {
		t.Errorf("logout: %d", a.status)
	}
	if status := s.who(got.Access); status != http.StatusUnauthorized {
		t.Errorf("after logout: %d", status)
	}
}

func TestTheDockerCLIHasTheDeviceGrantOnly(t *testing.T) {
	s := newService(t)
	d := s.begin(ClientDockerCLI)
	if err := s.decide(d, s.alice.ID); err != nil {
		t.Fatal(err)
	}
	got := s.good(s.poll(d, ClientDockerCLI))
	s.bad(s.post(pathToken, refreshing(got.Refresh, set("client_id", ClientDockerCLI))), http.StatusBadRequest, "unauthorized_client")
	s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant") // A8, B1: another client's
	if a := s.get(s.browser(), pathAuthorize+"?"+asking(set("client_id", ClientDockerCLI)).Encode()); a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
		t.Errorf("authorize answers %d", a.status)
	}
}

func TestTrap7Polling(t *testing.T) {
	s := newService(t)
	d := s.begin(ClientLanyard)
	s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "authorization_pending")
	s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "slow_down")
	s.clock.pass(5 * time.Second)
	s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "slow_down") // ten seconds by now, then fifteen
	s.clock.pass(15 * time.Second)
	s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "authorization_pending")

	t.Run("unknown code", func(t *testing.T) {
		s.bad(s.poll(deviceAnswer{DeviceCode: "x"}, ClientLanyard), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("expired", func(t *testing.T) {
		s := newService(t)
		d := s.begin(ClientLanyard)
		s.clock.pass(time.Duration(d.ExpiresIn) * time.Second)
		s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "expired_token")
	})
	t.Run("approved, then expired", func(t *testing.T) {
		s := newService(t)
		d := s.begin(ClientLanyard)
		if err := s.decide(d, s.alice.ID); err != nil {
			t.Fatal(err)
		}
		s.clock.pass(time.Duration(d.ExpiresIn) * time.Second)
		s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "expired_token")
	})
	t.Run("denied", func(t *testing.T) {
		s := newService(t)
		d := s.begin(ClientLanyard)
		if err := s.decide(d, ""); err != nil {
			t.Fatal(err)
		}
		s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "access_denied")
		if err := s.decide(d, s.alice.ID); err == nil { // C5
			t.Error("a refusal was taken back")
		}
	})
	for name, outcome := range map[string]string{"pending": "-", "approved": "acc-alice", "denied": ""} {
		t.Run("C6 another client, "+name, func(t *testing.T) {
			s := newService(t)
			d := s.begin(ClientLanyard)
			if outcome != "-" {
				if err := s.decide(d, outcome); err != nil {
					t.Fatal(err)
				}
			}
			s.bad(s.poll(d, ClientDockerCLI), http.StatusBadRequest, "invalid_grant")
		})
	}
	t.Run("account disabled meanwhile", func(t *testing.T) {
		s := newService(t)
		d := s.begin(ClientLanyard)
		if err := s.decide(d, s.alice.ID); err != nil {
			t.Fatal(err)
		}
		s.disable(true)
		s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "invalid_grant")
	})
}

// C5
func TestTrap1ADeviceCodeServesOnce(t *testing.T) {
	s := newService(t)
	d := s.begin(ClientLanyard)
	if err := s.decide(d, s.alice.ID); err != nil {
		t.Fatal(err)
	}
	good := s.atOnce(20, func() answer { return s.poll(d, ClientLanyard) })
	if len(good) != 1 {
		t.Fatalf("%d of 20 polls got tokens", len(good))
	}
	s.bad(s.poll(d, ClientLanyard), http.StatusBadRequest, "invalid_grant")
	if status := s.who(good[0].Access); status != http.StatusOK {
		t.Errorf("the one that won gets %d", status)
	}
}

// C2, C7 and what the page is shown.
func TestDeviceIsKeptByHash(t *testing.T) {
	s := newService(t)
	d := s.begin(ClientLanyard)
	typed := strings.ToLower(strings.Replace(d.UserCode, "-", " ", 1))
	found, err := s.grants.DeviceFor(t.Context(), typed)
	if err != nil || found.ID != grant.DeviceID(d.DeviceCode) || found.Machine != "my laptop" || found.Addr != "127.0.0.1" || found.Agent == "" {
		t.Errorf("found %+v, %v", found, err)
	}
	if raw, _ := json.Marshal(found); strings.Contains(string(raw), d.DeviceCode) || len(d.DeviceCode) != 43 {
		t.Errorf("kept in clear, or short: %s", raw)
	}
}

func TestDeviceRequestIsRefused(t *testing.T) {
	good := url.Values{"client_id": {ClientLanyard}, "scope": {"openid"}}
	for name, c := range map[string]struct {
		change func(url.Values)
		status int
		code   string
	}{
		"trap 12, unknown client": {set("client_id", "nobody"), 401, "invalid_client"},
		"no client":               {del("client_id"), 400, "invalid_request"},
		"foreign audience":        {set("audience", "https://evil.example"), 400, "invalid_target"},
		"foreign resource":        {set("resource", "https://evil.example"), 400, "invalid_target"},
		"no scope":                {del("scope"), 400, "invalid_scope"},
		"unknown scope":           {set("scope", "root"), 400, "invalid_scope"},
		"scope twice":             {add("scope", "openid"), 400, "invalid_request"},
		"a secret":                {set("client_secret", "x"), 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			form := url.Values{}
			for k, v := range good {
				form[k] = append([]string(nil), v...)
			}
			c.change(form)
			s.bad(s.post(pathDevice, form), c.status, c.code)
		})
	}
}

// With x/oauth2, which honours interval and slow_down.
func TestDeviceFlowWithForeignLibrary(t *testing.T) {
	s := newService(t)
	conf := oauth2.Config{ClientID: ClientLanyard, Scopes: []string{"openid", "offline_access"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: s.issuer + pathDevice, TokenURL: s.issuer + pathToken, AuthStyle: oauth2.AuthStyleInParams,
	}}
	d, err := conf.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.decide(deviceAnswer{UserCode: d.UserCode}, s.alice.ID); err != nil {
		t.Fatal(err)
	}
	d.Interval = 1
	token, err := conf.DeviceAccessToken(t.Context(), d)
	if err != nil || token.RefreshToken == "" {
		t.Fatalf("%v", err)
	}
}

// atOnce runs ask n times at once and returns the answers that hand out tokens.
func (s *service) atOnce(n int, ask func() answer) []tokens {
	s.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		good  []tokens
		start = make(chan struct{})
	)
	for range n {
		wg.Go(func() {
			<-start
			if a := ask(); a.status == http.StatusOK {
				got := s.tokens(a)
				mu.Lock()
				defer mu.Unlock()
				good = append(good, got)
			}
		})
	}
	close(start)
	wg.Wait()
	return good
}
