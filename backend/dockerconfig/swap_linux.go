package dockerconfig

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// swap exchanges two names in one step; errors.ErrUnsupported where the kernel or the file system cannot.
func swap(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return errors.ErrUnsupported
	}
	return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
}

// attributes gives f the access list and the user's own attributes of like.
// Labels of the system are those of a new file in that folder.
func attributes(f *os.File, like string) error {
	size, err := unix.Llistxattr(like, nil)
	if errors.Is(err, unix.ENOTSUP) || size == 0 {
		return nil
	}
	names := make([]byte, max(size, 0))
	if err == nil {
		size, err = unix.Llistxattr(like, names)
	}
	if err != nil {
		return &os.PathError{Op: "list attributes", Path: like, Err: err}
	}
	for name := range strings.SplitSeq(string(names[:size]), "\x00") {
		if name != "system.posix_acl_access" && !strings.HasPrefix(name, "user.") {
			continue
		}
		value := make([]byte, 64<<10) // the kernel's limit
		n, err := unix.Lgetxattr(like, name, value)
		if err == nil {
			err = unix.Fsetxattr(int(f.Fd()), name, value[:n], 0)
		}
		if err != nil {
			return &os.PathError{Op: "keep attribute " + name, Path: like, Err: err}
		}
	}
	return nil
}
