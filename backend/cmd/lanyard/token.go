package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func tokenCommand(t terminal) *cobra.Command {
	var account string
	cmd := group("token", "Personal access tokens: list, create, show, rename, deactivate, activate, delete",
		tokenList(t, &account), tokenCreate(t, &account), tokenShow(t, &account), tokenRename(t, &account),
		tokenSet(t, &account, "deactivate", "Refuse a token until it is activated again", false),
		tokenSet(t, &account, "activate", "Accept a deactivated token again", true),
		tokenDelete(t, &account),
	)
	cmd.Long = "Manages the tokens of the account that is signed in here; with several accounts, of the one --account names.\n" +
		"A TOKEN is named by its id, by the beginning of it (4 characters or more), or by its whole description."
	cmd.PersistentFlags().StringVar(&account, "account", "", "the account, as NAME or NAME@SERVER (default: the one that is signed in)")
	return cmd
}

// withAccess runs do for the session of an account; name "": of the one there is.
func withAccess(ctx context.Context, t terminal, name string, do func(signin.Access) error) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	defer t.waitFor("Asking the service")()
	p.tidy(ctx, t)
	account, err := p.session(name)
	if err != nil {
		return err
	}
	done := t.waitFor("Asking %s", account.Server)
	defer done()
	access, err := p.computer.Access(ctx, account)
	if err != nil {
		return err
	}
	return do(access)
}

// session finds the account whose tokens are meant. Between several that
// answer for a registry nobody chooses but the person.
func (p *parts) session(name string) (signin.Account, error) {
	all, err := p.computer.Known()
	if err != nil {
		return signin.Account{}, err
	}
	if name != "" {
		k, err := signin.Named(all, name)
		if err == nil && k.Pasted {
			err = usagef("the token of %s was pasted: its registry alone lists and makes tokens %s", k.Ref(), signin.TokenPage(k.Server))
		}
		return k.Account, err
	}
	sessions := slices.DeleteFunc(all, func(k signin.Known) bool { return k.Pasted })
	if active := slices.DeleteFunc(slices.Clone(sessions), func(k signin.Known) bool { return len(k.Active) == 0 }); len(active) > 0 {
		sessions = active
	}
	switch len(sessions) {
	case 0:
		return signin.Account{}, signin.ErrNotSignedIn
	case 1:
		return sessions[0].Account, nil
	}
	var refs []string
	for _, k := range sessions {
		refs = append(refs, k.Ref())
	}
	return signin.Account{}, fmt.Errorf("%w: several accounts are signed in here; say which: --account %s", signin.ErrAmbiguous, strings.Join(refs, " or --account "))
}

func tokenList(t terminal, account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the account's tokens", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAccess(cmd.Context(), t, *account, func(a signin.Access) error {
				all, active, err := a.Server.Tokens(cmd.Context(), a.Token)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, tokenViews(all))
				}
				return printTokens(t, all, active)
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

func printTokens(t terminal, all []client.Token, active int) error {
	b := t.table("DESCRIPTION", "SOURCE", "STATUS", "ACCESS", "TOKEN", "LAST USED", "EXPIRES", "ID")
	for _, one := range all {
		b.row(one.Label, source(one), one.Status(), client.Permissions(one.Scopes), lastFour(one), when(one.LastUsed), when(one.ExpiresAt), one.UUID)
	}
	if err := b.print(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%d active, %d deactivated or expired\n", active, len(all)-active)
	return err
}

func source(one client.Token) string {
	if one.Source == "auto" {
		return "Auto-generated"
	}
	return "Manual"
}

func lastFour(one client.Token) string { return or("…"+one.LastFour, one.LastFour != "") }

func when(at *time.Time) string {
	if at == nil || at.IsZero() {
		return "never"
	}
	return at.Local().Format("2006-01-02 15:04")
}
