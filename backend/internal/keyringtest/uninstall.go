//go:build linux

package keyringtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Uninstall leaves the bus with nobody who keeps secrets, nor can be started
// to, as where the keyring's package was removed. StartDaemon starts one again.
func (s *Session) Uninstall() error {
	if err := os.Remove(filepath.Join(s.dir, "services", "secrets.service")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err; err != nil {
		return err
	}
	return s.KillDaemon()
}
