package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"lanyard/backend/autostart"
	"lanyard/backend/client"
	"lanyard/backend/dockercli"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/probe"
	"lanyard/backend/registryauth"
	"lanyard/backend/selftest"
	"lanyard/backend/signin"
	"lanyard/backend/why"
)

// Errors of the window's own.
var (
	errTooOld       = errors.New("the server is of an earlier version")
	errAtHub        = errors.New("not told by Docker Hub")
	errSecondFactor = errors.New("the account has a second factor")
	errMoment       = errors.New("not a moment")
)

// ErrorView is what a call is rejected with: a word to decide by, what
// happened and why, and what to do.
type ErrorView struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Action  string `json:"action"`
}

// kinds map errors to it. The first that fits counts. says "": the error's own
// text, which has an address, a path or the service's words in it.
var kinds = []struct {
	err                error
	code, says, action string
}{
	{context.Canceled, "cancelled", "It was cancelled. Nothing was changed.", ""},

	{signin.ErrUnfinished, "failed", "You are signed out, as no tool gets the token any more. The keychain did not open, so the token is still in it, and the service has not been told.", "Unlock the keychain. The rest is then done by itself."},

	{keychain.ErrFailClosed, "keychain_missing", "No keychain answers in this session, and your settings forbid to keep secrets in an encrypted file instead.", "Start the system's keychain and try again, or take fail_closed out of settings.json."},
	{keychain.ErrFileLocked, "keychain_locked", "The encrypted file that keeps your secrets waits for its passphrase.", "Give its passphrase under Settings, or in a terminal: lanyard keychain unlock"},
	{keychain.ErrDismissed, "keychain_dismissed", "The keychain's prompt was dismissed, or could not be shown. Nothing was stored.", "Try again and confirm the keychain's prompt."},
	{keychain.ErrLocked, "keychain_locked", "The keychain is locked.", "Unlock it (log in to the desktop, or open your password manager) and try again."},
	{keychain.ErrNoService, "keychain_missing", "No keychain answers in this session, and without one Lanyard keeps no secrets.", "Start one, such as GNOME Keyring or KeePassXC's Secret Service, and try again."},
	{keychain.ErrTimeout, "keychain_timeout", "The keychain did not answer in time; whether it was changed is not known.", "Look for a prompt behind other windows and try again."},
	{keychain.ErrNotRemoved, "failed", "The entry is still in the keychain. No tool gets it any more.", "Removing it is tried again by itself."},
	{keychain.ErrMismatch, "failed", "The keychain holds something else than what was written to it.", "Try again; if it stays so, look at the program that keeps the keychain."},
	{keychain.ErrTooBig, "failed", "The keychain takes no entry of that size. Nothing was stored.", "Ask who runs the server: its tokens are too long."},
	{keychain.ErrEntry, "failed", "", "Sign out, and sign in again."},
	{keychain.ErrName, "refused", "", "Ask who runs the server."},
	{keychain.ErrPassphrase, "refused", "The passphrase does not open the encrypted file. Nothing was changed.", "Try again."},
	{keychain.ErrWeak, "refused", "", "Try again with a longer one. Nothing was made."},
	{keychain.ErrKey, "failed", "", "See in a terminal which key it expects: lanyard keychain status"},
	{keychain.ErrDamaged, "failed", "", "It was left as it is."},
	{keychain.ErrExposed, "failed", "", "Nothing is read from it until only you can read and write it."},
	{keychain.ErrExists, "refused", "", "Nothing was written over. See in a terminal what it is: lanyard keychain status"},
	{keychain.ErrNoHold, "failed", "", "Open the file with a key file instead of a passphrase, in a terminal: lanyard keychain use file --key-file FILE"},
	{keychain.ErrNotOurs, "refused", "The system's keychain is locked by its own program.", "Lock it there, or with your screen."},
	{keychain.ErrStore, "failed", "", "Put the kind of keychain right in settings.json: system or file."},
	{keychain.ErrMoving, "busy", "", "See in a terminal where it stands: lanyard keychain status"},

	{signin.ErrBusy, "busy", "Another sign-in, or another Lanyard program, is at work.", "Finish or cancel it and try again."},
	{machine.ErrBusy, "busy", "Another Lanyard program is at work.", "Try again in a moment."},
	{dockerconfig.ErrBusy, "busy", "Another Lanyard program is changing docker's configuration.", "Try again in a moment."},
	{dockerconfig.ErrRaced, "busy", "Docker's configuration keeps being changed by another program. Nothing was changed.", "Try again in a moment."},

	{client.ErrInClear, "address", "", "Give https://host. If that server has no other, say in a terminal that it may be so: lanyard login --insecure-http --server ADDRESS"},
	{client.ErrTooNew, "too_new", "", "Update Lanyard on this computer. The token of this computer goes on working."},
	{errTooOld, "too_old", "The server is of an earlier version and does not know what was asked.", "Ask who runs it to update it. Pulls and pushes are not affected."},
	{errAtHub, "refused", "Docker Hub does not tell that to other programs.", "Look at its own pages."},
	{errSecondFactor, "second_factor", "The account has a second factor: its code is asked for.", "Give the six digits of your authenticator, or a recovery code."},
	{errMoment, "refused", "", "Give a moment with its time zone, such as 2027-01-31T12:00:00Z. Nothing was changed."},
	{errNotSaved, "failed", "", "Choose another folder."},
	{probe.ErrKind, "not_server", "", "Check the address. Nothing was opened and nothing changed."},
	{why.ErrImage, "refused", "", "Give it as a tool is given it: registry.example/team/app:tag"},
	{autostart.ErrEdited, "refused", "", "Put that file right by hand, or delete it; then try again."},
	{autostart.ErrUnavailable, "refused", "", ""},
	{autostart.ErrManager, "failed", "", "Try again; the system's journal says more."},
	{dockercli.ErrNone, "refused", "No docker is here that signs in by the browser (version 27 or later).", "Install one, or sign in with a token that you make at Docker Hub."},
	{dockercli.ErrFailed, "failed", "", "Try again, or sign in with a token that you make at Docker Hub."},
	{registryauth.ErrRefused, "denied", "", "Check the name and the token. Nothing was stored."},
	{registryauth.ErrUnreachable, "offline", "", "Check the registry's name and the network, and try again."},
	{registryauth.ErrNotRegistry, "not_server", "", "Check the registry's name. Nothing was stored."},
	{registryauth.ErrRealm, "refused", "", "Nothing was sent there. Ask whoever runs the registry."},
	{registryauth.ErrLimited, "limited", "", "Wait a while and try again."},
	{registryauth.ErrServer, "failed", "", "Try again in a moment."},

	{client.ErrAddress, "address", "", "Give https://host or https://host:port."},
	{client.ErrNotServer, "not_server", "", "Check the address. Nothing was opened and nothing changed."},
	{client.ErrTrust, "failed", "", "Nothing is believed of that server before it is put right."},
	{client.ErrCertificate, "refused", "", "Whoever runs the server has to put it right. Nothing was sent to it."}, // but see certificate
	{client.ErrProxy, "offline", "", "Lanyard takes the proxy from HTTPS_PROXY, and leaves out what NO_PROXY names. Put that right, and start the window again."},
	{client.ErrUnreachable, "offline", "", "Check the address and the network, and try again."},
	{client.ErrEnded, "ended", "The session has ended at the service.", "Sign in again."},
	{client.ErrDenied, "denied", "", "Try again if that was not meant."},
	{client.ErrExpired, "expired", "Nobody finished it in the browser in time. Nothing was changed.", "Try again."},
	{client.ErrLimited, "limited", "", "Wait a while and try again."},
	{client.ErrNotFound, "not_found", "It is not there any more.", "Look at the list again."},
	{client.ErrRefused, "refused", "", ""},
	{client.ErrServer, "failed", "", "Try again in a moment; the service's log says more."},

	{client.ErrPassword, "denied", "", "Try again, or sign in by your own docker, or with a token that you make there."},
	{signin.ErrHubAgain, "ended", "Access to Docker Hub's list of tokens lasts minutes and has expired. The token of this computer goes on working.", "Sign in again."},

	{signin.ErrNotSignedIn, "not_signed_in", "Nobody is signed in on this computer.", "Sign in."},
	{keychain.ErrNotFound, "not_signed_in", "The keychain has no entry for that any more.", "Sign in again."},
	{signin.ErrBrowser, "failed", "No browser could be opened.", "Copy the link, or use a code instead."},
	{signin.ErrStillAccepted, "failed", "", "Delete the token in the list of your account."},
	{signin.ErrAmbiguous, "refused", "", "Say which account is meant, with its server."},
	{signin.ErrSecret, "refused", "", "Copy the token again, whole and alone. Nothing was stored."},
	{signin.ErrUsername, "refused", "", "Give the name that the registry knows you by. Nothing was stored."},
	{signin.ErrPast, "refused", "", "Give a later day, or generate another token. Nothing was stored."},
	{signin.ErrConfig, "failed", "", "Put that file right, or move it away; then try again."},

	{dockerconfig.ErrHelperNotFound, "helper_missing", "", "Agree to the copy, or put the helper on your PATH; then apply again."},
	{dockerconfig.ErrForeignHelper, "refused", "", ""},
	{dockerconfig.ErrOtherHelper, "other_helper", "", "Leave it so, or let Lanyard take its place. Undo puts it back."},
	{dockerconfig.ErrRefused, "refused", "", "Put the file right, or move it away; then try again."},
	{dockerconfig.ErrHost, "refused", "", "Ask who runs the server: docker's configuration cannot name that registry."},
	{dockerconfig.ErrJournal, "failed", "", "See that the file and its folder can be read and written, and try again."},
	{dockerconfig.ErrVault, "failed", "A password lies in docker's configuration in clear, and there is no keychain to move it into. Nothing was changed.", "Start a keychain, and apply again."},
	{dockerconfig.ErrNoLogin, "failed", "Nothing is kept for this registry any more, so that there is nothing to put back.", "Sign in to it again with the tool that needs it."},
	{dockerconfig.ErrNotMovable, "refused", "", "Leave that entry as it is, or take it out with its own tool."},
	{dockerconfig.ErrShell, "failed", "", "Put your shell's start-up files right, and try again."},

	{ownservice.ErrNotRunning, "offline", "This computer's own service is not running.", "Start it."},
	{ownservice.ErrForeign, "refused", "", ""},
	{ownservice.ErrRefused, "refused", "", ""},
	{ownservice.ErrStart, "failed", "", "Read its log beside its data, and try again."},

	{machine.ErrBroken, "failed", "", ""},
	{machine.ErrNewer, "failed", "", "Update this program."},
	{machine.ErrHost, "refused", "", "Ask who runs the server: no tool can name that registry."},
	{machine.ErrNoHome, "failed", "", "Set HOME, and start Lanyard again."},
	{machine.ErrSettings, "failed", "", "Nothing is decided without it."},
	{signin.ErrTools, "failed", "", "Everything else is done. Put right what it names, and apply the tools again."},
	{errNothingToOpen, "failed", "", ""},
	{errTooLong, "refused", "", ""},
	{selftest.ErrDiffers, "failed", "", "Ask whoever runs the registry: what it keeps is damaged."},
	{autostart.ErrJob, "refused", "", ""},
	{selftest.ErrNowhere, "refused", "", "Sign in to a registry first."},
	{context.DeadlineExceeded, "offline", "There was no answer in time.", "Try again in a moment."},
}

// Explain is for options.App.ErrorFormatter. It is text, as Wails' runtime
// makes the text of a JavaScript Error of it; backend.ts reads it.
func Explain(err error) any {
	text, err := json.Marshal(explain(err))
	if err != nil {
		return err.Error() // three strings: cannot be
	}
	return string(text)
}

func explain(err error) ErrorView {
	var refused *client.CertificateError
	if errors.As(err, &refused) && refused.Anchor != nil && !errors.Is(err, context.Canceled) {
		return ErrorView{"refused", sentence(err.Error()), certificate(refused)}
	}
	for _, k := range kinds {
		if !errors.Is(err, k.err) {
			continue
		}
		if k.says != "" {
			return ErrorView{k.code, k.says, k.action}
		}
		return ErrorView{k.code, sentence(err.Error()), k.action}
	}
	return ErrorView{"failed", sentence(err.Error()), "Try again."}
}

// certificate is what to do about one that a person may vouch for: the window
// takes nobody's word for it.
func certificate(e *client.CertificateError) string {
	host := strings.TrimSuffix(e.Host, ":443")
	if e.Trusted != nil {
		return "Do not go on before whoever runs the server has confirmed the new fingerprint, another way than through it. Then trust it in a terminal: lanyard trust " + host
	}
	return "Ask whoever runs the server for the fingerprint, another way than through it. If it is the same, trust it in a terminal: lanyard trust " + host
}

func tooNew(err error) bool { return errors.Is(err, client.ErrTooNew) }

// ofTheWay: a service is not reached for a reason that a person can do something
// about, and that is worth more words than that it does not answer.
func ofTheWay(err error) bool {
	return errors.Is(err, client.ErrCertificate) || errors.Is(err, client.ErrProxy) || errors.Is(err, client.ErrTrust) || tooNew(err)
}
