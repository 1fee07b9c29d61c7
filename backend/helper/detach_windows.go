package helper

import (
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

func rootFolder() string { return filepath.VolumeName(os.Getenv("SystemRoot")) + `\` }

// detached has no console, and none of the tool's signals.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}

// closeOnStart has nothing to do: only what is named is handed on.
func closeOnStart() {}
