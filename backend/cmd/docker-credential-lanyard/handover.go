package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/handover"
)

// handedOver is where another program of ours wants to be asked in place of
// the keychain; "" most often. The helper is called by another name then, so
// that a variable alone changes nothing.
func handedOver() string {
	if strings.HasSuffix(filepath.Base(os.Args[0]), "-handover") {
		return os.Getenv(handover.Variable)
	}
	return ""
}

func handOver(socket string, args []string) int {
	if len(args) != 1 {
		return 1
	}
	err := credentials.HandleCommand(handover.Helper{Socket: socket}, args[0], io.LimitReader(os.Stdin, 64<<10), os.Stdout)
	if err != nil {
		_, _ = io.WriteString(os.Stdout, err.Error()+"\n")
		return 1
	}
	return 0
}
