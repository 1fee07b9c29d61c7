package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
)

func reportCommand(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "report", Short: "All that helps to find a fault, without a secret", Args: usageArgs(cobra.NoArgs),
		Long: "Prints what somebody needs who looks for a fault: versions, the keychain, the modes of files, the accounts with\n" +
			"the last four characters of their tokens, what tools asked lately, and what lanyard docker doctor finds. It holds\n" +
			"no password, token or key, opens nothing that is locked, and asks no server. It does name accounts, servers and\n" +
			"registries: read it before you send it.",
		Example: "  lanyard report > report.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var d diagnosis.Report
			p, err := newParts(t, false)
			if err != nil {
				d = diagnosis.Failed(version, time.Now(), t.Getenv, err)
			} else {
				done := t.waitFor("Looking at this computer")
				d = p.looks().Report(cmd.Context(), time.Now(), t.Getenv)
				done()
			}
			if asJSON {
				return printJSON(t, d)
			}
			t.interrupt()
			_, err = fmt.Fprint(t.Out, d.String())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
