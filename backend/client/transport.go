package client

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// ErrProxy: the proxy between here and the server stands in the way. It is
// ErrUnreachable too.
var ErrProxy = errors.New("proxy in the way")

// Transport is how this computer reaches servers: by the proxy of the
// environment, never for loopback, and believing of each server what Trust
// says.
type Transport struct {
	Trust Trust
	// Proxy nil: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	Proxy func(*http.Request) (*url.URL, error)

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*http.Transport // by host and what is trusted for it
}

// RoundTrip is http.RoundTripper's; its errors are *CertificateError and
// ErrProxy beside the network's own.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	host := HostPort(r.URL.String())
	trusted, err := t.trusted(r, host)
	if err != nil {
		return nil, err
	}
	return t.roundTrip(r, host, trusted)
}

func (t *Transport) trusted(r *http.Request, host string) ([]*x509.Certificate, error) {
	if r.URL.Scheme != "https" || t.Trust.Dir == "" {
		return nil, nil
	}
	return t.Trust.Certificates(host)
}

func (t *Transport) roundTrip(r *http.Request, host string, trusted []*x509.Certificate) (*http.Response, error) {
	response, err := t.under(host, trusted).RoundTrip(r)
	if err != nil {
		return nil, t.explain(r, host, trusted, err)
	}
	if response.StatusCode == http.StatusProxyAuthRequired {
		if proxy, _ := t.proxy(r); proxy != nil {
			_ = response.Body.Close()
			return nil, refusedByProxy(proxy, host, response)
		}
	}
	return response, nil
}

// AllowsHTTP is for Open: whether the person said that host:port may be spoken
// to in clear.
func (t *Transport) AllowsHTTP(host string) bool { return t.Trust.AllowsHTTP(host) }

// Try connects to a server, says nothing but that, and tells whether it would
// be believed if certificates alone were trusted; nil is what is so now.
func (t *Transport) Try(ctx context.Context, server string, certificates []*x509.Certificate) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, server+"/.well-known/lanyard", nil)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, server)
	}
	host := HostPort(server)
	if certificates == nil {
		if certificates, err = t.trusted(r, host); err != nil {
			return err
		}
	}
	response, err := t.roundTrip(r, host, certificates)
	if err != nil {
		return (&Server{URL: server}).failed(ctx, err)
	}
	return response.Body.Close()
}

// under is the transport for what is trusted: connections made under another
// trust are not used again.
func (t *Transport) under(host string, trusted []*x509.Certificate) *http.Transport {
	h := sha256.New()
	if trusted != nil {
		h.Write([]byte(host))
	}
	for _, c := range trusted {
		h.Write(c.Raw)
	}
	key := [sha256.Size]byte(h.Sum(nil))
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.byKey[key]; known != nil {
		return known
	}
	made := &http.Transport{
		Proxy:       t.proxy,
		DialContext: (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, connect *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return refusedByProxy(proxy, connect.Host, answer)
		},
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second,
		MaxIdleConns: 10, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
	if trusted != nil {
		made.TLSClientConfig.RootCAs = x509.NewCertPool()
		for _, c := range trusted {
			made.TLSClientConfig.RootCAs.AddCert(c)
		}
	}
	if t.byKey == nil {
		t.byKey = map[[sha256.Size]byte]*http.Transport{}
	}
	t.byKey[key] = made
	return made
}

// CloseIdleConnections is for http.Client.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.byKey {
		one.CloseIdleConnections()
	}
}

// proxy asks the environment. The library's error quotes what stands there,
// and a password may stand there.
func (t *Transport) proxy(r *http.Request) (*url.URL, error) {
	ask := t.Proxy
	if ask == nil {
		ask = http.ProxyFromEnvironment
	}
	if isLoopback(r.URL.Hostname()) {
		return nil, nil
	}
	proxy, err := ask(r)
	if err != nil || proxy != nil && proxy.Hostname() == "" {
		return nil, &proxyError{"HTTPS_PROXY or HTTP_PROXY is not the address of a proxy; give http://HOST:PORT"}
	}
	return proxy, nil
}

// explain turns what a connection failed by into what a person can act on.
func (t *Transport) explain(r *http.Request, host string, trusted []*x509.Certificate, err error) error {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "proxyconnect" {
		where := "the proxy"
		if proxy, _ := t.proxy(r); proxy != nil {
			where += " " + clean(proxy.Host)
		}
		return &proxyError{where + " does not answer: " + clean(operation.Err.Error())}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		e := refusedCertificate(host, certificate.UnverifiedCertificates, trusted, time.Time{})
		if e.why == nil {
			e.why = certificate.Err
		}
		return e
	}
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) {
		return fmt.Errorf("%w: %s does not speak TLS; if that is meant, its address begins with http://", ErrNotServer, host)
	}
	return err
}

// proxyError is ErrProxy in words.
type proxyError struct{ why string }

func (e *proxyError) Error() string        { return e.why }
func (e *proxyError) Is(target error) bool { return target == ErrProxy || target == ErrUnreachable }

func refusedByProxy(proxy *url.URL, host string, answer *http.Response) error {
	where := "the proxy " + clean(proxy.Host)
	switch answer.StatusCode {
	case http.StatusProxyAuthRequired:
		return &proxyError{where + " asks for a name and a password (407): HTTPS_PROXY=http://NAME:PASSWORD@" + clean(proxy.Host)}
	case http.StatusForbidden:
		return &proxyError{where + " does not let us through to " + clean(host) + " (403); NO_PROXY names hosts to reach without it"}
	}
	return &proxyError{where + " does not lead to " + clean(host) + ": " + clean(answer.Status)}
}
