package ledger

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// Asker is the name of the program that started this one, cut to the 16 bytes
// that the kernel keeps. parent is what os.Getppid said at the start: empty if
// that program is gone since.
func Asker(parent int) string {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", parent)
	if err != nil || parent <= 1 || os.Getppid() != parent {
		return ""
	}
	name, _, _ := bytes.Cut(p.Proc.P_comm[:], []byte{0})
	return string(name)
}
