package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func orgTokenCommand(t terminal, account *string) *cobra.Command {
	cmd := group("token", "Tokens of an organisation, which outlive whoever made them",
		orgTokenList(t, account), orgTokenCreate(t, account), orgTokenShow(t, account),
		orgTokenSet(t, account, "deactivate", "Refuse tokens until they are activated again", false),
		orgTokenSet(t, account, "activate", "Accept deactivated tokens again", true),
		orgTokenDelete(t, account),
	)
	cmd.Long = "What CI uses, so that it goes on when a person leaves: sign in with the organisation's name and the token.\n" +
		"Owners manage them. A TOKEN is named by its id, by the beginning of it (4 characters or more), or by its whole label."
	return cmd
}

// orgTokenView is a token of an organisation as --json prints it.
type orgTokenView struct {
	ID          string         `json:"id"`
	Label       string         `json:"label"`
	Description string         `json:"description"`
	Status      string         `json:"status"`
	CreatedBy   string         `json:"created_by"`
	CreatedAt   time.Time      `json:"created_at"`
	LastUsed    *time.Time     `json:"last_used"`
	ExpiresAt   *time.Time     `json:"expires_at"`
	Resources   []resourceView `json:"resources"`
	Secret      string         `json:"token,omitempty"`
}

// resourceView is what such a token reaches.
type resourceView struct {
	Path  string   `json:"path"`
	Scope []string `json:"scopes"`
}

func viewOrgToken(one client.OrgToken) orgTokenView {
	v := orgTokenView{
		one.ID, one.Label, one.Description, one.StatusAt(time.Now()), one.CreatedBy, one.CreatedAt, one.LastUsed, one.ExpiresAt, []resourceView{}, "",
	}
	for _, r := range one.Resources {
		v.Resources = append(v.Resources, resourceView{r.Path, actionsOf(r.Scopes)})
	}
	return v
}

func viewOrgTokens(all []client.OrgToken) []orgTokenView {
	views := make([]orgTokenView, 0, len(all))
	for _, one := range all {
		views = append(views, viewOrgToken(one))
	}
	return views
}

func orgTokenList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list ORG", Aliases: []string{"ls"}, Short: "List the tokens of an organisation", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkName("ORG", args[0]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard org token", func(a signin.Access) error {
				all, err := a.Server.OrgTokens(cmd.Context(), a.Token, args[0])
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewOrgTokens(all))
				}
				b := t.table("LABEL", "STATUS", "REACHES", "MADE BY", "LAST USED", "EXPIRES", "ID")
				for _, one := range all {
					b.row(one.Label, one.StatusAt(time.Now()), reaches(one), one.CreatedBy, when(one.LastUsed), when(one.ExpiresAt), one.ID)
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func reaches(one client.OrgToken) string {
	var all []string
	for _, r := range one.Resources {
		all = append(all, r.Path+": "+strings.Join(actionsOf(r.Scopes), ", "))
	}
	return strings.Join(all, "; ")
}

// orgTokens is a command about tokens of an organisation that exist.
type orgTokens struct {
	use, short string
	args       cobra.PositionalArgs
	do         func(ctx context.Context, a signin.Access, organization string, one client.OrgToken) (client.OrgToken, error)
	show       func(organization string, one client.OrgToken) error
}

func (c orgTokens) command(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Args: usageArgs(c.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkName("ORG", args[0]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard org token", func(a signin.Access) error {
				all, err := a.Server.OrgTokens(cmd.Context(), a.Token, args[0])
				if err != nil {
					return err
				}
				var chosen []client.OrgToken
				for _, text := range args[1:] {
					i, err := choose(text, args[0], "lanyard org token list "+args[0], len(all), func(i int) (id, label string) { return all[i].ID, all[i].Label })
					if err != nil {
						return err
					}
					chosen = append(chosen, all[i])
				}
				for i := range chosen {
					if chosen[i], err = c.do(cmd.Context(), a, args[0], chosen[i]); err != nil {
						return afterOthers(err, labels(chosen[:i]))
					}
				}
				t.interrupt()
				switch {
				case asJSON && len(chosen) == 1:
					return printJSON(t, viewOrgToken(chosen[0]))
				case asJSON:
					return printJSON(t, viewOrgTokens(chosen))
				}
				for _, one := range chosen {
					if err := c.show(args[0], one); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: the token, or a list where several were named")
	return cmd
}

func labels(all []client.OrgToken) []string {
	var labels []string
	for _, one := range all {
		labels = append(labels, fmt.Sprintf("%q", one.Label))
	}
	return labels
}

func orgTokenShow(t terminal, account *string) *cobra.Command {
	return orgTokens{
		use: "show ORG TOKEN", short: "Show all that is known of a token, but its secret", args: cobra.ExactArgs(2),
		do: func(ctx context.Context, a signin.Access, organization string, one client.OrgToken) (client.OrgToken, error) {
			return a.Server.OrgToken(ctx, a.Token, organization, one.ID)
		},
		show: func(organization string, one client.OrgToken) error {
			b := &table{out: t.Out}
			b.row("label", one.Label)
			b.row("id", one.ID)
			b.row("description", or(one.Description, one.Description != ""))
			b.row("organisation", organization)
			b.row("status", one.StatusAt(time.Now()))
			for _, r := range one.Resources {
				b.row("reaches", r.Path+": "+strings.Join(actionsOf(r.Scopes), ", "))
			}
			b.row("made by", or(one.CreatedBy, one.CreatedBy != ""))
			b.row("created", when(&one.CreatedAt))
			b.row("last used", when(one.LastUsed))
			b.row("expires", when(one.ExpiresAt))
			return b.print()
		},
	}.command(t, account)
}

func orgTokenSet(t terminal, account *string, use, short string, active bool) *cobra.Command {
	return orgTokens{
		use: use + " ORG TOKEN…", short: short, args: cobra.MinimumNArgs(2),
		do: func(ctx context.Context, a signin.Access, organization string, one client.OrgToken) (client.OrgToken, error) {
			return a.Server.SetOrgToken(ctx, a.Token, organization, one.ID, active)
		},
		show: func(_ string, one client.OrgToken) error {
			t.say("%q is %s.", one.Label, one.StatusAt(time.Now()))
			return nil
		},
	}.command(t, account)
}

func orgTokenDelete(t terminal, account *string) *cobra.Command {
	cmd := orgTokens{
		use: "delete ORG TOKEN…", short: "Delete tokens of an organisation for good", args: cobra.MinimumNArgs(2),
		do: func(ctx context.Context, a signin.Access, organization string, one client.OrgToken) (client.OrgToken, error) {
			return one, a.Server.DeleteOrgToken(ctx, a.Token, organization, one.ID)
		},
		show: func(_ string, one client.OrgToken) error {
			t.say("Deleted %q.", one.Label)
			return nil
		},
	}.command(t, account)
	cmd.Aliases = []string{"rm"}
	return cmd
}
