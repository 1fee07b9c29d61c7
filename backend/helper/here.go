package helper

import (
	"os"
	"path/filepath"
	"runtime"

	"lanyard/backend/ledger"
)

// Here is the helper as a program of this computer: with its environment, the
// program that started it, and the lanyard that lies beside it.
func Here(version string) Helper {
	parent := os.Getppid()
	return Helper{
		Getenv: os.Getenv, Version: version,
		Asker:   func() string { return ledger.Asker(parent) },
		Lanyard: func() string { return beside("lanyard") },
	}
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
