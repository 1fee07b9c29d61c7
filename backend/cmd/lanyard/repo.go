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

func repoCommand(t terminal) *cobra.Command {
	var account string
	cmd := group("repo", "Repositories of a service: who may do what, what was pulled and pushed, tags",
		repoList(t, &account), repoShow(t, &account), repoCreate(t, &account), repoDelete(t, &account),
		repoGrant(t, &account), repoRevoke(t, &account), repoVisibility(t, &account), repoExplain(t, &account),
		repoTagCommand(t, &account),
	)
	cmd.Long = "A REPO is said without host and tag, as in acme/app. A first push makes one, private, where the account may push."
	accountFlag(cmd, &account)
	return cmd
}

// repoView is a repository as --json prints it.
type repoView struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Visibility  string      `json:"visibility"`
	Right       string      `json:"right"` // one's own
	CreatedAt   time.Time   `json:"created_at"`
	CreatedBy   string      `json:"created_by"`
	Pulls       int64       `json:"pulls"`
	Pushes      int64       `json:"pushes"`
	LastPull    *touchView  `json:"last_pull"`
	LastPush    *touchView  `json:"last_push"`
	Given       []givenView `json:"given"`
	Size        *int64      `json:"size"`
	Tags        *int        `json:"tags"`
}

// touchView is a pull or a push.
type touchView struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Token string    `json:"token"`
	IP    string    `json:"ip"`
	Agent string    `json:"agent"`
	Tag   string    `json:"tag"`
}

// givenView is a right on one repository.
type givenView struct {
	To    string `json:"to"` // NAME, or ORG/TEAM
	Right string `json:"right"`
}

func viewRepo(r client.Repository) repoView {
	v := repoView{
		r.Name, r.Description, r.Visibility, r.Right, r.CreatedAt, r.CreatedBy, r.Pulls, r.Pushes,
		(*touchView)(nil), (*touchView)(nil), []givenView{}, r.Size, r.Tags,
	}
	touched := func(touch *client.Touch) *touchView {
		if touch == nil {
			return nil
		}
		return &touchView{touch.At, touch.By, touch.Token, touch.IP, touch.Agent, touch.Tag}
	}
	v.LastPull, v.LastPush = touched(r.LastPull), touched(r.LastPush)
	for _, g := range r.Given {
		v.Given = append(v.Given, givenView{granted(r.Name, g), g.Right})
	}
	return v
}

// granted is NAME, or ORG/TEAM.
func granted(repository string, g client.Given) string {
	if g.Team == "" {
		return g.User
	}
	organization, _, _ := strings.Cut(repository, "/")
	return organization + "/" + g.Team
}

// givenTo reads NAME or ORG/TEAM; a team is one of the repository's organisation.
func givenTo(repository, text string) (client.Given, error) {
	if !strings.Contains(text, "/") {
		return client.Given{User: text}, checkName("WHO", text)
	}
	organization, team, err := teamOf(text)
	if err != nil {
		return client.Given{}, err
	}
	if !strings.HasPrefix(repository, organization+"/") {
		return client.Given{}, usagef("%s is no team of the organisation that %s belongs to; only those can be given a right there", text, repository)
	}
	return client.Given{Team: team}, nil
}

// repoDo is a command that changes something and shows the repository then.
type repoDo struct {
	use, short string
	args       cobra.PositionalArgs
	check      func(args []string) error // of what is behind the repository; may be nil
	do         func(ctx context.Context, a signin.Access, args []string) (client.Repository, error)
	said       func(r client.Repository, args []string) string
}

func (c repoDo) command(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Args: usageArgs(c.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRepository(args[0]); err != nil {
				return err
			}
			if c.check != nil {
				if err := c.check(args); err != nil {
					return err
				}
			}
			return withService(cmd.Context(), t, *account, "lanyard repo", func(a signin.Access) error {
				r, err := c.do(cmd.Context(), a, args)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, viewRepo(r))
				}
				t.say("%s", c.said(r, args))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func repoCreate(t terminal, account *string) *cobra.Command {
	var public bool
	var description string
	cmd := repoDo{
		use: "create REPO", short: "Make a repository before anybody pushes to it", args: cobra.ExactArgs(1),
		do: func(ctx context.Context, a signin.Access, args []string) (client.Repository, error) {
			visibility := "private"
			if public {
				visibility = "public"
			}
			return a.Server.CreateRepository(ctx, a.Token, client.RepositoryPatch{Name: args[0], Description: &description, Visibility: &visibility})
		},
		said: func(r client.Repository, _ []string) string {
			return fmt.Sprintf("Created %s, %s.", r.Name, r.Visibility)
		},
	}.command(t, account)
	cmd.Flags().BoolVar(&public, "public", false, "everybody may pull it, signed in or not")
	cmd.Flags().StringVar(&description, "description", "", "what it is, at most 500 characters")
	return cmd
}

func repoDelete(t terminal, account *string) *cobra.Command {
	var yes bool
	cmd := repoDo{
		use: "delete REPO", short: "Delete a repository, with its images where the registry is the service's own", args: cobra.ExactArgs(1),
		do: func(ctx context.Context, a signin.Access, args []string) (client.Repository, error) {
			r, err := a.Server.Repository(ctx, a.Token, args[0])
			if err != nil {
				return r, err
			}
			what := "the rights on it"
			if r.Tags != nil {
				what = fmt.Sprintf("its %d tags", *r.Tags)
			}
			if err := sure(t, yes, fmt.Sprintf("Delete %s and %s?", r.Name, what)); err != nil {
				return r, err
			}
			return r, a.Server.DeleteRepository(ctx, a.Token, r.Name)
		},
		said: func(r client.Repository, _ []string) string { return fmt.Sprintf("Deleted %s.", r.Name) },
	}.command(t, account)
	cmd.Aliases = []string{"rm"}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func repoGrant(t terminal, account *string) *cobra.Command {
	cmd := repoDo{
		use: "grant REPO WHO RIGHT", short: "Give a person or a team a right: read, write or admin", args: cobra.ExactArgs(3),
		check: func(args []string) error {
			if _, err := givenTo(args[0], args[1]); err != nil {
				return err
			}
			if args[2] == "" {
				return usagef("RIGHT is empty: read, write or admin")
			}
			return oneOf("RIGHT", args[2], rightWords)
		},
		do: func(ctx context.Context, a signin.Access, args []string) (client.Repository, error) {
			g, err := givenTo(args[0], args[1])
			if err != nil {
				return client.Repository{}, err
			}
			g.Right = args[2]
			return a.Server.Give(ctx, a.Token, args[0], g)
		},
		said: func(r client.Repository, args []string) string {
			return fmt.Sprintf("%s may %s %s now.", args[1], map[string]string{"read": "read", "write": "read and write", "admin": "administer"}[args[2]], r.Name)
		},
	}.command(t, account)
	cmd.Long = "Gives a person (NAME) or a team of the repository's organisation (ORG/TEAM) a right, in the place of what they had\n" +
		"there: read pulls, write pulls and pushes, admin deletes and gives rights to others, too."
	cmd.Example = "  lanyard repo grant acme/app bob write\n  lanyard repo grant acme/app acme/dev admin"
	return cmd
}

func repoRevoke(t terminal, account *string) *cobra.Command {
	return repoDo{
		use: "revoke REPO WHO", short: "Take away what a person or a team was given on a repository", args: cobra.ExactArgs(2),
		check: func(args []string) error {
			_, err := givenTo(args[0], args[1])
			return err
		},
		do: func(ctx context.Context, a signin.Access, args []string) (client.Repository, error) {
			g, err := givenTo(args[0], args[1])
			if err != nil {
				return client.Repository{}, err
			}
			return a.Server.Take(ctx, a.Token, args[0], g)
		},
		said: func(r client.Repository, args []string) string {
			return fmt.Sprintf("What %s was given on %s is taken away.", args[1], r.Name)
		},
	}.command(t, account)
}

func repoVisibility(t terminal, account *string) *cobra.Command {
	return repoDo{
		use: "visibility REPO public|private", short: "Let everybody pull a repository, or not", args: cobra.ExactArgs(2),
		check: func(args []string) error {
			if args[1] == "" {
				return usagef("say public or private")
			}
			return oneOf("visibility", args[1], visibilityWords)
		},
		do: func(ctx context.Context, a signin.Access, args []string) (client.Repository, error) {
			return a.Server.ChangeRepository(ctx, a.Token, args[0], client.RepositoryPatch{Visibility: &args[1]})
		},
		said: func(r client.Repository, _ []string) string { return fmt.Sprintf("%s is %s.", r.Name, r.Visibility) },
	}.command(t, account)
}
