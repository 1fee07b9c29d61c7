package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/dockercli"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/registryauth"
	"lanyard/backend/signin"
	"lanyard/backend/why"
)

// The contract with scripts: 0 done, 1 failed, 2 usage, 3 not signed in or
// ended, 4 keychain locked or missing, 5 server not reachable.
func TestExitCodes(t *testing.T) {
	want := map[int][]error{
		0: {nil, childExit(0)},
		1: {
			errors.New("anything else"), context.Canceled, context.DeadlineExceeded, fs.ErrPermission, childExit(1),
			client.ErrDenied, client.ErrExpired, client.ErrNotFound, client.ErrLimited, client.ErrRefused,
			dockercli.ErrNone, dockercli.ErrFailed, dockerconfig.ErrOtherHelper, dockerconfig.ErrRefused,
			keychain.ErrExists, machine.ErrBroken, machine.ErrNewer, machine.ErrBusy, machine.ErrSettings,
			ownservice.ErrForeign, ownservice.ErrRefused, registryauth.ErrRefused, registryauth.ErrRealm, registryauth.ErrLimited,
			signin.ErrBrowser, signin.ErrBusy, signin.ErrStillAccepted, signin.ErrTools, signin.ErrConfig,
		},
		2: {
			usagef("no such flag"), childExit(2), client.ErrAddress, fmt.Errorf("%w: %w", client.ErrAddress, client.ErrInClear), client.ErrTrust,
			keychain.ErrStore, machine.ErrHost, signin.ErrAmbiguous, signin.ErrSecret, signin.ErrUsername, signin.ErrPast, why.ErrImage,
		},
		3: {childExit(3), signin.ErrNotSignedIn, signin.ErrHubAgain, client.ErrEnded, &client.Ended{Reason: "revoked"}, client.ErrPassword},
		4: {
			childExit(4), keychain.ErrLocked, keychain.ErrNoService, keychain.ErrDismissed, keychain.ErrTimeout, keychain.ErrNotRemoved,
			keychain.ErrFailClosed, keychain.ErrFileLocked, keychain.ErrPassphrase, keychain.ErrWeak, keychain.ErrKey, keychain.ErrDamaged,
			keychain.ErrExposed, keychain.ErrNoHold, keychain.ErrNotOurs, keychain.ErrMoving,
			fmt.Errorf("%w: %w", signin.ErrUnfinished, keychain.ErrLocked),
		},
		5: {
			childExit(5), client.ErrUnreachable, client.ErrNotServer, client.ErrServer, client.ErrCertificate, client.ErrProxy,
			registryauth.ErrUnreachable, registryauth.ErrNotRegistry, registryauth.ErrServer, ownservice.ErrNotRunning, ownservice.ErrStart,
		},
	}
	told := map[error]bool{}
	for code, all := range want {
		for _, err := range all {
			told[err] = true
			if got := exitCode(err); got != code {
				t.Errorf("%v: exit %d, want %d", err, got, code)
			}
			if err == nil {
				continue
			}
			err = fmt.Errorf("while this was done: %w", err)
			if got := exitCode(err); got != code {
				t.Errorf("%v: exit %d, want %d", err, got, code)
			}
		}
	}
	for _, a := range advice {
		if !told[a.err] {
			t.Errorf("which code %q has is not said here", a.err)
		}
	}
}

// What is reported is a line for what happened and one for what to do.
func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string // "": nothing is said, as the child has
	}{
		"a gateway":      {fmt.Errorf("%w: https://x.example: 502 Bad Gateway", client.ErrServer), "lanyard: server error: https://x.example: 502 Bad Gateway\n  Its side, "},
		"interrupted":    {fmt.Errorf("login: %w", context.Canceled), "lanyard: stopped; nothing is left half done\n"},
		"a child's code": {childExit(7), ""},
		"not signed in":  {signin.ErrNotSignedIn, "lanyard: not signed in\n  Sign in: lanyard login\n"},
		"named by us":    {errors.New("lanyard: once"), "lanyard: once\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			report(terminal{Err: &said}, c.err)
			if got := said.String(); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}
