package signin

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The system's opener: one that stays, one that fails, and none at all.
func TestOpenSystemBrowser(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	opener := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const page = "https://registry.example/authorize?a=1&b=2"

	said := filepath.Join(bin, "said")
	opener(`echo "$# $1" > ` + said + "; echo noise; echo noise >&2\n")
	if err := OpenSystemBrowser(page); err != nil {
		t.Fatal(err)
	}
	until(t, "the opener to be given the address", func() bool {
		text, err := os.ReadFile(said)
		return err == nil && string(text) == "1 "+page+"\n"
	})

	released := filepath.Join(bin, "released")
	opener("while [ -e " + bin + " ] && ! [ -e " + released + " ]; do /bin/sleep 0.02; done\n") // nor does it outlive the test
	if err := OpenSystemBrowser(page); err != nil {
		t.Errorf("an opener that stays: %v", err)
	}
	if err := os.WriteFile(released, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	opener("exit 3\n")
	until(t, "the failure of an opener to be seen", func() bool { // on a busy machine it may come too late to be
		return errors.Is(OpenSystemBrowser(page), ErrBrowser)
	})
	if err := os.Remove(filepath.Join(bin, "xdg-open")); err != nil {
		t.Fatal(err)
	}
	if err := OpenSystemBrowser(page); !errors.Is(err, ErrBrowser) {
		t.Errorf("no opener at all: %v", err)
	}
}
