package app

import (
	"context"
	"encoding/json"
	"errors"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
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

	{keychain.ErrDismissed, "keychain_dismissed", "The keychain's prompt was dismissed, or could not be shown. Nothing was stored.", "Try again and confirm the keychain's prompt."},
	{keychain.ErrLocked, "keychain_locked", "The keychain is locked.", "Unlock it (log in to the desktop, or open your password manager) and try again."},
	{keychain.ErrNoService, "keychain_missing", "No keychain answers in this session, and Lanyard keeps secrets nowhere else.", "Start one, such as GNOME Keyring or KeePassXC's Secret Service, and try again."},
	{keychain.ErrTimeout, "keychain_timeout", "The keychain did not answer in time; whether it was changed is not known.", "Look for a prompt behind other windows and try again."},
	{keychain.ErrNotRemoved, "failed", "The entry is still in the keychain. No tool gets it any more.", "Removing it is tried again by itself."},
	{keychain.ErrMismatch, "failed", "The keychain holds something else than what was written to it.", "Try again; if it stays so, look at the program that keeps the keychain."},
	{keychain.ErrTooBig, "failed", "The keychain takes no entry of that size. Nothing was stored.", "Ask who runs the server: its tokens are too long."},
	{keychain.ErrEntry, "failed", "", "Sign out, and sign in again."},
	{keychain.ErrName, "refused", "", "Ask who runs the server."},

	{signin.ErrBusy, "busy", "Another sign-in, or another Lanyard program, is at work.", "Finish or cancel it and try again."},
	{machine.ErrBusy, "busy", "Another Lanyard program is at work.", "Try again in a moment."},
	{dockerconfig.ErrBusy, "busy", "Another Lanyard program is changing docker's configuration.", "Try again in a moment."},
	{dockerconfig.ErrRaced, "busy", "Docker's configuration keeps being changed by another program. Nothing was changed.", "Try again in a moment."},

	{client.ErrAddress, "address", "", "Give https://host or https://host:port."},
	{client.ErrNotServer, "not_server", "", "Check the address. Nothing was opened and nothing changed."},
	{client.ErrCertificate, "refused", "", "If whoever runs the server confirms that fingerprint, trust it in a terminal: lanyard trust HOST"},
	{client.ErrUnreachable, "offline", "", "Check the address and the network, and try again."},
	{client.ErrEnded, "ended", "The session has ended at the service.", "Sign in again."},
	{client.ErrDenied, "denied", "", "Try again if that was not meant."},
	{client.ErrExpired, "expired", "Nobody finished it in the browser in time. Nothing was changed.", "Try again."},
	{client.ErrLimited, "limited", "", "Wait a while and try again."},
	{client.ErrNotFound, "not_found", "There is no such token any more.", "Look at the list again."},
	{client.ErrRefused, "refused", "", ""},
	{client.ErrServer, "failed", "", "Try again in a moment; the service's log says more."},

	{signin.ErrNotSignedIn, "not_signed_in", "Nobody is signed in on this computer.", "Sign in."},
	{keychain.ErrNotFound, "not_signed_in", "The keychain has no entry for that any more.", "Sign in again."},
	{signin.ErrBrowser, "failed", "No browser could be opened.", "Copy the link, or use a code instead."},
	{signin.ErrStillAccepted, "failed", "", "Delete the token in the list of your account."},

	{dockerconfig.ErrHelperNotFound, "helper_missing", "", "Agree to the copy, or put the helper on your PATH; then apply again."},
	{dockerconfig.ErrForeignHelper, "refused", "", ""},
	{dockerconfig.ErrOtherHelper, "other_helper", "", "Leave it so, or let Lanyard take its place. Undo puts it back."},
	{dockerconfig.ErrRefused, "refused", "", "Put the file right, or move it away; then try again."},
	{dockerconfig.ErrHost, "refused", "", "Ask who runs the server: docker's configuration cannot name that registry."},
	{dockerconfig.ErrJournal, "failed", "", "See that the file and its folder can be read and written, and try again."},
	{dockerconfig.ErrShell, "failed", "", "Put your shell's start-up files right, and try again."},

	{ownservice.ErrNotRunning, "offline", "This computer's own service is not running.", "Start it."},
	{ownservice.ErrForeign, "refused", "", ""},
	{ownservice.ErrRefused, "refused", "", ""},
	{ownservice.ErrStart, "failed", "", "Read its log beside its data, and try again."},

	{machine.ErrBroken, "failed", "", ""},
	{machine.ErrNewer, "failed", "", "Update this program."},
	{machine.ErrHost, "refused", "", "Ask who runs the server: no tool can name that registry."},
	{machine.ErrNoHome, "failed", "", "Set HOME, and start Lanyard again."},
	{errNothingToOpen, "failed", "", ""},
	{errTooLong, "refused", "", ""},
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
