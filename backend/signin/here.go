package signin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Here puts together the parts of the computer and the person that the
// running program belongs to. asked: a person waits, so the keychain may
// prompt.
func Here(getenv func(string) string, asked bool) (*Computer, *DockerConfig, error) {
	dirs, err := machine.DirsFrom(getenv)
	if err != nil {
		return nil, nil, err
	}
	lanyard, err := Beside("lanyard")
	if err != nil {
		return nil, nil, err
	}
	helper, err := Beside(dockerconfig.Program)
	if err != nil {
		return nil, nil, err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, nil, fmt.Errorf("find the home folder: %w", err)
	}
	computer := &Computer{
		Dirs:      dirs,
		Transport: &client.Transport{Trust: client.Trust{Dir: filepath.Join(dirs.Config, "trust")}},
		Keychain: keychain.Keychain{
			Worker: &keychain.Worker{Path: lanyard}, Asked: asked,
			Place: func() (keychain.Place, error) { return place(dirs) },
			Index: func() ([]string, error) { return index(dirs.StateFile()) },
		},
	}
	docker := &DockerConfig{
		File:   dockerconfig.File{Path: dockerconfig.Path(getenv, home), Journal: dirs.State, Vault: &Vault{computer}},
		Helper: dockerconfig.Helper{Exe: helper, Journal: dirs.State, Finder: dockerconfig.Finder{Home: home}},
	}
	computer.Docker = docker
	return computer, docker, nil
}

// place is where the person wants the secrets to be.
func place(dirs machine.Dirs) (keychain.Place, error) {
	s, err := dirs.SettingsFile().Load()
	return keychain.Place{
		Store: keychain.Store(s.Keychain.Store), FailClosed: s.Keychain.FailClosed,
		Dir: dirs.State, KeyFile: s.Keychain.KeyFile,
	}, err
}

// Beside is a program of ours next to the running one; it is looked for
// nowhere else.
func Beside(name string) (string, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name), nil
}

// index lists the entries we believe to have.
func index(state machine.StateFile) ([]string, error) {
	s, err := state.Load()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range s.Entries {
		names = append(names, name)
	}
	return names, nil
}

// ChooseKeychain lets another keychain count from now on, and leaves in the one
// before what is there. The encrypted file is made where it is not there yet.
func (c *Computer) ChooseKeychain(ctx context.Context, store keychain.Store) error {
	s, err := c.Keychain.Standing(ctx)
	if err != nil {
		return err
	}
	if store == keychain.File && s.File == "" {
		if err := c.Keychain.Make(ctx); err != nil {
			return err
		}
	}
	return c.PinKeychain(store)
}

// Held is how many entries a keychain has, or is believed to have.
func (c *Computer) Held(s keychain.Standing) int {
	if s.Entries >= 0 || c.Keychain.Index == nil {
		return max(s.Entries, 0)
	}
	names, _ := c.Keychain.Index()
	return len(names)
}

// PinKeychain writes down where the person wants the secrets to be.
func (c *Computer) PinKeychain(store keychain.Store) error {
	return c.Dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.Keychain.Store = string(store)
		return nil
	})
}
