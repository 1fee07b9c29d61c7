//go:build linux

// Package front puts a real service behind other people's names: a proxy that
// takes CONNECT for them, ends TLS with an authority of the test's own, and
// reaches nothing else. Docker Hub's names are among them.
package front

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// HubHosts are the names under which Docker Hub is asked: where docker signs
// in, the API, where registry tokens are given, and the registry twice.
var HubHosts = []string{"login.docker.com", "hub.docker.com", "auth.docker.io", "index.docker.io", "registry-1.docker.io"}

// Proxy is one that listens on loopback.
type Proxy struct {
	URL  *url.URL
	Down atomic.Bool // answers 503

	outside, within *http.Server
}

// Open has hosts answered by the service at address, over TLS as config says.
func Open(address string, hosts []string, config *tls.Config) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{URL: &url.URL{Scheme: "http", Host: listener.Addr().String()}}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host
		},
		ErrorLog: log.New(io.Discard, "", 0), // who asked may have gone
	}
	inside := &connections{next: make(chan net.Conn), closed: make(chan struct{})}
	p.within = &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: forward.ErrorLog, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		forward.ServeHTTP(w, r)
	})}
	p.outside = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	go func() { _ = p.within.Serve(inside) }()
	go func() { _ = p.outside.Serve(listener) }()
	return p, nil
}

// Close ends it.
func (p *Proxy) Close() {
	_ = p.outside.Close()
	_ = p.within.Close()
}

// connections is a listener for connections that came another way.
type connections struct {
	next   chan net.Conn
	closed chan struct{}
	once   sync.Once
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
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *connections) Addr() net.Addr { return &net.TCPAddr{} }
