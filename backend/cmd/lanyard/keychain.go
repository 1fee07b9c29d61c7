package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
	"lanyard/backend/keychain"
)

func keychainCommand(t terminal) *cobra.Command {
	cmd := group("keychain", "Where Lanyard keeps its secrets on this computer",
		keychainStatus(t), keychainUse(t), keychainMove(t), keychainUnlock(t), keychainLock(t))
	cmd.Long = "Secrets are kept in the system's keychain. Where there is none, as on a server without a desktop,\n" +
		"an encrypted file takes its place. Nothing is ever kept in clear."
	return cmd
}

func keychainStatus(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Which keychain it is, why, and whether it is open", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			settings, err := p.computer.Dirs.SettingsFile().Load()
			if err != nil {
				return err
			}
			s, err := p.computer.Keychain.Standing(cmd.Context())
			if err != nil {
				return err
			}
			report := diagnosis.KeychainOf(s, settings)
			if asJSON {
				if err := printJSON(t, report); err != nil {
					return err
				}
			} else {
				printKeychain(t, report)
			}
			return s.State
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printKeychain(t terminal, r diagnosis.Keychain) {
	fmt.Fprintf(t.Out, "keychain: %s (%s)\n", r.Name, r.Store)
	fmt.Fprintf(t.Out, "  why      %s\n", r.Why)
	fmt.Fprintf(t.Out, "  state    %s\n", r.State)
	if r.Entries != nil {
		fmt.Fprintf(t.Out, "  entries  %d\n", *r.Entries)
	}
	if r.File != "" {
		fmt.Fprintf(t.Out, "  file     %s\n", r.File)
	}
	if r.OpenedBy != "" {
		fmt.Fprintf(t.Out, "  opens by %s\n", r.OpenedBy)
	}
	if r.FailClosed {
		fmt.Fprintln(t.Out, "  policy   fail_closed: no file takes the place of a missing keychain")
	}
	if r.Unfinished != nil {
		fmt.Fprintf(t.Out, "  a move from %s to %s was cut off; finish it: lanyard keychain move --to %[2]s\n", r.Unfinished.From, r.Unfinished.To)
	}
}

func keychainUnlock(t terminal) *cobra.Command {
	duration, asJSON := keychain.HoldFor, false
	cmd := &cobra.Command{
		Use: "unlock", Short: "Open the keychain for a while", Args: usageArgs(cobra.NoArgs),
		Long: "Opens the encrypted file: its passphrase is asked for on the terminal, or read as a line from standard input.\n" +
			"The system's keychain opens with its own prompt.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if duration < time.Second {
				return usagef("--for %v: at least a second", duration)
			}
			p, err := keychainParts(t)
			if err != nil {
				return err
			}
			if err := p.computer.Keychain.Unlock(cmd.Context(), duration); err != nil {
				return err
			}
			return p.sayKeychain(cmd.Context(), t, asJSON, "%s is open.", sentence(p.computer.Keychain.Name(cmd.Context())))
		},
	}
	keychainJSON(cmd, &asJSON)
	cmd.Flags().DurationVar(&duration, "for", duration, "how long the encrypted file stays open")
	return cmd
}

func keychainLock(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "lock", Short: "Close the encrypted file again", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			if err := p.computer.Keychain.Lock(); err != nil {
				return err
			}
			return p.sayKeychain(cmd.Context(), t, asJSON, "%s is locked.", sentence(p.computer.Keychain.Name(cmd.Context())))
		},
	}
	keychainJSON(cmd, &asJSON)
	return cmd
}

func keychainJSON(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print how it stands then, as JSON")
}

// sayKeychain says what was done to the keychain, in a sentence or as status
// would have it now.
func (p *parts) sayKeychain(ctx context.Context, t terminal, asJSON bool, format string, args ...any) error {
	if !asJSON {
		_, err := fmt.Fprintf(t.Out, format+"\n", args...)
		return err
	}
	settings, err := p.computer.Dirs.SettingsFile().Load()
	if err != nil {
		return err
	}
	now, err := p.computer.Keychain.Standing(ctx)
	if err != nil {
		return err
	}
	return printJSON(t, diagnosis.KeychainOf(now, settings))
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// keychainParts are parts for a command that is about the keychain itself:
// what stands in standard input is the passphrase.
func keychainParts(t terminal) (*parts, error) {
	p, err := newParts(t, true)
	if err == nil {
		p.computer.Keychain.Passphrase = func(ctx context.Context, fresh bool) (keychain.Secret, error) {
			return readPassphrase(ctx, t, fresh)
		}
	}
	return p, err
}
