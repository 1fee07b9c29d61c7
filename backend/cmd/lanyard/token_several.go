package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func tokenSet(t terminal, w *whose, use, short string, do client.Bulk) *cobra.Command {
	return tokenSeveral(t, w, use+" TOKEN…", short, do, func(one client.Token) string {
		return fmt.Sprintf("%q is %s.", one.Label, one.Status())
	})
}

func tokenDelete(t terminal, w *whose) *cobra.Command {
	cmd := tokenSeveral(t, w, "delete TOKEN…", "Delete tokens for good", client.DeleteAll, func(one client.Token) string {
		return fmt.Sprintf("Deleted %q.", one.Label)
	})
	cmd.Aliases = []string{"rm"}
	cmd.Long = "Deletes tokens for good, without asking: all of those that are named, or none.\n" +
		"Deleting an auto-generated one ends the session of the computer it was made for."
	return cmd
}

// tokenSeveral does one thing to all the tokens that are named, or to none.
func tokenSeveral(t terminal, w *whose, use, short string, do client.Bulk, said func(client.Token) string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHolder(cmd.Context(), t, *w, func(a signin.Access, h client.Holder) error {
				found, err := findTokens(cmd.Context(), h, args)
				if err == nil {
					found, err = several(cmd.Context(), h, do, found, atHub(a))
				}
				if err != nil {
					return err
				}
				t.interrupt()
				switch {
				case asJSON && len(args) == 1:
					return printJSON(t, view(found[0]))
				case asJSON:
					return printJSON(t, tokenViews(found))
				}
				for _, one := range found {
					t.say("%s", said(one))
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: the token, or a list where several were named")
	return cmd
}

// several returns the tokens as they are then; deleted ones, as they were.
// byOne: the service knows one at a time only.
func several(ctx context.Context, h client.Holder, do client.Bulk, all []client.Token, byOne bool) ([]client.Token, error) {
	if len(all) > client.MostAtOnce {
		return nil, usagef("%d tokens are named; at most %d at once", len(all), client.MostAtOnce)
	}
	var ids []string
	for _, one := range all {
		ids = append(ids, one.UUID)
	}
	if len(all) > 1 && !byOne {
		changed, err := h.All(ctx, do, ids)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w; nothing was changed", err)
		case do == client.DeleteAll:
			return all, nil
		}
		return changed, nil
	}
	done, err := h.Each(ctx, do, ids)
	if err != nil {
		return nil, partly(err, all[:len(done)])
	}
	if do == client.DeleteAll {
		return all, nil
	}
	return done, nil
}

// partly says what was done before an error.
func partly(err error, done []client.Token) error {
	if len(done) == 0 {
		return err
	}
	var names []string
	for _, one := range done {
		names = append(names, fmt.Sprintf("%q", one.Label))
	}
	return fmt.Errorf("%w; done before: %s", err, strings.Join(names, ", "))
}
