package server

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// ErrAddress: a public URL or listen address the service cannot work with;
// the text says why and what would work.
var ErrAddress = errors.New("address cannot be used")

// Address is where the service is reached and where it listens, checked
// against each other.
type Address struct {
	Public url.URL // scheme and host[:port], nothing else
	Listen string  // host:port as given
}

// NewAddress checks a public URL ("": http://localhost:PORT of listen) against
// the address listened on (design §4). The realm's host must be a name, since
// clients refuse realms that are address literals, and plain http serves
// nobody but this computer.
func NewAddress(public, listen string, behindProxy bool) (Address, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return Address{}, fmt.Errorf("%w: --listen %q is not host:port", ErrAddress, listen)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || (n == 0 && public != "") {
		return Address{}, fmt.Errorf("%w: --listen %q has no port to publish", ErrAddress, listen)
	}
	if public == "" {
		if !loopback(host) {
			return Address{}, fmt.Errorf("%w: %s is reached from elsewhere, so --public-url must say by what name (https://registry.example)", ErrAddress, listen)
		}
		public = "http://localhost:" + port
	}
	u, err := checkPublic(public)
	if err != nil {
		return Address{}, err
	}
	switch local := u.Hostname() == "localhost"; {
	case local && !loopback(host):
		return Address{}, fmt.Errorf("%w: --public-url says localhost but --listen %s is open to other computers; listen on 127.0.0.1, or publish a name", ErrAddress, listen)
	case local && portOf(u) != port:
		return Address{}, fmt.Errorf("%w: --public-url says port %s of localhost but --listen says %s; clients would knock at the wrong door", ErrAddress, portOf(u), port)
	case !local && loopback(host) && !behindProxy:
		return Address{}, fmt.Errorf("%w: nobody reaches %s on %s; listen on an address of the network, or say --behind-proxy if a proxy on this computer forwards to it", ErrAddress, u.Host, listen)
	}
	return Address{Public: *u, Listen: listen}, nil
}

func checkPublic(public string) (*url.URL, error) {
	u, err := url.Parse(public)
	if err != nil {
		return nil, fmt.Errorf("%w: --public-url %q is not a URL", ErrAddress, public)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || host == "":
		return nil, fmt.Errorf("%w: --public-url %q must be https://host[:port], or http://localhost:port", ErrAddress, public)
	case u.User != nil:
		return nil, fmt.Errorf("%w: --public-url must not hold a user name or password", ErrAddress)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("%w: --public-url %q must end after the host: registries have no paths", ErrAddress, public)
	case literal(host):
		return nil, fmt.Errorf("%w: --public-url %q names an address; clients such as crane, oras and helm refuse that, so give the computer a name", ErrAddress, public)
	case u.Scheme == "http" && host != "localhost":
		return nil, fmt.Errorf("%w: --public-url %q would carry passwords in clear; use https (a proxy can do it), or localhost", ErrAddress, public)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("%w: --public-url %q has no such port", ErrAddress, public)
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: canonical(u.Scheme, u.Host)}, nil
}

// Host is the public host[:port], the name of the own registry.
func (a Address) Host() string { return a.Public.Host }

// Open listens: for localhost on 127.0.0.1 and, where the machine has it, on
// [::1] with the same port. At least one listener, or an error.
func (a Address) Open() ([]net.Listener, error) {
	first, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.Listen, err)
	}
	listeners := []net.Listener{first}
	if a.Public.Hostname() != "localhost" {
		return listeners, nil
	}
	twin := "::1"
	if ip := net.ParseIP(hostOf(a.Listen)); ip != nil && ip.To4() == nil {
		twin = "127.0.0.1"
	}
	if second, err := net.Listen("tcp", net.JoinHostPort(twin, portOf(&a.Public))); err == nil {
		listeners = append(listeners, second)
	}
	return listeners, nil
}

func hostOf(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return hostPort
	}
	return host
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// canonical is lower case host[:port] with the scheme's own port cut.
func canonical(scheme, host string) string {
	host = strings.ToLower(host)
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// literal says whether a browser or resolver would read host as an address,
// odd spellings (127.1, 0x7f.1, 2130706433) included.
func literal(host string) bool {
	if net.ParseIP(strings.Trim(host, "[]")) != nil {
		return true
	}
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	last = strings.TrimSuffix(last, ".")
	if _, err := strconv.ParseUint(last, 0, 64); err == nil {
		return true
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
