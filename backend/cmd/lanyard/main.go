// Command lanyard is the terminal's half of Lanyard and the account service
// itself: it reads flags, builds the parts and runs them. What the parts do is
// theirs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lanyard/backend/keychain"
)

// version is the build, set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv})
	stop()
	os.Exit(code)
}

// terminal is what a command reads and writes.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer // results; everything else
	Getenv   func(string) string

	waits *waiting // nil: nobody would see it
}

// person says whether somebody sits there who can be asked.
func (t terminal) person() bool {
	in, ok := t.In.(*os.File)
	return ok && isatty.IsTerminal(in.Fd())
}

// say writes a line that is no result.
func (t terminal) say(format string, args ...any) {
	t.interrupt()
	fmt.Fprintf(t.Err, format+"\n", args...)
}

// run does one command and returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	t.waits = newWaiting(t)
	root := newRoot(t)
	root.SetArgs(args)
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	err := root.ExecuteContext(ctx)
	t.interrupt()
	if err != nil {
		report(t, err)
	}
	return exitCode(err)
}

func newRoot(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "lanyard",
		Short: "Sign in once; every container tool on this computer is signed in",
		Long: "Lanyard signs you in through your browser and keeps a registry token in the system keychain,\n" +
			"where docker, podman, skopeo, crane and their relatives find it.",
		Version: version, SilenceUsage: true, SilenceErrors: true,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentPreRunE = refuseEmpty
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		loginCommand(t), logoutCommand(t), statusCommand(t), accountsCommand(t), runCommand(t), whyCommand(t), tokenCommand(t), dockerCommand(t),
		orgCommand(t), teamCommand(t), repoCommand(t), applyCommand(t), activityCommand(t),
		serveCommand(t), serviceCommand(t), trustCommand(t), userCommand(t), keychainCommand(t), workerCommand(t),
		refreshCommand(t), janitorCommand(t), usesCommand(t),
		reportCommand(t), completionCommand(t), manCommand(),
	)
	strictHelp(root)
	completions(t, root)
	return root
}

// workerCommand is the child that keychain.Worker runs: one request from
// stdin, one answer to stdout.
func workerCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "keychain-worker", Hidden: true, Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return keychain.RunWorker(t.In, t.Out) },
	}
}

// usageError is a command line that cannot be carried out: exit 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// strictHelp makes help for what there is not a usage error.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			continue
		}
		cmd.Args, cmd.Run = cobra.ArbitraryArgs, nil
		cmd.Short, cmd.Long = "Help about any command", ""
		cmd.RunE = func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("no such command: %.80q; see lanyard --help", strings.Join(args, " "))
			}
			return about.Help()
		}
	}
}

// refuseEmpty takes no empty text for a flag: in a script that is a variable
// that is not set, and what it would mean is not what anybody asked for.
func refuseEmpty(cmd *cobra.Command, _ []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = usagef("--%s is empty; leave it out, or say what is meant", f.Name)
		}
	})
	return err
}

// usageArgs makes wrong arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
}

// group is a command that only holds others; without one of them it is misused.
func group(use, short string, sub ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: usageArgs(cobra.NoArgs), Annotations: map[string]string{"group": "only"}, RunE: func(cmd *cobra.Command, _ []string) error {
		return errors.Join(cmd.Help(), usagef("%s needs one of the commands above", cmd.CommandPath()))
	}}
	cmd.AddCommand(sub...)
	return cmd
}
