package machine

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ErrHost: the text is no registry host, or names more than one.
var ErrHost = errors.New("not a registry host")

// DockerHub is the canonical host of Docker Hub under all its spellings.
const DockerHub = "docker.io"

// DockerHubKey is what docker and its relatives ask a helper for where they mean
// Docker Hub. The nouns tool and dockerconfig, which import nothing, spell it
// themselves; doctor's test holds them against this.
const DockerHubKey = "https://index.docker.io/v1/"

const (
	maxHostText = 512 // bytes of a spelling; a host name alone has at most 253
	maxHostName = 253
	maxLabel    = 63
)

// CanonicalHost is the one spelling of a registry's host: lower case
// host[:port], the default port cut, Docker Hub as docker.io.
//
// Accepted are host[:port], http://host[:port] and https://host[:port], bare
// or with one of the paths that tools put behind a registry: / /v1 /v1/ /v2
// /v2/. Every other path is refused, so that a key like host/repository or
// …/v1/access-token is never taken for its host: it names something else.
// A port 80 is cut behind http:// only, as a bare host:80 is another registry
// than host. The result is its own canonical host.
func CanonicalHost(s string) (string, error) {
	switch {
	case s == "":
		return "", fmt.Errorf("%w: empty", ErrHost)
	case len(s) > maxHostText:
		return "", fmt.Errorf("%w: longer than %d bytes", ErrHost, maxHostText)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			return "", fmt.Errorf("%w: byte %#02x is not allowed", ErrHost, c)
		}
	}
	if i := strings.IndexAny(s, `@%\?#`); i >= 0 {
		return "", fmt.Errorf("%w: %q is not allowed", ErrHost, s[i])
	}
	s = strings.ToLower(s)

	scheme, rest := "", s
	if before, after, ok := strings.Cut(s, "://"); ok {
		if before != "http" && before != "https" {
			return "", fmt.Errorf("%w: scheme %q", ErrHost, before)
		}
		scheme, rest = before, after
	}
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	switch path {
	case "", "/", "/v1", "/v1/", "/v2", "/v2/":
	default:
		return "", fmt.Errorf("%w: it has a path", ErrHost)
	}

	host, port, err := splitAuthority(authority)
	if err != nil {
		return "", err
	}
	switch {
	case port == "443" && scheme == "http":
		return "", fmt.Errorf("%w: http on port 443", ErrHost)
	case port == "443", port == "80" && scheme == "http":
		port = ""
	}
	if port != "" {
		return host + ":" + port, nil
	}
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return DockerHub, nil
	}
	return host, nil
}

// splitAuthority checks host[:port]; an IPv6 address stands in brackets.
func splitAuthority(s string) (host, port string, err error) {
	if strings.HasPrefix(s, "[") {
		address, after, ok := strings.Cut(s[1:], "]")
		ip, parseErr := netip.ParseAddr(address)
		if !ok || parseErr != nil || !ip.Is6() {
			return "", "", fmt.Errorf("%w: bad IPv6 address", ErrHost)
		}
		host = "[" + ip.String() + "]"
		if after == "" {
			return host, "", nil
		}
		if after[0] != ':' {
			return "", "", fmt.Errorf("%w: bad IPv6 address", ErrHost)
		}
		port, err = checkPort(after[1:])
		return host, port, err
	}
	host, text, hasPort := strings.Cut(s, ":")
	if err := checkName(host); err != nil {
		return "", "", err
	}
	if hasPort {
		port, err = checkPort(text)
	}
	return host, port, err
}

// checkName accepts labels of letters, digits and inner hyphens, joined by
// dots (RFC 952 and 1123), without the trailing dot of the DNS root.
func checkName(host string) error {
	if host == "" || len(host) > maxHostName {
		return fmt.Errorf("%w: the name has %d bytes", ErrHost, len(host))
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("%w: bad name %q", ErrHost, host)
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return fmt.Errorf("%w: bad name %q", ErrHost, host)
			}
		}
	}
	return nil
}

func checkPort(s string) (string, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] == '0' {
		return "", fmt.Errorf("%w: bad port %q", ErrHost, s)
	}
	return s, nil
}
