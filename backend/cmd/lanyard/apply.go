package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/rights"
	"lanyard/backend/signin"
)

type applyOptions struct {
	file, account           string
	dry, prune, yes, asJSON bool
}

func applyCommand(t terminal) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Make organisations, teams, repositories and rights as a file says", Args: usageArgs(cobra.NoArgs),
		Long: "Reads a file of organisations, their owners, members and teams, and of repositories with their visibility and rights,\n" +
			"shows what would have to be changed, asks, and does it. What is there beyond the file is shown and stays;\n" +
			"with --prune it goes, as far as it belongs to an organisation of the file: people, teams and rights, but never\n" +
			"a repository. A second run finds nothing to do.",
		Example: "  lanyard apply -f rights.yaml --dry-run\n  lanyard apply -f rights.yaml --yes",
		RunE:    func(cmd *cobra.Command, _ []string) error { return apply(cmd.Context(), t, o) },
	}
	accountFlag(cmd, &o.account)
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the file; - is standard input, with --yes or --dry-run")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "show what would be done, and do nothing")
	cmd.Flags().BoolVar(&o.prune, "prune", false, "remove what the file's organisations have beyond it, except repositories")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// applyReport is what apply did, or would.
type applyReport struct {
	Changes []changeView `json:"changes"`
	Extra   []string     `json:"extra"` // what is there beyond the file, and stays
	Done    int          `json:"done"`  // so many of the changes, the first ones
	DryRun  bool         `json:"dry_run"`
}

// changeView is one change.
type changeView struct {
	Do           rights.Act `json:"do"`
	What         string     `json:"what"` // in words
	Organization string     `json:"organization,omitempty"`
	Team         string     `json:"team,omitempty"`
	Repository   string     `json:"repository,omitempty"`
	Person       string     `json:"person,omitempty"`
	To           string     `json:"to,omitempty"`
}

func apply(ctx context.Context, t terminal, o applyOptions) error {
	want, err := readRights(t, o)
	if err != nil {
		return err
	}
	return withService(ctx, t, o.account, "lanyard apply", func(a signin.Access) error {
		is, err := currentRights(ctx, a, want)
		if err != nil {
			return err
		}
		plan := rights.Make(is, want, o.prune)
		report := applyReport{Changes: []changeView{}, Extra: []string{}, DryRun: o.dry}
		for _, c := range plan.Changes {
			report.Changes = append(report.Changes, changeView{c.Do, c.String(), c.Organization, c.Team, c.Repository, c.Person, c.To})
		}
		for _, e := range plan.Extra {
			report.Extra = append(report.Extra, e.What)
		}
		t.interrupt()
		showRights(t, plan, o)
		if len(plan.Changes) > 0 && !o.dry {
			if err := sure(t, o.yes, "Do this?"); err != nil {
				return err
			}
			if report.Done, err = carryOutRights(ctx, t, a, plan.Changes); err != nil {
				return err
			}
		}
		if o.asJSON {
			return printJSON(t, report)
		}
		return nil
	})
}

// readRights reads the file before anybody is asked.
func readRights(t terminal, o applyOptions) (rights.State, error) {
	in := t.In
	switch {
	case o.file == "":
		return rights.State{}, usagef("-f is missing: the file that says what is wanted")
	case o.file == "-" && !o.yes && !o.dry:
		return rights.State{}, usagef("-f - takes standard input, where an answer would come from, too: say --yes or --dry-run")
	case o.file != "-":
		f, err := os.Open(o.file)
		if err != nil {
			return rights.State{}, usagef("%w", err)
		}
		defer f.Close()
		in = f
	}
	want, err := rights.Parse(in)
	if err != nil {
		return rights.State{}, inFile(o.file, err)
	}
	return want, nil
}

// inFile says of each fault where it is, as compilers do.
func inFile(name string, err error) error {
	var all *rights.FileError
	if !errors.As(err, &all) {
		return usagef("read %s: %w", name, err)
	}
	said := fmt.Sprintf("nothing was changed, since %s cannot be carried out:", name)
	for _, f := range all.Faults {
		said += fmt.Sprintf("\n%s:%d: %s", name, f.Line, f.What)
	}
	return usagef("%s", said)
}

// currentRights is what there is of all that a file names.
func currentRights(ctx context.Context, a signin.Access, want rights.State) (is rights.State, err error) {
	seen := map[string]bool{}
	add := func(r client.Repository) {
		if !seen[r.Name] {
			seen[r.Name] = true
			is.Repositories = append(is.Repositories, repositoryRights(r))
		}
	}
	for _, o := range want.Organizations {
		there, err := a.Server.Organization(ctx, a.Token, o.Name)
		if errors.Is(err, client.ErrNotFound) {
			continue
		}
		if err != nil {
			return is, err
		}
		is.Organizations = append(is.Organizations, organizationRights(there))
		all, err := a.Server.Repositories(ctx, a.Token, o.Name)
		if err != nil {
			return is, err
		}
		for _, r := range all {
			add(r)
		}
	}
	for _, r := range want.Repositories {
		if seen[r.Name] {
			continue
		}
		there, err := a.Server.Repository(ctx, a.Token, r.Name)
		switch {
		case errors.Is(err, client.ErrNotFound):
		case err != nil:
			return is, err
		default:
			add(there)
		}
	}
	return is, nil
}

func organizationRights(o client.Organization) rights.Organization {
	out := rights.Organization{Name: o.Name, Description: &o.Description, Owners: o.Owners, Members: o.Members}
	for _, team := range o.Teams {
		out.Teams = append(out.Teams, rights.Team{Name: team.Name, Description: &team.Description, Right: team.Right, Members: team.Members})
	}
	return out
}

func repositoryRights(r client.Repository) rights.Repository {
	out := rights.Repository{Name: r.Name, Description: &r.Description, Visibility: r.Visibility}
	for _, g := range r.Given {
		if g.Team != "" {
			out.Teams = append(out.Teams, rights.Given{Name: g.Team, Right: g.Right})
			continue
		}
		out.People = append(out.People, rights.Given{Name: g.User, Right: g.Right})
	}
	return out
}

// showRights shows the plan. Results go to standard output, but with --json.
func showRights(t terminal, p rights.Plan, o applyOptions) {
	say := func(format string, args ...any) { fmt.Fprintf(t.Out, format+"\n", args...) }
	if o.asJSON {
		say = t.say
	}
	for _, c := range p.Changes {
		say("+ %s", c)
	}
	if len(p.Changes) == 0 {
		say("There is nothing to do.")
	}
	if len(p.Extra) == 0 {
		return
	}
	say("Not in the file, and left as it is:")
	for _, e := range p.Extra {
		say("  %s", e.What)
	}
}
