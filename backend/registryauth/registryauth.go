// Package registryauth asks a registry the way container tools do: what it
// wants to see (its challenge), whether it takes a name and a secret, and what
// these may do with an image. It only looks, and sends a secret nowhere but to
// the registry itself and to the realm that this names, by the rules of
// checkRealm. It keeps nothing and decides nothing.
package registryauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Errors that can be asked about.
var (
	// ErrUnreachable: nobody answers there at this moment.
	ErrUnreachable = errors.New("registry not reachable")
	// ErrNotRegistry: what answers there is no registry, or no sound one.
	ErrNotRegistry = errors.New("not a registry")
	// ErrRealm: the registry wants the secret to go where it must not.
	ErrRealm = errors.New("the registry's realm is not to be trusted with a secret")
	// ErrRefused: it does not take this name and secret; the text is its own.
	ErrRefused = errors.New("refused")
	// ErrLimited: too many requests in a time.
	ErrLimited = errors.New("too many requests")
	// ErrServer: the registry could not answer.
	ErrServer = errors.New("registry error")
)

const (
	maxAnswer   = 1 << 20 // bytes
	callTimeout = 20 * time.Second
	dockerHub   = "docker.io"
	agent       = "lanyard"
)

// Registry is one registry.
type Registry struct {
	Host      string            // canonical; docker.io for Docker Hub
	Transport http.RoundTripper // nil: the system's
}

// Login is a name with its secret; the zero value is nobody.
type Login struct{ Username, Secret string }

// String hides the secret.
func (l Login) String() string { return l.Username + ":***" }

// GoString hides it from %#v.
func (l Login) GoString() string { return l.String() }

// Check says whether the registry takes the login: nil, ErrRefused, or why it
// could not be asked. asks is false where it lets everybody in, so that
// nothing was learnt of the login.
func (r Registry) Check(ctx context.Context, login Login) (asks bool, err error) {
	c, err := r.Challenge(ctx)
	if err != nil || c.Scheme == "" {
		return false, err
	}
	header, _, err := r.authorize(ctx, c, login, "")
	if err != nil {
		return true, err
	}
	response, body, err := r.send(ctx, http.MethodGet, c.Base+"/v2/", header)
	if err != nil {
		return true, err
	}
	if response.StatusCode != http.StatusOK {
		return true, r.refused(response, body)
	}
	return true, nil
}

// Authorize is where the registry answers, and the header that proves login to
// it for a scope, as of a tool that is about to do what the scope names.
func (r Registry) Authorize(ctx context.Context, login Login, scope string) (base string, header http.Header, err error) {
	c, err := r.Challenge(ctx)
	if err != nil {
		return "", nil, err
	}
	header, _, err = r.authorize(ctx, c, login, scope)
	return c.Base, header, err
}

// authorize is the header that proves login to the registry; for a bearer the
// token's own words come with it. Nobody has none where a password is asked.
func (r Registry) authorize(ctx context.Context, c Challenge, login Login, scope string) (http.Header, string, error) {
	header := http.Header{}
	switch {
	case c.Scheme == "":
		return header, "", nil
	case c.Scheme == "basic" && login == Login{}:
		return header, "", nil
	case c.Scheme == "basic":
		header.Set("Authorization", basic(login))
		return header, "", nil
	}
	token, err := r.token(ctx, c, login, scope)
	header.Set("Authorization", "Bearer "+token)
	return header, token, err
}

// token asks the realm (distribution spec, auth/token.md).
func (r Registry) token(ctx context.Context, c Challenge, login Login, scope string) (string, error) {
	realm, err := url.Parse(c.Realm)
	if err != nil {
		return "", ErrRealm
	}
	query := realm.Query()
	query.Set("client_id", agent)
	if c.Service != "" {
		query.Set("service", c.Service)
	}
	if scope != "" {
		query.Set("scope", scope)
	}
	header := http.Header{}
	if login != (Login{}) {
		query.Set("account", login.Username)
		header.Set("Authorization", basic(login))
	}
	realm.RawQuery = query.Encode()
	response, body, err := r.send(ctx, http.MethodGet, realm.String(), header)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", r.refused(response, body)
	}
	var out struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(body, &out) != nil || out.Token == "" && out.AccessToken == "" {
		return "", fmt.Errorf("%w: its token service %s sent something that is no token", ErrNotRegistry, realm.Host)
	}
	if out.AccessToken != "" {
		out.Token = out.AccessToken
	}
	if strings.ContainsFunc(out.Token, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", fmt.Errorf("%w: its token service %s sent a token that is none", ErrNotRegistry, realm.Host)
	}
	return out.Token, nil
}

func basic(login Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login.Username+":"+login.Secret))
}

// reply is an answer without its body, which was read.
type reply struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// send asks once, follows nothing, and reads an answer that is bounded in size
// and time.
func (r Registry) send(ctx context.Context, method, address string, header http.Header) (reply, []byte, error) {
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(bounded, method, address, nil)
	if err != nil {
		return reply{}, nil, fmt.Errorf("%w: %s", ErrNotRegistry, r.Host)
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("User-Agent", agent)
	transport := r.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(request)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
		_ = response.Body.Close() // what was to be read has been
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return reply{}, nil, ctx.Err()
	case err != nil:
		return reply{}, nil, fmt.Errorf("%w: %s: %w", ErrUnreachable, r.Host, err)
	case len(body) > maxAnswer:
		return reply{}, nil, fmt.Errorf("%w: %s: its answer has no end", ErrNotRegistry, r.Host)
	}
	return reply{response.StatusCode, response.Status, response.Header}, body, nil
}

// refused turns an answer that is not a yes into an error, in its own words.
func (r Registry) refused(response reply, body []byte) error {
	said := words(body)
	if said == "" {
		said = clean(response.Status)
	}
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%w by %s: %s", ErrRefused, r.Host, said)
	case code == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s: %s", ErrLimited, r.Host, said)
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ErrServer, r.Host, said)
	}
	return fmt.Errorf("%w: %s: %s", ErrNotRegistry, r.Host, said)
}

// words are what a refusal's body says, in any of the forms in use.
func words(body []byte) string {
	var said struct {
		Details          string `json:"details"`
		Message          string `json:"message"`
		ErrorDescription string `json:"error_description"`
		Errors           []struct{ Code, Message string }
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	for _, text := range []string{said.Details, said.ErrorDescription} {
		if text != "" {
			return clean(text)
		}
	}
	if len(said.Errors) > 0 && said.Errors[0].Message != "" {
		return clean(said.Errors[0].Message)
	}
	return clean(said.Message)
}

// endpoint is where a registry answers.
func endpoint(host string) string {
	if host == dockerHub {
		return "registry-1.docker.io"
	}
	return host
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// clean makes a registry's words fit for a terminal: one line, no controls.
func clean(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}

// actions are those that a registry's JWT grants for a repository; ok is false
// if it is no such token, but one that only the registry can read. Nobody
// checks its signature here: it was given by the registry's own realm, and
// what counts is what the registry makes of it.
func actions(token, repository string) (granted []string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var claims struct {
		Access *[]struct {
			Type, Name string
			Actions    []string
		}
	}
	if json.Unmarshal(raw, &claims) != nil || claims.Access == nil {
		return nil, false
	}
	for _, one := range *claims.Access {
		if one.Type == "repository" && one.Name == repository {
			granted = append(granted, one.Actions...)
		}
	}
	slices.Sort(granted)
	return slices.Compact(granted), true
}
