package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// hubSignIn is where Docker signs people in.
const hubSignIn = "https://login.docker.com"

// HubClient makes s ask as an OAuth client of the person's own: one that
// Docker registered for them. Lanyard has none, and sends no other's.
func (s *Server) HubClient(id string) {
	s.oauth = oauth2.Config{
		ClientID: id, Scopes: []string{"openid", "offline_access"},
		Endpoint: oauth2.Endpoint{DeviceAuthURL: hubSignIn + "/oauth/device/code", TokenURL: hubSignIn + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// HubDevice begins a device sign-in (RFC 8628) at Docker.
func (s *Server) HubDevice(ctx context.Context) (Device, error) {
	answer, err := s.oauth.DeviceAuth(s.context(ctx), oauth2.SetAuthURLParam("audience", HubURL))
	if err != nil {
		return Device{}, s.oauthError(ctx, "begin the sign-in at Docker", err)
	}
	d := Device{UserCode: answer.UserCode, URL: answer.VerificationURI, Expires: answer.Expiry, answer: answer}
	if !printable(d.UserCode) || len(d.UserCode) > 64 || !strings.HasPrefix(d.URL, hubSignIn+"/") || !printable(d.URL) || answer.Interval < 0 {
		return Device{}, fmt.Errorf("%w: Docker names a page of another server for its codes", ErrNotServer)
	}
	return d, nil
}

// HubAwait waits until the person decides: ErrDenied, ErrExpired. refresh is
// for HubRefresh.
func (s *Server) HubAwait(ctx context.Context, d Device) (got HubAccess, refresh string, err error) {
	waiting, cancel := context.WithTimeout(ctx, deviceIn)
	defer cancel()
	answer, err := s.oauth.DeviceAccessToken(s.context(waiting), d.answer)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return HubAccess{}, "", fmt.Errorf("wait for the sign-in at Docker: %w", ErrExpired)
	}
	if err != nil {
		return HubAccess{}, "", s.oauthError(ctx, "wait for the sign-in at Docker", err)
	}
	got, err = ReadHubAccess(answer.AccessToken)
	return got, answer.RefreshToken, err
}

// HubRefresh brings a new access token: ErrEnded when Docker ended the sign-in.
func (s *Server) HubRefresh(ctx context.Context, refresh string) (got HubAccess, next string, err error) {
	answer, err := s.oauth.TokenSource(s.context(ctx), &oauth2.Token{RefreshToken: refresh, Expiry: time.Unix(1, 0)}).Token()
	if err != nil {
		return HubAccess{}, "", s.oauthError(ctx, "refresh the sign-in at Docker", err)
	}
	if answer.RefreshToken == "" {
		return HubAccess{}, "", errors.Join(ErrNotServer, errors.New("docker gave no refresh token"))
	}
	got, err = ReadHubAccess(answer.AccessToken)
	return got, answer.RefreshToken, err
}
