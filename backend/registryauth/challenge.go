package registryauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Challenge is what a registry wants to see.
type Challenge struct {
	Base    string // address of the registry, without a slash at the end
	Scheme  string // bearer, basic, or "": it asks for nothing
	Realm   string // bearer: where tokens are given
	Service string
}

// Challenge asks what the registry wants. Only a registry on this computer is
// asked by http, and only where https does not answer, as docker does.
func (r Registry) Challenge(ctx context.Context) (Challenge, error) {
	c, err := r.challenge(ctx, "https://"+endpoint(r.Host))
	if err != nil && ctx.Err() == nil && errors.Is(err, ErrUnreachable) && isLoopback(hostname(r.Host)) {
		return r.challenge(ctx, "http://"+endpoint(r.Host))
	}
	return c, err
}

func (r Registry) challenge(ctx context.Context, base string) (Challenge, error) {
	c := Challenge{Base: base}
	response, _, err := r.send(ctx, http.MethodGet, base+"/v2/", nil)
	if err != nil {
		return c, err
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK && isPage(response.Header):
		return c, fmt.Errorf("%w: %s answers /v2/ with a page for people", ErrNotRegistry, r.Host)
	case code == http.StatusOK:
		return c, nil
	case code == http.StatusTooManyRequests:
		return c, fmt.Errorf("%w: %s", ErrLimited, r.Host)
	case code >= http.StatusInternalServerError:
		return c, fmt.Errorf("%w: %s: %s", ErrServer, r.Host, clean(response.Status))
	case code >= 300 && code < 400:
		return c, fmt.Errorf("%w: %s sends on to %.200q; use that address, if you trust it", ErrNotRegistry, r.Host, clean(response.Header.Get("Location")))
	case code != http.StatusUnauthorized:
		return c, fmt.Errorf("%w: %s answers /v2/ with %s", ErrNotRegistry, r.Host, clean(response.Status))
	}
	for _, scheme := range []string{"bearer", "basic"} {
		for _, one := range parse(response.Header.Values("WWW-Authenticate")) {
			if one.scheme != scheme {
				continue
			}
			c.Scheme, c.Service = scheme, one.params["service"]
			if scheme == "bearer" {
				c.Realm = one.params["realm"]
				return c, checkRealm(base, c.Realm)
			}
			return c, nil
		}
	}
	return c, fmt.Errorf("%w: %s refuses, and does not say what it wants to see", ErrNotRegistry, r.Host)
}

// isPage: a web server that shows the same page whatever it is asked for is no
// registry that lets everybody in.
func isPage(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/html") && h.Get("Docker-Distribution-Api-Version") == ""
}

// checkRealm: a secret goes to https, or stays on this computer; and what is
// not on this computer, or in its network by number, cannot make it knock
// there (what crane, oras and helm refuse, too).
func checkRealm(base, realm string) error {
	at, err := url.Parse(base)
	u, wrong := url.Parse(realm)
	if err = errors.Join(err, wrong); err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" || len(realm) > 2048 {
		return fmt.Errorf("%w: %.80q is no address", ErrRealm, realm)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: %.80q is no web address", ErrRealm, realm)
	case u.Scheme == "http" && (at.Scheme == "https" || !isLoopback(host)):
		return fmt.Errorf("%w: %s would get it in clear", ErrRealm, u.Host)
	case isLoopback(at.Hostname()) || host == at.Hostname():
		return nil
	}
	ip := net.ParseIP(host)
	if isLoopback(host) || ip != nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
		return fmt.Errorf("%w: %s points into this computer's own network (%s)", ErrRealm, at.Host, u.Host)
	}
	return nil
}

// demand is one challenge of a WWW-Authenticate header.
type demand struct {
	scheme string // lower case
	params map[string]string
}

// parse reads WWW-Authenticate (RFC 9110 §11.6.1): several challenges may
// stand in one field, and parameters in quotes. What is unsound ends it.
func parse(fields []string) []demand {
	var all []demand
	for _, rest := range fields {
		for {
			rest = strings.TrimLeft(rest, " \t,")
			name, after := cut(rest)
			if name == "" {
				break
			}
			if after = strings.TrimLeft(after, " \t"); !strings.HasPrefix(after, "=") || len(all) == 0 {
				all, rest = append(all, demand{strings.ToLower(name), map[string]string{}}), after
				continue
			}
			value, left, ok := value(strings.TrimLeft(after[1:], " \t"))
			if !ok {
				break
			}
			if params := all[len(all)-1].params; params[strings.ToLower(name)] == "" { // the first counts
				params[strings.ToLower(name)] = value
			}
			rest = left
		}
	}
	return all
}

// cut takes a token (RFC 9110 §5.6.2) off the front.
func cut(s string) (token, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool {
		return c >= 0x7f || c <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// value takes a token or a quoted string off the front.
func value(s string) (v, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		v, rest = cut(s)
		return v, rest, v != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
