package admin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const (
	socketName = "admin.sock"
	pathName   = "admin.sock.path" // names the socket where its path would be too long
	maxPath    = 100               // bytes; sun_path has 104 to 108
)

// Listen opens the socket of a data folder: DATA/admin.sock, or, where that
// path would pass 100 bytes, one in runtimeDir that DATA/admin.sock.path
// names. Only processes of the same user (and root) are let in. The caller
// holds the lock on the database, so a socket that lies there is stale.
func Listen(data, runtimeDir string) (net.Listener, error) {
	path := filepath.Join(data, socketName)
	named := filepath.Join(data, pathName)
	if err := os.Remove(named); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	if len(path) > maxPath {
		if runtimeDir == "" {
			return nil, fmt.Errorf("open admin socket: the path of %s is too long for a socket and XDG_RUNTIME_DIR is not set", data)
		}
		dir, err := os.MkdirTemp(runtimeDir, "lanyard-")
		if err != nil {
			return nil, fmt.Errorf("open admin socket: %w", err)
		}
		path = filepath.Join(dir, socketName)
		if err := os.WriteFile(named, []byte(path+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("open admin socket: %w", err)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	inner, err := net.Listen("unix", path) // the folder around it is 0700 already
	if err != nil {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open admin socket: %w", err), inner.Close())
	}
	return &listener{Listener: inner, named: named}, nil
}

// listener lets in only the service's own user, whatever the file's mode says.
type listener struct {
	net.Listener
	named string
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := peer(conn)
		if err == nil && (uid == os.Getuid() || uid == 0) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// Close removes the socket and the file that named it.
func (l *listener) Close() error {
	_ = os.Remove(l.named)
	return l.Listener.Close()
}
