//go:build !linux

package handover

import "net"

// same leaves it to the folder, which only its owner may enter.
func same(*net.UnixConn) error { return nil }
