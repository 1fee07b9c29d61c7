package main

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
)

// What the next run of the janitor mends by itself is no failure of this one.
func TestLater(t *testing.T) {
	away := fmt.Errorf("refresh: %w", fmt.Errorf("%w: https://x: %w", client.ErrUnreachable, io.EOF))
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"away":                    {fmt.Errorf("%w: https://x: %w", client.ErrUnreachable, io.EOF), true},
		"away, wrapped":           {away, true},
		"away and locked":         {errors.Join(away, fmt.Errorf("get: %w", keychain.ErrLocked)), true},
		"no keychain":             {keychain.ErrNoService, true},
		"certificate":             {&client.CertificateError{Host: "x:443"}, true},
		"away and something else": {errors.Join(away, io.ErrShortWrite), false},
		"something else":          {io.ErrShortWrite, false},
		"not removed":             {fmt.Errorf("%w: x", keychain.ErrNotRemoved), false},
	} {
		if later(c.err) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}
