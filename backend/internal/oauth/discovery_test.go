package oauth

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// Trap 10: the library advertises implicit, id_token and jwt-bearer.
func TestTrap10DiscoverySaysWhatIsTrue(t *testing.T) {
	s := newService(t)
	a := s.get(http.DefaultClient, pathDiscovery)
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"issuer":                                         s.issuer,
		"authorization_endpoint":                         s.issuer + "/authorize",
		"token_endpoint":                                 s.issuer + "/oauth/token",
		"device_authorization_endpoint":                  s.issuer + "/oauth/device/code",
		"revocation_endpoint":                            s.issuer + "/oauth/revoke",
		"userinfo_endpoint":                              s.issuer + "/userinfo",
		"jwks_uri":                                       s.issuer + "/keys",
		"scopes_supported":                               []any{"openid", "profile", "email", "offline_access"},
		"response_types_supported":                       []any{"code"},
		"response_modes_supported":                       []any{"query"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token", deviceGrant},
		"subject_types_supported":                        []any{"public"},
		"id_token_signing_alg_values_supported":          []any{"RS256"},
		"token_endpoint_auth_methods_supported":          []any{"none"},
		"revocation_endpoint_auth_methods_supported":     []any{"none"},
		"code_challenge_methods_supported":               []any{"S256"},
		"claims_supported":                               []any{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "preferred_username", "email"},
		"authorization_response_iss_parameter_supported": true,
		"request_uri_parameter_supported":                false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeysArePublicHalves(t *testing.T) {
	s := newService(t)
	a := s.get(http.DefaultClient, pathKeys)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(a.body), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s, %v", a.body, err)
	}
	if k := set.Keys[0]; !k.IsPublic() || k.Algorithm != "RS256" || k.KeyID == "" || k.Use != "sig" || strings.Contains(a.body, `"d"`) {
		t.Errorf("keys %s", a.body)
	}
}
