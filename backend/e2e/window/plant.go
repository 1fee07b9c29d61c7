//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"lanyard/backend/keychain"
)

// marked is a secret that no service would make, to be looked for.
const marked = "lyd_auto_PLANTEDplantedPLANTEDplanted01234567"

// storedKey is what a tool would store a secret of its own under.
const storedKey = "https://planted.example"

// plantedFiles are those in which other programs keep secrets, or Lanyard its
// own things: none of what stands there is for the page.
func (a *answers) plantedFiles() []string {
	dirs := a.computer.Dirs
	return []string{
		filepath.Join(a.desk.Home, ".docker", "config.json"),
		filepath.Join(a.desk.Home, ".config", "containers", "auth.json"),
		filepath.Join(dirs.State, "planted"),
		filepath.Join(dirs.Service(), "planted"),
	}
}

// plant puts the marked secret in the place of this computer's token, beside
// it as one of a tool's own, and into files. It returns every secret that is
// to be looked for.
func (a *answers) plant(ctx context.Context, _ none) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	account, err := a.computer.Find("")
	if err != nil {
		return nil, err
	}
	k := a.computer.Keychain
	token, err := k.GetToken(ctx, account.Server, account.Name)
	if err != nil {
		return nil, err
	}
	session, err := k.GetSession(ctx, account.Server, account.Name)
	if err != nil {
		return nil, err
	}
	planted := token
	planted.Secret = marked
	if err := k.PutToken(ctx, account.Server, account.Name, planted); err != nil {
		return nil, err
	}
	a.before = &token
	if err := k.PutStored(ctx, storedKey, keychain.Stored{Username: "planted", Secret: marked}); err != nil {
		return nil, err
	}
	for _, file := range a.plantedFiles() {
		err := errors.Join(
			os.MkdirAll(filepath.Dir(file), 0o700),
			os.WriteFile(file, []byte(`{"auths": {"planted.example": {"auth": "`+marked+`"}}}`), 0o600),
		)
		if err != nil {
			return nil, err
		}
	}
	return []string{marked, token.Secret.Reveal(), session.Refresh.Reveal()}, nil
}

// restore takes back what was planted.
func (a *answers) restore(ctx context.Context, _ none) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.before == nil {
		return false, nil
	}
	account, err := a.computer.Find("")
	if err != nil {
		return false, err
	}
	k := a.computer.Keychain
	err = errors.Join(
		k.PutToken(ctx, account.Server, account.Name, *a.before),
		k.Delete(ctx, keychain.StoreName(storedKey)),
	)
	for _, file := range a.plantedFiles() {
		err = errors.Join(err, os.Remove(file))
	}
	a.before = nil
	return err == nil, err
}
