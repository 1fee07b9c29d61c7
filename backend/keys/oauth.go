package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"
)

const rsaBits = 2048

// SigningKey signs OAuth and OpenID Connect tokens. RS256, because the Docker
// CLI reads no token signed with ES256.
type SigningKey struct {
	ID        string // RFC 7638 thumbprint
	Algorithm jose.SignatureAlgorithm
	Private   *rsa.PrivateKey

	signers map[string]jose.Signer // by header "typ"
}

// The values of the header "typ" that Sign knows.
const (
	TypeJWT         = "JWT"
	TypeAccessToken = "at+jwt" // RFC 9068 section 2.1
)

func newSigningKey() (SigningKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return SigningKey{}, err
	}
	return signingKey(private)
}

func signingKey(private *rsa.PrivateKey) (SigningKey, error) {
	id, err := thumbprint(private.Public())
	if err != nil {
		return SigningKey{}, err
	}
	k := SigningKey{ID: id, Algorithm: jose.RS256, Private: private, signers: map[string]jose.Signer{}}
	for _, typ := range []string{TypeJWT, TypeAccessToken} {
		k.signers[typ], err = jose.NewSigner(
			jose.SigningKey{Algorithm: k.Algorithm, Key: jose.JSONWebKey{Key: private, KeyID: id}},
			(&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			return SigningKey{}, err
		}
	}
	return k, nil
}

// Public verifies what Sign signed.
func (k SigningKey) Public() *rsa.PublicKey { return &k.Private.PublicKey }

// JWKS is what the service publishes, public halves only.
func (k SigningKey) JWKS() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: k.Public(), KeyID: k.ID, Algorithm: string(k.Algorithm), Use: "sig"},
	}}
}

// Sign makes a compact JWT of claims; typ is TypeJWT or TypeAccessToken.
func (k SigningKey) Sign(claims any, typ string) (string, error) {
	signer, ok := k.signers[typ]
	if !ok {
		return "", fmt.Errorf("sign a token: unknown type %q", typ)
	}
	return sign(signer, claims)
}

// Format keeps the private half out of every print and log.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.ID+" ***") }

func sign(signer jose.Signer, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	return signed.CompactSerialize()
}

func thumbprint(public crypto.PublicKey) (string, error) {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}
