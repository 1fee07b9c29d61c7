//go:build !linux

package admin

import (
	"net"
	"os"
)

// peer trusts the socket's mode where the system tells no peer in a portable way.
func peer(net.Conn) (int, error) { return os.Getuid(), nil }
