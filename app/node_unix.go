//go:build unix

package app

import (
	"os"
	"syscall"
)

// nodeOf is which file it is: one that took another's place within a moment may
// look the same otherwise.
func nodeOf(info os.FileInfo) any {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return nil
}
