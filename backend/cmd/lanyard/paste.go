package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/signin"
)

// pasteOptions are those of login --with-token.
type pasteOptions struct {
	username  string
	withToken bool
	ends      string
	noCheck   bool
}

// given says whether any of them was.
func (o pasteOptions) given() bool { return o != pasteOptions{} }

// paste is login --with-token: a token of the person's own, for any registry.
func paste(ctx context.Context, t terminal, o loginOptions) (none signin.Account, err error) {
	switch {
	case !o.paste.withToken:
		return none, usagef("--username, --ends and --no-check go with --with-token")
	case o.server == "":
		return none, usagef("--with-token needs --server HOST, the registry that the token is for")
	case o.paste.username == "":
		return none, usagef("--with-token needs --username, the name that the registry knows the token by")
	case o.device || o.noBrowser:
		return none, usagef("--with-token opens no browser: --device and --no-browser do not go with it")
	}
	if strings.EqualFold(o.server, "docker-hub") {
		o.server = machine.DockerHub
	}
	ends, err := endOf(o.paste.ends, time.Now())
	if err != nil {
		return none, err
	}
	p, err := newParts(t, true)
	if err != nil {
		return none, err
	}
	p.docker.MayCopy = o.yes
	secret, err := readSecret(ctx, t, fmt.Sprintf("Token of %s at %s (it is not shown): ", o.paste.username, o.server))
	if err != nil {
		return none, err
	}
	done := t.waitFor("Asking %s", o.server)
	got, err := p.computer.Paste(ctx, signin.Paste{
		Host: o.server, Username: o.paste.username, Secret: secret, Ends: ends, NoCheck: o.paste.noCheck,
	})
	done()
	if err != nil {
		return none, err
	}
	where := p.computer.Keychain.Name(ctx)
	if where == "" {
		where = "the system keychain"
	}
	fmt.Fprintf(t.Out, "Signed in as %s\n", got.Account)
	switch {
	case got.Checked:
		fmt.Fprintf(t.Out, "%s took the token; it was stored in %s.\n", got.Account.Server, where)
	case o.paste.noCheck:
		fmt.Fprintf(t.Out, "The token was stored in %s. It was not checked.\n", where)
	default:
		fmt.Fprintf(t.Out, "The token was stored in %s. %s asks nobody for one, so it could not be checked.\n", where, got.Account.Server)
	}
	if !ends.IsZero() {
		fmt.Fprintf(t.Out, "It is removed from this computer on %s; lanyard status reminds you a week before.\n", signin.Day(ends))
	}
	if got.Before != "" {
		t.say("%s was active there until now, and stays signed in: lanyard accounts switch %s", got.Before, got.Before)
	}
	t.say("Its tokens are managed at %s alone: Lanyard can neither list nor end them.", got.Account.Server)
	return got.Account, p.settleTools(ctx, t, got.Tools, got.Account, []string{got.Account.Server})
}

// endOf reads the day, or the moment, on which a token ends: a day that is
// named is still a good one. Zero: none was given.
func endOf(text string, now time.Time) (time.Time, error) {
	if text == "" || text == "never" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	at := day.AddDate(0, 0, 1)
	if err != nil {
		var days int
		if n, failed := fmt.Sscanf(text, "%dd", &days); n == 1 && failed == nil && fmt.Sprintf("%dd", days) == text && days > 0 && days < 36500 {
			at, err = now.AddDate(0, 0, days), nil
		} else {
			at, err = time.Parse(time.RFC3339, text)
		}
	}
	switch {
	case err != nil:
		return time.Time{}, usagef("--ends %q is neither a day (2027-01-31), nor a number of days (30d), nor a moment (2027-01-31T12:00:00Z)", text)
	case !at.After(now):
		return time.Time{}, usagef("--ends %s has passed", text)
	}
	return at.UTC().Truncate(time.Microsecond), nil
}

// readSecret takes one line from a pipe, or asks a person without an echo.
func readSecret(ctx context.Context, t terminal, prompt string) (keychain.Secret, error) {
	if !t.person() {
		return signin.ReadSecret(t.In)
	}
	in, ok := t.In.(*os.File)
	if !ok {
		return signin.ReadSecret(t.In)
	}
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("ask for the token: %w", err)
	}
	t.interrupt()
	fmt.Fprint(t.Err, prompt)
	type answer struct {
		line []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(int(in.Fd()))
		read <- answer{line, err}
	}()
	select {
	case got := <-read:
		fmt.Fprintln(t.Err)
		if got.err != nil && len(got.line) == 0 && !isEnd(got.err) {
			return "", fmt.Errorf("ask for the token: %w", got.err)
		}
		return signin.CheckSecret(got.line)
	case <-ctx.Done(): // Ctrl-C: the terminal must echo again
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprintln(t.Err)
		return "", context.Cause(ctx)
	}
}

// isEnd: Ctrl-D, nothing was typed.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
