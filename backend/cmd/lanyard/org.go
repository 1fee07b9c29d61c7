package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func orgCommand(t terminal) *cobra.Command {
	var account string
	cmd := group("org", "Organisations of a service: names that several people share",
		orgList(t, &account), orgShow(t, &account), orgCreate(t, &account), orgDelete(t, &account),
		orgGrant(t, &account), orgRevoke(t, &account), orgTokenCommand(t, &account),
	)
	cmd.Long = "Manages the organisations of the service that the account is signed in to. Administrators make them; owners manage\n" +
		"members, teams, repositories and tokens. What its members may do is said by teams and repositories: see\n" +
		"lanyard team and lanyard repo, or write it down and use lanyard apply."
	accountFlag(cmd, &account)
	return cmd
}

// orgView is an organisation as --json prints it.
type orgView struct {
	Name        string     `json:"name"`
	Description string     `json:"description"`
	CreatedAt   time.Time  `json:"created_at"`
	Role        string     `json:"role"` // one's own
	Owners      []string   `json:"owners"`
	Members     []string   `json:"members"`
	Teams       []teamView `json:"teams"`
}

// teamView is a team as --json prints it.
type teamView struct {
	Organization string   `json:"organization"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Right        string   `json:"right"`
	Members      []string `json:"members"`
}

func viewOrg(o client.Organization) orgView {
	v := orgView{o.Name, o.Description, o.CreatedAt, o.Role, listed(o.Owners), listed(o.Members), []teamView{}}
	for _, team := range o.Teams {
		v.Teams = append(v.Teams, viewTeam(o.Name, team))
	}
	return v
}

func viewTeam(organization string, team client.Team) teamView {
	return teamView{organization, team.Name, team.Description, team.Right, listed(team.Members)}
}

// listed is [] in JSON where there is nothing.
func listed(names []string) []string { return append([]string{}, names...) }

// orgDo is a command that changes something and shows the organisation then.
type orgDo struct {
	use, short string
	args       cobra.PositionalArgs
	check      func(args []string) error
	do         func(cmd *cobra.Command, a signin.Access, args []string) (client.Organization, error)
	said       func(o client.Organization, args []string) string
}

func (c orgDo) command(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Args: usageArgs(c.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.check(args); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard org", func(a signin.Access) error {
				o, err := c.do(cmd, a, args)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewOrg(o))
				}
				t.say("%s", c.said(o, args))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func orgList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the organisations that the account may see", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withService(cmd.Context(), t, *account, "lanyard org", func(a signin.Access) error {
				all, err := a.Server.Organizations(cmd.Context(), a.Token)
				if err != nil {
					return err
				}
				heardOrgs(t, a, all)
				t.interrupt()
				if asJSON {
					views := make([]orgView, 0, len(all))
					for _, o := range all {
						views = append(views, viewOrg(o))
					}
					return printJSON(t, views)
				}
				b := t.table("NAME", "YOU", "OWNERS", "MEMBERS", "TEAMS", "DESCRIPTION")
				for _, o := range all {
					b.row(o.Name, o.Role, strings.Join(o.Owners, ", "), fmt.Sprint(len(o.Owners)+len(o.Members)), fmt.Sprint(len(o.Teams)), o.Description)
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func orgShow(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ORG", Short: "Show an organisation: its owners, members and teams", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkName("ORG", args[0]); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard org", func(a signin.Access) error {
				o, err := a.Server.Organization(cmd.Context(), a.Token, args[0])
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewOrg(o))
				}
				b := &table{out: t.Out}
				b.row("name", o.Name)
				b.row("description", or(o.Description, o.Description != ""))
				b.row("created", when(&o.CreatedAt))
				b.row("you", or(o.Role, o.Role != ""))
				b.row("owners", strings.Join(o.Owners, ", "))
				b.row("members", or(strings.Join(o.Members, ", "), len(o.Members) > 0))
				for _, team := range o.Teams {
					b.row("team "+team.Name, fmt.Sprintf("%s: %s", everywhere(team.Right), or(strings.Join(team.Members, ", "), len(team.Members) > 0)))
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// everywhere is a team's right in all repositories, in words.
func everywhere(right string) string {
	if right == "" {
		return "by repository"
	}
	return right + " everywhere"
}

func orgCreate(t terminal, account *string) *cobra.Command {
	var n client.NewOrganization
	cmd := orgDo{
		use: "create ORG", short: "Make an organisation; administrators may", args: cobra.ExactArgs(1),
		check: func(args []string) error {
			if n.Owner != "" {
				if err := checkName("--owner", n.Owner); err != nil {
					return err
				}
			}
			return checkName("ORG", args[0])
		},
		do: func(cmd *cobra.Command, a signin.Access, args []string) (client.Organization, error) {
			n.Name = args[0]
			return a.Server.CreateOrganization(cmd.Context(), a.Token, n)
		},
		said: func(o client.Organization, _ []string) string {
			return fmt.Sprintf("Created %s, owned by %s.", o.Name, strings.Join(o.Owners, ", "))
		},
	}.command(t, account)
	cmd.Flags().StringVar(&n.Owner, "owner", "", "its first owner (default: you)")
	cmd.Flags().StringVar(&n.Description, "description", "", "what it is, at most 500 characters")
	return cmd
}

func orgDelete(t terminal, account *string) *cobra.Command {
	var yes bool
	cmd := orgDo{
		use: "delete ORG", short: "Delete an organisation that has no repositories", args: cobra.ExactArgs(1),
		check: func(args []string) error { return checkName("ORG", args[0]) },
		do: func(cmd *cobra.Command, a signin.Access, args []string) (client.Organization, error) {
			o, err := a.Server.Organization(cmd.Context(), a.Token, args[0])
			if err != nil {
				return o, err
			}
			if err := sure(t, yes, fmt.Sprintf("Delete %s, its %d teams and its tokens?", o.Name, len(o.Teams))); err != nil {
				return o, err
			}
			return o, a.Server.DeleteOrganization(cmd.Context(), a.Token, o.Name)
		},
		said: func(o client.Organization, _ []string) string { return fmt.Sprintf("Deleted %s.", o.Name) },
	}.command(t, account)
	cmd.Aliases = []string{"rm"}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
