package grant

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Requests keeps authorizations in flight, each call one transaction.
type Requests interface {
	Put(ctx context.Context, r Request) error
	Request(ctx context.Context, id string) (Request, error) // or ErrNotFound
	RequestByCode(ctx context.Context, code [32]byte) (Request, error)
	// ChangeRequest replaces a request with what fn makes of it. fn may run
	// more than once; if it fails nothing changes.
	ChangeRequest(ctx context.Context, id string, fn func(Request) (Request, error)) error
}

// Devices keeps device authorizations, each call one transaction.
type Devices interface {
	// PutDevice fails with ErrUsed if the user code is taken.
	PutDevice(ctx context.Context, d Device) error
	Device(ctx context.Context, id [32]byte) (Device, error)
	DeviceByUserCode(ctx context.Context, code string) (Device, error)
	ChangeDevice(ctx context.Context, id [32]byte, fn func(Device) (Device, error)) error
}

// Sessions keeps sessions, each call one transaction.
type Sessions interface {
	Session(ctx context.Context, id string) (Session, error) // or ErrNotFound
	SessionsOf(ctx context.Context, account string) ([]Session, error)
	PutSession(ctx context.Context, s Session) error // a new one; ErrUsed if its id is taken
	ChangeSession(ctx context.Context, id string, fn func(Session) (Session, error)) error
	// UseSessions notes uses (Session.Use), passing over sessions that are gone.
	UseSessions(ctx context.Context, uses []Use) error
	// RedeemRequest finds the request of a code and keeps, in one
	// transaction, what fn makes of it and the session that fn returns (none
	// if its ID is ""). If fn fails nothing changes.
	RedeemRequest(ctx context.Context, code [32]byte, fn func(Request) (Request, Session, error)) error
	// RedeemDevice does the same for a device.
	RedeemDevice(ctx context.Context, id [32]byte, fn func(Device) (Device, Session, error)) error
}

// Store is all three.
type Store interface {
	Requests
	Devices
	Sessions
}

// Use is a use of a session to be noted.
type Use struct {
	Session    string
	Generation int // of the access token's refresh token; 0: not an access token's use
	At         time.Time
}

// Service runs authorizations and sessions.
type Service struct {
	Store  Store
	Key    []byte // the service key, 32 bytes, kept outside the database
	Limits Limits
	Now    func() time.Time // nil: time.Now

	mu      sync.Mutex
	pending map[string]Use // accepted, not yet written; see Flush
}

// Origin says from where a session was made.
type Origin struct{ Addr, Agent string }

// Begin keeps a new request; ID and CreatedAt are set here.
func (s *Service) Begin(ctx context.Context, r Request) (Request, error) {
	r.ID, r.CreatedAt = newID(), s.now()
	if err := s.Store.Put(ctx, r); err != nil {
		return Request{}, fmt.Errorf("begin authorization: %w", err)
	}
	return r, nil
}

// Request returns a request that can still be decided, for the browser that
// began it and nobody else: ErrDenied for another, ErrExpired past its time.
func (s *Service) Request(ctx context.Context, id, binding string) (Request, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil {
		return Request{}, err
	}
	if !r.BegunBy(binding) {
		return Request{}, ErrDenied
	}
	if !r.Open(s.now()) {
		return Request{}, ErrExpired
	}
	return r, nil
}

// Decide notes the person's yes (account id) or no ("").
func (s *Service) Decide(ctx context.Context, id, binding, account string, authTime time.Time) error {
	now := s.now()
	return s.Store.ChangeRequest(ctx, id, func(r Request) (Request, error) {
		switch {
		case !r.BegunBy(binding):
			return r, ErrDenied
		case !r.Open(now):
			return r, ErrExpired
		case r.Account != "" || r.Denied:
			return r, ErrUsed
		}
		r.Account, r.Denied, r.AuthTime = account, account == "", stamp(authTime)
		return r, nil
	})
}

// SetCode notes the code of a request.
func (s *Service) SetCode(ctx context.Context, id, code string) error {
	now := s.now()
	return s.Store.ChangeRequest(ctx, id, func(r Request) (Request, error) {
		if r.Code != [32]byte{} {
			return r, ErrUsed
		}
		r.Code, r.CodeAt = sha256.Sum256([]byte(code)), now
		return r, nil
	})
}

// RequestOf returns the request of a code, spent or not.
func (s *Service) RequestOf(ctx context.Context, code string) (Request, error) {
	return s.Store.RequestByCode(ctx, sha256.Sum256([]byte(code)))
}

// Redeem exchanges a code for a session, once. A second time is ErrUsed and
// ends the session of the first (RFC 6749 §4.1.2).
func (s *Service) Redeem(ctx context.Context, code string, from Origin) (Session, RefreshToken, error) {
	now := s.now()
	var out Session
	var token RefreshToken
	var first string
	err := s.Store.RedeemRequest(ctx, sha256.Sum256([]byte(code)), func(r Request) (Request, Session, error) {
		if err := r.redeemable(now); err != nil {
			first = r.Session
			return r, Session{}, err
		}
		out, token = s.born(Session{
			Account: r.Account, Client: r.Client, Scopes: r.Scopes, Audience: r.Audience,
			AuthTime: r.AuthTime, Addr: from.Addr, Agent: from.Agent, Machine: r.Machine,
		}, now)
		r.Session = out.ID
		return r, out, nil
	})
	if errors.Is(err, ErrUsed) && first != "" {
		if failed := s.End(ctx, first, WhyCodeReuse); failed != nil {
			return Session{}, "", failed // not ErrUsed: the session may live on, so the caller must not say it ended
		}
	}
	if err != nil {
		return Session{}, "", fmt.Errorf("redeem code: %w", err)
	}
	return out, token, nil
}

// BeginDevice keeps a device authorization under a user code nobody else has.
func (s *Service) BeginDevice(ctx context.Context, d Device) (Device, error) {
	d.CreatedAt = s.now()
	d.ExpiresAt = d.CreatedAt.Add(deviceLife)
	for range 8 {
		d.UserCode = NewUserCode()
		err := s.Store.PutDevice(ctx, d)
		if errors.Is(err, ErrUsed) {
			continue
		}
		if err != nil {
			return Device{}, fmt.Errorf("begin device authorization: %w", err)
		}
		return d, nil
	}
	return Device{}, fmt.Errorf("begin device authorization: %w", ErrUsed)
}

// DeviceFor returns the undecided device of a typed user code.
func (s *Service) DeviceFor(ctx context.Context, typed string) (Device, error) {
	code, ok := NormalUserCode(typed)
	if !ok {
		return Device{}, ErrNotFound
	}
	d, err := s.Store.DeviceByUserCode(ctx, code)
	switch {
	case err != nil:
		return Device{}, err
	case !s.now().Before(d.ExpiresAt):
		return Device{}, ErrExpired
	case d.Decided():
		return Device{}, ErrUsed
	}
	return d, nil
}

// DecideDevice notes the person's yes (account id) or no ("").
func (s *Service) DecideDevice(ctx context.Context, id [32]byte, account string, authTime time.Time) error {
	now := s.now()
	return s.Store.ChangeDevice(ctx, id, func(d Device) (Device, error) {
		switch {
		case d.Decided():
			return d, ErrUsed
		case !now.Before(d.ExpiresAt):
			return d, ErrExpired
		}
		d.Account, d.Denied, d.AuthTime = account, account == "", stamp(authTime)
		return d, nil
	})
}

// DeviceOf returns the device of a device code with what a poll would be told
// at this moment: nil, ErrPending, ErrDenied, ErrExpired or ErrUsed.
func (s *Service) DeviceOf(ctx context.Context, deviceCode string) (Device, error) {
	d, err := s.Store.Device(ctx, DeviceID(deviceCode))
	if err != nil {
		return Device{}, err
	}
	return d, d.redeemable(s.now())
}

// RedeemDevice exchanges a device code for a session, once. client must be
// the one that began it: ErrNotFound otherwise.
func (s *Service) RedeemDevice(ctx context.Context, deviceCode, client string, from Origin) (Session, RefreshToken, error) {
	now := s.now()
	var out Session
	var token RefreshToken
	err := s.Store.RedeemDevice(ctx, DeviceID(deviceCode), func(d Device) (Device, Session, error) {
		if d.Client != client {
			return d, Session{}, ErrNotFound
		}
		if err := d.redeemable(now); err != nil {
			return d, Session{}, err
		}
		out, token = s.born(Session{
			Account: d.Account, Client: d.Client, Scopes: d.Scopes, Audience: d.Audience,
			AuthTime: d.AuthTime, Addr: from.Addr, Agent: from.Agent, Machine: d.Machine,
		}, now)
		d.Session = out.ID
		return d, out, nil
	})
	if err != nil {
		return Session{}, "", fmt.Errorf("redeem device code: %w", err)
	}
	return out, token, nil
}

// Refresh rotates a refresh token, see Session.Rotate for the rule.
func (s *Service) Refresh(ctx context.Context, presented RefreshToken, client string) (Session, RefreshToken, error) {
	id, secret, ok := presented.Family()
	if !ok {
		return Session{}, "", ErrInvalid
	}
	now := s.now()
	var out Session
	var next RefreshToken
	var refused error
	err := s.Store.ChangeSession(ctx, id, func(old Session) (Session, error) {
		if client != "" && old.Client != client {
			return old, ErrInvalid
		}
		out, next, refused = s.over(old).Rotate(secret, s.Key, now)
		if errors.Is(refused, ErrUsed) {
			return out, nil // the end of the session is kept
		}
		return out, refused
	})
	if err == nil { // else nothing was kept, so that a reuse that was seen has not ended the session
		err = refused
	}
	if err != nil {
		return Session{}, "", fmt.Errorf("refresh: %w", err)
	}
	return out, next, nil
}

// Owner returns the session that a refresh token of ours, current or not,
// belongs to, live or not, without using it: ErrInvalid, ErrNotFound.
func (s *Service) Owner(ctx context.Context, presented RefreshToken) (Session, error) {
	id, secret, ok := presented.Family()
	if !ok {
		return Session{}, ErrInvalid
	}
	one, err := s.Store.Session(ctx, id)
	if err != nil {
		return Session{}, err
	}
	if !isTagged(s.Key, id, secret) {
		return Session{}, ErrInvalid
	}
	return one, nil
}

// Live returns a session that may be used now: ErrNotFound or ErrEnded.
func (s *Service) Live(ctx context.Context, id string) (Session, error) {
	one, err := s.Store.Session(ctx, id)
	if err != nil {
		return Session{}, err
	}
	if one = s.over(one); !one.Live(s.now()) {
		return one, ErrEnded
	}
	return one, nil
}

// Of returns the sessions of an account, the newest first, ended ones too.
func (s *Service) Of(ctx context.Context, account string) ([]Session, error) {
	all, err := s.Store.SessionsOf(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	for i := range all {
		all[i] = s.over(all[i])
	}
	slices.SortFunc(all, func(a, b Session) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return all, nil
}

// End ends a session; one that is gone or over is none of a caller's trouble.
func (s *Service) End(ctx context.Context, id, why string) error {
	now := s.now()
	err := s.Store.ChangeSession(ctx, id, func(one Session) (Session, error) { return one.End(why, now), nil })
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndOf is End for an account that may end its own alone: ErrNotFound for
// another's session, as for one that never was.
func (s *Service) EndOf(ctx context.Context, account, id, why string) error {
	now := s.now()
	err := s.Store.ChangeSession(ctx, id, func(one Session) (Session, error) {
		if one.Account != account {
			return one, ErrNotFound
		}
		return s.over(one).End(why, now), nil
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Used notes a use without a disk write; see Flush. The first use of a
// session, which claims it, is written at once.
func (s *Service) Used(ctx context.Context, one Session, generation int) error {
	use := Use{Session: one.ID, Generation: generation, At: s.now()}
	if one.LastUsed.IsZero() {
		if err := s.Store.UseSessions(ctx, []Use{use}); err != nil {
			return fmt.Errorf("claim session: %w", err)
		}
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		s.pending = make(map[string]Use)
	}
	if before, ok := s.pending[one.ID]; ok && before.Generation > use.Generation {
		use.Generation = before.Generation
	}
	s.pending[one.ID] = use
	return nil
}

// Flush writes the uses noted since the last one. Call it every second and at
// the end.
func (s *Service) Flush(ctx context.Context) error {
	s.mu.Lock()
	batch := make([]Use, 0, len(s.pending))
	for _, use := range s.pending {
		batch = append(batch, use)
	}
	s.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	if err := s.Store.UseSessions(ctx, batch); err != nil {
		return fmt.Errorf("note uses of sessions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, use := range batch {
		if s.pending[use.Session] == use {
			delete(s.pending, use.Session)
		}
	}
	return nil
}

// over lays an unwritten use over what a store read.
func (s *Service) over(one Session) Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if use, ok := s.pending[one.ID]; ok {
		return one.Use(use.Generation, use.At)
	}
	return one
}

func (s *Service) born(one Session, now time.Time) (Session, RefreshToken) {
	one.ID, one.CreatedAt = newID(), now
	one.EndsAt, one.Idle, one.ClaimBy = now.Add(s.Limits.Absolute), s.Limits.Idle, now.Add(s.Limits.Unclaimed)
	return one.first(s.Key)
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return stamp(time.Now())
	}
	return stamp(s.Now())
}

// newID is 128 random bits: nobody meets another's by chance or by trying.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // cannot fail since Go 1.24
	return hex.EncodeToString(id[:])
}
