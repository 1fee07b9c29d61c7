//go:build linux

package keyringtest

// Uninstall leaves the bus with nobody who keeps secrets, nor can be started
// to, as where the keyring's package was removed. StartDaemon starts one again.
func (s *Session) Uninstall() error {
	if err := s.activate(false); err != nil {
		return err
	}
	return s.KillDaemon()
}
