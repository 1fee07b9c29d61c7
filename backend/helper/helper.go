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
//     token of ours is never overwritten by docker login. Where nothing is held
//     any more, as the session has ended, what is stored counts from then on.
//   - erase: a managed host is not served any more until the next sign-in with
//     Lanyard; the session and its token, which may serve other hosts, live
//     on. What a tool stored is removed. Nothing to erase is no error.
//   - list: hosts and keys with their users, without secrets.
//
// Once it has answered, and only then, it notes the use, writes it to the
// ledger, removes what is to be removed, and at most once an hour starts
// `lanyard refresh`, for which it does not wait.
package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
)

// Helper is one run of the credential helper.
type Helper struct {
	Getenv  func(string) string
	Version string
	Keys    keychain.Keychain
	Now     func() time.Time // nil: time.Now
	// Limit is the time until the answer; zero: 1.8 s, and 5 s for store and
	// erase, which may have to wait for other programs that write.
	Limit time.Duration
	// Asker names the program that asks, for the ledger. nil: unknown.
	Asker func() string
	// Lanyard says where the program is that refreshes sessions. nil, or empty:
	// none does.
	Lanyard func() string
}

const (
	limit      = 1800 * time.Millisecond
	writeLimit = 5 * time.Second
	lockLimit  = 300 * time.Millisecond // for another program's hold on the state
	afterLimit = 600 * time.Millisecond // for everything that comes after the answer

	usage = "Usage: docker-credential-lanyard <store|get|erase|list|version>\n"
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
		if args[0] == credentials.ActionStore || args[0] == credentials.ActionErase {
			h.Limit = writeLimit
		}
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
	if len(o.after) > 0 {
		h.finish(o.after)
	}
	return o.status
}

// finish does what may come after the answer, as far as there is time: the tool
// has what it asked for, but waits for us to end.
func (h Helper) finish(after []func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), min(h.Limit, afterLimit))
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // it concerns nobody any more
		for _, do := range after {
			do(ctx)
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// outcome is what a run prints, and what is to be done then.
type outcome struct {
	out    []byte
	status int
	reason string // for the person, on stderr; empty: none
	after  []func(context.Context)
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
	out, err := c.handle(action, in)
	o = outcome{out: out, reason: c.reason}
	if err != nil {
		o.fail(action, err)
	}
	c.remember(o.reason)
	o.after = c.after
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
	dirs   machine.Dirs
	file   machine.StateFile
	reason string
	use    *ledger.Use // what a get was about; nil: nothing of ours
	after  []func(context.Context)
}

// handle is the protocol. It is not left to credentials.HandleCommand, whose
// reader joins lines and cuts spaces off: a key is what the tool sent.
func (c *call) handle(action string, in io.Reader) ([]byte, error) {
	var err error
	if c.dirs, err = machine.DirsFrom(c.helper.Getenv); err != nil {
		return nil, err
	}
	c.file = c.dirs.StateFile()
	c.file.Wait = lockLimit
	c.helper.Keys.Place = func() (keychain.Place, error) { return place(c.dirs) }
	c.helper.Keys.Index = c.index
	switch action {
	case credentials.ActionGet:
		key, err := readKey(in)
		if err != nil {
			return nil, err
		}
		user, secret, err := c.Get(key)
		if err != nil {
			return nil, err
		}
		return encode(credentials.Credentials{ServerURL: key, Username: user, Secret: secret})
	case credentials.ActionStore:
		cred, err := readCredentials(in)
		if err != nil {
			return nil, err
		}
		c.file.Wait = c.helper.Limit * 3 / 4
		return nil, c.Add(cred)
	case credentials.ActionErase:
		key, err := readKey(in)
		if err != nil {
			return nil, err
		}
		c.file.Wait = c.helper.Limit * 3 / 4
		return nil, c.Delete(key)
	case credentials.ActionList:
		users, err := c.List()
		if err != nil {
			return nil, err
		}
		return encode(users)
	}
	return nil, fmt.Errorf("unknown action: %q", action)
}

// encode is a line of JSON as Docker's own helpers write it.
func encode(v any) ([]byte, error) {
	line, err := json.Marshal(v)
	return append(line, '\n'), err
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
