package main

import (
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand is for make install: a manual page for each command.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages to a folder", Hidden: true, Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			each(root, func(c *cobra.Command) { c.DisableAutoGenTag = true })
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Lanyard " + version, Manual: "Lanyard", Date: built()}, args[0])
		},
	}
}

// built is when the sources of this build were written; nil: not known, which
// is SOURCE_DATE_EPOCH, or now.
func built() *time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if at, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return &at
			}
		}
	}
	return nil
}
