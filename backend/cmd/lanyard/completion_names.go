package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/signin"
)

// then completes the first argument by the first way, and so on; behind the
// last there is nothing to offer.
func then(ways ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(ways) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ways[len(args)](cmd, nil, begun)
	}
}

// forFlag completes a flag's value as an argument, whatever stands before it.
func forFlag(way cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return way(cmd, nil, begun)
	}
}

func sorts() []cobra.Completion {
	var all []cobra.Completion
	for _, column := range tokenColumns {
		all = append(all, column, "-"+column)
	}
	return all
}

func completeOrg(t terminal) cobra.CompletionFunc {
	return fromNames(t, func(n machine.Names) []string { return n.Organizations })
}

func completeTeam(t terminal) cobra.CompletionFunc {
	return fromNames(t, func(n machine.Names) []string { return n.Teams })
}

func completeRepo(t terminal) cobra.CompletionFunc {
	return fromNames(t, func(n machine.Names) []string { return n.Repositories })
}

// fromNames offers what servers were last heard to have.
func fromNames(t terminal, of func(machine.Names) []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		dirs, err := machine.DirsFrom(t.Getenv)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var all []cobra.Completion
		for server, names := range (machine.NamedFile{Dir: dirs.State}).Load() {
			for _, name := range of(names) {
				all = append(all, cobra.CompletionWithDesc(ledger.Shown(name), ledger.Shown(server)))
			}
		}
		slices.Sort(all)
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// heard remembers names for the next completion. What cannot be written costs
// nothing but that.
func heard(t terminal, a signin.Access, change func(*machine.Names)) {
	dirs, err := machine.DirsFrom(t.Getenv)
	if err != nil {
		return
	}
	_ = machine.NamedFile{Dir: dirs.State}.Heard(a.Account.Server, change)
}

func heardOrgs(t terminal, a signin.Access, all []client.Organization) {
	heard(t, a, func(n *machine.Names) {
		n.Organizations, n.Teams = nil, nil
		for _, o := range all {
			n.Organizations = append(n.Organizations, o.Name)
			for _, team := range o.Teams {
				n.Teams = append(n.Teams, o.Name+"/"+team.Name)
			}
		}
	})
}

// heardRepos remembers the repositories of a namespace; "" is all of them.
func heardRepos(t terminal, a signin.Access, namespace string, all []client.Repository) {
	heard(t, a, func(n *machine.Names) {
		n.Repositories = slices.DeleteFunc(n.Repositories, func(name string) bool {
			return namespace == "" || strings.HasPrefix(name, namespace+"/")
		})
		for _, r := range all {
			n.Repositories = append(n.Repositories, r.Name)
		}
	})
}
