//go:build linux

package app

import (
	"testing"

	"lanyard/backend/e2e/keyring"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// filed is a world whose keychain can also be the encrypted file, by the
// person's settings.
func filed(t *testing.T, k keyring.Options) *world {
	t.Helper()
	w := newWorldWith(t, k)
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	dirs := w.core.Computer.Dirs
	place := func() (keychain.Place, error) {
		s, err := dirs.SettingsFile().Load()
		return keychain.Place{Store: keychain.Store(s.Keychain.Store), FailClosed: s.Keychain.FailClosed, Dir: dirs.State, KeyFile: s.Keychain.KeyFile}, err
	}
	for _, c := range []*keychain.Keychain{&w.core.Computer.Keychain, &w.core.Asked.Keychain} {
		c.Place = place
		c.Index = func() ([]string, error) {
			s, err := dirs.StateFile().Load()
			var names []string
			for name := range s.Entries {
				names = append(names, name)
			}
			return names, err
		}
	}
	return w
}

func TestKeychainPane(t *testing.T) {
	w := filed(t, keyring.Options{})
	k := w.App.keychain
	v, err := k.Look()
	if err != nil || v.Store != "system" || v.State != "open" || v.Name == "" || !v.SystemAvailable || v.CanLock || v.Entries != 0 || v.File != "" {
		t.Fatalf("%+v %v", v, err)
	}
	w.signIn()
	if v, err = k.Look(); err != nil || v.Entries != 2 {
		t.Errorf("%+v %v", v, err)
	}
	const passphrase = "violet umbrella pedals north"
	for name, c := range map[string]struct{ store, passphrase, code string }{
		"nowhere": {"cloud", "", "failed"}, "too short": {"file", "short", "refused"}, "nothing": {"file", "", "keychain_dismissed"},
	} {
		if _, err := k.Use(c.store, c.passphrase); codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := k.Look(); err != nil || v.Store != "system" || v.Entries != 2 {
			t.Fatalf("%s changed it: %+v %v", name, v, err)
		}
	}
	if v, err = k.Use("file", passphrase); err != nil || v.Store != "file" || v.State != "open" || v.Entries != 2 || v.File == "" || !v.CanLock || !v.SystemAvailable {
		t.Fatalf("%+v %v", v, err)
	}
	w.stands("active")
	if v, err = k.Lock(); err != nil || v.State != "locked" || v.Says == "" || v.CanLock {
		t.Errorf("%+v %v", v, err)
	}
	w.stands("keychain_locked")
	if _, err := k.UnlockFile("not the passphrase at all"); codeOf(err) != "refused" {
		t.Errorf("%v", err)
	}
	if _, err := k.UnlockFile(string(make([]byte, maxPassphrase+1))); codeOf(err) != "refused" {
		t.Errorf("%v", err)
	}
	if v, err = k.UnlockFile(passphrase); err != nil || v.State != "open" {
		t.Errorf("%+v %v", v, err)
	}
	w.stands("active")
	if v, err = k.Use("system", ""); err != nil || v.Store != "system" || v.Entries != 2 {
		t.Errorf("%+v %v", v, err)
	}
	w.stands("active")
	if _, err := k.Lock(); codeOf(err) != "refused" {
		t.Errorf("the system's is not ours to lock: %v", err)
	}
}

// Where there is no keychain, the file takes its place by the pane alone.
func TestNoKeychainChoosesTheFile(t *testing.T) {
	w := filed(t, keyring.Options{NoBus: true})
	v, err := w.App.keychain.Look()
	if err != nil || v.Store != "none" || v.State != "missing" || v.Says == "" || v.SystemAvailable {
		t.Fatalf("%+v %v", v, err)
	}
	w.stands("keychain_missing")
	if v, err = w.App.keychain.Use("file", "violet umbrella pedals north"); err != nil || v.Store != "file" || v.State != "open" {
		t.Fatalf("%+v %v", v, err)
	}
	w.signIn()
	w.stands("active")
}

// A file that opens by a key has nothing to lock.
func TestAKeyFileIsNotLocked(t *testing.T) {
	w := filed(t, keyring.Options{NoBus: true})
	file := t.TempDir() + "/key"
	if err := keychain.MakeKeyFile(file); err != nil {
		t.Fatal(err)
	}
	err := w.core.Computer.Dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.Keychain.KeyFile = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := w.App.keychain.Use("file", ""); err != nil || v.State != "open" || v.CanLock {
		t.Errorf("%+v %v", v, err)
	}
}
