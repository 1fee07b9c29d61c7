package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync/atomic"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

// A company's server, with a certificate by an authority of its own that no
// computer knows: from the first refusal to the sign-out, with nothing but the
// fingerprint that the company tells its people.
func TestServerOfAPrivateAuthority(t *testing.T) {
	const host, server = "registry.example", "https://registry.example"
	p := sitDown(t, keyringtest.Options{}, programs)
	roots, certificate := authority(t, host)
	others, impostor := authority(t, host)
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(&certificate)
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }}
	p.through("127.0.0.1:"+p.serve(server), []string{host}, config, roots)
	print, other := fingerprint(t, roots), fingerprint(t, others)

	login := []string{"login", "--server", server, "--yes"}
	for _, args := range [][]string{login, {"trust", host, "--fingerprint", other}} {
		out := p.run(args...)
		if out.Code != 5 || !strings.Contains(out.Err, print) || strings.Contains(out.Err, "Your browser opens") {
			t.Fatalf("lanyard %s: exit %d\n%s%s", strings.Join(args, " "), out.Code, out.Out, out.Err)
		}
	}
	if out := p.must("trust", host, "--fingerprint", print); !strings.Contains(out.Out, "Trusted for "+host) {
		t.Errorf("%s%s", out.Out, out.Err)
	}
	out := p.loginBy(p.Lanyard(p.ctx, login...))
	if out.Code != 0 || !strings.Contains(out.Out, "Signed in as anna at "+server) || !strings.Contains(out.Out, "Set up for "+host) {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	session := func() string { return p.entry(keychain.SessionName(server, "anna")).Refresh }
	before := session()
	if code, report := p.status(); code != 0 || !report.SignedIn || report.Accounts[0].State != "active" {
		t.Errorf("exit %d, %+v", code, report)
	}
	after := session()
	if after == before {
		t.Error("the session was not refreshed")
	}
	if name, secret := p.asked(host); name != "anna" || secret == "" {
		t.Error("the helper does not serve it")
	}

	// Somebody in the way, whose authority says the same of the same name.
	shown.Store(&impostor)
	for _, args := range [][]string{login, {"token", "list"}} {
		out := p.run(args...)
		if out.Code != 5 || !strings.Contains(out.Err, "has changed: it was "+print+", is now "+other) {
			t.Errorf("lanyard %s: exit %d\n%s%s", strings.Join(args, " "), out.Code, out.Out, out.Err)
		}
	}
	if session() != after {
		t.Error("the session was shown to whoever answered")
	}
	shown.Store(&certificate)

	if out := p.must("logout"); !strings.Contains(out.Out, "the token was tried and is refused") {
		t.Errorf("the receipt:\n%s%s", out.Out, out.Err)
	}
	p.keyringIsEmpty()
	if name, _ := p.asked(host); name != "" {
		t.Error("it is still served")
	}
}

func fingerprint(t *testing.T, roots []byte) string {
	t.Helper()
	block, _ := pem.Decode(roots)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return client.Fingerprint(certificate)
}
