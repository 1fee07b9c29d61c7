package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func teamCommand(t terminal) *cobra.Command {
	var account string
	cmd := group("team", "Teams of an organisation, and what they may do in its repositories",
		teamList(t, &account), teamCreate(t, &account), teamDelete(t, &account), teamGrant(t, &account), teamRevoke(t, &account),
	)
	cmd.Long = "A team is said as ORG/TEAM, as in acme/dev. What it may do is its own right, in every repository of the\n" +
		"organisation, and what it was given on single ones: lanyard repo grant acme/app acme/dev write"
	accountFlag(cmd, &account)
	return cmd
}

// teamDo is a command about one team, which shows it as it is then.
type teamDo struct {
	use, short string
	args       cobra.PositionalArgs
	do         func(ctx context.Context, a signin.Access, organization, team string, people []string) error
	gone       bool // it is there no more
	said       string
}

func (c teamDo) command(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Args: usageArgs(c.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			organization, name, err := teamOf(args[0])
			if err != nil {
				return err
			}
			if err := checkPeople(args[1:]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard team", func(a signin.Access) error {
				var team client.Team
				if c.gone {
					if team, err = theTeam(cmd.Context(), a, organization, name); err != nil {
						return err
					}
				}
				if err := c.do(cmd.Context(), a, organization, name, args[1:]); err != nil {
					return err
				}
				if !c.gone {
					if team, err = theTeam(cmd.Context(), a, organization, name); err != nil {
						return err
					}
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewTeam(organization, team))
				}
				said := c.said
				if !c.gone {
					said += fmt.Sprintf(" (%s; %s)", everywhere(team.Right), or(strings.Join(team.Members, ", "), len(team.Members) > 0))
				}
				t.say("%s: %s.", args[0], said)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func theTeam(ctx context.Context, a signin.Access, organization, name string) (client.Team, error) {
	o, err := a.Server.Organization(ctx, a.Token, organization)
	if err != nil {
		return client.Team{}, err
	}
	team, ok := o.Team(name)
	if !ok {
		return client.Team{}, fmt.Errorf("%w: %s has no team %s; see lanyard team list %s", client.ErrNotFound, organization, name, organization)
	}
	return team, nil
}

func teamList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [ORG]", Aliases: []string{"ls"}, Short: "List the teams of an organisation, or of all", Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if err := checkName("ORG", args[0]); err != nil {
					return err
				}
			}
			return withService(cmd.Context(), t, *account, "lanyard team", func(a signin.Access) error {
				all, err := orgsNamed(cmd.Context(), a, args)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					heardOrgs(t, a, all)
				}
				t.interrupt()
				views, b := []teamView{}, t.table("TEAM", "RIGHT", "MEMBERS", "DESCRIPTION")
				for _, o := range all {
					for _, team := range o.Teams {
						views = append(views, viewTeam(o.Name, team))
						b.row(o.Name+"/"+team.Name, everywhere(team.Right), strings.Join(team.Members, ", "), team.Description)
					}
				}
				if asJSON {
					return printJSON(t, views)
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// orgsNamed is the organisation that is named, or all.
func orgsNamed(ctx context.Context, a signin.Access, args []string) ([]client.Organization, error) {
	if len(args) == 0 {
		return a.Server.Organizations(ctx, a.Token)
	}
	o, err := a.Server.Organization(ctx, a.Token, args[0])
	return []client.Organization{o}, err
}

func teamCreate(t terminal, account *string) *cobra.Command {
	var right, description string
	cmd := teamDo{
		use: "create ORG/TEAM [NAME…]", short: "Make a team, of these members of the organisation", args: cobra.MinimumNArgs(1), said: "created",
		do: func(ctx context.Context, a signin.Access, organization, team string, people []string) error {
			if err := oneOf("--right", right, rightWords); err != nil {
				return err
			}
			if err := a.Server.CreateTeam(ctx, a.Token, organization, client.TeamPatch{Name: team, Description: &description, Right: &right}); err != nil {
				return err
			}
			return addToTeam(ctx, a, organization, team, people)
		},
	}.command(t, account)
	cmd.Flags().StringVar(&right, "right", "", "what it may do in every repository of the organisation: read, write or admin (default: only what it is given)")
	cmd.Flags().StringVar(&description, "description", "", "what it is for, at most 500 characters")
	return cmd
}

func addToTeam(ctx context.Context, a signin.Access, organization, team string, people []string) error {
	for i, person := range people {
		if err := a.Server.AddToTeam(ctx, a.Token, organization, team, person); err != nil {
			return afterOthers(err, people[:i])
		}
	}
	return nil
}

func teamDelete(t terminal, account *string) *cobra.Command {
	var yes bool
	cmd := teamDo{
		use: "delete ORG/TEAM", short: "Delete a team, and what it was given", args: cobra.ExactArgs(1), gone: true, said: "deleted",
		do: func(ctx context.Context, a signin.Access, organization, team string, _ []string) error {
			if err := sure(t, yes, fmt.Sprintf("Delete the team %s/%s and all that it was given?", organization, team)); err != nil {
				return err
			}
			return a.Server.DeleteTeam(ctx, a.Token, organization, team)
		},
	}.command(t, account)
	cmd.Aliases = []string{"rm"}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func teamGrant(t terminal, account *string) *cobra.Command {
	var right string
	cmd := teamDo{
		use: "grant ORG/TEAM [NAME…]", short: "Add members to a team, or let it do more", args: cobra.MinimumNArgs(1), said: "granted",
		do: func(ctx context.Context, a signin.Access, organization, team string, people []string) error {
			if err := oneOf("--right", right, rightWords); err != nil {
				return err
			}
			if right == "" && len(people) == 0 {
				return usagef("nothing to grant: name people, or a right with --right")
			}
			if right != "" {
				if err := a.Server.ChangeTeam(ctx, a.Token, organization, team, client.TeamPatch{Right: &right}); err != nil {
					return err
				}
			}
			return addToTeam(ctx, a, organization, team, people)
		},
	}.command(t, account)
	cmd.Example = "  lanyard team grant acme/dev bob carl\n  lanyard team grant acme/dev --right write    # in every repository of acme"
	cmd.Flags().StringVar(&right, "right", "", "what the team may do in every repository of the organisation, in the place of what it could: read, write or admin")
	return cmd
}

func teamRevoke(t terminal, account *string) *cobra.Command {
	var right bool
	cmd := teamDo{
		use: "revoke ORG/TEAM [NAME…]", short: "Take members out of a team, or its right to every repository", args: cobra.MinimumNArgs(1), said: "revoked",
		do: func(ctx context.Context, a signin.Access, organization, team string, people []string) error {
			if !right && len(people) == 0 {
				return usagef("nothing to revoke: name people, or say --right")
			}
			if right {
				none := ""
				if err := a.Server.ChangeTeam(ctx, a.Token, organization, team, client.TeamPatch{Right: &none}); err != nil {
					return err
				}
			}
			for i, person := range people {
				if err := a.Server.RemoveFromTeam(ctx, a.Token, organization, team, person); err != nil {
					return afterOthers(err, people[:i])
				}
			}
			return nil
		},
	}.command(t, account)
	cmd.Flags().BoolVar(&right, "right", false, "take away its right to every repository; what it was given on single ones stays")
	return cmd
}
