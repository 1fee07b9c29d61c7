package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

func serviceCommand(t terminal) *cobra.Command {
	return group("service", "This computer's own account service and registry",
		serviceStart(t), serviceStop(t), serviceStatus(t), serviceInstall(t), serviceUninstall(t), serviceSetupCode(t))
}

func serviceStart(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "start", Short: "Start it, or restart it after an update", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			done := t.waitFor("Starting this computer's own service")
			st, started, err := p.own.Ensure(cmd.Context())
			done()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(t, st)
			}
			said := "runs already"
			if started {
				said = "started"
			}
			fmt.Fprintf(t.Out, "The own service %s at %s (process %d).\n", said, st.PublicURL, st.PID)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func serviceStop(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "stop", Short: "Stop it; pulls from its registry fail until it runs again", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			err = p.own.Stop(cmd.Context())
			if asJSON && (err == nil || errors.Is(err, ownservice.ErrNotRunning)) {
				return printJSON(t, stopReport{WasRunning: err == nil})
			}
			if errors.Is(err, ownservice.ErrNotRunning) {
				fmt.Fprintln(t.Out, "The own service was not running.")
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(t.Out, "The own service has stopped.")
			if a, err := p.own.Automatic(cmd.Context()); err == nil && a.Survives() {
				t.say("It starts again when you log in; to end that: lanyard service uninstall")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// stopReport is service stop --json; names are stable.
type stopReport struct {
	WasRunning bool `json:"was_running"`
}

// codeReport is service setup-code --json; names are stable.
type codeReport struct {
	Code string `json:"code"`
}

func serviceStatus(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Where it runs and what it keeps", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			st, failed := p.own.Status(cmd.Context())
			automatic, err := p.own.Automatic(cmd.Context())
			if err != nil {
				return errors.Join(failed, err)
			}
			if asJSON && failed == nil {
				return printJSON(t, serviceStatusReport{st, automatic})
			}
			if failed != nil {
				sayAutomatic(t, automatic)
				return failed
			}
			fmt.Fprintf(t.Out, "address   %s\nprocess   %d, since %s\nbuild     %s\ndata      %s\nimages    %s\n",
				st.PublicURL, st.PID, signin.Day(st.StartedAt), st.Version, st.Data, st.Storage)
			if st.NeedsSetup {
				fmt.Fprintln(t.Out, "It has no account yet: lanyard login sets it up.")
			}
			sayAutomatic(t, automatic)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func serviceSetupCode(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "setup-code", Short: "Show a fresh code for making the first administrator", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			code, err := p.own.SetupCode(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(t, codeReport{code})
			}
			t.say("Type this code on the set-up page within 15 minutes:")
			fmt.Fprintln(t.Out, code)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
