package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/keys"
)

// verifier is a PKCE verifier (RFC 7636 §4.1).
var verifier = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// CodeExchange turns a code into tokens. A mistake in the request leaves the
// code as it is: whoever lacks the verifier must not be able to spend it. All
// of it right a second time ends the session of the first.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	request, err := s.h.Grants.RequestOf(ctx, r.Data.Code)
	if err != nil {
		return nil, refusal(err)
	}
	if request.Client != r.Client.GetID() || request.RedirectURI != r.Data.RedirectURI || !proves(r.Data.CodeVerifier, request.Challenge) {
		return nil, oidc.ErrInvalidGrant().WithDescription("client_id, redirect_uri or code_verifier does not belong to this code")
	}
	a, err := s.h.enabled(ctx, request.Account)
	if err != nil {
		return nil, refusal(err)
	}
	if !request.AuthTime.After(a.SignedOutAt) {
		return nil, oidc.ErrInvalidGrant().WithDescription("the sign-in behind this code was ended")
	}
	session, refresh, err := s.h.Grants.Redeem(ctx, r.Data.Code, originOf(ctx))
	if err != nil {
		return nil, refusal(err)
	}
	return s.h.mint(issue{account: a, session: session, refresh: refresh, scopes: session.Scopes, nonce: request.Nonce})
}

// RefreshToken turns a refresh token into new tokens; which one, and how often,
// is grant.Session.Rotate's rule.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	presented := grant.RefreshToken(r.Data.RefreshToken)
	held, err := s.h.Grants.Owner(ctx, presented)
	if err != nil {
		return nil, refusal(err)
	}
	if held.Client != r.Client.GetID() {
		return nil, refusal(grant.ErrInvalid)
	}
	a, err := s.h.enabled(ctx, held.Account)
	if err != nil {
		because(ctx, reasonOf(held, err, s.h.now()))
		return nil, refusal(err)
	}
	narrowed, err := narrow(held.Scopes, r.Form.Get("scope"))
	if err != nil {
		return nil, err
	}
	session, next, err := s.h.Grants.Refresh(ctx, presented, r.Client.GetID())
	if err != nil {
		if now, failed := s.h.Grants.Owner(ctx, presented); failed == nil {
			held = now // it may have been ended since
		}
		because(ctx, reasonOf(held, err, s.h.now()))
		return nil, refusal(err)
	}
	return s.h.mint(issue{account: a, session: session, refresh: next, scopes: narrowed})
}

// narrow returns the scopes of a refresh: those asked for, all if none, never
// one more than was granted (RFC 6749 §6).
func narrow(granted []string, asked string) ([]string, error) {
	if asked == "" {
		return granted, nil
	}
	var out []string
	for one := range strings.FieldsSeq(asked) {
		if !slices.Contains(granted, one) {
			return nil, oidc.ErrInvalidScope().WithDescription("a scope was asked for that the person did not grant")
		}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out, nil
}

// Revocation ends the session of a refresh or access token (RFC 7009). What
// is unknown, or another client's, is answered the same and changes nothing.
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	session, err := s.sessionOf(ctx, r.Data.Token)
	switch {
	case errors.Is(err, grant.ErrNotFound), errors.Is(err, grant.ErrEnded), errors.Is(err, bearer.ErrInvalid):
		return op.NewResponse(nil), nil
	case err != nil:
		return nil, refusal(err)
	case session.Client != r.Client.GetID():
		return op.NewResponse(nil), nil
	}
	if err := s.h.Grants.End(ctx, session.ID, grant.WhySignedOut); err != nil {
		return nil, refusal(err)
	}
	return op.NewResponse(nil), nil
}

// sessionOf returns the session of a refresh or access token.
func (s *server) sessionOf(ctx context.Context, token string) (grant.Session, error) {
	session, err := s.h.Grants.Owner(ctx, grant.RefreshToken(token))
	if !errors.Is(err, grant.ErrInvalid) {
		return session, err
	}
	claims, err := bearer.Verify(token, s.h.Key.JWKS(), s.h.Issuer, s.h.now())
	if err != nil {
		return grant.Session{}, err
	}
	return s.h.Grants.Live(ctx, claims.Session)
}

// issue is what tokens are made of.
type issue struct {
	account account.Account
	session grant.Session
	refresh grant.RefreshToken
	scopes  []string
	nonce   string
}

// idClaims is an ID token: for the client alone, so that nobody takes it for
// an access token.
type idClaims struct {
	Issuer     string `json:"iss"`
	Subject    string `json:"sub"`
	Audience   string `json:"aud"` // client id
	Expires    int64  `json:"exp"`
	IssuedAt   int64  `json:"iat"`
	AuthTime   int64  `json:"auth_time"`
	Nonce      string `json:"nonce,omitempty"`
	AccessHash string `json:"at_hash"`
	Session    string `json:"sid"`
	Username   string `json:"preferred_username,omitempty"`
	Email      string `json:"email,omitempty"`
}

// mint signs the tokens of a session. The library's own have one type and one
// audience for both kinds.
func (h *Handler) mint(i issue) (*op.Response, error) {
	now := h.now()
	access, err := bearer.Sign(h.Key, bearer.Claims{
		Issuer: h.Issuer, Subject: i.account.ID, Audience: i.session.Audience,
		IssuedAt: now.Unix(), Expires: now.Add(bearer.Life).Unix(), ID: uuid.NewString(),
		Session: i.session.ID, Generation: i.session.Refresh.Generation,
		Client: i.session.Client, Scope: strings.Join(i.scopes, " "),
		Hub: bearer.Hub{
			UUID: i.account.ID, Email: i.account.Email, Username: i.account.Name,
			Source: "lanyard", SessionID: i.session.ID,
		},
	})
	if err != nil {
		return nil, refusal(err)
	}
	answer := &oidc.AccessTokenResponse{
		AccessToken: access, TokenType: oidc.BearerToken, ExpiresIn: uint64(bearer.Life.Seconds()), Scope: i.scopes,
	}
	if slices.Contains(i.session.Scopes, oidc.ScopeOfflineAccess) {
		answer.RefreshToken = i.refresh.Reveal()
	}
	if slices.Contains(i.scopes, oidc.ScopeOpenID) {
		half := sha256.Sum256([]byte(access))
		claims := idClaims{
			Issuer: h.Issuer, Subject: i.account.ID, Audience: i.session.Client,
			IssuedAt: now.Unix(), Expires: now.Add(bearer.Life).Unix(), AuthTime: i.session.AuthTime.Unix(),
			Nonce: i.nonce, AccessHash: base64.RawURLEncoding.EncodeToString(half[:16]), Session: i.session.ID,
		}
		if slices.Contains(i.scopes, oidc.ScopeProfile) {
			claims.Username = i.account.Name
		}
		if slices.Contains(i.scopes, oidc.ScopeEmail) {
			claims.Email = i.account.Email
		}
		if answer.IDToken, err = h.Key.Sign(claims, keys.TypeJWT); err != nil {
			return nil, refusal(err)
		}
	}
	return op.NewResponse(answer), nil
}

// enabled returns an account that may sign in.
func (h *Handler) enabled(ctx context.Context, id string) (account.Account, error) {
	a, err := h.Accounts.Account(ctx, id)
	if err == nil && a.Disabled {
		err = account.ErrDisabled
	}
	return a, err
}

// proves says whether v is the verifier of a challenge made with S256.
func proves(v, challenge string) bool {
	if !verifier.MatchString(v) {
		return false
	}
	sum := sha256.Sum256([]byte(v))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// refusal maps what the nouns say to what the token endpoint says. What it
// does not know is the store's trouble: 503, its text in the log only.
func refusal(err error) error {
	for _, known := range []struct {
		err  error
		text string
	}{
		{account.ErrDisabled, "the account is disabled"},
		{account.ErrNotFound, "the account is gone"},
		{grant.ErrEnded, "the session has ended; sign in again"},
		{grant.ErrUsed, "it was used before; the session that came of it has ended"},
		{grant.ErrExpired, "it is past its time"},
		{grant.ErrDenied, "it was not granted"},
		{grant.ErrInvalid, "it is not one of ours"},
		{grant.ErrNotFound, "it is not one of ours"},
	} {
		if errors.Is(err, known.err) {
			return oidc.ErrInvalidGrant().WithParent(err).WithDescription("%s", known.text)
		}
	}
	return op.NewStatusError(
		oidc.ErrServerError().WithParent(err).WithDescription("the service cannot answer at this moment; try again"),
		http.StatusServiceUnavailable)
}
