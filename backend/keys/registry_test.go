package keys_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distribution/distribution/v3/registry/auth"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/go-jose/go-jose/v4"

	"lanyard/backend/keys"
)

type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  string   `json:"aud"`
	Expires   int64    `json:"exp"`
	NotBefore int64    `json:"nbf"`
	Issued    int64    `json:"iat"`
	ID        string   `json:"jti"`
	Access    []access `json:"access"`
}

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

func claimsAt(now time.Time) claims {
	return claims{
		Issuer: "localhost:8460", Subject: "alice", Audience: "localhost:8460",
		Expires: now.Add(5 * time.Minute).Unix(), NotBefore: now.Unix(), Issued: now.Unix(), ID: "0123456789abcdef0123456789abcdef",
		Access: []access{{"repository", "alice/app", []string{"pull", "push", "delete"}}},
	}
}

// trusting is distribution v3's own access controller with k's authority as
// its rootcertbundle.
func trusting(t *testing.T, k *keys.Keys) auth.AccessController {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, k.CAPEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	controller, err := auth.GetAccessController("token", map[string]any{
		"realm": "http://localhost:8460/token", "service": "localhost:8460", "issuer": "localhost:8460", "rootcertbundle": bundle,
	})
	if err != nil {
		t.Fatal(err)
	}
	return controller
}

func push(controller auth.AccessController, token string) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "http://localhost:8460/v2/alice/app/manifests/1", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	_, err = controller.Authorized(r, auth.Access{Resource: auth.Resource{Type: "repository", Name: "alice/app"}, Action: "push"})
	return err
}

// The registry asks the clock itself, so time passes in a bubble.
func TestARegistryAcceptsTokensAllItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, err := keys.New(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		registry := trusting(t, k)
		leaves := map[string]bool{}
		for month := range 12 * 9 {
			token, err := k.SignRegistry(claimsAt(time.Now()), time.Now())
			if err != nil {
				t.Fatalf("month %d: %v", month, err)
			}
			if err := push(registry, token); err != nil {
				t.Fatalf("month %d: the registry refused: %v", month, err)
			}
			leaves[header(t, token).X5C[0]] = true
			<-time.After(30 * 24 * time.Hour)
		}
		// 3,240 days at two thirds of 365 each.
		if len(leaves) < 12 || len(leaves) > 15 {
			t.Errorf("%d leaves in nine years", len(leaves))
		}
		<-time.After(2 * 365 * 24 * time.Hour)
		if _, err := k.SignRegistry(claimsAt(time.Now()), time.Now()); !errors.Is(err, keys.ErrEnded) {
			t.Errorf("after ten years: %v", err)
		}
	})
}

func TestARegistryRefuses(t *testing.T) {
	now := time.Now()
	k, err := keys.New(now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := keys.New(now)
	if err != nil {
		t.Fatal(err)
	}
	registry := trusting(t, k)
	for name, bad := range map[string]struct {
		signer *keys.Keys
		change func(*claims)
	}{
		"another authority": {other, func(*claims) {}},
		"another audience":  {k, func(c *claims) { c.Audience = "localhost:5000" }},
		"another issuer":    {k, func(c *claims) { c.Issuer = "evil.example" }},
		"expired":           {k, func(c *claims) { c.Expires = now.Add(-61 * time.Second).Unix() }},
		"not yet":           {k, func(c *claims) { c.NotBefore = now.Add(2 * time.Minute).Unix() }},
		"no right":          {k, func(c *claims) { c.Access = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			c := claimsAt(now)
			bad.change(&c)
			token, err := bad.signer.SignRegistry(c, now)
			if err != nil {
				t.Fatal(err)
			}
			if err := push(registry, token); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// A registry whose clock lies behind, and a service whose clock was set back.
func TestClocksDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		k, err := keys.New(start.Add(10 * time.Minute)) // the service is ahead
		if err != nil {
			t.Fatal(err)
		}
		token, err := k.SignRegistry(claimsAt(start), start.Add(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if err := push(trusting(t, k), token); err != nil {
			t.Errorf("ten minutes ahead of the registry: %v", err)
		}

		future := start.Add(300 * 24 * time.Hour)
		if err := k.Renew(future); err != nil {
			t.Fatal(err)
		}
		if token, err = k.SignRegistry(claimsAt(start), start); err != nil {
			t.Fatal(err)
		}
		if err := push(trusting(t, k), token); err != nil {
			t.Errorf("after the clock was set back: %v", err)
		}
	})
}

func TestRegistryTokenForm(t *testing.T) {
	now := time.Now()
	k, err := keys.New(now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := k.SignRegistry(claimsAt(now), now)
	if err != nil {
		t.Fatal(err)
	}
	h := header(t, token)
	if h.Alg != "ES256" || h.Typ != "JWT" || h.Kid == "" || len(h.X5C) != 1 {
		t.Errorf("header %+v", h)
	}
	// Headers of 8 KiB are the least that servers and proxies take.
	if len(token) > 1600 {
		t.Errorf("the token has %d bytes", len(token))
	}
	var c struct{ Aud any }
	decodePart(t, token, 1, &c)
	if c.Aud != "localhost:8460" { // 2.8 refuses a list
		t.Errorf("aud is %#v", c.Aud)
	}
	if _, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256}); err != nil {
		t.Error(err)
	}
}

type joseHeader struct {
	Alg, Typ, Kid string
	X5C           []string
}

func header(t *testing.T, token string) joseHeader {
	t.Helper()
	var h joseHeader
	decodePart(t, token, 0, &h)
	return h
}

func decodePart(t *testing.T, token string, part int, into any) {
	t.Helper()
	raw, err := rawURL.DecodeString(strings.Split(token, ".")[part])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestManySignAtOnceWhileALeafIsDue(t *testing.T) {
	now := time.Now()
	k, err := keys.New(now)
	if err != nil {
		t.Fatal(err)
	}
	due := now.Add(250 * 24 * time.Hour)
	kids := make(chan string)
	for range 16 {
		go func() {
			token, err := k.SignRegistry(claimsAt(due), due)
			if err != nil {
				t.Error(err)
				kids <- ""
				return
			}
			kids <- header(t, token).Kid
		}()
	}
	first := <-kids
	for range 15 {
		if kid := <-kids; kid != first {
			t.Errorf("two leaves: %s and %s", first, kid)
		}
	}
}
