// Package account owns people: their names, passwords, second factors and
// standing, and the set-up of the first administrator. It leaves sessions to
// grant, tokens to token, rights to access, what browsers say about passkeys to
// internal/passkey, and keeping the rows to a store.
package account

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors that can be asked about.
var (
	// ErrNotFound: nobody of that id or name.
	ErrNotFound = errors.New("account not found")
	// ErrTaken: another account has that name or e-mail address.
	ErrTaken = errors.New("name or e-mail is taken")
	// ErrWrong: unknown name or wrong password; the two are one answer.
	ErrWrong = errors.New("wrong name or password")
	// ErrDisabled: an administrator disabled the account. Told only to whoever
	// has proved to be its owner.
	ErrDisabled = errors.New("account is disabled")
	// ErrBusy: more password checks are waiting than can be served in time.
	ErrBusy = errors.New("too many sign-ins at this moment")
	// ErrThrottled: too many wrong passwords or codes; try again later.
	ErrThrottled = errors.New("too many wrong passwords or codes")
	// ErrInvalid: a name, e-mail or password that cannot be; the text says why.
	ErrInvalid = errors.New("invalid account")
	// ErrSetUp: the service has an administrator; set-up is closed for ever.
	ErrSetUp = errors.New("service is set up already")
	// ErrCode: the set-up code is wrong, spent or past its time.
	ErrCode = errors.New("wrong or expired set-up code")
	// ErrLastAdmin: the act would leave nobody to administer the service.
	ErrLastAdmin = errors.New("the last administrator cannot be disabled")
)

// Account is one person.
type Account struct {
	ID        string    `json:"id"` // UUID, never used again
	Name      string    `json:"name"`
	Email     string    `json:"email,omitempty"`
	Password  string    `json:"password"` // PHC string, argon2id; "": no password sign-in
	Admin     bool      `json:"admin,omitempty"`
	Disabled  bool      `json:"disabled,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// SignedOutAt: browser sign-ins from before it are void (change of password
	// or factors, disabling).
	SignedOutAt time.Time `json:"signed_out_at"`

	// The rest came after the first schema. What is not set is not written, so
	// that rows from before need no migration, and a row without factors is
	// read as fast as ever (boltstore's scan leaves others to encoding/json).

	Factors Factors `json:"factors,omitzero"`
	// ShortPassword: the password has fewer than 15 characters, which will do
	// only beside a second factor.
	ShortPassword bool `json:"short_password,omitempty"`
}

// String names the account and nothing else of it.
func (a Account) String() string { return a.Name }

// Reserved are the names that would hide paths of the Hub under /v2/.
func Reserved() []string {
	return []string{"users", "access-tokens", "access", "auth", "api_tokens", "orgs", "repositories", "auditlogs", "namespaces"}
}

// nameForm is the registry's path-component grammar (distribution reference).
var nameForm = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)

// CheckName says why name cannot be a user name, or nil.
func CheckName(name string) error {
	switch {
	case len(name) < 2 || len(name) > 64:
		return fmt.Errorf("%w: a user name has 2 to 64 characters", ErrInvalid)
	case !nameForm.MatchString(name):
		return fmt.Errorf("%w: a user name is made of a-z and 0-9, with single . or _ or - between them", ErrInvalid)
	case slices.Contains(Reserved(), name):
		return fmt.Errorf("%w: %q is reserved, since it would hide a path of the service", ErrInvalid, name)
	}
	return nil
}

// CheckEmail says why email cannot be an address, or nil; "" is none.
func CheckEmail(email string) error {
	if email == "" {
		return nil
	}
	local, domain, ok := strings.Cut(email, "@")
	unseen := func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune(`"<>(),;:\`, r)
	}
	if !ok || local == "" || len(email) > 254 || !utf8.ValidString(email) || strings.ContainsFunc(email, unseen) ||
		!strings.Contains(domain, ".") || slices.Contains(strings.Split(domain, "."), "") || strings.Contains(domain, "@") {
		return fmt.Errorf("%w: %q is not an e-mail address", ErrInvalid, email)
	}
	return nil
}

// Key is the form in which names and e-mail addresses are compared.
func Key(login string) string { return strings.ToLower(strings.TrimSpace(login)) }
