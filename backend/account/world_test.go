package account_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lanyard/backend/account"
	"lanyard/backend/store/memstore"
)

const home = "192.0.2.1"

// mirror seals by turning round; keys.Sealer does it well, and is tested there.
type mirror struct{}

func (mirror) Seal(plain []byte, of string) []byte {
	sealed := append([]byte(of+"\x00\x00"), plain...)
	slices.Reverse(sealed)
	return sealed
}

func (mirror) Open(sealed []byte, of string) ([]byte, error) {
	plain := bytes.Clone(sealed)
	slices.Reverse(plain)
	plain, ok := bytes.CutPrefix(plain, []byte(of+"\x00\x00"))
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return plain, nil
}

// A world is the service with anna in it and what she carries.
type world struct {
	*testing.T
	*account.Service
	now    time.Time
	id     string
	secret string // of her app
	codes  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	w.Service = &account.Service{Store: memstore.New(), Hasher: account.NewHasher(), Sealer: mirror{}, Now: func() time.Time { return w.now }}
	w.id = create(t, w.Service, account.New{Name: "anna", Email: "anna@example.org"}).ID
	return w
}

func (w *world) anna() account.Account {
	w.Helper()
	a, err := w.Account(w.Context(), w.id)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// shown is a proof of this moment, by all that the account has.
func (w *world) shown() account.Proof { return account.Proof{At: w.now, Second: true} }

// withApp turns an authenticator app on, and lets a minute pass.
func withApp(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.secret = w.begin()
	_, codes, err := w.ConfirmTOTP(t.Context(), w.id, w.shown(), w.code(0), home)
	if err != nil {
		t.Fatal(err)
	}
	w.codes = codes
	w.now = w.now.Add(time.Minute)
	return w
}

func (w *world) begin() (secret string) {
	w.Helper()
	if err := w.BeginTOTP(w.Context(), w.id, w.shown()); err != nil {
		w.Fatal(err)
	}
	e, err := w.PendingTOTP(w.anna(), w.shown(), "Lanyard")
	if err != nil {
		w.Fatal(err)
	}
	return e.Secret
}

// code is what the app shows so many steps from now.
func (w *world) code(steps int) string {
	w.Helper()
	code, err := totp.GenerateCode(w.secret, w.now.Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		w.Fatal(err)
	}
	return code
}

// wrong is no code of now or around.
func (w *world) wrong(i int) string {
	near := []string{w.code(-1), w.code(0), w.code(1)}
	for n := i; ; n += 7 {
		if code := strings.Repeat(string(rune('0'+n%10)), 6); !slices.Contains(near, code) {
			return code
		}
	}
}

func key(id string) account.Passkey {
	return account.Passkey{ID: []byte(id), Name: "key " + id, PublicKey: []byte("public"), Count: 5}
}

func (w *world) add(k account.Passkey) account.Account {
	w.Helper()
	a, codes, err := w.AddPasskey(w.Context(), w.id, w.shown(), k)
	if err != nil {
		w.Fatal(err)
	}
	if len(codes) > 0 {
		w.codes = codes
	}
	return a
}

// touches is a passkey whose signature was found right.
func touches(id string, count uint32) func(account.Account) (account.Touch, error) {
	return func(account.Account) (account.Touch, error) { return account.Touch{ID: []byte(id), Count: count}, nil }
}
