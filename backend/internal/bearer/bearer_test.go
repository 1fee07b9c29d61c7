package bearer

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"lanyard/backend/keys"
)

const issuer = "http://localhost:8460"

var (
	now  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	made = sync.OnceValue(func() *keys.Keys {
		k, err := keys.New(now)
		if err != nil {
			panic(err)
		}
		return k
	})
)

func claims() Claims {
	return Claims{
		Issuer: issuer, Subject: "acc-1", Audience: []string{issuer, "https://hub.docker.com"},
		IssuedAt: now.Unix(), Expires: now.Add(Life).Unix(), ID: "jti-1", Session: "ses-1", Generation: 3,
		Client: "lanyard", Scope: "openid offline_access",
		Hub: Hub{UUID: "acc-1", Email: "a@example.com", Username: "alice", Source: "lanyard", SessionID: "ses-1"},
	}
}

func signed(t *testing.T, c Claims) string {
	t.Helper()
	raw, err := Sign(made().OAuth(), c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignVerify(t *testing.T) {
	got, err := Verify(signed(t, claims()), made().OAuth().JWKS(), issuer, now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Session != "ses-1" || got.Generation != 3 || got.Hub.Username != "alice" || !got.Has("openid") || got.Has("open") {
		t.Errorf("claims came back as %+v", got)
	}
}

// The Docker CLI reads the token with these algorithms and these claims and
// checks nothing else (docker/cli internal/oauth/jwt.go).
func TestDockerReadsIt(t *testing.T) {
	token, err := jwt.ParseSigned(signed(t, claims()), []jose.SignatureAlgorithm{
		jose.HS256, jose.HS384, jose.HS512, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	})
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		jwt.Claims
		Hub struct {
			Username string `json:"username"`
		} `json:"https://hub.docker.com"`
		Scope string `json:"scope"`
	}
	if err := token.UnsafeClaimsWithoutVerification(&c); err != nil {
		t.Fatal(err)
	}
	if c.Hub.Username != "alice" || c.Expiry.Time().Sub(c.IssuedAt.Time()) != Life {
		t.Errorf("docker reads %+v", c)
	}
}

func TestTheLargestFits(t *testing.T) {
	c := claims()
	c.Hub.Username, c.Hub.Email = strings.Repeat("a", 64), strings.Repeat("e", 254)
	c.Issuer = "https://" + strings.Repeat("h", 253) + ":65535"
	c.Audience = []string{c.Issuer, "https://hub.docker.com"}
	c.Subject, c.Hub.UUID = strings.Repeat("u", 36), strings.Repeat("u", 36)
	c.Session, c.Hub.SessionID, c.ID = strings.Repeat("s", 32), strings.Repeat("s", 32), strings.Repeat("j", 32)
	c.Scope = "openid profile email offline_access"
	if n := len(signed(t, c)); n >= maxLen {
		t.Errorf("%d bytes", n)
	}
	c.Hub.Email = strings.Repeat("e", 3000)
	if _, err := Sign(made().OAuth(), c); err == nil {
		t.Error("a token of more than 2,400 bytes was signed")
	}
}

// Each claim that is wrong by itself refuses the token.
func TestVerifyClaims(t *testing.T) {
	for name, change := range map[string]func(*Claims){
		"another issuer":        func(c *Claims) { c.Issuer += "/" },
		"no issuer":             func(c *Claims) { c.Issuer = "" },
		"another audience":      func(c *Claims) { c.Audience = []string{"https://hub.docker.com"} },
		"no audience":           func(c *Claims) { c.Audience = nil },
		"expired this second":   func(c *Claims) { c.Expires = now.Unix() },
		"no expiry":             func(c *Claims) { c.Expires = 0 },
		"issued in the future":  func(c *Claims) { c.IssuedAt = now.Add(2 * time.Minute).Unix(); c.Expires = c.IssuedAt + 60 },
		"no issue time":         func(c *Claims) { c.IssuedAt = 0 },
		"good for a day":        func(c *Claims) { c.Expires = now.Add(24 * time.Hour).Unix() },
		"no session":            func(c *Claims) { c.Session = "" },
		"no subject":            func(c *Claims) { c.Subject = "" },
		"no id":                 func(c *Claims) { c.ID = "" },
		"issued before it ends": func(c *Claims) { c.IssuedAt, c.Expires = now.Unix(), now.Unix()-1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := claims()
			change(&c)
			if _, err := Verify(signed(t, c), made().OAuth().JWKS(), issuer, now); !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVerifyForm(t *testing.T) {
	ours := made().OAuth()
	body, _ := json.Marshal(claims())
	with := func(alg jose.SignatureAlgorithm, key any, kid string, extra map[jose.HeaderKey]any) string {
		o := &jose.SignerOptions{}
		for k, v := range extra {
			o.WithHeader(k, v)
		}
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, o)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := s.Sign(body)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := sig.CompactSerialize()
		return raw
	}
	at := map[jose.HeaderKey]any{"typ": Type}
	and := func(k jose.HeaderKey, v any) map[jose.HeaderKey]any { return map[jose.HeaderKey]any{"typ": Type, k: v} }
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	embedded := func() string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: foreign}, (&jose.SignerOptions{EmbedJWK: true}).WithType(Type))
		if err != nil {
			t.Fatal(err)
		}
		sig, _ := s.Sign(body)
		raw, _ := sig.CompactSerialize()
		return raw
	}
	good := with(jose.RS256, ours.Private, ours.ID, at)
	if _, err := Verify(good, ours.JWKS(), issuer, now); err != nil {
		t.Fatalf("the good one is refused: %v", err)
	}
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	public := ours.JWKS().Keys[0]
	spki, _ := public.MarshalJSON()

	for name, raw := range map[string]string{
		"an ID token: typ JWT":             with(jose.RS256, ours.Private, ours.ID, map[jose.HeaderKey]any{"typ": "JWT"}),
		"no typ":                           with(jose.RS256, ours.Private, ours.ID, nil),
		"RS512":                            with(jose.RS512, ours.Private, ours.ID, at),
		"PS256":                            with(jose.PS256, ours.Private, ours.ID, at),
		"HS256 with the public key":        with(jose.HS256, spki, ours.ID, at),
		"alg none":                         b64([]byte(`{"alg":"none","typ":"at+jwt","kid":"`+ours.ID+`"}`)) + "." + parts[1] + ".",
		"foreign key under our kid":        with(jose.RS256, foreign, ours.ID, at),
		"unknown kid":                      with(jose.RS256, ours.Private, "other", at),
		"no kid":                           with(jose.RS256, ours.Private, "", at),
		"header jku":                       with(jose.RS256, ours.Private, ours.ID, and("jku", "https://evil.example/keys")),
		"header x5u":                       with(jose.RS256, ours.Private, ours.ID, and("x5u", "https://evil.example/cert")),
		"header jwk":                       embedded(),
		"header cty":                       with(jose.RS256, ours.Private, ours.ID, and("cty", "JWT")),
		"header bomb":                      with(jose.RS256, ours.Private, ours.ID, and("x", strings.Repeat("a", 10_000))),
		"a million dots":                   strings.Repeat(".", 1_000_000),
		"truncated":                        good[:len(good)-4],
		"bit flipped in the claims":        parts[0] + "." + parts[1][:20] + "A" + parts[1][21:] + "." + parts[2],
		"signature of nothing":             parts[0] + "." + parts[1] + ".",
		"five parts, encrypted":            strings.Join(append(parts, "", ""), "."),
		"JSON serialisation":               `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"empty":                            "",
		"header is not JSON":               b64([]byte("x")) + "." + parts[1] + "." + parts[2],
		"spare bits of its last letter":    good[:len(good)-1] + spare(good[len(good)-1]),
		"white space within it":            good[:len(good)-9] + "\n" + good[len(good)-9:],
		"white space around it":            " " + good,
		"duplicate typ":                    b64([]byte(`{"alg":"RS256","typ":"JWT","typ":"at+jwt","kid":"`+ours.ID+`"}`)) + "." + parts[1] + "." + parts[2],
		"claims of the wrong types":        resign(t, `{"iss":1}`),
		"claims twice, the second of evil": resign(t, strings.Replace(string(body), `"sub":`, `"sub":"evil","sub":`, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Verify(raw, ours.JWKS(), issuer, now); !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// spare is the base64url letter after c, which differs in bits that no byte has:
// 256 bytes of signature end in a letter of which two bits count.
func spare(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, c)+1])
}

// Nothing that was not signed gets through, and nothing makes it panic.
func FuzzVerify(f *testing.F) {
	good, err := Sign(made().OAuth(), claims())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add("e30.e30.e30")
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := Verify(raw, made().OAuth().JWKS(), issuer, now); err == nil && raw != good {
			t.Errorf("%q is accepted", raw)
		} else if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", raw, err)
		}
	})
}

func resign(t *testing.T, claims string) string {
	t.Helper()
	raw, err := made().OAuth().Sign(json.RawMessage(claims), Type)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestFromHeader(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		header []string
		want   string
		err    error
	}{
		"bearer":                {"/", []string{"Bearer abc"}, "abc", nil},
		"lower case":            {"/", []string{"bearer abc"}, "abc", nil},
		"old scheme":            {"/", []string{"JWT abc"}, "abc", nil},
		"none":                  {"/", nil, "", ErrMissing},
		"basic":                 {"/", []string{"Basic YTpi"}, "", ErrMissing},
		"no token":              {"/", []string{"Bearer"}, "", ErrInvalid},
		"empty token":           {"/", []string{"Bearer "}, "", ErrInvalid},
		"two in one":            {"/", []string{"Bearer a, Bearer b"}, "", ErrInvalid},
		"two headers":           {"/", []string{"Bearer a", "Bearer b"}, "", ErrMisplaced},
		"in the query":          {"/?access_token=abc", nil, "", ErrMisplaced},
		"in the query and here": {"/?access_token=abc", []string{"Bearer abc"}, "", ErrMisplaced},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", c.target, nil)
			for _, h := range c.header {
				r.Header.Add("Authorization", h)
			}
			if got, err := FromHeader(r); got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
