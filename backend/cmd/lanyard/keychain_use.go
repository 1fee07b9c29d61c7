package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

func keychainUse(t terminal) *cobra.Command {
	var leave, asJSON bool
	var keyFile string
	cmd := &cobra.Command{
		Use: fmt.Sprintf("use %s|file|auto", keychain.System), Short: "Choose the keychain for what is kept from now on", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Chooses the keychain. The encrypted file is made where it is not there yet; its passphrase is asked for on the\n" +
			"terminal, or read as a line from standard input. With --key-file, or a systemd credential " +
			"named\nlanyard-keychain, no passphrase is needed.",
		Example:   "  lanyard keychain use file\n  lanyard keychain use file --key-file /etc/lanyard/key   # made if it is not there\n  lanyard keychain use auto",
		ValidArgs: []string{string(keychain.System), string(keychain.File), "auto"},
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := keychain.ParseStore(args[0])
			if args[0] == "auto" {
				store, err = keychain.Auto, nil
			}
			if err != nil {
				return &usageError{err}
			}
			return useKeychain(cmd.Context(), t, store, keyFile, leave, asJSON)
		},
	}
	keychainJSON(cmd, &asJSON)
	cmd.Flags().BoolVar(&leave, "leave", false, "leave the entries where they are; tools do not get them any more")
	cmd.Flags().StringVar(&keyFile, "key-file", "", "file with the key of the encrypted file, instead of a passphrase")
	return cmd
}

func useKeychain(ctx context.Context, t terminal, store keychain.Store, keyFile string, leave, asJSON bool) error {
	p, err := keychainParts(t)
	if err != nil {
		return err
	}
	before, err := p.computer.Keychain.Standing(ctx)
	if err != nil {
		return err
	}
	if held := p.computer.Held(before); store != before.Store && store != keychain.Auto && held > 0 && !leave {
		return fmt.Errorf("%s of Lanyard's are in %s: take them along with: lanyard keychain move --to %s (or leave them there: --leave)", counted(held), before.Name, store)
	}
	if err := p.useKeyFile(keyFile); err != nil {
		return err
	}
	if err := p.computer.ChooseKeychain(ctx, store); err != nil {
		return err
	}
	now, err := p.computer.Keychain.Standing(ctx)
	if err != nil {
		return err
	}
	return p.sayKeychain(ctx, t, asJSON, "Secrets are kept in: %s (%s).", now.Name, now.Store)
}

func counted(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func keychainMove(t terminal) *cobra.Command {
	var to, keyFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "move --to " + string(keychain.System) + "|file", Short: "Take all entries to another keychain", Args: usageArgs(cobra.NoArgs),
		Long: "Copies every entry of Lanyard's and reads it back, makes the other keychain count, and then deletes the old\n" +
			"entries. Cut off at any point, it loses nothing: the same command finishes it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := keychain.ParseStore(to)
			if err != nil {
				return &usageError{err}
			}
			p, err := keychainParts(t)
			if err != nil {
				return err
			}
			if err := p.useKeyFile(keyFile); err != nil {
				return err
			}
			done := t.waitFor("Moving the entries")
			moved, err := keychain.Mover{Keychain: p.computer.Keychain, To: store, Pin: p.computer.PinKeychain}.Move(cmd.Context())
			done()
			if err != nil {
				return err
			}
			name := p.computer.Keychain.Name(cmd.Context())
			if moved.From == keychain.Auto {
				return p.sayKeychain(cmd.Context(), t, asJSON, "Secrets are kept in %s already.", name)
			}
			return p.sayKeychain(cmd.Context(), t, asJSON, "Moved %s to %s; none is left in %s.", counted(moved.Entries), name, moved.From)
		},
	}
	keychainJSON(cmd, &asJSON)
	cmd.Flags().StringVar(&to, "to", "", string(keychain.System)+" or file")
	cmd.Flags().StringVar(&keyFile, "key-file", "", "file with the key of the encrypted file, instead of a passphrase")
	_ = cmd.RegisterFlagCompletionFunc("to", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(keychain.System), string(keychain.File)}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// useKeyFile writes the key file down, and makes it where it is not there.
func (p *parts) useKeyFile(path string) error {
	if path == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := keychain.MakeKeyFile(path); err != nil {
			return err
		}
	}
	return p.computer.Dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.Keychain.KeyFile = path
		return nil
	})
}
