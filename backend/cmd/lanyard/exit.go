package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// The exit codes (design §4).
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotSignedIn = 3
	exitKeychain    = 4
	exitUnreachable = 5
)

// advice maps errors to an exit code and to what the person can do. The first
// that fits counts.
var advice = []struct {
	err  error
	code int
	hint string
}{
	{keychain.ErrLocked, exitKeychain, "Unlock it (log in to the desktop, or open your password manager) and try again."},
	{keychain.ErrNoService, exitKeychain, "Lanyard keeps secrets in the system keychain only. Start one, such as gnome-keyring or KeePassXC's Secret Service, in this session; over SSH, run inside dbus-run-session."},
	{keychain.ErrDismissed, exitKeychain, "Nothing was stored. Try again and confirm the keychain's prompt."},
	{keychain.ErrTimeout, exitKeychain, "The keychain gave no answer; whether the write happened is unknown. Look for a prompt behind other windows and try again."},
	{keychain.ErrNotRemoved, exitKeychain, "The entry is not served any more; removing it is tried again with the next command."},
	{client.ErrAddress, exitUsage, ""},
	{client.ErrUnreachable, exitUnreachable, "Check the address and the network, or start it: lanyard service start"},
	{client.ErrEnded, exitNotSignedIn, "Sign in again: lanyard login"},
	{signin.ErrNotSignedIn, exitNotSignedIn, "Sign in: lanyard login"},
	{signin.ErrBusy, exitFailed, "Finish or cancel it first."},
	{ownservice.ErrNotRunning, exitUnreachable, "Start it: lanyard service start"},
	{dockerconfig.ErrOtherHelper, exitFailed, "To let Lanyard answer for it: lanyard docker setup --replace"},
}

func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	}
	for _, a := range advice {
		if errors.Is(err, a.err) {
			return a.code
		}
	}
	return exitFailed
}

// report says what happened and what to do, on stderr.
func report(t terminal, err error) {
	if errors.Is(err, context.Canceled) {
		t.say("lanyard: stopped; nothing is left half done")
		return
	}
	fmt.Fprintln(t.Err, "lanyard: "+strings.TrimPrefix(err.Error(), "lanyard: "))
	for _, a := range advice {
		if errors.Is(err, a.err) && a.hint != "" {
			t.say("  %s", a.hint)
			return
		}
	}
}
