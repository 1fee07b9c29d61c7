package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/signin"
	"lanyard/backend/tool"
)

func runCommand(t terminal) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use: "run --as NAME [--] COMMAND [ARGUMENT…]", Short: "Run one command under another account", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: "Runs one command, and what it starts, with NAME's token in place of the active account's, at the\n" +
			"registries of NAME's server. The active accounts stay as they are. NAME is an account of lanyard accounts,\n" +
			"or NAME@SERVER. docker and its relatives get a configuration of their own for it, which is a copy of yours\n" +
			"without the passwords in clear that may be in it; it is removed with the command's end.\n" +
			"The exit code is the command's.",
		Example: "  lanyard run --as work -- docker push registry.example/team/app:1",
		RunE: func(cmd *cobra.Command, args []string) error {
			if as == "" {
				return usagef("run needs --as NAME, an account of lanyard accounts")
			}
			return runAs(cmd.Context(), t, as, args)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the account, as NAME or NAME@SERVER")
	if err := cmd.RegisterFlagCompletionFunc("as", completeAccount(t)); err != nil {
		panic(err) // the flag is there
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is the command's
	return cmd
}

// The codes of shells for a command that cannot be run.
const (
	exitNotRunnable = 126
	exitNoCommand   = 127
)

// childExit is the exit code of a command that was run: it has said itself
// what there was to say.
type childExit int

func (e childExit) Error() string { return fmt.Sprintf("the command ended with exit code %d", int(e)) }

func runAs(ctx context.Context, t terminal, as string, command []string) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	if _, err := p.computer.Expire(ctx); err != nil {
		t.say("lanyard: not finished yet: %v", err)
	}
	all, err := p.computer.Known()
	if err != nil {
		return err
	}
	k, err := signin.Named(all, as)
	if err != nil {
		return err
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.say("lanyard: %v", err)
		if errors.Is(err, fs.ErrPermission) {
			return childExit(exitNotRunnable)
		}
		return childExit(exitNoCommand)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return fmt.Errorf("find the home folder: %w", err)
	}
	lender := signin.Lender{Here: tool.Here{Environ: os.Environ(), Home: home, UID: os.Getuid()}, Helper: p.docker.Helper.Exe, State: p.computer.Dirs.State}

	// From here on nothing ends us before the folder is gone, but SIGKILL:
	// then the next run removes it.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	loan, err := lender.Lend(k)
	if err != nil {
		return err
	}
	defer func() {
		if err := loan.Close(); err != nil {
			t.say("lanyard: %v", err)
		}
	}()
	if len(loan.Left) > 0 {
		t.say("lanyard: not used in this run: %s", strings.Join(loan.Left, "; "))
	}
	child := exec.Command(path, command[1:]...)
	child.Args[0] = command[0]
	child.Env = loan.Environ(os.Environ())
	child.Stdin, child.Stdout, child.Stderr = t.In, t.Out, t.Err
	if err := child.Start(); err != nil {
		t.say("lanyard: %v", err)
		return childExit(exitNotRunnable)
	}
	return wait(child, signals)
}

// wait passes signals on to the command until it ends.
func wait(child *exec.Cmd, signals <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-signals:
			if !fromTerminal(s) {
				_ = child.Process.Signal(s) // it has ended, else
			}
		case err := <-ended:
			var exit *exec.ExitError
			switch {
			case err == nil:
				return nil
			case errors.As(err, &exit):
				return childExit(codeOf(exit.ProcessState))
			}
			return fmt.Errorf("run %s: %w", child.Args[0], err)
		}
	}
}
