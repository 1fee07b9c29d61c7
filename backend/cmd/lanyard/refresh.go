package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
)

// refreshCommand is what the helper starts, detached, when a session's idle
// end comes nearer: at most once an hour (machine.StateFile.ClaimRefresh).
func refreshCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "refresh", Short: "Refresh the sessions that are due", Hidden: true, Args: usageArgs(cobra.NoArgs),
		Long: "Refreshes every session of which its service was not heard for a third of the idle period. Nothing\n" +
			"is printed where all is well. It is started by the credential helper, and may be run by hand.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			done, err := p.computer.Refresh(cmd.Context())
			for _, a := range done {
				t.say("lanyard: %s: refreshed", a)
			}
			return err
		},
	}
}

// janitorCommand is for a timer of the system's, for when nothing else runs.
func janitorCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "janitor", Short: "Do what is to be done when nobody asks for anything", Hidden: true, Args: usageArgs(cobra.NoArgs),
		Long: "Removes from this computer what is past its end, finishes what was cut off, tells services of pending\n" +
			"sign-outs, and refreshes what is due. It asks for nothing and prompts for nothing. A service that does\n" +
			"not answer is no failure: the next run tries again.",
		RunE: func(cmd *cobra.Command, _ []string) error { return janitor(cmd.Context(), t) },
	}
}

func janitor(ctx context.Context, t terminal) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	done, err := p.computer.Tidy(ctx)
	tell(t, done.Expired, done.Settled)
	for _, a := range done.Refreshed {
		t.say("lanyard: %s: refreshed", a)
	}
	if err == nil {
		return nil
	}
	if later(err) {
		t.say("lanyard: not finished yet: %v", err)
		return nil
	}
	return err
}

// later says whether all that went wrong is a service that does not answer, or
// says that a session is over, or a keychain that is locked or not there yet:
// none is for a timer to report as a failure.
func later(err error) bool {
	waits := []error{client.ErrUnreachable, client.ErrServer, client.ErrEnded, keychain.ErrLocked, keychain.ErrNoService}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all := many.Unwrap()
		if slices.Contains(waits, all[0]) { // one error, with its cause
			return true
		}
		for _, one := range all {
			if !later(one) {
				return false
			}
		}
		return true
	}
	return slices.ContainsFunc(waits, func(one error) bool { return errors.Is(err, one) })
}
