// Command docker-credential-lanyard is the credential helper that container
// tools run. See package helper for what it serves.
package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/handover"
	"lanyard/backend/helper"
	"lanyard/backend/ledger"
)

// version is set by the build; empty: what Go recorded.
var version string

func main() {
	runtime.GOMAXPROCS(1) // one question, one answer: waking threads for it takes longer
	parent := os.Getppid()
	noCore()
	if socket := os.Getenv(handover.Variable); socket != "" && strings.Contains(filepath.Base(os.Args[0]), "handover") {
		os.Exit(handOver(socket, os.Args[1:]))
	}
	h := helper.Helper{
		Getenv: os.Getenv, Version: buildVersion(),
		Asker:   func() string { return ledger.Asker(parent) },
		Lanyard: func() string { return beside("lanyard") },
	}
	os.Exit(h.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// handOver asks the program of ours that started the tool, and not the
// keychain. It is known by the name it was called by, so that a variable alone
// changes nothing.
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

// beside is a program that lies where this one does, which is where it is
// looked for and nowhere else; empty if that cannot be told.
func beside(name string) string {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return ""
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name)
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
