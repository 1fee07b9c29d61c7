package account

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Second checks what is typed after the password, a code of the app or a
// recovery code, for a caller at addr, and spends it in the same transaction:
// ErrWrongCode, ErrThrottled, ErrDisabled.
func (s *Service) Second(ctx context.Context, id, typed, addr string) (Account, error) {
	code, app := appCode(typed)
	recovery, ok := recoveryCode(typed)
	if !app && !ok {
		return Account{}, ErrWrongCode // no guess: no code looks so
	}
	now, by := s.now(), "recovery code"
	if app {
		by = "code"
	}
	return s.try(ctx, id, addr, by, app, func(a Account) (Account, error) {
		switch {
		case !app:
			left, ok := spend(a.Factors.Recovery, id, recovery)
			if !ok {
				return a, ErrWrongCode
			}
			a.Factors.Recovery = left
		case !a.Factors.TOTP.Set():
			return a, ErrWrongCode
		default:
			secret, err := s.seed(id, a.Factors.TOTP)
			if err != nil {
				return a, err
			}
			at, ok := step(secret, code, a.Factors.TOTP.Step, now)
			if !ok {
				return a, ErrWrongCode
			}
			a.Factors.TOTP.Step = at
		}
		return a, nil
	})
}

// A Touch is what a passkey said, once its signature was found right.
type Touch struct {
	ID    []byte
	Count uint32
}

// ByPasskey takes a passkey in the place of a code. verify checks the signature
// against the account's passkeys; the count that came with it is kept in the
// transaction that looks at the old one.
func (s *Service) ByPasskey(ctx context.Context, id, addr string, verify func(Account) (Touch, error)) (Account, error) {
	now := s.now()
	return s.try(ctx, id, addr, "passkey", false, func(a Account) (Account, error) {
		touch, err := verify(a)
		if err != nil {
			return a, fmt.Errorf("%w: %w", ErrWrongCode, err)
		}
		i := a.passkey(touch.ID)
		if i < 0 || !a.Factors.Passkeys[i].advances(touch.Count) {
			return a, fmt.Errorf("%w: a passkey that is not the account's, or is a copy of it", ErrWrongCode)
		}
		a.Factors.Passkeys = slices.Clone(a.Factors.Passkeys)
		a.Factors.Passkeys[i].Count, a.Factors.Passkeys[i].LastUsed = touch.Count, now
		return a, nil
	})
}

// try counts a try and lets accept spend what was shown.
func (s *Service) try(ctx context.Context, id, addr, by string, guessable bool, accept func(Account) (Account, error)) (Account, error) {
	done, ok := s.throttle.begin(id, addr, guessable, s.now())
	if !ok {
		s.tell(ctx, Account{ID: id}, by, ErrThrottled, addr)
		return Account{}, ErrThrottled
	}
	var was, out Account
	err := s.Store.ChangeAccount(ctx, id, func(a Account, _ bool) (Account, error) {
		was = a
		if a.Disabled {
			return a, ErrDisabled
		}
		next, err := accept(a)
		out = next
		return next, err
	})
	s.tell(ctx, was, by, err, addr)
	switch {
	case err == nil:
		done(wasRight)
		return out, nil
	case errors.Is(err, ErrWrongCode):
		done(wasWrong)
	default:
		done(noTry)
	}
	return Account{}, fmt.Errorf("second factor: %w", err)
}

// challengeFor is how long the password counts where the code comes in another
// request of a program.
const challengeFor = 5 * time.Minute

// Challenge says, to the service itself, that the password of a was right a
// moment ago. It is sealed, so that it needs no row and nobody else makes one;
// wrong codes count against the account, however many challenges there are.
func (s *Service) Challenge(a Account) (string, error) {
	if s.Sealer == nil {
		return "", errSeed
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(s.now().UnixMicro())) // after 1970
	return base64.RawURLEncoding.EncodeToString(s.Sealer.Seal(append(at, a.ID...), "challenge")), nil
}

// Answer is Second for a challenge, with the time of the password; a challenge
// that is not ours, past its time or void is ErrWrongCode.
func (s *Service) Answer(ctx context.Context, challenge, typed, addr string) (Account, time.Time, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || s.Sealer == nil || len(challenge) > 256 {
		return Account{}, time.Time{}, ErrWrongCode
	}
	plain, err := s.Sealer.Open(sealed, "challenge")
	if err != nil || len(plain) < 8 {
		return Account{}, time.Time{}, ErrWrongCode
	}
	at, id := time.UnixMicro(int64(binary.BigEndian.Uint64(plain))).UTC(), string(plain[8:]) // written above
	a, err := s.Store.Account(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Account{}, time.Time{}, ErrWrongCode
	case err != nil:
		return Account{}, time.Time{}, fmt.Errorf("second factor: %w", err)
	case s.now().Sub(at) > challengeFor || at.Before(a.SignedOutAt):
		return Account{}, time.Time{}, ErrWrongCode
	}
	a, err = s.Second(ctx, id, typed, addr)
	return a, at, err
}
