package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func tokenList(t terminal, w *whose) *cobra.Command {
	var q client.TokenQuery
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the account's tokens", Args: usageArgs(cobra.NoArgs),
		Example: "  lanyard token list --status active --sort -last_used\n  lanyard token list --source auto --user bob",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkQuery(q); err != nil {
				return err
			}
			return withHolder(cmd.Context(), t, *w, func(a signin.Access, h client.Holder) error {
				if q != (client.TokenQuery{}) {
					if err := lanyardOnly(a, "choosing and sorting"); err != nil {
						return err
					}
				}
				list, err := h.List(cmd.Context(), q)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, tokenViews(list.Tokens))
				}
				return printTokens(t, list, q)
			})
		},
	}
	cmd.Flags().StringVar(&q.Search, "search", "", "only those with these words in description or computer, or with these last four characters")
	cmd.Flags().StringVar(&q.Source, "source", "", "only those that are manual, or auto")
	cmd.Flags().StringVar(&q.Status, "status", "", "only those that are active, inactive or expired")
	cmd.Flags().StringVar(&q.Sort, "sort", "", "by "+strings.Join(tokenColumns, ", ")+"; with - before it the other way round (default: -created)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

var (
	tokenColumns  = []string{"created", "description", "source", "status", "scopes", "last_used", "expires"}
	tokenSources  = []string{"manual", "auto"}
	tokenStatuses = []string{"active", "inactive", "expired"}
)

// checkQuery refuses what no service answers, before anybody is asked.
func checkQuery(q client.TokenQuery) error {
	for _, c := range []struct {
		flag, said string
		known      []string
	}{{"--source", q.Source, tokenSources}, {"--status", q.Status, tokenStatuses}, {"--sort", strings.TrimPrefix(q.Sort, "-"), tokenColumns}} {
		if err := oneOf(c.flag, c.said, c.known); err != nil {
			return err
		}
	}
	return nil
}

// tokenView is a token as --json prints it: never its secret, but once.
type tokenView struct {
	UUID          string        `json:"uuid"`
	Label         string        `json:"description"`
	Source        string        `json:"source"`
	Status        string        `json:"status"`
	Scopes        []string      `json:"scopes"`
	Repositories  []string      `json:"repositories"`
	LastFour      string        `json:"last_four"`
	Machine       string        `json:"machine,omitempty"`
	CreatedAt     time.Time     `json:"created_at"`
	LastUsed      *time.Time    `json:"last_used"`
	LastUsedIP    string        `json:"last_used_ip,omitempty"`
	LastUsedAgent string        `json:"last_used_agent,omitempty"`
	ExpiresAt     *time.Time    `json:"expires_at"`
	Pinned        bool          `json:"pinned"`
	Previous      *previousView `json:"previous,omitempty"`
	Secret        string        `json:"token,omitempty"`
}

// previousView is the secret before the last rotation.
type previousView struct {
	LastFour   string     `json:"last_four"`
	ValidUntil time.Time  `json:"valid_until"`
	LastUsed   *time.Time `json:"last_used"`
	LastUsedIP string     `json:"last_used_ip,omitempty"`
}

func tokenViews(all []client.Token) []tokenView {
	views := make([]tokenView, 0, len(all))
	for _, one := range all {
		views = append(views, view(one))
	}
	return views
}

func view(one client.Token) tokenView {
	v := tokenView{
		UUID: one.UUID, Label: one.Label, Source: one.Source, Status: one.Status(), Scopes: one.Scopes, LastFour: one.LastFour,
		Machine: one.Machine, CreatedAt: one.CreatedAt, LastUsed: one.LastUsed, LastUsedIP: one.LastUsedIP, LastUsedAgent: one.LastUsedUA,
		ExpiresAt: one.ExpiresAt, Pinned: one.Pinned, Repositories: one.Repositories,
	}
	if v.Repositories == nil {
		v.Repositories = []string{}
	}
	if p := one.Previous; p != nil {
		v.Previous = &previousView{p.LastFour, p.Until, p.LastUsed, p.LastUsedIP}
	}
	return v
}

func printTokens(t terminal, list client.TokenList, q client.TokenQuery) error {
	b := t.table("DESCRIPTION", "SOURCE", "STATUS", "ACCESS", "TOKEN", "LAST USED", "EXPIRES", "ID")
	active := 0
	for _, one := range list.Tokens {
		if one.Status() == "active" {
			active++
		}
		b.row(one.Label, source(one), one.Status(), reach(one), lastFour(one), when(one.LastUsed), when(one.ExpiresAt), one.UUID)
	}
	if err := b.print(); err != nil {
		return err
	}
	if q.Search+q.Source+q.Status != "" {
		_, err := fmt.Fprintf(t.Out, "%d found; of all tokens %d are active, %d deactivated\n", len(list.Tokens), list.Active, list.Inactive)
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%d active, %d deactivated or expired\n", active, len(list.Tokens)-active)
	return err
}

// reach is what a token may do, and where.
func reach(one client.Token) string {
	said := client.Permissions(one.Scopes)
	if len(one.Repositories) > 0 {
		said += " of " + strings.Join(one.Repositories, ", ")
	}
	return said
}

func source(one client.Token) string {
	switch {
	case one.Source == "auto" && one.Pinned:
		return "Auto-generated, pinned"
	case one.Source == "auto":
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
