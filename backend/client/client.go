// Package client talks to an account service over HTTP: it finds out what the
// service is, signs in with it, keeps the session fresh, and manages registry
// tokens. It keeps nothing itself: secrets are the keychain's, the course of a
// sign-in is signin's.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Errors that can be asked about.
var (
	// ErrAddress: the address cannot be a server's; nothing was asked.
	ErrAddress = errors.New("not a server address")
	// ErrInClear: the address is http, for another computer than this one.
	ErrInClear = errors.New("not encrypted")
	// ErrUnreachable: nobody answers there at this moment.
	ErrUnreachable = errors.New("server not reachable")
	// ErrNotServer: something answers there that is no Lanyard service.
	ErrNotServer = errors.New("not a Lanyard server")
	// ErrEnded: the session has ended there; the person signs in again.
	ErrEnded = errors.New("session has ended")
	// ErrDenied: the person, or a rule of the service, said no.
	ErrDenied = errors.New("denied")
	// ErrExpired: the person did not decide in time.
	ErrExpired = errors.New("sign-in took too long")
	// ErrNotFound: no such thing, or none that the caller may know of.
	ErrNotFound = errors.New("not found")
	// ErrLimited: too many of something in a time; the text says of what.
	ErrLimited = errors.New("too many requests")
	// ErrRefused: the service will not do it; the text says why, in its words.
	ErrRefused = errors.New("refused")
	// ErrServer: the service could not do it.
	ErrServer = errors.New("server error")
)

const (
	clientID    = "lanyard"
	maxAnswer   = 4 << 20 // bytes of any answer
	callTimeout = 20 * time.Second
)

// Info is what a service says of itself at /.well-known/lanyard.
type Info struct {
	Version    string   `json:"version"`
	Issuer     string   `json:"issuer"`
	Level      int      `json:"api"`        // see Level; 0: it does not say
	LevelLeast int      `json:"api_least"`  // … of those whom it serves
	Registries []string `json:"registries"` // host[:port] of each registry it serves
	Limits     struct {
		AutoTokens     int   `json:"auto_tokens"`
		SessionSeconds int64 `json:"session_seconds"`
		IdleSeconds    int64 `json:"idle_seconds"`
	} `json:"limits"`
}

// Server is a service that was found and asked what it is.
type Server struct {
	URL  string // without trailing slash; the issuer
	Info Info

	http     *http.Client
	stream   *http.Client // for answers that are read as they arrive
	provider *oidc.Provider
	oauth    oauth2.Config
	heard    heard
}

// Open finds the service at address: ErrAddress, ErrUnreachable, ErrNotServer.
// transport nil is the system's.
func Open(ctx context.Context, address string, transport http.RoundTripper) (*Server, error) {
	if transport == nil {
		transport = http.DefaultTransport
	}
	allowed, _ := transport.(interface{ AllowsHTTP(host string) bool })
	base, err := parseAddress(address, func(host string) bool { return allowed != nil && allowed.AllowsHTTP(host) })
	if err != nil {
		return nil, err
	}
	s := &Server{URL: base}
	// A service that redirects elsewhere is not the one that was asked for.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.http = &http.Client{Transport: limited{transport, &s.heard}, CheckRedirect: stay}
	s.stream = &http.Client{Transport: transport, CheckRedirect: stay}
	if err := s.describe(ctx); err != nil {
		return nil, err
	}
	s.provider, err = oidc.NewProvider(oidc.ClientContext(ctx, s.http), base)
	if err != nil {
		if unreachable(err) {
			return nil, s.failed(ctx, err)
		}
		return nil, fmt.Errorf("%w: %s has no usable OpenID configuration", ErrNotServer, base)
	}
	s.oauth = oauth2.Config{
		ClientID: clientID, Endpoint: s.provider.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess},
	}
	s.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	if err := s.sameOrigin(); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseAddress gives an address its one form: https://host[:port], or http for
// this computer alone, the scheme's own port cut; a bare host means https
// (http for localhost). ErrInClear is the one objection a person can overrule.
func ParseAddress(address string) (string, error) {
	return parseAddress(address, func(string) bool { return false })
}

// ParseInClear is ParseAddress for a person who said that http will do.
func ParseInClear(address string) (string, error) {
	return parseAddress(address, func(string) bool { return true })
}

func parseAddress(address string, mayHTTP func(hostPort string) bool) (string, error) {
	text := strings.TrimSuffix(strings.TrimSpace(address), "/")
	if !strings.Contains(text, "://") {
		scheme := "https://"
		if host, _, _ := strings.Cut(text, ":"); strings.EqualFold(host, "localhost") {
			scheme = "http://"
		}
		text = scheme + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > 512 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", fmt.Errorf("%w: %.80q", ErrAddress, address)
	case u.User != nil: // not quoted: a password may be in it
		return "", fmt.Errorf("%w: it holds a user name or password", ErrAddress)
	case u.Scheme != "https" && u.Scheme != "http" || !isHost(strings.ToLower(u.Hostname())) || !isPort(u) || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", fmt.Errorf("%w: %.80q", ErrAddress, address)
	}
	own := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	base := u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), own)
	if u.Scheme == "http" && !isLoopback(strings.ToLower(u.Hostname())) && !mayHTTP(HostPort(base)) {
		return "", fmt.Errorf("%w: %w: %.80q would send passwords in clear; use https", ErrAddress, ErrInClear, address)
	}
	return base, nil
}

// isHost accepts an address, and a name as DNS has them; more would have to be
// thought of wherever it is printed or made a file's name.
func isHost(host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
			}) {
			return false
		}
	}
	return len(host) <= 253
}

func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0 && u.Port()[0] != '0'
}

func (s *Server) describe(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/.well-known/lanyard", nil)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, s.URL)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return s.failed(ctx, err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusMisdirectedRequest:
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%w: the server there goes by another name: %s", ErrNotServer, clean(string(text)))
	case response.StatusCode >= http.StatusInternalServerError: // a proxy whose service restarts
		return fmt.Errorf("%w: %s: %s", ErrServer, s.URL, clean(response.Status))
	}
	if response.StatusCode != http.StatusOK || json.NewDecoder(response.Body).Decode(&s.Info) != nil || s.Info.Issuer == "" {
		return fmt.Errorf("%w: %s answers, but not as an account service does", ErrNotServer, s.URL)
	}
	if s.Info.Issuer != s.URL {
		return fmt.Errorf("%w: %s says that it is %.80q; use that address", ErrNotServer, s.URL, s.Info.Issuer)
	}
	s.Info.Version = clean(s.Info.Version)
	if s.Info.TooNew() {
		return fmt.Errorf("%w: %s runs %s", ErrTooNew, s.URL, s.Info.Version)
	}
	return nil
}

// sameOrigin refuses a service whose configuration sends us elsewhere, with
// the browser or by ourselves.
func (s *Server) sameOrigin() error {
	var also struct {
		Keys string `json:"jwks_uri"`
	}
	if err := s.provider.Claims(&also); err != nil {
		return fmt.Errorf("%w: %s has no usable OpenID configuration", ErrNotServer, s.URL)
	}
	e := s.oauth.Endpoint
	for _, address := range []string{e.AuthURL, e.TokenURL, e.DeviceAuthURL, also.Keys} {
		if !s.owns(address) {
			return fmt.Errorf("%w: %s points to another server (%.80q)", ErrNotServer, s.URL, address)
		}
	}
	return nil
}

// failed turns a failed exchange into ErrUnreachable, unless the caller gave up.
func (s *Server) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refused *url.Error
	if errors.As(err, &refused) {
		err = refused.Err // the address is said once
	}
	switch {
	case errors.Is(err, errTooMuch):
		return fmt.Errorf("%w: %s: %w", ErrNotServer, s.URL, err)
	case errors.Is(err, ErrNotServer), errors.Is(err, ErrTrust):
		return err
	case errors.Is(err, ErrCertificate), errors.Is(err, ErrProxy): // which is unreachable, in better words
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnreachable, s.URL, err)
}

func unreachable(err error) bool {
	var network net.Error
	var operation *net.OpError
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTrust) || errors.As(err, &network) || errors.As(err, &operation) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// limited takes every answer whole and bounds it in size and time: the
// libraries above read to the end, tell one that was cut off by its text alone,
// and leave a body unclosed here and there.
type limited struct {
	next  http.RoundTripper
	heard *heard
}

var errTooMuch = errors.New("its answer has no end")

func (l limited) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	defer func() { err = inWords(err, ctx.Err() != nil && r.Context().Err() == nil) }()
	asked := r.Clone(ctx)
	if asked.Header.Get("User-Agent") == "" { // a library's own says to nobody what program it was
		asked.Header.Set("User-Agent", clientID)
	}
	response, err := l.next.RoundTrip(asked)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	_ = response.Body.Close() // what was to be read has been
	if err == nil && len(text) > maxAnswer {
		err = errTooMuch
	}
	if err != nil {
		return nil, err
	}
	l.heard.note(response.Header)
	response.Body, response.Request = io.NopCloser(bytes.NewReader(text)), r
	return response, nil
}
