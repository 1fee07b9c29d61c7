package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	maxUsername = 128              // bytes; it is part of a keychain entry's name
	maxUserCode = 64               // bytes; a person types it
	deviceIn    = 30 * time.Minute // however long a service would let us wait
	endWithin   = 5 * time.Second  // for ending a session that nobody will keep
)

// Grant is what a sign-in or a refresh brings. Access lives minutes and is
// never kept; Refresh belongs into the keychain before Access is used.
type Grant struct {
	Access   string
	Refresh  string
	Expires  time.Time // by this computer's clock, without its monotonic part; zero: unknown
	Username string    // "" after a refresh
}

// String hides the secrets.
func (Grant) String() string { return "***" }

// GoString hides them from %#v.
func (Grant) GoString() string { return "***" }

// Attempt is one authorization with PKCE: what was sent, to be held against
// what comes back. Verifier never leaves memory.
type Attempt struct {
	Redirect string
	State    string
	nonce    string
	verifier string
}

// NewAttempt draws the secrets of one authorization.
func NewAttempt(redirect string) Attempt {
	return Attempt{Redirect: redirect, State: oauth2.GenerateVerifier(), nonce: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
}

// AuthURL is the page to open in the person's browser. It holds no secret:
// state and challenge only.
func (s *Server) AuthURL(a Attempt, machine string) string {
	c := s.oauth
	c.RedirectURL = a.Redirect
	return c.AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.verifier), oidc.Nonce(a.nonce), oauth2.SetAuthURLParam("lanyard_machine", machine))
}

// Exchange redeems the code that came back.
func (s *Server) Exchange(ctx context.Context, a Attempt, code string) (Grant, error) {
	c := s.oauth
	c.RedirectURL = a.Redirect
	got, err := c.Exchange(s.context(ctx), code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return Grant{}, s.oauthError(ctx, "exchange the code", err)
	}
	return s.grant(ctx, got, a.nonce)
}

// Device is a sign-in that a person finishes on another device.
type Device struct {
	UserCode string
	URL      string    // where the code is typed
	Complete string    // the same with the code filled in
	Expires  time.Time // zero: unknown
	answer   *oauth2.DeviceAuthResponse
}

// BeginDevice starts a device sign-in (RFC 8628).
func (s *Server) BeginDevice(ctx context.Context, machine string) (Device, error) {
	answer, err := s.oauth.DeviceAuth(s.context(ctx), oauth2.SetAuthURLParam("lanyard_machine", machine))
	if err != nil {
		return Device{}, s.oauthError(ctx, "begin the device sign-in", err)
	}
	d := Device{UserCode: answer.UserCode, URL: answer.VerificationURI, Complete: answer.VerificationURIComplete, Expires: answer.Expiry, answer: answer}
	if !printable(d.UserCode) || len(d.UserCode) > maxUserCode || !s.owns(d.URL) || d.Complete != "" && !s.owns(d.Complete) {
		return Device{}, fmt.Errorf("%w: %s names a page of another server for its codes, or a code that nobody can type", ErrNotServer, s.URL)
	}
	// The library polls without a pause if told to, and a negative one is a panic.
	if answer.Interval < 1 || answer.Interval > 60 {
		answer.Interval = min(max(answer.Interval, 5), 60)
	}
	return d, nil
}

// AwaitDevice waits until the person decides: ErrDenied, ErrExpired. A poll
// that fails on its way is made again (RFC 8628 §3.5): networks come and go
// while a person looks for their telephone.
func (s *Server) AwaitDevice(ctx context.Context, d Device) (Grant, error) {
	waiting, cancel := context.WithTimeout(ctx, deviceIn)
	defer cancel()
	if !d.Expires.IsZero() {
		waiting, cancel = context.WithDeadline(waiting, d.Expires)
		defer cancel()
	}
	for {
		got, err := s.oauth.DeviceAccessToken(s.context(waiting), d.answer)
		if err == nil {
			return s.grant(ctx, got, "")
		}
		if waiting.Err() != nil && ctx.Err() == nil {
			return Grant{}, fmt.Errorf("wait for the device sign-in: %w", ErrExpired)
		}
		err = s.oauthError(ctx, "wait for the device sign-in", err)
		if !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrServer) || d.Expires.IsZero() {
			return Grant{}, err
		}
	}
}

// Refresh exchanges a refresh token for its successor: ErrEnded when the
// session is over. After a lost answer the same token may be presented again.
func (s *Server) Refresh(ctx context.Context, refresh string) (Grant, error) {
	if refresh == "" {
		return Grant{}, fmt.Errorf("refresh the session: %w: there is no refresh token", ErrEnded)
	}
	old := &oauth2.Token{RefreshToken: refresh, Expiry: time.Unix(1, 0)}
	got, err := s.oauth.TokenSource(s.context(ctx), old).Token()
	if err != nil {
		return Grant{}, s.oauthError(ctx, "refresh the session", err)
	}
	return Grant{Access: got.AccessToken, Refresh: got.RefreshToken, Expires: got.Expiry.Round(0)}, nil
}

// Revoke ends the session of a refresh token (RFC 7009). A session that is
// over already is no error.
func (s *Server) Revoke(ctx context.Context, refresh string) error {
	form := url.Values{"client_id": {clientID}, "token": {refresh}, "token_type_hint": {"refresh_token"}}
	return s.post(ctx, "/oauth/revoke", form)
}

func (s *Server) grant(ctx context.Context, got *oauth2.Token, nonce string) (Grant, error) {
	g, err := s.believe(ctx, got, nonce)
	if err != nil && got.RefreshToken != "" {
		// Nobody will keep this session, so it is ended here and now.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		_ = s.Revoke(ending, got.RefreshToken) // or the service reaps it, unused
	}
	return g, err
}

// believe checks an answer by its ID token.
func (s *Server) believe(ctx context.Context, got *oauth2.Token, nonce string) (Grant, error) {
	raw, _ := got.Extra("id_token").(string)
	// The library's clock check would refuse a sign-in on a computer whose
	// clock is off; the token came straight from the service this instant.
	verifier := s.provider.VerifierContext(oidc.ClientContext(ctx, s.http), &oidc.Config{ClientID: clientID, SkipExpiryCheck: true})
	id, err := verifier.Verify(ctx, raw)
	if unreachable(err) { // its keys could not be fetched
		return Grant{}, s.failed(ctx, err)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("%w: its ID token cannot be believed", ErrNotServer)
	}
	if nonce != "" && id.Nonce != nonce {
		return Grant{}, fmt.Errorf("%w: the answer is to another sign-in", ErrNotServer)
	}
	var claims struct {
		Username string `json:"preferred_username"`
	}
	if err := id.Claims(&claims); err != nil || !printable(claims.Username) || len(claims.Username) > maxUsername || got.RefreshToken == "" {
		return Grant{}, fmt.Errorf("%w: its answer names nobody", ErrNotServer)
	}
	return Grant{Access: got.AccessToken, Refresh: got.RefreshToken, Expires: got.Expiry.Round(0), Username: claims.Username}, nil
}

func (s *Server) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, s.http)
}

// oauthError maps the errors of RFC 6749 §5.2 and RFC 8628 §3.5.
func (s *Server) oauthError(ctx context.Context, doing string, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		switch {
		case ctx.Err() != nil || unreachable(err):
			err = s.failed(ctx, err)
		default: // the library could not read it; its text may quote what came
			err = fmt.Errorf("%w: %s sent something that is not its format", ErrNotServer, s.URL)
		}
		return fmt.Errorf("%s: %w", doing, err)
	}
	why := clean(answer.ErrorDescription)
	switch answer.ErrorCode {
	case "invalid_grant":
		return fmt.Errorf("%s: %w", doing, endedBy(answer))
	case "access_denied":
		return fmt.Errorf("%s: %w: %s", doing, ErrDenied, why)
	case "expired_token":
		return fmt.Errorf("%s: %w", doing, ErrExpired)
	}
	switch code := answer.Response.StatusCode; {
	case code >= http.StatusInternalServerError, code == http.StatusTooManyRequests:
		return fmt.Errorf("%s: %w: %s: %s", doing, ErrServer, s.URL, clean(answer.Response.Status))
	case answer.ErrorCode == "":
		return fmt.Errorf("%s: %w: %s answered %s", doing, ErrNotServer, s.URL, clean(answer.Response.Status))
	}
	// The service is one, and takes us for somebody else, or for a program of
	// another version.
	return fmt.Errorf("%s: %w: %s: %s %s", doing, ErrDenied, s.URL, clean(answer.ErrorCode), why)
}
