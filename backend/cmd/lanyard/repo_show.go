package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func repoList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [NAMESPACE]", Aliases: []string{"ls"}, Short: "List the repositories that the account may see", Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			namespace := ""
			if len(args) > 0 {
				if namespace = strings.TrimSuffix(args[0], "/"); checkName("NAMESPACE", namespace) != nil {
					return checkName("NAMESPACE", namespace)
				}
			}
			return withService(cmd.Context(), t, *account, "lanyard repo", func(a signin.Access) error {
				all, err := a.Server.Repositories(cmd.Context(), a.Token, namespace)
				if err != nil {
					return err
				}
				heardRepos(t, a, namespace, all)
				t.interrupt()
				if asJSON {
					views := make([]repoView, 0, len(all))
					for _, r := range all {
						views = append(views, viewRepo(r))
					}
					return printJSON(t, views)
				}
				b := t.table("NAME", "VISIBILITY", "YOU MAY", "LAST PUSH", "LAST PULL", "DESCRIPTION")
				for _, r := range all {
					b.row(r.Name, r.Visibility, or(r.Right, r.Right != ""), touchedAt(r.LastPush), touchedAt(r.LastPull), r.Description)
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func repoShow(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show REPO", Short: "Show a repository: who may do what, last pull and push", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRepository(args[0]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard repo", func(a signin.Access) error {
				r, err := a.Server.Repository(cmd.Context(), a.Token, args[0])
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewRepo(r))
				}
				return showRepo(t, r)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func showRepo(t terminal, r client.Repository) error {
	b := &table{out: t.Out} // a list of facts: nothing of it is cut
	b.row("name", r.Name)
	b.row("description", or(r.Description, r.Description != ""))
	b.row("visibility", r.Visibility)
	b.row("you may", or(r.Right, r.Right != ""))
	for _, g := range r.Given {
		b.row("given", granted(r.Name, g)+": "+g.Right)
	}
	b.row("created", strings.TrimSpace(when(&r.CreatedAt)+" "+by(r.CreatedBy)))
	b.row("tags", tags(r))
	b.row("size", size(r.Size))
	b.row("pulls", fmt.Sprintf("%d, last %s", r.Pulls, touched(r.LastPull)))
	b.row("pushes", fmt.Sprintf("%d, last %s", r.Pushes, touched(r.LastPush)))
	return b.print()
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return "by " + name
}

func tags(r client.Repository) string {
	if r.Tags == nil {
		return "-"
	}
	return fmt.Sprint(*r.Tags)
}

// size is a number of bytes as people say it; nil is not known.
func size(bytes *int64) string {
	if bytes == nil {
		return "-"
	}
	n, units := float64(*bytes), []string{"B", "kB", "MB", "GB", "TB"}
	for n >= 999.5 && len(units) > 1 {
		n, units = n/1000, units[1:]
	}
	if n < 9.95 && units[0] != "B" {
		return fmt.Sprintf("%.1f %s", n, units[0])
	}
	return fmt.Sprintf("%.0f %s", n, units[0])
}

func touchedAt(touch *client.Touch) string {
	if touch == nil {
		return "never"
	}
	return when(&touch.At)
}

// touched is a pull or a push in words: when, what, by whom, with what, from where.
func touched(touch *client.Touch) string {
	if touch == nil {
		return "never"
	}
	said := when(&touch.At)
	if touch.Tag != "" {
		said += ", " + touch.Tag
	}
	switch {
	case touch.By != "" && touch.Token != "":
		said += fmt.Sprintf(", by %s with %q", touch.By, touch.Token)
	case touch.By != "":
		said += ", by " + touch.By
	}
	if touch.IP != "" {
		said += ", from " + touch.IP
	}
	if touch.Agent != "" {
		said += " (" + touch.Agent + ")"
	}
	return said
}
