package admin

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// peer is the user id at the other end of conn.
func peer(conn net.Conn) (int, error) {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return -1, errors.New("not a unix socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return -1, err
	}
	uid := -1
	var inner error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); inner == nil {
			uid = int(cred.Uid)
		}
	})
	return uid, errors.Join(err, inner)
}
