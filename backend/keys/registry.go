package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	day          = 24 * time.Hour
	authorityAge = 3652 * day // ten years
	leafAge      = 365 * day
	// skew is how far a registry's clock may lie behind ours.
	skew = time.Hour
)

// authority signs leaves. Registries know its certificate and nothing else,
// so leaves come and go without touching them.
type authority struct {
	private     *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// leaf signs tokens. It lives in memory only: each start makes its own.
type leaf struct {
	private           *ecdsa.PrivateKey
	header            string    // of every token, encoded, with the dot after it
	begins, due, ends time.Time // due: a new one takes over
}

// sign makes a compact JWT (RFC 7515 section 3.1). The header with its
// certificate is most of a token and always the same: to encode it anew, as a
// library does, costs half as much as the signature.
func (l *leaf) sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	const half = 32 // bytes of r and of s (RFC 7518 section 3.4)
	form := base64.RawURLEncoding
	out := make([]byte, 0, len(l.header)+form.EncodedLen(len(payload))+1+form.EncodedLen(2*half))
	out = form.AppendEncode(append(out, l.header...), payload)
	sum := sha256.Sum256(out)
	r, s, err := ecdsa.Sign(rand.Reader, l.private, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	var signature [2 * half]byte
	r.FillBytes(signature[:half])
	s.FillBytes(signature[half:])
	return string(form.AppendEncode(append(out, '.'), signature[:])), nil
}

// SignRegistry makes a token that a distribution registry accepts whose
// rootcertbundle holds CAPEM: ES256, with the leaf's certificate in x5c, the
// one form that both 2.8 and 3 read without knowing the leaf beforehand.
func (k *Keys) SignRegistry(claims any, now time.Time) (string, error) {
	l := k.leaf.Load()
	if !l.fresh(now) {
		err := k.Renew(now)
		if l = k.leaf.Load(); err != nil && (l == nil || !now.Before(l.ends)) {
			return "", err
		}
	}
	return l.sign(claims)
}

// Renew makes a new leaf where two thirds of the present one's life are over,
// or where the clock was set back to before it began; else it does nothing.
// SignRegistry does the same when it must.
func (k *Keys) Renew(now time.Time) error {
	k.renewing.Lock()
	defer k.renewing.Unlock()
	if k.leaf.Load().fresh(now) {
		return nil
	}
	l, err := k.ca.issue(now)
	if err != nil {
		return fmt.Errorf("renew the certificate of registry tokens: %w", err)
	}
	k.leaf.Store(l)
	return nil
}

// CAPEM is the authority's certificate for a registry's rootcertbundle.
func (k *Keys) CAPEM() []byte { return encodePEM(pemCertificate, k.ca.certificate.Raw) }

func (l *leaf) fresh(now time.Time) bool {
	return l != nil && !now.Before(l.begins) && now.Before(l.due)
}

func newAuthority(now time.Time) (authority, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	t := template("Lanyard registry tokens", now, now.Add(authorityAge))
	t.NotBefore = now.AddDate(-1, 0, 0) // holds also where the clock was ahead on the first day
	raw, err := x509.CreateCertificate(rand.Reader, t, t, private.Public(), private)
	if err != nil {
		return authority{}, err
	}
	certificate, err := x509.ParseCertificate(raw)
	return authority{private, certificate}, err
}

func (a authority) issue(now time.Time) (*leaf, error) {
	last := a.certificate.NotAfter
	if !now.Before(last) {
		return nil, fmt.Errorf("%w, on %s", ErrEnded, last.Format(time.DateOnly))
	}
	l := &leaf{ends: now.Add(leafAge)}
	if l.ends.After(last) {
		l.ends = last
	}
	l.due = now.Add(l.ends.Sub(now) * 2 / 3)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := template("Lanyard", now, l.ends)
	t.IsCA, t.KeyUsage = false, x509.KeyUsageDigitalSignature
	l.begins = t.NotBefore
	raw, err := x509.CreateCertificate(rand.Reader, t, a.certificate, private.Public(), a.private)
	if err != nil {
		return nil, err
	}
	id, err := thumbprint(private.Public())
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(map[string]any{
		"alg": jose.ES256, "typ": TypeJWT, "kid": id, "x5c": []string{base64.StdEncoding.EncodeToString(raw)},
	})
	l.private, l.header = private, base64.RawURLEncoding.EncodeToString(header)+"."
	return l, err
}

// template is an authority's; issue turns it into a leaf's.
func template(name string, now, ends time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-skew),
		NotAfter:              ends,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
}

func serial() *big.Int {
	b := make([]byte, 8)
	rand.Read(b)
	b[0] = b[0]&0x7f | 0x40 // positive, never zero (RFC 5280 section 4.1.2.2)
	return new(big.Int).SetBytes(b)
}

const (
	pemCertificate = "CERTIFICATE"
	pemPrivate     = "PRIVATE KEY"
)

func encodePEM(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}
