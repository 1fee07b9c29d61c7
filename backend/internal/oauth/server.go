package oauth

import (
	"context"
	"net/http"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// server is the library's op.Server. What it embeds refuses all grants and
// endpoints that are not here.
//
// op.Server is marked experimental until the library's v4: the version is
// pinned, and the tests of this package speak the protocol, not the library.
type server struct {
	op.UnimplementedServer
	h     *Handler
	paces paces
}

var _ op.Server = (*server)(nil)

// discovery adds RFC 9207's member to the library's document.
type discovery struct {
	oidc.DiscoveryConfiguration
	IssParameter bool `json:"authorization_response_iss_parameter_supported"`
}

// Discovery advertises what is true and nothing else; the library's own also
// names implicit and other grants that we refuse.
func (s *server) Discovery(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	at := func(path string) string { return s.h.Issuer + path }
	none := []oidc.AuthMethod{oidc.AuthMethodNone}
	return op.NewResponse(&discovery{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer:                                 s.h.Issuer,
			AuthorizationEndpoint:                  at(pathAuthorize),
			TokenEndpoint:                          at(pathToken),
			DeviceAuthorizationEndpoint:            at(pathDevice),
			RevocationEndpoint:                     at(pathRevoke),
			UserinfoEndpoint:                       at(pathUserinfo),
			JwksURI:                                at(pathKeys),
			ScopesSupported:                        supportedScopes(),
			ResponseTypesSupported:                 []string{string(oidc.ResponseTypeCode)},
			ResponseModesSupported:                 []string{string(oidc.ResponseModeQuery)},
			GrantTypesSupported:                    []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeDeviceCode},
			SubjectTypesSupported:                  []string{"public"},
			IDTokenSigningAlgValuesSupported:       []string{string(s.h.Key.Algorithm)},
			TokenEndpointAuthMethodsSupported:      none,
			RevocationEndpointAuthMethodsSupported: none,
			CodeChallengeMethodsSupported:          []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
			ClaimsSupported: []string{
				"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "preferred_username", "email",
			},
		},
		IssParameter: true,
	}), nil
}

// Keys is the JWKS.
func (s *server) Keys(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	return op.NewResponse(s.h.Key.JWKS()), nil
}

// VerifyClient knows a client by its id alone: they are public. One that
// shows a secret or an assertion takes itself for another.
func (s *server) VerifyClient(_ context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	refused := op.NewStatusError(oidc.ErrInvalidClient().WithDescription("unknown client, or a secret where none is due"), http.StatusUnauthorized)
	// The library passes over a header that is not Basic.
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); scheme != "" && !strings.EqualFold(scheme, "Basic") {
		return nil, refused
	}
	if in := r.Form.Get("client_id"); in != "" && in != r.Data.ClientID {
		return nil, refused
	}
	c, ok := clientOf(r.Data.ClientID)
	if !ok || r.Data.ClientSecret != "" || r.Data.ClientAssertion != "" || r.Data.ClientAssertionType != "" {
		return nil, refused
	}
	return c, nil
}
