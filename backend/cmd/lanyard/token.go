package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func tokenCommand(t terminal) *cobra.Command {
	return group("token", "Personal access tokens: list, create, deactivate, activate, delete",
		tokenList(t), tokenCreate(t),
		tokenSet(t, "deactivate", "Refuse a token until it is activated again", false),
		tokenSet(t, "activate", "Accept a deactivated token again", true),
		tokenDelete(t),
	)
}

// withAccess runs do for the active account's session.
func withAccess(ctx context.Context, t terminal, do func(signin.Access) error) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	p.tidy(ctx, t)
	account, err := p.computer.Find("")
	if err != nil {
		return err
	}
	access, err := p.computer.Access(ctx, account)
	if err != nil {
		return err
	}
	return do(access)
}

func tokenList(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the account's tokens", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAccess(cmd.Context(), t, func(a signin.Access) error {
				all, active, err := a.Server.Tokens(cmd.Context(), a.Token)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, tokenViews(all))
				}
				return printTokens(t.Out, all, active)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// tokenView is a token as --json prints it: never its secret, but once.
type tokenView struct {
	UUID       string     `json:"uuid"`
	Label      string     `json:"description"`
	Source     string     `json:"source"`
	Status     string     `json:"status"`
	Scopes     []string   `json:"scopes"`
	LastFour   string     `json:"last_four"`
	Machine    string     `json:"machine,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsed   *time.Time `json:"last_used"`
	LastUsedIP string     `json:"last_used_ip,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at"`
	Secret     string     `json:"token,omitempty"`
}

func tokenViews(all []client.Token) []tokenView {
	views := make([]tokenView, 0, len(all))
	for _, one := range all {
		views = append(views, view(one))
	}
	return views
}

func view(one client.Token) tokenView {
	return tokenView{
		UUID: one.UUID, Label: one.Label, Source: one.Source, Status: one.Status(), Scopes: one.Scopes, LastFour: one.LastFour,
		Machine: one.Machine, CreatedAt: one.CreatedAt, LastUsed: one.LastUsed, LastUsedIP: one.LastUsedIP, ExpiresAt: one.ExpiresAt,
	}
}

func printTokens(out io.Writer, all []client.Token, active int) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DESCRIPTION\tSOURCE\tSTATUS\tACCESS\tLAST USED\tEXPIRES\tID")
	for _, one := range all {
		source := "Manual"
		if one.Source == "auto" {
			source = "Auto-generated"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.Label, source, one.Status(), client.Permissions(one.Scopes), when(one.LastUsed), when(one.ExpiresAt), one.UUID)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d active, %d deactivated or expired\n", active, len(all)-active)
	return err
}

func when(at *time.Time) string {
	if at == nil || at.IsZero() {
		return "never"
	}
	return at.Local().Format("2006-01-02 15:04")
}

func tokenCreate(t terminal) *cobra.Command {
	var description, expires string
	var scopes []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create", Short: "Generate a token; its secret is shown this once", Args: usageArgs(cobra.NoArgs),
		Example: "  lanyard token create --description ci --scope write --expires 30d | docker login -u NAME --password-stdin HOST",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n := client.NewToken{Label: description}
			var err error
			if n.Scopes, err = scopesOf(scopes); err != nil {
				return err
			}
			if n.ExpiresAt, err = expiryOf(expires, time.Now()); err != nil {
				return err
			}
			return withAccess(cmd.Context(), t, func(a signin.Access) error {
				made, err := a.Server.Create(cmd.Context(), a.Token, n)
				if err != nil {
					return err
				}
				if asJSON {
					one := view(made)
					one.Secret = made.Secret
					return printJSON(t, one)
				}
				t.say("Generated %q (%s). This is its secret; it is not shown again:", made.Label, client.Permissions(made.Scopes))
				_, err = fmt.Fprintln(t.Out, made.Secret)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&description, "description", "d", "", "what it is for, 1 to 100 characters")
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{"public_read"}, "access: admin (Read, Write, Delete), write, read or public_read")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: 30d, 90d, or 2027-01-31T12:00:00Z (default: never; at most a year)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, the secret included")
	return cmd
}

func scopesOf(asked []string) ([]string, error) {
	var scopes []string
	for _, s := range asked {
		s = strings.TrimPrefix(s, "repo:")
		switch s {
		case "admin", "write", "read", "public_read":
			scopes = append(scopes, "repo:"+s)
		default:
			return nil, usagef("--scope %q is not one of admin, write, read, public_read", s)
		}
	}
	return scopes, nil
}

// expiryOf reads a number of days or a date.
func expiryOf(text string, now time.Time) (string, error) {
	if text == "" || text == "never" {
		return "", nil
	}
	var days int
	if n, err := fmt.Sscanf(text, "%dd", &days); n == 1 && err == nil && fmt.Sprintf("%dd", days) == text && days > 0 {
		return now.UTC().AddDate(0, 0, days).Format(time.RFC3339), nil
	}
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return "", usagef("--expires %q is neither a number of days (30d) nor a date and time (2027-01-31T12:00:00Z)", text)
	}
	return text, nil
}

func tokenSet(t terminal, use, short string, active bool) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAccess(cmd.Context(), t, func(a signin.Access) error {
				changed, err := a.Server.Change(cmd.Context(), a.Token, args[0], client.Patch{Active: &active})
				if err != nil {
					return err
				}
				t.say("%q is %s.", changed.Label, changed.Status())
				return nil
			})
		},
	}
}

func tokenDelete(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Aliases: []string{"rm"}, Short: "Delete a token for good", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Deletes a token for good. Deleting an auto-generated one ends the session of the computer it was made for.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAccess(cmd.Context(), t, func(a signin.Access) error {
				if err := a.Server.Delete(cmd.Context(), a.Token, args[0]); err != nil {
					return err
				}
				t.say("Deleted.")
				return nil
			})
		},
	}
}
