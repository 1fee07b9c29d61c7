//go:build !linux

package keychain

import "time"

// Elsewhere no key is held: the file is opened by a key file, or by its
// passphrase for one command.

func holdKey(string, string, time.Duration) error { return ErrNoHold }

func heldKey(string) (string, bool) { return "", false }

func forgetKey(string) error { return nil }
