//go:build linux

package keyring

import "lanyard/backend/internal/keyringtest"

// Session and Options are keyringtest's.
type (
	Session = keyringtest.Session
	Options = keyringtest.Options
)

// StartWith is keyringtest.StartWith.
func StartWith(t keyringtest.TB, o Options) *Session { return keyringtest.StartWith(t, o) }
