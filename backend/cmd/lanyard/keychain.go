package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

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
	if held := p.held(before); store != before.Store && store != keychain.Auto && held > 0 && !leave {
		return fmt.Errorf("%s of Lanyard's are in %s: take them along with: lanyard keychain move --to %s (or leave them there: --leave)", counted(held), before.Name, store)
	}
	if err := p.useKeyFile(keyFile); err != nil {
		return err
	}
	if store == keychain.File && before.File == "" {
		if err := p.computer.Keychain.Make(ctx); err != nil {
			return err
		}
	}
	if err := p.pin(store); err != nil {
		return err
	}
	now, err := p.computer.Keychain.Standing(ctx)
	if err != nil {
		return err
	}
	return p.sayKeychain(ctx, t, asJSON, "Secrets are kept in: %s (%s).", now.Name, now.Store)
}

// held is how many entries the keychain has, or is believed to have.
func (p *parts) held(s keychain.Standing) int {
	if s.Entries >= 0 {
		return s.Entries
	}
	names, _ := p.computer.Keychain.Index()
	return len(names)
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
			moved, err := keychain.Mover{Keychain: p.computer.Keychain, To: store, Pin: p.pin}.Move(cmd.Context())
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

// pin writes the choice of a keychain down.
func (p *parts) pin(store keychain.Store) error {
	return p.computer.Dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.Keychain.Store = string(store)
		return nil
	})
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

// readPassphrase asks on the terminal, without echo and twice for a fresh one,
// and reads one line from anything else.
func readPassphrase(ctx context.Context, t terminal, fresh bool) (keychain.Secret, error) {
	in, isFile := t.In.(*os.File)
	if !isFile || !t.person() {
		line, err := bufio.NewReader(t.In).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", fmt.Errorf("%w: no passphrase on standard input (%w)", keychain.ErrDismissed, err)
		}
		return keychain.Secret(line), nil
	}
	question := "Passphrase of Lanyard's encrypted file"
	if fresh {
		question = "A passphrase for Lanyard's encrypted file (12 characters or more)"
	}
	first, err := readHidden(ctx, t, in, question)
	if err != nil || !fresh || first == "" {
		return first, err
	}
	second, err := readHidden(ctx, t, in, "Once more")
	if err == nil && first != second {
		err = errors.New("the two are not the same; nothing was changed")
	}
	return first, err
}

// readHidden reads a line without echo, and gives the echo back if the person
// interrupts.
func readHidden(ctx context.Context, t terminal, in *os.File, question string) (keychain.Secret, error) {
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	t.interrupt()
	fmt.Fprint(t.Err, question+": ")
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(int(in.Fd()))
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		fmt.Fprintln(t.Err)
		return keychain.Secret(r.text), r.err
	case <-ctx.Done(): // the read stays behind; the program ends
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprintln(t.Err)
		return "", ctx.Err()
	}
}
