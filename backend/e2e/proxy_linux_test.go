//go:build linux

package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/service"
)

// serve runs a service that is not the desk's own, behind a proxy that ends
// TLS, with the account anna, and returns its port.
func (p *person) serve(publicURL string, aliases ...string) (port string) {
	p.Helper()
	port, err := desk.FreePort()
	if err != nil {
		p.Fatal(err)
	}
	data := filepath.Join(p.Runtime, "served")
	args := []string{"serve", "--listen", "127.0.0.1:" + port, "--public-url", publicURL, "--behind-proxy", "--data", data, "--storage", filepath.Join(data, "images")}
	for _, host := range aliases {
		args = append(args, "--alias", host)
	}
	serve := p.Lanyard(p.ctx, args...)
	log, err := serve.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait()
	})
	go func() { _, _ = io.Copy(io.Discard, log) }()
	p.until("the service", func() bool {
		response, err := http.Get("http://127.0.0.1:" + port + "/healthz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	add := p.Lanyard(p.ctx, "user", "add", "anna", "--data", data)
	add.Stdin = strings.NewReader(service.Password + "\n")
	if out, err := desk.Run(add); err != nil || out.Code != 0 {
		p.Fatalf("user add: %v %+v", err, out)
	}
	return port
}

// through has all of the desk reach hosts, and nothing else that is not on this
// computer, by a proxy that takes CONNECT, ends TLS, and asks the service. The
// person's browser believes roots. down: answers 503.
func (p *person) through(address string, hosts []string, config *tls.Config, roots []byte, down *atomic.Bool) {
	p.Helper()
	inside := &connections{next: make(chan net.Conn), closed: make(chan struct{})}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host
	}}
	within := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { _ = within.Serve(inside) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.Fatal(err)
	}
	outside := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, _ := net.SplitHostPort(r.Host)
		if r.Method != http.MethodConnect || port != "443" || !slices.Contains(hosts, host) {
			http.Error(w, "not here", http.StatusForbidden)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n")
		inside.offer(tls.Server(conn, config))
	})}
	go func() { _ = outside.Serve(listener) }()
	p.Cleanup(func() {
		_ = outside.Close()
		_ = within.Close()
	})
	proxy := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	p.Desk.Setenv("HTTPS_PROXY", proxy.String())
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	byProxy := func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" { // back to the program that waits for it
			return nil, nil
		}
		return proxy, nil
	}
	p.browser = service.NewPerson("anna", &http.Transport{Proxy: byProxy, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true})
}

// authority makes an authority, and a certificate of it for the names.
func authority(t *testing.T, names ...string) (roots []byte, _ tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, DNSNames: names}
	authority, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority}), tls.Certificate{Certificate: [][]byte{signed, authority}, PrivateKey: key}
}

// connections is a listener for connections that came another way.
type connections struct {
	next   chan net.Conn
	closed chan struct{}
	over   atomic.Bool
}

func (c *connections) offer(conn net.Conn) {
	select {
	case c.next <- conn:
	case <-c.closed:
		_ = conn.Close()
	}
}

func (c *connections) Accept() (net.Conn, error) {
	select {
	case conn := <-c.next:
		return conn, nil
	case <-c.closed:
		return nil, net.ErrClosed
	}
}

func (c *connections) Close() error {
	if c.over.CompareAndSwap(false, true) {
		close(c.closed)
	}
	return nil
}

func (c *connections) Addr() net.Addr { return &net.TCPAddr{} }
