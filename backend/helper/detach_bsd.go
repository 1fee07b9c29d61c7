//go:build unix && !linux

package helper

import "golang.org/x/sys/unix"

// closeOnStart keeps what the tool left open from those we start.
func closeOnStart() {
	for fd := 3; fd < 256; fd++ {
		unix.CloseOnExec(fd)
	}
}
