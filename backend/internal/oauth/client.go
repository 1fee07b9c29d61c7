package oauth

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The clients there are. Both are public: what is installed on a person's
// computer keeps no secret (RFC 8252 §8.5).
const (
	ClientLanyard   = "lanyard"
	ClientDockerCLI = "L4v0dmlNBpYUjGGab0C2JtgTgXr1Qz4d"
)

// client is a program that may ask for tokens. It is the library's op.Client
// as far as the library asks: id, authentication and grants.
type client struct {
	id     string
	grants []oidc.GrantType
	// patient: told to slow down it gives up, so it never is.
	patient bool
}

// clientOf returns the client of an id.
func clientOf(id string) (client, bool) {
	switch id {
	case ClientLanyard:
		return client{id: id, grants: []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}}, true
	case ClientDockerCLI:
		return client{id: id, grants: []oidc.GrantType{oidc.GrantTypeDeviceCode}, patient: true}, true
	}
	return client{}, false
}

func (c client) may(g oidc.GrantType) bool { return slices.Contains(c.grants, g) }

// loopback is a redirect URI of a program that waits on this computer: an
// address literal, any port, one path (RFC 8252 §7.3). "localhost" is no
// literal: a resolver may send it elsewhere.
var loopback = regexp.MustCompile(`^http://(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback$`)

// redirects says whether uri is one the client may be sent back to.
func (c client) redirects(uri string) bool {
	found := loopback.FindStringSubmatch(uri)
	if found == nil || !c.may(oidc.GrantTypeCode) {
		return false
	}
	port, err := strconv.Atoi(found[1])
	return err == nil && port <= 65535
}

// scopes are what may be asked for; others are passed over (RFC 6749 §3.3).
func scopes(asked string) []string {
	var out []string
	for one := range strings.SplitSeq(asked, " ") {
		if slices.Contains(supportedScopes(), one) && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

func supportedScopes() []string {
	return []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess}
}

// audience returns the audience of an access token: ourselves, and what was
// asked for beside it in the parameter audience or resource (RFC 8707), if it
// may be.
func (h *Handler) audience(asked ...string) ([]string, bool) {
	out := []string{h.Issuer}
	for _, one := range asked {
		switch one {
		case "", h.Issuer, h.Issuer + "/":
		case HubAudience:
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		default:
			return nil, false
		}
	}
	return out, true
}

var _ op.Client = client{}

// GetID is the client id.
func (c client) GetID() string { return c.id }

// AuthMethod says that the client has no secret.
func (client) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodNone }

// GrantTypes are what the client may send to the token endpoint.
func (c client) GrantTypes() []oidc.GrantType { return c.grants }

// The rest of op.Client is asked by parts of the library that are not used.

func (client) RedirectURIs() []string              { return nil }
func (client) PostLogoutRedirectURIs() []string    { return nil }
func (client) ApplicationType() op.ApplicationType { return op.ApplicationTypeNative }
func (client) ResponseTypes() []oidc.ResponseType  { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (client) LoginURL(string) string              { return "" }
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (client) IDTokenLifetime() time.Duration      { return 0 }
func (client) DevMode() bool                       { return false }
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (client) IsScopeAllowed(string) bool           { return false }
func (client) IDTokenUserinfoClaimsAssertion() bool { return false }
func (client) ClockSkew() time.Duration             { return 0 }
