package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// changed keeps what fn makes of an account whose person has just proved who
// they are: ErrStale otherwise.
func (s *Service) changed(ctx context.Context, id string, p Proof, fn func(Account, time.Time) (Account, error)) (out Account, err error) {
	now := s.now()
	err = s.Store.ChangeAccount(ctx, id, func(a Account, _ bool) (Account, error) {
		if !p.Fresh(a, now) {
			return a, ErrStale
		}
		next, err := fn(a, now)
		out = next
		return next, err
	})
	if err != nil {
		return Account{}, fmt.Errorf("change second factors: %w", err)
	}
	return out, nil
}

// BeginTOTP makes a seed that is good for nothing until ConfirmTOTP; one that
// waited before is forgotten.
func (s *Service) BeginTOTP(ctx context.Context, id string, p Proof) error {
	if s.Sealer == nil {
		return errSeed
	}
	seed := newSeed()
	_, err := s.changed(ctx, id, p, func(a Account, now time.Time) (Account, error) {
		a.Factors.Pending = TOTP{Seed: s.Sealer.Seal([]byte(seed), sealOf(id)), Since: now}
		return a, nil
	})
	return err
}

// PendingTOTP is what a begun set-up shows; issuer is what the app calls the
// service. ErrNoFactor: none waits, or not any more.
func (s *Service) PendingTOTP(a Account, p Proof, issuer string) (Enrolment, error) {
	now := s.now()
	switch {
	case !p.Fresh(a, now):
		return Enrolment{}, ErrStale
	case !a.Waits(now):
		return Enrolment{}, ErrNoFactor
	}
	secret, err := s.seed(a.ID, a.Factors.Pending)
	if err != nil {
		return Enrolment{}, err
	}
	return enrolment(secret, issuer, a.Name)
}

// Waits says whether a set-up of an app waits for its first code.
func (a Account) Waits(now time.Time) bool {
	return a.Factors.Pending.Set() && now.Sub(a.Factors.Pending.Since) < pendingFor
}

// ConfirmTOTP makes the app that waits a factor, in the place of an earlier
// one, if it shows the right code. With the first factor come recovery codes,
// which the caller shows this once; else codes is empty.
func (s *Service) ConfirmTOTP(ctx context.Context, id string, p Proof, typed, addr string) (out Account, codes []string, err error) {
	code, ok := appCode(typed)
	if !ok {
		return Account{}, nil, ErrWrongCode
	}
	done, ok := s.throttle.begin(id, addr, false, s.now()) // a wrong one tells nothing of a factor
	if !ok {
		return Account{}, nil, ErrThrottled
	}
	out, err = s.changed(ctx, id, p, func(a Account, now time.Time) (Account, error) {
		if !a.Waits(now) {
			return a, ErrNoFactor
		}
		secret, err := s.seed(id, a.Factors.Pending)
		if err != nil {
			return a, err
		}
		at, ok := step(secret, code, 0, now)
		if !ok {
			return a, ErrWrongCode
		}
		codes = nil // fn may run again
		next := a.Factors
		next.TOTP, next.Pending = TOTP{Seed: a.Factors.Pending.Seed, Since: now, Step: at}, TOTP{}
		if !a.HasSecond() {
			codes, next.Recovery = newRecovery(id)
		}
		a.Factors, a.SignedOutAt = next, now
		return a, nil
	})
	switch {
	case errors.Is(err, ErrWrongCode):
		done(wasWrong)
	default:
		done(noTry) // right or not, it forgives no guess at a factor
	}
	if err != nil {
		return Account{}, nil, err
	}
	return out, codes, nil
}

// RemoveTOTP takes the app away: ErrNoFactor, ErrShort.
func (s *Service) RemoveTOTP(ctx context.Context, id string, p Proof) (Account, error) {
	return s.changed(ctx, id, p, func(a Account, now time.Time) (Account, error) {
		if !a.Factors.TOTP.Set() {
			return a, ErrNoFactor
		}
		next := a.Factors
		next.TOTP, a.SignedOutAt = TOTP{}, now
		return a.without(next)
	})
}

// NewRecovery makes ten codes in the place of all earlier ones.
func (s *Service) NewRecovery(ctx context.Context, id string, p Proof) (codes []string, err error) {
	_, err = s.changed(ctx, id, p, func(a Account, _ time.Time) (Account, error) {
		if !a.HasSecond() {
			return a, ErrNoFactor
		}
		codes, a.Factors.Recovery = newRecovery(id)
		return a, nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// AddPasskey keeps a passkey that internal/passkey found good; for codes see
// ConfirmTOTP. ErrFactors, ErrInvalid.
func (s *Service) AddPasskey(ctx context.Context, id string, p Proof, k Passkey) (out Account, codes []string, err error) {
	if k.Name, err = checkPasskeyName(k.Name); err != nil {
		return Account{}, nil, err
	}
	out, err = s.changed(ctx, id, p, func(a Account, now time.Time) (Account, error) {
		if len(a.Factors.Passkeys) >= maxPasskeys {
			return a, fmt.Errorf("%w: an account has at most %d", ErrFactors, maxPasskeys)
		}
		if a.passkey(k.ID) >= 0 {
			return a, fmt.Errorf("%w: the account has it already", ErrFactors)
		}
		codes = nil // fn may run again
		k.CreatedAt = now
		next := a.Factors
		next.Passkeys = append(slices.Clone(next.Passkeys), k)
		if !a.HasSecond() {
			codes, next.Recovery = newRecovery(id)
		}
		a.Factors, a.SignedOutAt = next, now
		return a, nil
	})
	if err != nil {
		return Account{}, nil, err
	}
	return out, codes, nil
}

// RenamePasskey gives a passkey another name: ErrNoFactor, ErrInvalid.
func (s *Service) RenamePasskey(ctx context.Context, id string, p Proof, key []byte, name string) error {
	name, err := checkPasskeyName(name)
	if err != nil {
		return err
	}
	_, err = s.changed(ctx, id, p, func(a Account, _ time.Time) (Account, error) {
		i := a.passkey(key)
		if i < 0 {
			return a, ErrNoFactor
		}
		a.Factors.Passkeys = slices.Clone(a.Factors.Passkeys)
		a.Factors.Passkeys[i].Name = name
		return a, nil
	})
	return err
}

// RemovePasskey takes a passkey away: ErrNoFactor, ErrShort.
func (s *Service) RemovePasskey(ctx context.Context, id string, p Proof, key []byte) (Account, error) {
	return s.changed(ctx, id, p, func(a Account, now time.Time) (Account, error) {
		i := a.passkey(key)
		if i < 0 {
			return a, ErrNoFactor
		}
		next := a.Factors
		next.Passkeys = slices.Concat(next.Passkeys[:i], next.Passkeys[i+1:])
		a.SignedOutAt = now
		return a.without(next)
	})
}

// ResetFactors takes all factors of a person who lost them; for administrators
// alone. ErrShort: give the account another password first.
func (s *Service) ResetFactors(ctx context.Context, id string) error {
	now := s.now()
	return s.Store.ChangeAccount(ctx, id, func(a Account, _ bool) (Account, error) {
		a.SignedOutAt = now
		return a.without(Factors{})
	})
}

func checkPasskeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxName:
		return "", fmt.Errorf("%w: the name of a passkey has 1 to %d characters", ErrInvalid, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return "", fmt.Errorf("%w: the name of a passkey holds characters that do not show", ErrInvalid)
	}
	return name, nil
}
