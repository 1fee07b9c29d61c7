package client

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// ErrCertificate: the server's certificate is not believed; the error is a
// *CertificateError. It is ErrUnreachable too: nothing was said to the server.
var ErrCertificate = errors.New("certificate not trusted")

// CertificateError says what a server showed and why it is not believed.
type CertificateError struct {
	Host    string              // host:port
	Offered []*x509.Certificate // the server's own first
	// Anchor is the highest of Offered that the others rest on: what there is
	// to trust. nil: nothing, whatever a person says. The name is wrong, its
	// time is over, or it was never a server's.
	Anchor  *x509.Certificate
	Trusted []*x509.Certificate // what was trusted for Host; nil: nothing yet
	why     error
}

func (e *CertificateError) Error() string {
	switch {
	case e.Anchor == nil:
		return "the certificate of " + e.Host + " cannot be trusted: " + e.reason()
	case e.Trusted != nil:
		return fmt.Sprintf("the certificate of %s has changed: it was %s, is now %s", e.Host, fingerprints(e.Trusted), Fingerprint(e.Anchor))
	}
	return fmt.Sprintf("the certificate of %s is by an authority that this computer does not know: %s", e.Host, Describe(e.Anchor))
}

// Is makes it ErrCertificate and ErrUnreachable.
func (e *CertificateError) Is(target error) bool {
	return target == ErrCertificate || target == ErrUnreachable
}

// Describe is a certificate in one line, for people.
func Describe(c *x509.Certificate) string {
	return fmt.Sprintf("%s, subject %q, issuer %q, valid %s to %s",
		Fingerprint(c), name(c.Subject.String()), name(c.Issuer.String()), day(c.NotBefore), day(c.NotAfter))
}

func name(text string) string {
	text = clean(text)
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100]) + "…"
	}
	return text
}

// reason is why nothing of it can be trusted.
func (e *CertificateError) reason() string {
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case len(e.Offered) == 0:
		return "it has none"
	case errors.As(e.why, &wrongName):
		names := e.Offered[0].DNSNames
		for _, ip := range e.Offered[0].IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) == 0 {
			return "it names no host (a subjectAltName is needed)"
		}
		if len(names) > 5 {
			names = append(names[:5:5], "…")
		}
		return "it is for " + clean(strings.Join(names, ", ")) + "; use that name"
	case errors.As(e.why, &invalid) && invalid.Reason == x509.Expired: // or not begun
		return fmt.Sprintf("it is valid from %s to %s only; who runs the server must renew it, unless this computer's clock is wrong",
			day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	}
	return clean(e.why.Error())
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// refusedCertificate judges what a server showed: the highest certificate that
// carries the others is the anchor. now zero is the present.
func refusedCertificate(host string, offered, trusted []*x509.Certificate, now time.Time) *CertificateError {
	e := &CertificateError{Host: host, Offered: offered, Trusted: trusted}
	bare, _, err := net.SplitHostPort(host)
	if err != nil || len(offered) == 0 {
		e.why = errors.New("it has none")
		return e
	}
	for i := len(offered) - 1; i >= 0; i-- {
		if e.why = carries(offered[i], offered, bare, now); e.why == nil {
			e.Anchor = offered[i]
			return e
		}
	}
	return e // of the server's own, which says what is wrong with it
}

// carries says whether the server's own certificate is valid for host if
// anchor is believed.
func carries(anchor *x509.Certificate, offered []*x509.Certificate, host string, now time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(anchor)
	for _, c := range offered[1:] {
		between.AddCert(c)
	}
	_, err := offered[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: now})
	return err
}

// Find is the certificate of Offered with a fingerprint, if trusting it would
// do.
func (e *CertificateError) Find(fingerprint string) (*x509.Certificate, bool) {
	bare, _, err := net.SplitHostPort(e.Host)
	if err != nil || e.Anchor == nil {
		return nil, false
	}
	for _, c := range e.Offered {
		if Fingerprint(c) == fingerprint {
			return c, carries(c, e.Offered, bare, time.Time{}) == nil
		}
	}
	return nil, false
}
