package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// shortest is how much of an id names a token.
const shortest = 4

// findToken finds the token that a person means: its id, the beginning of it,
// as a narrow table shows it, or the whole description.
func findToken(ctx context.Context, a signin.Access, text string) (client.Token, error) {
	all, _, err := a.Server.Tokens(ctx, a.Token)
	if err != nil {
		return client.Token{}, err
	}
	return chooseToken(all, text)
}

func chooseToken(all []client.Token, text string) (client.Token, error) {
	begins := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "…"))
	var found []client.Token
	for _, one := range all {
		switch id := strings.ToLower(one.UUID); {
		case id == begins:
			return one, nil
		case one.Label == text, len(begins) >= shortest && strings.HasPrefix(id, begins):
			found = append(found, one)
		}
	}
	switch len(found) {
	case 0:
		return client.Token{}, fmt.Errorf("%w: the account has no token %.80q; see lanyard token list", client.ErrNotFound, text)
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, one := range found {
		ids = append(ids, one.UUID)
	}
	return client.Token{}, fmt.Errorf("%w: %.80q is %s", signin.ErrAmbiguous, text, strings.Join(ids, " or "))
}

// tokenOne is a command about one token that exists.
func tokenOne(t terminal, account *string, use, short string, do func(ctx context.Context, a signin.Access, one client.Token, args []string) (client.Token, error), show func(client.Token)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: usageArgs(cobra.ExactArgs(strings.Count(use, " "))),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAccess(cmd.Context(), t, *account, func(a signin.Access) error {
				one, err := findToken(cmd.Context(), a, args[0])
				if err == nil {
					one, err = do(cmd.Context(), a, one, args)
				}
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, view(one))
				}
				show(one)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func tokenShow(t terminal, account *string) *cobra.Command {
	return tokenOne(t, account, "show TOKEN", "Show all that is known of a token, but its secret",
		func(_ context.Context, _ signin.Access, one client.Token, _ []string) (client.Token, error) {
			return one, nil
		},
		func(one client.Token) {
			w := &table{out: t.Out} // a list of facts: nothing of it is cut
			w.row("description", one.Label)
			w.row("id", one.UUID)
			w.row("token", lastFour(one))
			w.row("source", source(one))
			w.row("status", one.Status())
			w.row("access", client.Permissions(one.Scopes))
			w.row("computer", or(one.Machine, one.Machine != ""))
			w.row("created", when(&one.CreatedAt))
			w.row("last used", strings.TrimSpace(when(one.LastUsed)+" "+one.LastUsedIP+" "+one.LastUsedUA))
			w.row("expires", when(one.ExpiresAt))
			_ = w.print()
		})
}

func tokenRename(t terminal, account *string) *cobra.Command {
	cmd := tokenOne(t, account, "rename TOKEN DESCRIPTION", "Give a token another description",
		func(ctx context.Context, a signin.Access, one client.Token, args []string) (client.Token, error) {
			label, err := labelOf("DESCRIPTION", args[1])
			if err != nil {
				return one, err
			}
			return a.Server.Change(ctx, a.Token, one.UUID, client.Patch{Label: &label})
		},
		func(one client.Token) { t.say("It is called %q now.", one.Label) })
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := labelOf("DESCRIPTION", args[1]); err != nil {
			return err // before anybody is asked
		}
		return run(cmd, args)
	}
	return cmd
}

func tokenSet(t terminal, account *string, use, short string, active bool) *cobra.Command {
	return tokenOne(t, account, use+" TOKEN", short,
		func(ctx context.Context, a signin.Access, one client.Token, _ []string) (client.Token, error) {
			return a.Server.Change(ctx, a.Token, one.UUID, client.Patch{Active: &active})
		},
		func(one client.Token) { t.say("%q is %s.", one.Label, one.Status()) })
}

func tokenDelete(t terminal, account *string) *cobra.Command {
	cmd := tokenOne(t, account, "delete TOKEN", "Delete a token for good",
		func(ctx context.Context, a signin.Access, one client.Token, _ []string) (client.Token, error) {
			return one, a.Server.Delete(ctx, a.Token, one.UUID)
		},
		func(one client.Token) { t.say("Deleted %q.", one.Label) })
	cmd.Aliases = []string{"rm"}
	cmd.Long = "Deletes a token for good, without asking. Deleting an auto-generated one ends the session of the computer it was made for."
	return cmd
}
