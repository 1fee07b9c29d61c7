package handover

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// same refuses another user's program: ErrStranger.
func same(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStranger, err)
	}
	var peer *unix.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) { peer, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return fmt.Errorf("%w: %w", ErrStranger, err)
	}
	if asked != nil || int(peer.Uid) != os.Getuid() {
		return ErrStranger
	}
	return nil
}
