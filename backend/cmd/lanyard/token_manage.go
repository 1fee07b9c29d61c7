package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// shortest is how much of an id names a token.
const shortest = 4

// findTokens finds the tokens that a person means: by id, by the beginning of
// it, as a narrow table shows it, or by the whole description; each once.
func findTokens(ctx context.Context, h client.Holder, texts []string) ([]client.Token, error) {
	list, err := h.List(ctx, client.TokenQuery{})
	if err != nil {
		return nil, err
	}
	var found []client.Token
	for _, text := range texts {
		one, err := chooseToken(list.Tokens, text)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(other client.Token) bool { return other.UUID == one.UUID }) {
			found = append(found, one)
		}
	}
	return found, nil
}

func chooseToken(all []client.Token, text string) (client.Token, error) {
	i, err := choose(text, "the account", "lanyard token list", len(all), func(i int) (id, label string) { return all[i].UUID, all[i].Label })
	if err != nil {
		return client.Token{}, err
	}
	return all[i], nil
}

// choose finds the one of n that text names.
func choose(text, whose, list string, n int, at func(i int) (id, label string)) (int, error) {
	begins := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "…"))
	var found []int
	for i := range n {
		id, label := at(i)
		switch id := strings.ToLower(id); {
		case id == begins:
			return i, nil
		case label == text, len(begins) >= shortest && strings.HasPrefix(id, begins):
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("%w: %s has no token %.80q; see %s", client.ErrNotFound, whose, text, list)
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, i := range found {
		id, _ := at(i)
		ids = append(ids, id)
	}
	return 0, fmt.Errorf("%w: %.80q is %s", signin.ErrAmbiguous, text, strings.Join(ids, " or "))
}

// oneToken is a command about one token that exists.
type oneToken struct {
	use, short string
	args       cobra.PositionalArgs
	check      func(args []string) error // before anybody is asked; nil: nothing to check
	ours       string                    // what Docker Hub does not have; "": it has
	do         func(ctx context.Context, h client.Holder, one client.Token, args []string) (client.Token, error)
	show       func(client.Token) error
	secret     bool // the answer has one, which --json prints
}

func (c oneToken) command(t terminal, w *whose) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Args: usageArgs(c.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.check != nil {
				if err := c.check(args); err != nil {
					return err
				}
			}
			return withHolder(cmd.Context(), t, *w, func(a signin.Access, h client.Holder) error {
				if c.ours != "" {
					if err := lanyardOnly(a, c.ours); err != nil {
						return err
					}
				}
				found, err := findTokens(cmd.Context(), h, args[:1])
				if err != nil {
					return err
				}
				one, err := c.do(cmd.Context(), h, found[0], args)
				if err != nil {
					return err
				}
				t.interrupt()
				if !asJSON {
					return c.show(one)
				}
				v := view(one)
				if c.secret {
					v.Secret = one.Secret
				}
				return printJSON(t, v)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func tokenShow(t terminal, w *whose) *cobra.Command {
	return oneToken{
		use: "show TOKEN", short: "Show all that is known of a token, but its secret", args: cobra.ExactArgs(1),
		do: func(_ context.Context, _ client.Holder, one client.Token, _ []string) (client.Token, error) {
			return one, nil
		},
		show: func(one client.Token) error { return showToken(t, one) },
	}.command(t, w)
}

func showToken(t terminal, one client.Token) error {
	b := &table{out: t.Out} // a list of facts: nothing of it is cut
	b.row("description", one.Label)
	b.row("id", one.UUID)
	b.row("token", lastFour(one))
	b.row("source", source(one))
	b.row("status", one.Status())
	b.row("access", client.Permissions(one.Scopes))
	if len(one.Repositories) > 0 {
		b.row("limited to", strings.Join(one.Repositories, ", "))
	}
	b.row("computer", or(one.Machine, one.Machine != ""))
	b.row("created", when(&one.CreatedAt))
	b.row("last used", strings.TrimSpace(when(one.LastUsed)+" "+one.LastUsedIP+" "+one.LastUsedUA))
	b.row("expires", when(one.ExpiresAt))
	if p := one.Previous; p != nil {
		b.row("earlier secret", fmt.Sprintf("…%s, accepted until %s", p.LastFour, when(&p.Until)))
		b.row("", strings.TrimSpace("last used "+when(p.LastUsed)+" "+p.LastUsedIP+" "+p.LastUsedUA))
	}
	return b.print()
}

func tokenRename(t terminal, w *whose) *cobra.Command {
	return oneToken{
		use: "rename TOKEN DESCRIPTION", short: "Give a token another description", args: cobra.ExactArgs(2),
		check: func(args []string) error {
			_, err := labelOf("DESCRIPTION", args[1])
			return err
		},
		do: func(ctx context.Context, h client.Holder, one client.Token, args []string) (client.Token, error) {
			label := strings.TrimSpace(args[1])
			return h.Change(ctx, one.UUID, client.Patch{Label: &label})
		},
		show: func(one client.Token) error {
			t.say("It is called %q now.", one.Label)
			return nil
		},
	}.command(t, w)
}

func tokenScopes(t terminal, w *whose) *cobra.Command {
	cmd := oneToken{
		use: "scopes TOKEN SCOPE…", short: "Give a token other access permissions", args: cobra.MinimumNArgs(2), ours: "changing access permissions",
		check: func(args []string) error {
			_, err := scopesOf("SCOPE", args[1:])
			return err
		},
		do: func(ctx context.Context, h client.Holder, one client.Token, args []string) (client.Token, error) {
			scopes, err := scopesOf("SCOPE", args[1:])
			if err != nil {
				return client.Token{}, err
			}
			return h.Change(ctx, one.UUID, client.Patch{Scopes: scopes})
		},
		show: func(one client.Token) error {
			t.say("The access permissions of %q are now: %s.", one.Label, client.Permissions(one.Scopes))
			return nil
		},
	}.command(t, w)
	cmd.Long = "Gives a token made by hand other access permissions, from the next request on: admin (Read, Write, Delete), write,\n" +
		"read or public_read. Its secret, its expiry and the repositories that it is limited to stay."
	cmd.Example = "  lanyard token scopes ci read"
	return cmd
}

func tokenPin(t terminal, w *whose, use, short string, pinned bool) *cobra.Command {
	return oneToken{
		use: use + " TOKEN", short: short, args: cobra.ExactArgs(1), ours: use,
		do: func(ctx context.Context, h client.Holder, one client.Token, _ []string) (client.Token, error) {
			return h.Change(ctx, one.UUID, client.Patch{Pinned: &pinned})
		},
		show: func(one client.Token) error {
			t.say("%q is %sned.", one.Label, use)
			return nil
		},
	}.command(t, w)
}
