// Command docker-credential-lanyard is the credential helper that container
// tools run. See package helper for what it serves.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"lanyard/backend/helper"
	"lanyard/backend/ledger"
)

// version is set by the build; empty: what Go recorded.
var version string

func main() {
	runtime.GOMAXPROCS(1) // one question, one answer: waking threads for it takes longer
	parent := os.Getppid()
	noCore()
	h := helper.Helper{
		Getenv: os.Getenv, Version: buildVersion(),
		Asker:   func() string { return ledger.Asker(parent) },
		Lanyard: func() string { return beside("lanyard") },
	}
	os.Exit(h.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
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
