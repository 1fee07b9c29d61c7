package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

func keychainCommand(t terminal) *cobra.Command {
	cmd := group("keychain", "Where Lanyard keeps its secrets on this computer",
		keychainStatus(t), keychainUse(t), keychainMove(t), keychainUnlock(t), keychainLock(t))
	cmd.Long = "Secrets are kept in the system's keychain. Where there is none, as on a server without a desktop,\n" +
		"an encrypted file takes its place. Nothing is ever kept in clear."
	return cmd
}

// keychainReport is what status prints with --json; names are stable.
type keychainReport struct {
	Store      string      `json:"store"` // secret-service (system on macOS and Windows), file
	Name       string      `json:"name"`
	Why        string      `json:"why"`
	State      string      `json:"state"` // open, locked, missing, unusable
	Detail     string      `json:"detail,omitempty"`
	Entries    *int        `json:"entries,omitempty"`
	File       string      `json:"file,omitempty"`
	OpenedBy   string      `json:"opened_by,omitempty"`
	FailClosed bool        `json:"fail_closed"`
	Unfinished *moveReport `json:"unfinished_move,omitempty"`
}

type moveReport struct {
	From string `json:"from"`
	To   string `json:"to"`
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
			report := reportKeychain(s, settings)
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

func reportKeychain(s keychain.Standing, settings machine.Settings) keychainReport {
	r := keychainReport{
		Store: string(s.Store), Name: s.Name, Why: s.Why, State: "open",
		File: s.File, OpenedBy: s.OpenBy, FailClosed: settings.Keychain.FailClosed,
	}
	switch {
	case errors.Is(s.State, keychain.ErrLocked):
		r.State = "locked"
	case errors.Is(s.State, keychain.ErrNoService):
		r.State = "missing"
	case s.State != nil:
		r.State = "unusable"
	}
	if s.State != nil {
		r.Detail = s.State.Error()
	}
	if s.Entries >= 0 {
		r.Entries = &s.Entries
	}
	if s.Move != nil {
		r.Unfinished = &moveReport{string(s.Move.From), string(s.Move.To)}
	}
	return r
}

func printKeychain(t terminal, r keychainReport) {
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
	return printJSON(t, reportKeychain(now, settings))
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
