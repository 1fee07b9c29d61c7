package keychain

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// An open key is held by the kernel, in the keyring of the person (keyrings(7)):
// it is never on a disk nor swapped out, the kernel ends it in time, and it is
// gone when the computer is off. Every program of the same person can read it,
// as it can an unlocked Secret Service. A file in $XDG_RUNTIME_DIR would be no
// safer, may be swapped out, and would need us to end it in time.

const (
	keyKind = "user"
	keyMax  = 256 // bytes of a key's text
	// What may be done to the key (keyctl_setperm(2)): everything by whoever
	// possesses it, everything but changing its link by the same user, who
	// may have another session; nothing by anyone else.
	keyPerm = 0x3f000000 | 0x002f0000
)

func holdKey(name, key string, duration time.Duration) error {
	// Linux keeps credentials by thread (credentials(7)): a process keyring that
	// one thread of ours makes is unknown to the others, and on another one the
	// key would not be ours to change.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Made in this process' own keyring, where we possess it whatever the
	// session, and then linked into the person's.
	id, err := unix.AddKey(keyKind, name, []byte(key), unix.KEY_SPEC_PROCESS_KEYRING)
	if err != nil {
		return noHold(err)
	}
	defer func() { _, _ = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, unix.KEY_SPEC_PROCESS_KEYRING, 0, 0) }()
	if err := unix.KeyctlSetperm(id, keyPerm); err != nil {
		return noHold(err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, id, int(duration/time.Second), 0, 0); err != nil {
		return noHold(err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_LINK, id, unix.KEY_SPEC_USER_KEYRING, 0, 0); err != nil {
		return noHold(err)
	}
	return nil
}

func noHold(err error) error { return fmt.Errorf("%w: %w", ErrNoHold, err) }

func heldKey(name string) (string, bool) {
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, keyKind, name, 0)
	if err != nil {
		return "", false
	}
	text := make([]byte, keyMax)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, text, 0)
	if err != nil || n > keyMax {
		return "", false
	}
	return string(text[:n]), true
}

// forgetKey is done when nothing is held any more.
func forgetKey(name string) error {
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, keyKind, name, 0)
	if errors.Is(err, unix.ENOKEY) || errors.Is(err, unix.EKEYEXPIRED) || errors.Is(err, unix.EKEYREVOKED) {
		return nil
	}
	if err != nil {
		return noHold(err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_REVOKE, id, 0, 0, 0); err != nil {
		return noHold(err)
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, unix.KEY_SPEC_USER_KEYRING, 0, 0)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return noHold(err)
	}
	return nil
}
