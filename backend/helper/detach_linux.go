package helper

import "golang.org/x/sys/unix"

// closeOnStart keeps what the tool left open from those we start. A kernel
// without close_range (before 5.11) leaves it to the tool.
func closeOnStart() { _ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC) }
