package client_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/client"
)

// pair is a certificate with its key.
type pair struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// certify makes a certificate signed by parent, by itself if that is nil.
func certify(t *testing.T, parent *pair, change func(*x509.Certificate)) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "registry.example"}, DNSNames: []string{"registry.example", "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	signer, signerKey := template, key
	if parent != nil {
		signer, signerKey = parent.Certificate, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signerKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{made, key}
}

func authority(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject, c.DNSNames, c.ExtKeyUsage = pkix.Name{CommonName: name, Organization: []string{"Example"}}, nil, nil
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}
}

func asIs(*x509.Certificate) {}

// secure is a server with certificates, the first its own; asked counts what
// came through.
type secure struct {
	URL   string // https://localhost:port
	asked atomic.Int32
	https *httptest.Server
	shown atomic.Pointer[tls.Config]
}

func serve(t *testing.T, chain ...*pair) *secure {
	t.Helper()
	s := &secure{}
	s.https = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		about(w, r, "https://"+r.Host)
	}))
	s.show(chain...)
	s.https.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return s.shown.Load(), nil
	}}
	s.https.Config.ErrorLog = quiet
	s.https.StartTLS()
	t.Cleanup(s.https.Close)
	_, port, err := net.SplitHostPort(s.https.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "https://localhost:" + port
	return s
}

var quiet = log.New(io.Discard, "", 0) // refused handshakes

// show exchanges its certificates.
func (s *secure) show(chain ...*pair) {
	one := tls.Certificate{PrivateKey: chain[0].key}
	for _, c := range chain {
		one.Certificate = append(one.Certificate, c.Raw)
	}
	s.shown.Store(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{one}})
}

// about answers as a service at base does, as far as Open asks.
func about(w http.ResponseWriter, r *http.Request, at string) {
	text := info
	if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
		text = discovery()
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.ReplaceAll(text, base, at))
}

func transport(t *testing.T) *client.Transport {
	t.Helper()
	made := &client.Transport{Trust: client.Trust{Dir: filepath.Join(t.TempDir(), "trust")}, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
	t.Cleanup(made.CloseIdleConnections)
	return made
}

func refused(t *testing.T, address string, tr *client.Transport) *client.CertificateError {
	t.Helper()
	s, err := client.Open(t.Context(), address, tr)
	var e *client.CertificateError
	if s != nil || !errors.As(err, &e) || !errors.Is(err, client.ErrCertificate) || !errors.Is(err, client.ErrUnreachable) || errors.Is(err, client.ErrNotServer) {
		t.Fatalf("%v, %v", s, err)
	}
	if strings.ContainsAny(err.Error(), "\x1b\n\u202e") || len(err.Error()) > 1000 {
		t.Errorf("not fit for a terminal: %.1100q", err)
	}
	return e
}

func opens(t *testing.T, address string, tr *client.Transport) {
	t.Helper()
	if s, err := client.Open(t.Context(), address, tr); err != nil || s.URL != address {
		t.Fatalf("%v, %v", s, err)
	}
}

func trust(t *testing.T, tr *client.Transport, host string, all ...*x509.Certificate) {
	t.Helper()
	if err := tr.Trust.Trust(host, all); err != nil {
		t.Fatal(err)
	}
}

// An authority that is not known is shown, can be trusted, and is then
// believed for that server alone.
func TestTrustAnAuthority(t *testing.T) {
	ca := certify(t, nil, authority("Company CA"))
	between := certify(t, ca, authority("Issuing CA"))
	leaf := certify(t, between, asIs)
	s, other := serve(t, leaf, between, ca), serve(t, certify(t, between, asIs), between, ca)
	tr := transport(t)

	e := refused(t, s.URL, tr)
	if s.asked.Load() != 0 {
		t.Error("it was asked all the same")
	}
	if e.Anchor == nil || !e.Anchor.Equal(ca.Certificate) || e.Trusted != nil || len(e.Offered) != 3 {
		t.Fatalf("%+v", e)
	}
	for _, want := range []string{client.Fingerprint(ca.Certificate), `subject "CN=Company CA,O=Example"`, "valid 20", e.Host, "does not know"} {
		if !strings.Contains(e.Error(), want) {
			t.Errorf("%q is not in %q", want, e)
		}
	}
	trust(t, tr, e.Host, e.Anchor)
	opens(t, s.URL, tr)
	_ = refused(t, other.URL, tr)

	// Renewed by the same authority, it goes on; by another, it is refused.
	s.show(certify(t, between, asIs), between)
	tr.CloseIdleConnections()
	opens(t, s.URL, tr)
	next := certify(t, nil, authority("Company CA"))
	s.show(certify(t, next, asIs), next)
	tr.CloseIdleConnections()
	before := s.asked.Load()
	e = refused(t, s.URL, tr)
	if want := "has changed: it was " + client.Fingerprint(ca.Certificate) + ", is now " + client.Fingerprint(next.Certificate); !strings.Contains(e.Error(), want) {
		t.Errorf("%q", e)
	}
	if s.asked.Load() != before {
		t.Error("it was asked all the same")
	}
	if was, err := tr.Trust.Forget(e.Host); !was || err != nil {
		t.Error(was, err)
	}
	if e := refused(t, s.URL, tr); e.Trusted != nil {
		t.Error("it is remembered")
	}
}

// A certificate that signed itself is trusted as it is, and signs nothing else.
func TestTrustOneThatSignedItself(t *testing.T) {
	leaf := certify(t, nil, asIs)
	s, tr := serve(t, leaf), transport(t)
	e := refused(t, s.URL, tr)
	if e.Anchor == nil || !e.Anchor.Equal(leaf.Certificate) {
		t.Fatalf("%+v", e)
	}
	trust(t, tr, e.Host, e.Anchor)
	opens(t, s.URL, tr)
	s.show(certify(t, leaf, asIs), leaf)
	tr.CloseIdleConnections()
	_ = refused(t, s.URL, tr)
}

// Without its authority in the chain, the server's own certificate is what
// there is to trust.
func TestTrustAServersOwn(t *testing.T) {
	ca := certify(t, nil, authority("Company CA"))
	leaf := certify(t, ca, asIs)
	s, tr := serve(t, leaf), transport(t)
	e := refused(t, s.URL, tr)
	if e.Anchor == nil || !e.Anchor.Equal(leaf.Certificate) {
		t.Fatalf("%+v", e)
	}
	if err := tr.Try(t.Context(), s.URL, []*x509.Certificate{ca.Certificate}); err != nil {
		t.Errorf("with its authority's file: %v", err)
	}
	if err := tr.Try(t.Context(), s.URL, nil); !errors.Is(err, client.ErrCertificate) {
		t.Errorf("without: %v", err)
	}
	stranger := certify(t, nil, authority("Another CA"))
	if err := tr.Try(t.Context(), s.URL, []*x509.Certificate{stranger.Certificate}); !errors.Is(err, client.ErrCertificate) {
		t.Errorf("with another's: %v", err)
	}
	if got, ok := e.Find(client.Fingerprint(leaf.Certificate)); !ok || !got.Equal(leaf.Certificate) {
		t.Error("its fingerprint does not find it")
	}
	if _, ok := e.Find(client.Fingerprint(ca.Certificate)); ok {
		t.Error("one that was not offered is found")
	}
}

// What no yes of a person makes right: it stays refused even if its very
// certificates are put where trust is kept.
func TestNeverTrusted(t *testing.T) {
	ca := certify(t, nil, authority("Company CA"))
	past := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	}
	old := certify(t, nil, func(c *x509.Certificate) { authority("Old CA")(c); past(c) })
	noCA := certify(t, nil, func(c *x509.Certificate) { authority("No CA")(c); c.IsCA = false })
	for name, c := range map[string]struct {
		chain []*pair
		says  string
	}{
		"another name":                {[]*pair{certify(t, ca, func(c *x509.Certificate) { c.DNSNames = []string{"other.example", "*.example"} }), ca}, "it is for other.example, *.example"},
		"another name, by itself":     {[]*pair{certify(t, nil, func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} })}, "it is for other.example"},
		"a hostile name":              {[]*pair{certify(t, ca, func(c *x509.Certificate) { c.DNSNames = []string{"a\x1b[2Jb.example"} }), ca}, ""},
		"no name":                     {[]*pair{certify(t, ca, func(c *x509.Certificate) { c.DNSNames = nil; c.Subject.CommonName = "localhost" }), ca}, "subjectAltName"},
		"its time is over":            {[]*pair{certify(t, ca, past), ca}, "it is valid from"},
		"its time is over, by itself": {[]*pair{certify(t, nil, past)}, "it is valid from"},
		"its time is to come": {[]*pair{certify(t, ca, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
		}), ca}, "clock"},
		"for clients": {[]*pair{certify(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), ca}, "usage"},
	} {
		t.Run(name, func(t *testing.T) {
			s, tr := serve(t, c.chain...), transport(t)
			e := refused(t, s.URL, tr)
			if e.Anchor != nil || !strings.Contains(e.Error(), "cannot be trusted") || !strings.Contains(e.Error(), c.says) {
				t.Errorf("%v", e)
			}
			if _, ok := e.Find(client.Fingerprint(c.chain[0].Certificate)); ok {
				t.Error("its fingerprint is enough")
			}
			for _, one := range c.chain {
				trust(t, tr, e.Host, one.Certificate)
				_ = refused(t, s.URL, tr)
			}
			if s.asked.Load() != 0 {
				t.Error("it was asked")
			}
		})
	}
	// An authority whose time is over, or that is none, carries nothing; the
	// server's own may still be trusted as it is.
	for name, signer := range map[string]*pair{"its authority's time is over": old, "its authority is none": noCA} {
		t.Run(name, func(t *testing.T) {
			leaf := certify(t, signer, asIs)
			s, tr := serve(t, leaf, signer), transport(t)
			if e := refused(t, s.URL, tr); e.Anchor == nil || !e.Anchor.Equal(leaf.Certificate) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A damaged file of trust is no reason to believe anybody, nor the system.
func TestDamagedTrust(t *testing.T) {
	leaf := certify(t, nil, asIs)
	good := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
	for name, text := range map[string][]byte{
		"empty":         {},
		"words":         []byte("trust me\n"),
		"a page":        []byte("<!doctype html><html>"),
		"cut off":       good[:len(good)/2],
		"no DER":        pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}),
		"a private key": append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte("x")}), good...),
		"large":         append(bytes.Repeat([]byte("#\n"), 1<<20), good...),
		"another kind":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: leaf.Raw}),
	} {
		t.Run(name, func(t *testing.T) {
			s, tr := serve(t, leaf), transport(t)
			host := client.HostPort(s.URL)
			trust(t, tr, host, leaf.Certificate)
			if err := os.WriteFile(tr.Trust.File(host), text, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := client.Open(t.Context(), s.URL, tr)
			if !errors.Is(err, client.ErrTrust) || !strings.Contains(err.Error(), tr.Trust.File(host)) || s.asked.Load() != 0 {
				t.Errorf("%v", err)
			}
			if _, err := client.CertificatesFrom(tr.Trust.File(host)); !errors.Is(err, client.ErrTrust) {
				t.Errorf("as a person's file: %v", err)
			}
			if all, err := tr.Trust.List(); err != nil || len(all) != 1 || all[0].Host != host || all[0].Certificates != nil {
				t.Errorf("%+v %v", all, err)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		s, tr := serve(t, leaf), transport(t)
		if err := os.MkdirAll(tr.Trust.File(client.HostPort(s.URL)), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Open(t.Context(), s.URL, tr); !errors.Is(err, client.ErrTrust) {
			t.Error(err)
		}
	})
}

func TestTrustList(t *testing.T) {
	tr := transport(t)
	if all, err := tr.Trust.List(); len(all) != 0 || err != nil {
		t.Errorf("%v %v", all, err)
	}
	c := certify(t, nil, authority("CA\x1b[2J"))
	hosts := []string{"registry.example:443", "under_score.example:8443", "[2001:db8::1]:443", "[::ffff:1.2.3.4]:99", "10.0.0.1:5000"}
	for _, host := range hosts {
		trust(t, tr, host, c.Certificate, c.Certificate)
	}
	if err := tr.Trust.AllowHTTP("nas:8460"); err != nil {
		t.Fatal(err)
	}
	for _, stray := range []string{"readme.txt", ".x_1.pem", "_1.pem", "nounderscore.pem"} {
		if err := os.WriteFile(filepath.Join(tr.Trust.Dir, stray), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := tr.Trust.List()
	seen := map[string]bool{}
	for _, one := range all {
		seen[one.Host] = true
		if one.HTTP != (one.Host == "nas:8460") || !one.HTTP && len(one.Certificates) != 2 {
			t.Errorf("%+v", one)
		}
		if text, err := os.ReadFile(one.File); err != nil || bytes.ContainsAny(text, "\x1b") {
			t.Errorf("%s: %v", one.File, err)
		}
	}
	if err != nil || len(all) != len(hosts)+1 {
		t.Errorf("%v %v", seen, err)
	}
	for _, host := range append(hosts, "nas:8460") {
		if !seen[host] {
			t.Errorf("%s is not listed", host)
		}
		if was, err := tr.Trust.Forget(host); !was || err != nil {
			t.Errorf("%s: %v %v", host, was, err)
		}
	}
	if was, err := tr.Trust.Forget("nas:8460"); was || err != nil {
		t.Error(was, err)
	}
}

func TestParseFingerprint(t *testing.T) {
	digits := strings.Repeat("ab", 32)
	for _, text := range []string{digits, "sha256:" + digits, "SHA256:" + strings.ToUpper(digits), strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), "sha256 Fingerprint=" + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), " " + digits + "\n"} {
		if got, err := client.ParseFingerprint(text); got != "sha256:"+digits || err != nil {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for name, text := range map[string]string{"nothing": "", "short": digits[2:], "long": digits + "ab", "no digits": strings.Repeat("xy", 32), "sha1": strings.Repeat("ab", 20), "an escape": "\x1b[2J"} {
		if got, err := client.ParseFingerprint(text); !errors.Is(err, client.ErrTrust) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// http to another computer is for who said so, for that server alone.
func TestInClear(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { about(w, r, "http://"+r.Host) }))
	t.Cleanup(plain.Close)
	tr := transport(t)
	tr.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(plain.URL) } // which answers for every host
	if _, err := client.Open(t.Context(), "http://nas.example:8460", tr); !errors.Is(err, client.ErrInClear) || !errors.Is(err, client.ErrAddress) {
		t.Error(err)
	}
	if err := tr.Trust.AllowHTTP("nas.example:8460"); err != nil {
		t.Fatal(err)
	}
	opens(t, "http://nas.example:8460", tr)
	for _, other := range []string{"http://nas.example:8461", "http://nas.example", "http://other.example:8460"} {
		if _, err := client.Open(t.Context(), other, tr); !errors.Is(err, client.ErrInClear) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if got, err := client.ParseInClear("http://Nas.Example:80/"); got != "http://nas.example" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := client.ParseInClear("ftp://nas.example"); !errors.Is(err, client.ErrAddress) || errors.Is(err, client.ErrInClear) {
		t.Error(err)
	}
}

// proxy is one that answers CONNECT with a status, and leads to target if that
// is 200.
func proxy(t *testing.T, status int, target string) (address *url.URL, asked *atomic.Value) {
	t.Helper()
	asked = &atomic.Value{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				asked.Store(r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization"))
				fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nX: y\r\n\r\n", status, http.StatusText(status))
				if status != http.StatusOK {
					return
				}
				to, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer to.Close()
				go func() { _, _ = io.Copy(to, c) }()
				_, _ = io.Copy(c, to)
			}()
		}
	}()
	address, err = url.Parse("http://me:secret@" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return address, asked
}

func through(p *url.URL) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return p, nil }
}

func TestThroughAProxy(t *testing.T) {
	ca := certify(t, nil, authority("Company CA"))
	s, tr := serve(t, certify(t, ca, asIs), ca), transport(t)
	p, asked := proxy(t, 200, s.https.Listener.Addr().String())
	tr.Proxy = through(p)
	e := refused(t, base, tr)
	if asked.Load() != "CONNECT registry.example:443 Basic bWU6c2VjcmV0" {
		t.Errorf("%v", asked.Load())
	}
	trust(t, tr, e.Host, e.Anchor)
	opens(t, base, tr)

	// What is on this computer is asked without it.
	trust(t, tr, client.HostPort(s.URL), ca.Certificate)
	asked.Store("nothing")
	opens(t, s.URL, tr)
	if asked.Load() != "nothing" {
		t.Errorf("%v", asked.Load())
	}
}

func TestProxiesInTheWay(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := &url.URL{Scheme: "http", Host: gone.Addr().String(), User: url.UserPassword("me", "secret")}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	answering := func(status int) func(*http.Request) (*url.URL, error) {
		p, _ := proxy(t, status, "")
		return through(p)
	}
	for name, c := range map[string]struct {
		proxy   func(*http.Request) (*url.URL, error)
		address string
		says    string
	}{
		"407":          {answering(407), base, "asks for a name and a password (407): HTTPS_PROXY=http://NAME:PASSWORD@127.0.0.1:"},
		"403":          {answering(403), base, "does not let us through to registry.example:443 (403)"},
		"502":          {answering(502), base, "502 Bad Gateway"},
		"a redirect":   {answering(302), base, "302 Found"},
		"nobody there": {through(dead), base, "does not answer: "},
		"407 in clear": {answering(407), "http://nas.example", "(407)"},
		"no address": {func(*http.Request) (*url.URL, error) {
			return nil, errors.New(`invalid proxy address "http://me:secret@:x"`)
		}, base, "is not the address of a proxy"},
		"no host":        {through(&url.URL{Scheme: "http", User: url.UserPassword("me", "secret")}), base, "is not the address of a proxy"},
		"another scheme": {through(&url.URL{Scheme: "gopher", Host: "x", User: url.UserPassword("me", "secret")}), base, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tr := transport(t)
			tr.Proxy = c.proxy
			if err := tr.Trust.AllowHTTP("nas.example:80"); err != nil {
				t.Fatal(err)
			}
			_, err := client.Open(t.Context(), c.address, tr)
			if !errors.Is(err, client.ErrUnreachable) || c.says != "" && !errors.Is(err, client.ErrProxy) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
}

// B17: a server may send 50 MB or drip; what we take of it is bounded.
func TestFiftyMegabytes(t *testing.T) {
	var sent atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 50 {
			n, err := w.Write(bytes.Repeat([]byte(" "), 1<<20))
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	if _, err := client.Open(t.Context(), s.URL, transport(t)); !errors.Is(err, client.ErrNotServer) || !strings.Contains(err.Error(), "no end") {
		t.Error(err)
	}
	s.CloseClientConnections()
	if n := sent.Load(); n > 16<<20 {
		t.Errorf("it could send %d bytes", n)
	}
}

func TestAnswersThatAreNoHTTP(t *testing.T) {
	for name, text := range map[string]string{
		"no HTTP": "SSH-2.0-OpenSSH_9.2\r\n", "nothing": "", "half a header": "HTTP/1.1 200 OK\r\nContent-Le",
		"a header without end": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
		"half a body":          "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
		"escapes":              "HTTP/1.1 200 \x1b[2JOK\r\n\x1b[2J\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = http.ReadRequest(bufio.NewReader(c))
					_, _ = io.WriteString(c, text)
					_ = c.Close()
				}
			}()
			_, err = client.Open(t.Context(), "http://"+l.Addr().String(), transport(t))
			if !errors.Is(err, client.ErrUnreachable) && !errors.Is(err, client.ErrNotServer) {
				t.Errorf("%v", err)
			}
			if err == nil || len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("not fit for a terminal: %.600q", err)
			}
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		s := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(s.Close)
		_, err := client.Open(t.Context(), strings.Replace(s.URL, "http", "https", 1), transport(t))
		if !errors.Is(err, client.ErrNotServer) || !strings.Contains(err.Error(), "does not speak TLS") {
			t.Error(err)
		}
	})
}
