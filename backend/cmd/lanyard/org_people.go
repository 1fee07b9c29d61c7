package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func orgGrant(t terminal, account *string) *cobra.Command {
	var owner bool
	cmd := orgDo{
		use: "grant ORG NAME…", short: "Make people members of an organisation, or owners", args: cobra.MinimumNArgs(2),
		check: checkOrgPeople,
		do: func(cmd *cobra.Command, a signin.Access, args []string) (client.Organization, error) {
			for i, person := range args[1:] {
				if err := a.Server.SetMember(cmd.Context(), a.Token, args[0], person, owner); err != nil {
					return client.Organization{}, afterOthers(err, args[1:i+1])
				}
			}
			return a.Server.Organization(cmd.Context(), a.Token, args[0])
		},
		said: func(o client.Organization, args []string) string {
			role := "member"
			if owner {
				role = "owner"
			}
			return fmt.Sprintf("%s: %s of %s now.", strings.Join(args[1:], ", "), role, o.Name)
		},
	}.command(t, account)
	cmd.Long = "Makes people members of an organisation, or owners with --owner. An owner who is granted membership is an owner no\n" +
		"more. A member may do what teams and repositories say."
	cmd.Flags().BoolVar(&owner, "owner", false, "make them owners, who may do everything there")
	return cmd
}

func orgRevoke(t terminal, account *string) *cobra.Command {
	cmd := orgDo{
		use: "revoke ORG NAME…", short: "Take people out of an organisation and all of its teams", args: cobra.MinimumNArgs(2),
		check: checkOrgPeople,
		do: func(cmd *cobra.Command, a signin.Access, args []string) (client.Organization, error) {
			for i, person := range args[1:] {
				if err := a.Server.RemoveMember(cmd.Context(), a.Token, args[0], person); err != nil {
					return client.Organization{}, afterOthers(err, args[1:i+1])
				}
			}
			o, err := a.Server.Organization(cmd.Context(), a.Token, args[0])
			if errors.Is(err, client.ErrNotFound) && slices.Contains(args[1:], a.Account.Name) {
				return client.Organization{Name: args[0]}, nil // who leaves does not see it any more
			}
			return o, err
		},
		said: func(o client.Organization, args []string) string {
			return fmt.Sprintf("%s: no longer of %s.", strings.Join(args[1:], ", "), o.Name)
		},
	}.command(t, account)
	cmd.Long = "Takes people out of an organisation and all of its teams. What they made stays; what they were given on single\n" +
		"repositories stays, too: lanyard repo show lists it. Everybody may leave by themselves."
	return cmd
}

func checkOrgPeople(args []string) error {
	if err := checkName("ORG", args[0]); err != nil {
		return err
	}
	return checkPeople(args[1:])
}

func checkPeople(names []string) error {
	for _, name := range names {
		if err := checkName("NAME", name); err != nil {
			return err
		}
	}
	return nil
}

// afterOthers says for whom something was done before an error.
func afterOthers(err error, done []string) error {
	if len(done) == 0 {
		return err
	}
	return fmt.Errorf("%w; done before: %s", err, strings.Join(done, ", "))
}
