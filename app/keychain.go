package app

import (
	"context"
	"errors"
	"fmt"

	"lanyard/backend/diagnosis"
	"lanyard/backend/keychain"
)

// Keychain is bound: where this computer's secrets are kept. No secret leaves
// it, and a passphrase only goes in.
type Keychain struct{ core *core }

// KeychainView is how it stands.
type KeychainView struct {
	Store           string `json:"store"` // system, file or none
	Name            string `json:"name"`
	Why             string `json:"why"`
	State           string `json:"state"` // open, locked, missing or broken
	Says            string `json:"says"`
	Entries         int    `json:"entries"` // -1: not known
	File            string `json:"file"`
	OpenBy          string `json:"openBy"`
	SystemAvailable bool   `json:"systemAvailable"`
	CanLock         bool   `json:"canLock"`
}

// maxPassphrase is in bytes.
const maxPassphrase = 1024

// Look changes nothing, and prompts for nothing.
func (k *Keychain) Look() (KeychainView, error) {
	ctx, cancel := k.core.context(glance)
	defer cancel()
	settings, err := k.core.Computer.Dirs.SettingsFile().Load()
	if err != nil {
		return KeychainView{}, err
	}
	chain := k.core.Computer.Keychain
	s, err := chain.Standing(ctx)
	if err != nil {
		return KeychainView{}, err
	}
	r := diagnosis.KeychainOf(s, settings)
	v := KeychainView{Name: r.Name, Why: sentence(r.Why), State: r.State, Entries: s.Entries, File: r.File, OpenBy: r.OpenedBy}
	if r.State == "unusable" {
		v.State = "broken"
	}
	if s.State != nil {
		v.Says = explain(s.State).Message
	}
	switch {
	case s.Store == keychain.File:
		v.Store = "file"
		v.CanLock = s.State == nil && k.byPassphrase(settings.Keychain.KeyFile)
	case r.State == "missing":
		v.Store = "none"
	default:
		v.Store = "system"
	}
	chain.Place = nil // the system's, and nothing else
	err = chain.Probe(ctx)
	v.SystemAvailable = err == nil || errors.Is(err, keychain.ErrLocked)
	return v, nil
}

// byPassphrase: a file that opens by a key would open again at once.
func (*Keychain) byPassphrase(keyFile string) bool { return keyFile == "" }

// Unlock has the system's keychain show its prompt.
func (k *Keychain) Unlock() (KeychainView, error) {
	return k.do(func(ctx context.Context) error { return k.core.Asked.Keychain.Unlock(ctx, keychain.HoldFor) })
}

// UnlockFile opens the encrypted file for some hours.
func (k *Keychain) UnlockFile(passphrase string) (KeychainView, error) {
	chain, err := k.with(passphrase)
	if err != nil {
		return KeychainView{}, err
	}
	return k.do(func(ctx context.Context) error { return chain.Unlock(ctx, keychain.HoldFor) })
}

// Use moves all entries to the other keychain. The passphrase is that of the
// file, which is made where there is none yet.
func (k *Keychain) Use(store, passphrase string) (KeychainView, error) {
	to, known := map[string]keychain.Store{"system": keychain.System, "file": keychain.File}[store]
	if !known {
		return KeychainView{}, fmt.Errorf("%w: %.40q", keychain.ErrStore, store)
	}
	chain, err := k.with(passphrase)
	if err != nil {
		return KeychainView{}, err
	}
	return k.do(func(ctx context.Context) error {
		computer := *k.core.Asked
		computer.Keychain = chain
		s, err := chain.Standing(ctx)
		if err != nil {
			return err
		}
		unmade := s.Store == keychain.File && s.File == "" // the first write would make it
		if (errors.Is(s.State, keychain.ErrNoService) || unmade) && computer.Held(s) == 0 {
			return computer.ChooseKeychain(ctx, to)
		}
		_, err = keychain.Mover{Keychain: chain, To: to, Pin: k.core.Asked.PinKeychain}.Move(ctx)
		return err
	})
}

// Lock forgets what opened the encrypted file.
func (k *Keychain) Lock() (KeychainView, error) {
	return k.do(func(context.Context) error { return k.core.Asked.Keychain.Lock() })
}

// with is the keychain, with what the person typed in the page.
func (k *Keychain) with(passphrase string) (keychain.Keychain, error) {
	if len(passphrase) > maxPassphrase {
		return keychain.Keychain{}, fmt.Errorf("%w: it is longer than %d bytes", keychain.ErrPassphrase, maxPassphrase)
	}
	chain := k.core.Asked.Keychain
	chain.Passphrase = func(context.Context, bool) (keychain.Secret, error) { return keychain.Secret(passphrase), nil }
	return chain, nil
}

func (k *Keychain) do(act func(context.Context) error) (KeychainView, error) {
	ctx, cancel := k.core.context(asked)
	defer cancel()
	defer k.core.poke()
	defer k.core.soon()
	if err := act(ctx); err != nil {
		return KeychainView{}, err
	}
	return k.Look()
}
