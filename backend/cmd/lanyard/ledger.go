package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/signin"
)

func usesCommand(t terminal) *cobra.Command {
	var n int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "uses", Short: "Which tools asked for a token here, when, and from where", Args: usageArgs(cobra.NoArgs),
		Long: "Shows what the credential helper was asked, the latest first: the tool, the registry, the account and\n" +
			"the token that it was given, or why it was given none. The list is kept on this computer alone, in\n" +
			"ledger.jsonl among the files of state, holds no secret, and may be deleted at any time. The same question\n" +
			"again within a minute is one line.",
		RunE: func(*cobra.Command, []string) error { return uses(t, n, asJSON) },
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how many to show; 0: all there are")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func uses(t terminal, n int, asJSON bool) error {
	if n < 0 {
		return usagef("--number %d is less than none", n)
	}
	if n == 0 {
		n = -1
	}
	dirs, err := machine.DirsFrom(t.Getenv)
	if err != nil {
		return err
	}
	all, err := ledger.Ledger{Dir: dirs.State}.Read(n)
	if err != nil {
		return err
	}
	if asJSON {
		views := make([]diagnosis.Use, 0, len(all))
		for _, u := range all {
			views = append(views, diagnosis.Use(u))
		}
		return printJSON(t, views)
	}
	if len(all) == 0 {
		t.say("lanyard: no tool has asked yet")
		return nil
	}
	b := t.table("WHEN", "TOOL", "REGISTRY", "ACCOUNT", "GIVEN", "FOLDER")
	for _, u := range all {
		b.row(signin.Day(u.At), or(ledger.Shown(filepath.Base(u.Tool)), u.Tool != ""),
			ledger.Shown(u.Host), or(ledger.Shown(u.Account), u.Account != ""), diagnosis.Given(u), or(ledger.Shown(u.Folder), u.Folder != ""))
	}
	return b.print()
}

// usesInStatus is how many uses lanyard status tells.
const usesInStatus = 3

// lastUses are the newest; none where the ledger cannot be read, as it is in
// nobody's way.
func (p *parts) lastUses() []diagnosis.Use {
	all, _ := ledger.Ledger{Dir: p.computer.Dirs.State}.Read(usesInStatus)
	views := make([]diagnosis.Use, 0, len(all))
	for _, u := range all {
		views = append(views, diagnosis.Use(u))
	}
	return views
}

// toolName is a program as a person calls it.
func toolName(path string) string {
	if path == "" {
		return "a tool"
	}
	return ledger.Shown(filepath.Base(path))
}

func or(s string, known bool) string {
	if !known {
		return "-"
	}
	return s
}
