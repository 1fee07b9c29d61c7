package ownservice_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/ownservice"
)

// Why it did not start is told, and not the advice that stands below that.
func TestWhyItDidNotStart(t *testing.T) {
	for said, want := range map[string]string{
		`printf 'listening\nlanyard: the port is taken\n  Choose another.\n'`: "the port is taken",
		`echo 'panic: oh'`: "panic: oh",
		`true`:             "it said nothing; see ",
	} {
		t.Run(want, func(t *testing.T) {
			data := t.TempDir()
			program := filepath.Join(t.TempDir(), "lanyard")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+said+"\nexit 1\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			s := ownservice.Service{Data: data, Binary: program}
			_, _, err := s.Ensure(t.Context())
			if !errors.Is(err, ownservice.ErrStart) || !strings.HasPrefix(err.Error(), ownservice.ErrStart.Error()+": "+want) || strings.Contains(err.Error(), "Choose") {
				t.Errorf("%v", err)
			}
		})
	}
}
