package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/tool"
)

func dockerCommand(t terminal) *cobra.Command {
	return group("docker", "The container tools: set up, undo, find what is wrong", dockerSetup(t), dockerUndo(t), dockerDoctor(t))
}

// toolFlag is --tool, which may be repeated.
func toolFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringArrayVar(names, "tool", nil, "only this tool: "+tools()+" (may be repeated; default: those that are here)")
}

func tools() string {
	var all []string
	for _, n := range tool.Names() {
		all = append(all, string(n))
	}
	return strings.Join(all, ", ")
}

// toolNames are the tools that were named.
func toolNames(named []string) ([]tool.Name, error) {
	var names []tool.Name
	for _, n := range named {
		if !slices.Contains(tool.Names(), tool.Name(n)) {
			return nil, usagef("--tool: %q is not one of %s", n, tools())
		}
		names = append(names, tool.Name(n))
	}
	return names, nil
}

// showPlan shows the differences.
func showPlan(t terminal, all []dockerconfig.Piece, copyTo string) {
	for _, one := range all {
		t.say("%s", strings.TrimRight(one.Diff.String(), "\n"))
		if one.Why != "" {
			t.say("    since %s", one.Why)
		}
	}
	if copyTo != "" {
		t.say("%s (new file)\n    a copy of the credential helper, which your shell does not find otherwise", copyTo)
	}
}

// agree asks, or has been told by --yes.
func agree(t terminal, yes bool, question string) error {
	switch {
	case yes || t.person() && ask(t, question):
		return nil
	case t.person():
		return errDeclined
	}
	return usagef("nothing was written, as nobody can be asked here: look at the difference, and say --yes")
}
