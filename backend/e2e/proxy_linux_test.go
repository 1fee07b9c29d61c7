//go:build linux

package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/front"
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
// person's browser believes roots.
func (p *person) through(address string, hosts []string, config *tls.Config, roots []byte) *front.Proxy {
	p.Helper()
	proxy, err := front.Open(address, hosts, config)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(proxy.Close)
	p.Desk.Setenv("HTTPS_PROXY", proxy.URL.String())
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	byProxy := func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" { // back to the program that waits for it
			return nil, nil
		}
		return proxy.URL, nil
	}
	p.browser = service.NewPerson("anna", &http.Transport{Proxy: byProxy, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true})
	return proxy
}

// authority makes an authority, and a certificate of it for the names.
func authority(t *testing.T, names ...string) (roots []byte, certificate tls.Certificate) {
	t.Helper()
	roots, certificate, err := front.Authority(names...)
	if err != nil {
		t.Fatal(err)
	}
	return roots, certificate
}
