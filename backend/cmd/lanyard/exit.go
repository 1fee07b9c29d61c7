package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lanyard/backend/account"
	"lanyard/backend/client"
	"lanyard/backend/dockercli"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/registryauth"
	"lanyard/backend/signin"
	"lanyard/backend/why"
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
	{keychain.ErrFailClosed, exitKeychain, "Start the system's keychain in this session, or allow the encrypted file: take fail_closed out of settings.json."},
	{keychain.ErrDismissed, exitKeychain, "Nothing was stored. Try again and answer the keychain's prompt: lanyard keychain unlock"},
	{keychain.ErrFileLocked, exitKeychain, "Open it with its passphrase: lanyard keychain unlock"},
	{keychain.ErrLocked, exitKeychain, "Unlock it: lanyard keychain unlock (or log in to the desktop, or open your password manager), and try again."},
	{keychain.ErrNoService, exitKeychain, "Start a keychain in this session, such as gnome-keyring or KeePassXC's Secret Service (over SSH: inside dbus-run-session), or keep secrets in an encrypted file: lanyard keychain use file"},
	{keychain.ErrTimeout, exitKeychain, "The keychain gave no answer; whether the write happened is unknown. Look for a prompt behind other windows and try again."},
	{keychain.ErrPassphrase, exitKeychain, "Nothing was changed. Try again: lanyard keychain unlock"},
	{keychain.ErrWeak, exitKeychain, "Nothing was made. Try again with a longer one."},
	{keychain.ErrKey, exitKeychain, "See what it expects: lanyard keychain status"},
	{keychain.ErrDamaged, exitKeychain, "It was left as it is."},
	{keychain.ErrExposed, exitKeychain, ""},
	{keychain.ErrNoHold, exitKeychain, "Open it with a key file instead of a passphrase: lanyard keychain use file --key-file FILE"},
	{keychain.ErrNotOurs, exitKeychain, "Lock it with its own program, or with your screen."},
	{keychain.ErrMoving, exitKeychain, "See where it stands: lanyard keychain status"},
	{keychain.ErrNotRemoved, exitKeychain, "The entry is not served any more; removing it is tried again with the next command."},
	{client.ErrAddress, exitUsage, "Give https://host or https://host:port."},
	{client.ErrTrust, exitUsage, ""},
	{client.ErrNotServer, exitUnreachable, "Check the address; nothing was opened, and nothing changed."},
	{client.ErrCertificate, exitUnreachable, ""}, // what to do depends on the certificate, see sayCertificate
	{client.ErrProxy, exitUnreachable, "Lanyard takes the proxy from HTTPS_PROXY and leaves out what NO_PROXY names."},
	{client.ErrUnreachable, exitUnreachable, "Check the address and the network, or start it: lanyard service start"},
	{client.ErrServer, exitUnreachable, "Its side, or a proxy before it, is at fault; nothing changed here. Try again later."},
	{client.ErrLimited, exitFailed, "Try again later."},
	{client.ErrEnded, exitNotSignedIn, "Sign in again: lanyard login"},
	{signin.ErrHubAgain, exitNotSignedIn, "Sign in again to manage tokens (the token of this computer goes on working): lanyard login --server docker-hub"},
	{client.ErrPassword, exitNotSignedIn, "Nothing was stored. A password is not taken where single sign-on is used: lanyard login --server docker-hub"},
	{dockercli.ErrNone, exitFailed, ""},
	{dockercli.ErrFailed, exitFailed, "Nothing was stored."},
	{signin.ErrNotSignedIn, exitNotSignedIn, "Sign in: lanyard login"},
	{signin.ErrAmbiguous, exitUsage, ""},
	{signin.ErrSecret, exitUsage, ""},
	{signin.ErrUsername, exitUsage, ""},
	{signin.ErrPast, exitUsage, ""},
	{keychain.ErrStore, exitUsage, ""},
	{machine.ErrHost, exitUsage, ""},
	{why.ErrImage, exitUsage, ""},
	{registryauth.ErrUnreachable, exitUnreachable, "Check the name and the network; --no-check stores a token without asking."},
	{registryauth.ErrNotRegistry, exitUnreachable, "Check the name; nothing was stored."},
	{registryauth.ErrServer, exitUnreachable, "Its side is at fault; --no-check stores a token without asking."},
	{registryauth.ErrRefused, exitFailed, "Check that the name and the token belong together, and that the token has not ended."},
	{signin.ErrBusy, exitFailed, "Finish or cancel it first."},
	{ownservice.ErrNotRunning, exitUnreachable, "Start it: lanyard service start"},
	{ownservice.ErrStart, exitUnreachable, ""},
	{dockerconfig.ErrOtherHelper, exitFailed, "To let Lanyard answer for it: lanyard docker setup --replace"},
}

func exitCode(err error) int {
	var usage *usageError
	var child childExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &child):
		return int(child)
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
	var child childExit
	if errors.As(err, &child) {
		return
	}
	if errors.Is(err, context.Canceled) {
		t.say("lanyard: stopped; nothing is left half done")
		return
	}
	t.interrupt()
	fmt.Fprintln(t.Err, "lanyard: "+strings.TrimPrefix(printable(err.Error()), "lanyard: "))
	if sayCertificate(t, err) {
		return
	}
	for _, a := range advice {
		if errors.Is(err, a.err) && a.hint != "" {
			t.say("  %s", a.hint)
			return
		}
	}
	if unexpected(err) {
		t.say("  If Lanyard is at fault, this is what to send along, without secrets: lanyard report")
	}
}

// printable is an error as a terminal may show it, whoever's words are in it.
func printable(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = ledger.Shown(line)
	}
	return strings.Join(lines, "\n")
}

// unexpected: nobody's answer, and nothing that there is advice for.
func unexpected(err error) bool {
	if exitCode(err) != exitFailed {
		return false
	}
	for _, a := range advice {
		if errors.Is(err, a.err) {
			return false
		}
	}
	answers := []error{
		errDeclined, errUnwell, client.ErrDenied, client.ErrNotFound, client.ErrRefused,
		account.ErrTaken, account.ErrInvalid, account.ErrLastAdmin, account.ErrShort, account.ErrNotFound, ownservice.ErrRefused,
	}
	return !slices.ContainsFunc(answers, func(a error) bool { return errors.Is(err, a) })
}
