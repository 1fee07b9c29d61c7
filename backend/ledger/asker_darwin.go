package ledger

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// Asker is the name of the program that started this one, cut to the 16 bytes
// that the kernel keeps; empty if that program is gone.
func Asker() string {
	parent := os.Getppid()
	if parent <= 1 {
		return ""
	}
	p, err := unix.SysctlKinfoProc("kern.proc.pid", parent)
	if err != nil {
		return ""
	}
	name, _, _ := bytes.Cut(p.Proc.P_comm[:], []byte{0})
	return string(name)
}
