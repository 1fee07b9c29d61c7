//go:build !linux

package keychain

import (
	"context"
	"errors"
	"runtime"

	"github.com/zalando/go-keyring"
)

// System is the keychain of the operating system.
const System Store = "system"

// Elsewhere go-keyring reads too. macOS and Windows unlock their keychain with
// the person's session, so locked and missing do not come up.

func read(ctx context.Context, name string) ([]byte, error) {
	type result struct {
		value string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := keyring.Get(Service, name)
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, keyring.ErrNotFound) {
			return nil, ErrNotFound
		}
		return []byte(r.value), r.err
	case <-ctx.Done():
		return nil, inTime(ctx, ctx.Err())
	}
}

func holds(ctx context.Context, name string) (bool, error) {
	_, err := read(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// list can only look for what it knows of.
func list(ctx context.Context, index []string) ([]string, error) {
	var names []string
	for _, name := range index {
		held, err := holds(ctx, name)
		if err != nil {
			return nil, err
		}
		if held {
			names = append(names, name)
		}
	}
	return names, nil
}

// removeCopies: a name is unique there.
func removeCopies(context.Context, string, []byte, bool) error { return nil }

// ownDeletes: no, go-keyring deletes.
const ownDeletes = false

func deleteAll(_ context.Context, name string) error { return keyring.Delete(Service, name) }

func writable(context.Context) error { return nil }

func prepare() error { return nil }

func unlock(context.Context) error { return nil }

// replace: go-keyring does it there.
func replace(context.Context, string, []byte) bool { return false }

func classify(err error) error { return err }

func humanName(context.Context) string {
	switch runtime.GOOS {
	case "darwin":
		return "macOS Keychain"
	case "windows":
		return "Windows Credential Manager"
	}
	return "keychain"
}
