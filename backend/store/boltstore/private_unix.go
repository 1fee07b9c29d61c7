//go:build unix

package boltstore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// private wants a file that is this user's alone.
func private(info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return ErrOwner
	}
	if info.Mode().Perm()&0o077 != 0 {
		return ErrExposed
	}
	return nil
}

// syncDir makes the names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
