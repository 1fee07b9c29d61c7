//go:build unix

package keychain

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openNoFollow opens a file to read it; a link, and whatever would keep us
// waiting, is refused.
func openNoFollow(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil && isLink(path) {
		return nil, fmt.Errorf("%w: %s is a link", ErrExposed, path)
	}
	return file, err
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// oursAlone: nobody else may read or write it.
func oursAlone(path string, info fs.FileInfo) error {
	return belongs(path, info, 0o077, os.Geteuid())
}

// oursToWrite: nobody else may write it.
func oursToWrite(path string, info fs.FileInfo) error {
	return belongs(path, info, 0o022, os.Geteuid())
}

// readableByUs: it is ours or the administrator's, and nobody else may read it.
func readableByUs(path string, info fs.FileInfo) error {
	return belongs(path, info, 0o077, os.Geteuid(), 0)
}

func belongs(path string, info fs.FileInfo, never fs.FileMode, owners ...int) error {
	if mode := info.Mode().Perm(); mode&never != 0 {
		return fmt.Errorf("%w: %s has mode %04o: chmod go-rwx %s", ErrExposed, path, mode, path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%w: %s has no owner", ErrExposed, path)
	}
	for _, owner := range owners {
		if int(stat.Uid) == owner {
			return nil
		}
	}
	return fmt.Errorf("%w: %s belongs to user %d, and you are user %d", ErrExposed, path, stat.Uid, os.Geteuid())
}
