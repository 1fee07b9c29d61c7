package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func repoTagCommand(t terminal, account *string) *cobra.Command {
	cmd := group("tag", "Tags of a repository, where the registry is the service's own", repoTagList(t, account), repoTagDelete(t, account))
	cmd.Long = "For a service that is the registry itself (lanyard serve --storage). Another registry lists and deletes its own."
	return cmd
}

// tagView is a tag as --json prints it.
type tagView struct {
	Name      string     `json:"name"`
	Digest    string     `json:"digest"`
	MediaType string     `json:"media_type"`
	Size      int64      `json:"size"`
	Platforms []string   `json:"platforms"`
	PushedAt  *time.Time `json:"pushed_at"`
}

func repoTagList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list REPO", Aliases: []string{"ls"}, Short: "List the tags of a repository", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRepository(args[0]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard repo tag", func(a signin.Access) error {
				all, err := a.Server.Tags(cmd.Context(), a.Token, args[0])
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewTags(all))
				}
				b := t.table("TAG", "SIZE", "PLATFORMS", "PUSHED", "DIGEST")
				for _, one := range all {
					b.row(one.Name, size(&one.Size), strings.Join(one.Platforms, ", "), when(one.PushedAt), one.Digest)
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func viewTags(all []client.Tag) []tagView {
	views := make([]tagView, 0, len(all))
	for _, one := range all {
		views = append(views, tagView{one.Name, one.Digest, one.MediaType, one.Size, listed(one.Platforms), one.PushedAt})
	}
	return views
}

// deletedTags are those that went.
type deletedTags struct {
	Repository string   `json:"repository"`
	Tags       []string `json:"tags"`
}

func repoTagDelete(t terminal, account *string) *cobra.Command {
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use: "delete REPO TAG…", Aliases: []string{"rm"}, Short: "Delete tags of a repository", Args: usageArgs(cobra.MinimumNArgs(2)),
		Long: "Deletes tags. An image that has another tag stays; what none has is freed by the service's garbage collection:\n" +
			"lanyard serve gc",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRepository(args[0]); err != nil {
				return err
			}
			for _, tag := range args[1:] {
				if !tagForm.MatchString(tag) {
					return usagef("%.80q is no tag", tag)
				}
			}
			if err := sure(t, yes, fmt.Sprintf("Delete %s of %s?", strings.Join(args[1:], ", "), args[0])); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard repo tag", func(a signin.Access) error {
				for i, tag := range args[1:] {
					if err := a.Server.DeleteTag(cmd.Context(), a.Token, args[0], tag); err != nil {
						return afterOthers(err, args[1:i+1])
					}
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, deletedTags{args[0], args[1:]})
				}
				t.say("Deleted %s of %s.", strings.Join(args[1:], ", "), args[0])
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
