package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Store keeps accounts, each call one transaction.
type Store interface {
	Account(ctx context.Context, id string) (Account, error)         // or ErrNotFound
	AccountByLogin(ctx context.Context, key string) (Account, error) // Key of a name or e-mail
	Accounts(ctx context.Context) ([]Account, error)                 // by name
	// CreateAccount keeps a new account: ErrTaken if its name or e-mail is
	// another's; with first set, ErrSetUp if there is any account.
	CreateAccount(ctx context.Context, a Account, first bool) error
	// ChangeAccount replaces an account with what fn makes of it. others says
	// whether another enabled administrator exists. fn may run more than
	// once; if it fails nothing changes.
	ChangeAccount(ctx context.Context, id string, fn func(a Account, others bool) (Account, error)) error
}

// Service makes, checks and changes accounts.
type Service struct {
	Store  Store
	Hasher *Hasher
	Sealer Sealer           // nil: no factor can be set up, and no seed be read
	Now    func() time.Time // nil: time.Now
	// Tried hears of sign-ins and refusals; nil: nobody does. It gets no
	// password that was enough for a single request: that is no sign-in.
	Tried func(ctx context.Context, t Tried)

	throttle throttle
	peopled  atomic.Bool
}

// New describes an account to be made.
type New struct {
	Name, Email, Password string
	Admin                 bool
}

// Create makes an account.
func (s *Service) Create(ctx context.Context, n New) (Account, error) { return s.create(ctx, n, false) }

// CreateFirst makes the first administrator, or ErrSetUp.
func (s *Service) CreateFirst(ctx context.Context, n New) (Account, error) {
	n.Admin = true
	return s.create(ctx, n, true)
}

func (s *Service) create(ctx context.Context, n New, first bool) (Account, error) {
	n.Email = strings.TrimSpace(n.Email)
	if err := errors.Join(CheckName(n.Name), CheckEmail(n.Email), CheckPassword(n.Password, n.Name, n.Email)); err != nil {
		return Account{}, err
	}
	hash, err := s.Hasher.Hash(ctx, n.Password)
	if err != nil {
		return Account{}, err
	}
	a := Account{ID: uuid.NewString(), Name: n.Name, Email: n.Email, Password: hash, Admin: n.Admin, CreatedAt: s.now()}
	if err := s.Store.CreateAccount(ctx, a, first); err != nil {
		return Account{}, fmt.Errorf("create account %s: %w", n.Name, err)
	}
	return a, nil
}

// SignIn checks a name or e-mail with a password that is to be enough by itself,
// for a caller at addr: ErrWrong, ErrDisabled, ErrBusy, ErrThrottled, and
// ErrSecond of an account with a second factor. That takes as long as a wrong
// password and counts as one.
func (s *Service) SignIn(ctx context.Context, login, password, addr string) (Account, error) {
	a, err := s.password(ctx, login, password, addr, true)
	if errors.Is(err, ErrWrong) || errors.Is(err, ErrThrottled) { // guessing is, at whatever door
		s.tell(ctx, a, "password", err, addr)
	}
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// First is SignIn for a caller that goes on to ask for the second factor where
// the account HasSecond; until then nobody is signed in.
func (s *Service) First(ctx context.Context, login, password, addr string) (Account, error) {
	a, err := s.password(ctx, login, password, addr, false)
	if err != nil || !a.HasSecond() {
		s.tell(ctx, a, "password", err, addr)
	}
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// password returns the account with its errors, too: whose it was.

func (s *Service) password(ctx context.Context, login, password, addr string, alone bool) (Account, error) {
	now := s.now()
	a, err := s.Store.AccountByLogin(ctx, Key(login))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	who := a.ID // so that name and e-mail share one budget
	if who == "" {
		who = Key(login)
	}
	if !s.throttle.allow(who, addr, now) {
		return a, ErrThrottled
	}
	ok, err := s.Hasher.Matches(ctx, password, a.Password)
	if err != nil {
		return Account{}, err
	}
	of := wasWrong
	switch {
	case ok && !a.HasSecond():
		of = wasRight
	case ok && !alone:
		of = wasHalf
	}
	switch {
	case !s.throttle.settle(who, addr, of, now):
		return a, ErrThrottled
	case !ok:
		return a, ErrWrong
	case a.Disabled:
		return a, ErrDisabled
	case alone && a.HasSecond():
		return a, ErrSecond
	}
	return a, nil
}

// Account returns one account, or ErrNotFound.
func (s *Service) Account(ctx context.Context, id string) (Account, error) {
	return s.Store.Account(ctx, id)
}

// ByLogin returns the account of a name or e-mail, or ErrNotFound.
func (s *Service) ByLogin(ctx context.Context, login string) (Account, error) {
	return s.Store.AccountByLogin(ctx, Key(login))
}

// All returns every account, by name.
func (s *Service) All(ctx context.Context) ([]Account, error) { return s.Store.Accounts(ctx) }

// Empty says whether the service has no account yet and so wants set-up. None
// is ever taken away, so that once there is one it is not asked again.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	if s.peopled.Load() {
		return false, nil
	}
	all, err := s.Store.Accounts(ctx)
	if err != nil {
		return false, err
	}
	s.peopled.Store(len(all) > 0)
	return len(all) == 0, nil
}

// SetPassword changes a password and voids browser sign-ins from before.
func (s *Service) SetPassword(ctx context.Context, id, password string) error {
	_, err := s.setPassword(ctx, id, password, func(Account) error { return nil })
	return err
}

// ChangePassword is SetPassword by the person: ErrStale, unless they have just
// proved who they are.
func (s *Service) ChangePassword(ctx context.Context, id string, p Proof, password string) (Account, error) {
	now := s.now()
	return s.setPassword(ctx, id, password, func(a Account) error {
		if !p.Fresh(a, now) {
			return ErrStale
		}
		return nil
	})
}

func (s *Service) setPassword(ctx context.Context, id, password string, may func(Account) error) (out Account, err error) {
	a, err := s.Store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	if err := may(a); err != nil {
		return Account{}, err
	}
	check := CheckPassword
	if a.HasSecond() {
		check = CheckPasswordBeside
	}
	if err := check(password, a.Name, a.Email); err != nil {
		return Account{}, err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	now := s.now()
	err = s.Store.ChangeAccount(ctx, id, func(a Account, _ bool) (Account, error) {
		if err := may(a); err != nil {
			return a, err
		}
		if short(password) && !a.HasSecond() { // turned off meanwhile
			return a, fmt.Errorf("%w: %w", ErrInvalid, ErrShort)
		}
		a.Password, a.ShortPassword, a.SignedOutAt = hash, short(password), now
		out = a
		return a, nil
	})
	if err != nil {
		return Account{}, err
	}
	return out, nil
}

// SetDisabled disables or enables an account; the last enabled administrator
// stays: ErrLastAdmin.
func (s *Service) SetDisabled(ctx context.Context, id string, disabled bool) error {
	now := s.now()
	return s.Store.ChangeAccount(ctx, id, func(a Account, others bool) (Account, error) {
		if disabled && a.Admin && !others {
			return a, ErrLastAdmin
		}
		if disabled && !a.Disabled {
			a.SignedOutAt = now
		}
		a.Disabled = disabled
		return a, nil
	})
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return s.Now().UTC().Truncate(time.Microsecond)
}
