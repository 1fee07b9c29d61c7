package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
	"lanyard/backend/standing"
)

// ErrSecret: what was given is no token; the text says why, without it.
var ErrSecret = errors.New("not a token")

// ErrUsername: no name that a registry could be shown.
var ErrUsername = errors.New("not a user name")

// ErrPast: the end that was given has passed.
var ErrPast = errors.New("that time has passed")

const (
	maxSecret   = 2000 // bytes; what a keychain entry holds beside the name
	maxUsername = 128  // bytes
	// RemindWithin is how long before the end of a pasted token a person is
	// reminded of it: nothing renews it.
	RemindWithin = 7 * 24 * time.Hour
)

// ReadSecret reads a token from a pipe: one line, and nothing behind it.
func ReadSecret(in io.Reader) (keychain.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxSecret+3))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if bytes.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("%w: there is more than one line", ErrSecret)
	}
	return CheckSecret(line)
}

// CheckSecret refuses what no registry gives out, before it is sent anywhere.
func CheckSecret(line []byte) (keychain.Secret, error) {
	switch {
	case len(line) == 0:
		return "", fmt.Errorf("%w: it is empty", ErrSecret)
	case len(line) > maxSecret:
		return "", fmt.Errorf("%w: it is longer than %d bytes, which no keychain of every system holds", ErrSecret, maxSecret)
	case !utf8.Valid(line):
		return "", fmt.Errorf("%w: it is not UTF-8 text", ErrSecret)
	case bytes.ContainsFunc(line, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }):
		return "", fmt.Errorf("%w: there is a blank or a control character in it", ErrSecret)
	}
	return keychain.Secret(line), nil
}

// Paste is a token of a person's own, for any registry.
type Paste struct {
	Host     string // any spelling of the registry
	Username string
	Secret   keychain.Secret
	Ends     time.Time // zero: none is known
	NoCheck  bool      // the registry is not asked whether it takes the token
}

// Pasted is what became of it.
type Pasted struct {
	Account  Account
	LastFour string
	Replaced bool // an earlier one of this name
	// Checked: the registry took it. false without an error: it was not to be
	// asked, or it asks nobody for a name.
	Checked bool
	Before  string // who was active there until now; "": nobody, or the same
	Tools   error  // as in Result
}

// Paste keeps a token under its registry's canonical host, lets it answer for
// that host, and sets up docker, as a sign-in does. The registry is asked
// first, so that a token which it refuses changes nothing.
func (c *Computer) Paste(ctx context.Context, p Paste) (Pasted, error) {
	host, err := machine.CanonicalHost(p.Host)
	if err != nil {
		return Pasted{}, err
	}
	if err := checkUsername(p.Username); err != nil {
		return Pasted{}, err
	}
	if _, err := CheckSecret([]byte(p.Secret.Reveal())); err != nil {
		return Pasted{}, err
	}
	if !p.Ends.IsZero() && !p.Ends.After(c.now()) {
		return Pasted{}, fmt.Errorf("%w: %s", ErrPast, Day(p.Ends))
	}
	if err := c.ready(ctx); err != nil {
		return Pasted{}, fmt.Errorf("nothing was begun: %w", err)
	}
	out := Pasted{Account: Account{Server: host, Name: p.Username}, LastFour: lastFour(p.Secret.Reveal())}
	if !p.NoCheck {
		registry := registryauth.Registry{Host: host, Transport: c.Transport}
		out.Checked, err = registry.Check(ctx, registryauth.Login{Username: p.Username, Secret: p.Secret.Reveal()})
		if err != nil {
			return Pasted{}, fmt.Errorf("nothing was stored: %w", err)
		}
	}
	state, err := c.state().Load()
	if err != nil {
		return Pasted{}, err
	}
	_, out.Replaced = state.Entries[keychain.TokenName(host, p.Username)]
	if r, served := state.Registries[host]; served && (Account{r.Server, r.Account}) != out.Account {
		out.Before = Account{r.Server, r.Account}.Ref()
	}
	token := keychain.Token{Username: p.Username, Secret: p.Secret, Ends: p.Ends}
	hosts := []string{host}
	if _, _, err := c.hold(ctx, out.Account, token, nil, hosts, func(string) {}); err != nil {
		if !out.Replaced { // nobody knows of it: it must not stay behind
			err = errors.Join(err, c.Keychain.Delete(context.WithoutCancel(ctx), keychain.TokenName(host, p.Username)))
		}
		return Pasted{}, err
	}
	if c.Docker != nil {
		out.Tools = c.Docker.SetUp(ctx, hosts)
	}
	return out, nil
}

func checkUsername(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrUsername)
	case len(name) > maxUsername:
		return fmt.Errorf("%w: it is longer than %d bytes", ErrUsername, maxUsername)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w: there is a control character in it", ErrUsername)
	case strings.Contains(name, ":"): // RFC 7617 §2
		return fmt.Errorf("%w: a colon would end it early on its way to the registry", ErrUsername)
	case name == "<token>":
		return fmt.Errorf("%w: tools take <token> for another kind of secret", ErrUsername)
	}
	return nil
}

// Discard removes a pasted token from this computer. Nobody but its registry
// can end it: Receipt says what was removed here, and no more.
func (c *Computer) Discard(ctx context.Context, a Account) (Receipt, error) {
	r := Receipt{Account: a}
	unlock, err := c.lock(ctx, "refresh", lockWithin)
	if err != nil {
		return r, err
	}
	defer unlock()
	if r.Hosts, err = c.Hosts(a); err != nil {
		return r, err
	}
	token, err := c.Keychain.GetToken(ctx, a.Server, a.Name)
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return r, err
	}
	r.LastFour = lastFour(token.Secret.Reveal())
	if err := c.leave(a); err != nil {
		return r, err
	}
	r.Tools = c.takeDown(ctx, r.Hosts)
	if err := c.forget(ctx, a, standing.SignedOut); err != nil {
		return r, err
	}
	r.Removed = true
	return r, nil
}
