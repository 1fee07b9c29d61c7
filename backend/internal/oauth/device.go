package oauth

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"lanyard/backend/grant"
)

// pollEvery is the interval that a waiting program is told; a poll that comes
// a little early, by the network's doing, is let pass.
const (
	pollEvery = 5 * time.Second
	pollEarly = time.Second
)

// DeviceAuthorization begins a device grant (RFC 8628 §3.1). The Docker CLI
// reads device_code, user_code, verification_uri_complete, expires_in and
// interval, and polls without a pause where interval is missing.
func (s *server) DeviceAuthorization(ctx context.Context, r *op.ClientRequest[oidc.DeviceAuthorizationRequest]) (*op.Response, error) {
	c, _ := clientOf(r.Client.GetID())
	if !c.may(oidc.GrantTypeDeviceCode) {
		return nil, oidc.ErrUnauthorizedClient().WithDescription("this client has no device grant")
	}
	asked := scopes(r.Form.Get("scope"))
	if len(asked) == 0 {
		return nil, oidc.ErrInvalidScope().WithDescription("no scope that this service knows was asked for")
	}
	// The library drops both parameters.
	audience, ok := s.h.audience(r.Form.Get("audience"), r.Form.Get("resource"))
	if !ok {
		return nil, oidc.ErrInvalidTarget().WithDescription("this service makes no tokens for that audience")
	}
	code, from := newSecret(), originOf(ctx)
	d, err := s.h.Grants.BeginDevice(ctx, grant.Device{
		ID: grant.DeviceID(code), Client: c.id, Scopes: asked, Audience: audience,
		Addr: from.Addr, Agent: from.Agent, Machine: clean(r.Form.Get("lanyard_machine"), 100),
	})
	if errors.Is(err, grant.ErrUsed) { // no user code was free: not the client's fault
		err = errors.New("no free user code")
	}
	if err != nil {
		return nil, refusal(err)
	}
	shown := grant.ShownUserCode(d.UserCode)
	return op.NewResponse(&oidc.DeviceAuthorizationResponse{
		DeviceCode: code, UserCode: shown,
		VerificationURI:         s.h.Issuer + pathActivate,
		VerificationURIComplete: s.h.Issuer + pathActivate + "?" + url.Values{"user_code": {shown}}.Encode(),
		ExpiresIn:               int(d.ExpiresAt.Sub(d.CreatedAt).Seconds()),
		Interval:                int(pollEvery.Seconds()),
	}), nil
}

// DeviceToken answers a poll (RFC 8628 §3.5). Every refusal has a description:
// the Docker CLI shows it and ends its wait on all but authorization_pending.
func (s *server) DeviceToken(ctx context.Context, r *op.ClientRequest[oidc.DeviceAccessTokenRequest]) (*op.Response, error) {
	c, _ := clientOf(r.Client.GetID())
	d, err := s.h.Grants.DeviceOf(ctx, r.Data.DeviceCode)
	if err == nil || errors.Is(err, grant.ErrPending) || errors.Is(err, grant.ErrDenied) || errors.Is(err, grant.ErrExpired) {
		if d.Client != c.id {
			return nil, refusal(grant.ErrNotFound)
		}
	}
	if errors.Is(err, grant.ErrPending) && !c.patient && s.paces.tooSoon(d, s.h.now()) {
		return nil, oidc.ErrSlowDown().WithDescription("wait five seconds longer between polls")
	}
	if err != nil {
		return nil, deviceRefusal(err)
	}
	a, err := s.h.enabled(ctx, d.Account)
	if err != nil {
		return nil, refusal(err)
	}
	if !d.AuthTime.After(a.SignedOutAt) {
		return nil, oidc.ErrInvalidGrant().WithDescription("the sign-in behind this code was ended")
	}
	session, refresh, err := s.h.Grants.RedeemDevice(ctx, r.Data.DeviceCode, c.id, originOf(ctx))
	if err != nil {
		return nil, deviceRefusal(err)
	}
	return s.h.mint(issue{account: a, session: session, refresh: refresh, scopes: session.Scopes})
}

func deviceRefusal(err error) error {
	switch {
	case errors.Is(err, grant.ErrPending):
		return oidc.ErrAuthorizationPending().WithDescription("nobody has decided yet; ask again")
	case errors.Is(err, grant.ErrDenied):
		return oidc.ErrAccessDenied().WithDescription("the sign-in was refused")
	case errors.Is(err, grant.ErrExpired):
		return oidc.ErrExpiredDeviceCode().WithDescription("the code is past its time; start again")
	case errors.Is(err, grant.ErrUsed):
		return oidc.ErrInvalidGrant().WithDescription("the code was used before")
	}
	return refusal(err)
}

// paces remembers how fast devices poll, for as long as they may. A restart
// forgives. The zero paces is ready.
type paces struct {
	mu sync.Mutex
	of map[[32]byte]pace
}

type pace struct {
	last, until time.Time
	every       time.Duration
}

// tooSoon notes a poll and says whether it came too early; each that does
// adds five seconds to the interval (RFC 8628 §3.5).
func (p *paces) tooSoon(d grant.Device, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = make(map[[32]byte]pace)
	}
	one, known := p.of[d.ID]
	if !known {
		for id, other := range p.of {
			if !now.Before(other.until) {
				delete(p.of, id)
			}
		}
		p.of[d.ID] = pace{last: now, until: d.ExpiresAt, every: pollEvery}
		return false
	}
	early := now.Sub(one.last) < one.every-pollEarly
	if early {
		one.every += pollEvery
	}
	one.last = now
	p.of[d.ID] = one
	return early
}
