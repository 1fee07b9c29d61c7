// Package bearer owns the access token: its claims, its form and where a
// request carries it. Whether its session and account still live is gate's to
// ask; who gets one is oauth's.
package bearer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

const (
	// Life is how long an access token is good.
	Life = 10 * time.Minute
	// Type is its header "typ" (RFC 9068 §2.1): no ID token passes for one.
	Type = "at+jwt"

	// maxLen keeps a token within a keychain entry and a header line.
	maxLen = 2400
	// skew is how far ahead another node's clock may be.
	skew = time.Minute
)

var (
	// ErrMissing: the request carries no bearer token.
	ErrMissing = errors.New("no access token")
	// ErrMisplaced: it carries one in its query, or more than one (RFC 6750 §2).
	ErrMisplaced = errors.New("an access token belongs in one Authorization header")
	// ErrInvalid: it is not an access token of ours, or past its time.
	ErrInvalid = errors.New("invalid access token")
)

// Claims are what an access token says.
type Claims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"` // account id
	Audience   []string `json:"aud"` // the issuer, and what was asked for beside it
	Expires    int64    `json:"exp"` // Unix seconds
	IssuedAt   int64    `json:"iat"`
	ID         string   `json:"jti"`
	Session    string   `json:"sid"`
	Generation int      `json:"gen"` // of the refresh token it was issued with
	Client     string   `json:"client_id"`
	Scope      string   `json:"scope"`
	Hub        Hub      `json:"https://hub.docker.com"`
}

// Hub is the claim that Docker's clients read the user name from.
type Hub struct {
	UUID      string `json:"uuid"`
	Email     string `json:"email"`
	Username  string `json:"username"`
	Source    string `json:"source"`
	SessionID string `json:"session_id"`
}

// Has says whether the token's scopes include scope.
func (c Claims) Has(scope string) bool {
	for one := range strings.FieldsSeq(c.Scope) {
		if one == scope {
			return true
		}
	}
	return false
}

// A Signer makes a compact JWT with the header "typ"; keys.SigningKey is one.
type Signer interface {
	Sign(claims any, typ string) (string, error)
}

// Sign makes the token of c.
func Sign(key Signer, c Claims) (string, error) {
	raw, err := key.Sign(c, Type)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	if len(raw) >= maxLen {
		return "", fmt.Errorf("sign access token: %d bytes are too many", len(raw))
	}
	return raw, nil
}

// Verify returns the claims of an access token that issuer signed with one of
// keys and that is good at now; anything else is ErrInvalid.
func Verify(raw string, keys jose.JSONWebKeySet, issuer string, now time.Time) (Claims, error) {
	if len(raw) >= maxLen {
		return Claims{}, fmt.Errorf("%w: too long", ErrInvalid)
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(signed.Signatures) != 1 {
		return Claims{}, fmt.Errorf("%w: not a JWT signed with RS256", ErrInvalid)
	}
	// base64 has spare bits and the parser passes over white space: one form only.
	if again, err := signed.CompactSerialize(); err != nil || again != raw {
		return Claims{}, fmt.Errorf("%w: not in its one form", ErrInvalid)
	}
	kid, err := header(raw)
	if err != nil {
		return Claims{}, err
	}
	found := keys.Key(kid)
	if kid == "" || len(found) != 1 {
		return Claims{}, fmt.Errorf("%w: unknown key", ErrInvalid)
	}
	payload, err := signed.Verify(found[0])
	if err != nil {
		return Claims{}, fmt.Errorf("%w: wrong signature", ErrInvalid)
	}
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, fmt.Errorf("%w: unreadable claims", ErrInvalid)
	}
	return c, c.check(issuer, now)
}

// header returns the key id of a header that holds alg, kid and typ and
// nothing else: jwk, jku, x5u, x5c, crit and the like name keys that are not
// ours, or rules we do not know.
func header(raw string) (kid string, err error) {
	encoded, _, _ := strings.Cut(raw, ".")
	text, err := decode(encoded)
	if err != nil {
		return "", fmt.Errorf("%w: unreadable header", ErrInvalid)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return "", fmt.Errorf("%w: unreadable header", ErrInvalid)
	}
	kid, _ = fields["kid"].(string)
	if fields["typ"] != Type || fields["alg"] != string(jose.RS256) || len(fields) != 3 {
		return "", fmt.Errorf("%w: not the header of an access token", ErrInvalid)
	}
	return kid, nil
}

func (c Claims) check(issuer string, now time.Time) error {
	ours := false
	for _, one := range c.Audience {
		ours = ours || one == issuer
	}
	issued, expires := time.Unix(c.IssuedAt, 0), time.Unix(c.Expires, 0)
	switch {
	case c.Issuer != issuer:
		return fmt.Errorf("%w: another issuer's", ErrInvalid)
	case !ours:
		return fmt.Errorf("%w: for another audience", ErrInvalid)
	case c.Subject == "" || c.Session == "" || c.ID == "":
		return fmt.Errorf("%w: claims are missing", ErrInvalid)
	case c.IssuedAt <= 0 || issued.After(now.Add(skew)):
		return fmt.Errorf("%w: issued in the future", ErrInvalid)
	case !now.Before(expires):
		return fmt.Errorf("%w: past its time", ErrInvalid)
	case expires.Sub(issued) > Life:
		return fmt.Errorf("%w: good for too long", ErrInvalid)
	}
	return nil
}
