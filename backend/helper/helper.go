// Package helper answers container tools that ask for credentials, in
// Docker's credential helper protocol. It reads the state file and the
// keychain and nothing else: no network, no database, no prompt, and an
// answer in less than two seconds whatever the keychain does.
//
// What it serves is what a person signed in to with Lanyard (a managed host),
// and never past its end on this computer; besides, what a tool stored itself,
// under exactly the key it was stored under.
//
//   - get: the token of a managed host. In every case in which a tool should
//     go on without credentials the answer is the protocol's "credentials not
//     found in native keychain", with the reason on stderr.
//   - store: for a managed host refused, unless it is what is held already: a
//     token of ours is never overwritten by docker login.
//   - erase: a managed host is not served any more until the next sign-in with
//     Lanyard; the session and its token, which may serve other hosts, live
//     on. What a tool stored is removed. Nothing to erase is no error.
//   - list: hosts and keys with their users, without secrets.
package helper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Helper is one run of the credential helper.
type Helper struct {
	Getenv  func(string) string
	Version string
	Keys    keychain.Keychain
	Now     func() time.Time // nil: time.Now
	// Limit is the time for the whole run; zero: 1.8 s.
	Limit time.Duration
}

const (
	limit     = 1800 * time.Millisecond
	lockLimit = 300 * time.Millisecond // for another program's hold on the state
	usage     = "Usage: docker-credential-lanyard <store|get|erase|list|version>\n"
)

// Run does what args say and returns the exit status. Standard output is
// written once, at the end: a secret never stands beside an error.
func (h Helper) Run(args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) != 1 {
		_, _ = io.WriteString(out, usage)
		return 1
	}
	switch args[0] {
	case credentials.ActionVersion, "--version", "-v":
		_, _ = fmt.Fprintf(out, "docker-credential-lanyard (lanyard) %s\n", h.Version)
		return 0
	case "--help", "-h":
		_, _ = io.WriteString(out, usage)
		return 0
	}
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Limit == 0 {
		h.Limit = limit
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.Limit)
	defer cancel()
	done := make(chan outcome, 1) // the one that comes too late is dropped
	go func() { done <- h.act(ctx, args[0], in) }()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		// Whatever it is, a keychain, a disk or a tool that never closes our
		// input: the tool that waits for us goes on.
		o.fail(args[0], fmt.Errorf("gave up after %v", h.Limit))
	}
	if o.reason != "" {
		_, _ = fmt.Fprintf(errs, "lanyard: %s\n", o.reason)
	}
	_, _ = out.Write(o.out)
	return o.status
}

// outcome is what a run prints.
type outcome struct {
	out    []byte
	status int
	reason string // for the person, on stderr; empty: none
}

// act runs one action. A panic becomes a failure without its text, which
// could hold anything.
func (h Helper) act(ctx context.Context, action string, in io.Reader) (o outcome) {
	defer func() {
		if recover() != nil {
			o = outcome{}
			o.fail(action, errInternal)
		}
	}()
	c := &call{ctx: ctx, helper: h}
	var out bytes.Buffer
	err := c.handle(action, in, &out)
	o = outcome{out: out.Bytes(), reason: c.reason}
	if err != nil {
		o.fail(action, err)
	}
	return o
}

var errInternal = errors.New("internal error")

// fail decides what the tool and the person are told. A failed get is always
// "not found": docker then goes on without credentials, and shows stderr.
func (o *outcome) fail(action string, err error) {
	o.status = 1
	answer := "lanyard: " + words(err)
	if credentials.IsCredentialsMissingServerURL(err) || credentials.IsCredentialsMissingUsername(err) {
		answer = err.Error() // the protocol's own words
	}
	switch action {
	case credentials.ActionGet:
		if !credentials.IsErrCredentialsNotFound(err) {
			o.reason = words(err)
		}
		answer = credentials.NewErrCredentialsNotFound().Error()
	case credentials.ActionList:
		o.status, o.reason = 0, words(err)
		answer = "{}"
	}
	o.out = []byte(answer + "\n")
}

// words is an error for a person, with what can be done.
func words(err error) string {
	switch {
	case errors.Is(err, keychain.ErrFileLocked):
		return "the keychain file is locked: run `lanyard keychain unlock` and try again"
	case errors.Is(err, keychain.ErrLocked):
		return "the keychain is locked: unlock it (`lanyard keychain unlock`) and try again"
	case errors.Is(err, keychain.ErrFailClosed):
		return "no keychain answers in this session, and the settings say fail_closed"
	case errors.Is(err, keychain.ErrNoService):
		return "no keychain answers in this session: sign in to the desktop, start a Secret Service on the session's D-Bus, or run `lanyard keychain use file`"
	case errors.Is(err, keychain.ErrTimeout):
		return "the keychain did not answer in time"
	case errors.Is(err, keychain.ErrDismissed):
		return "the keychain's prompt was dismissed, or could not be shown"
	}
	return err.Error()
}

// call is the state of one action.
type call struct {
	ctx    context.Context
	helper Helper
	file   machine.StateFile
	reason string
}

func (c *call) handle(action string, in io.Reader, out io.Writer) error {
	dirs, err := machine.DirsFrom(c.helper.Getenv)
	if err != nil {
		return err
	}
	c.file = dirs.StateFile()
	c.file.Wait = lockLimit
	c.helper.Keys.Place = func() (keychain.Place, error) { return place(dirs) }
	c.helper.Keys.Index = c.index
	var line []byte
	switch action {
	case credentials.ActionGet, credentials.ActionErase:
		line, err = readKey(in)
	case credentials.ActionStore:
		line, err = readCredentials(in)
	}
	if err != nil {
		return err
	}
	return credentials.HandleCommand(c, action, bytes.NewReader(line), out)
}

// place is where the person wants the secrets to be.
func place(dirs machine.Dirs) (keychain.Place, error) {
	s, err := dirs.SettingsFile().Load()
	return keychain.Place{
		Store: keychain.Store(s.Keychain.Store), FailClosed: s.Keychain.FailClosed,
		Dir: dirs.State, KeyFile: s.Keychain.KeyFile,
	}, err
}

// index lists the entries we believe to have.
func (c *call) index() ([]string, error) {
	s, err := c.file.Load()
	return slices.Collect(maps.Keys(s.Entries)), err
}
