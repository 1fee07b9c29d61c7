package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// explainView is why something may be done, or not, as --json prints it.
type explainView struct {
	Repository string `json:"repository"`
	Action     string `json:"action"`
	Allowed    bool   `json:"allowed"`
	Rule       string `json:"rule"`
	Account    string `json:"account"`
	Token      string `json:"token"`
	Why        string `json:"why"`
}

func repoExplain(t terminal, account *string) *cobra.Command {
	var q client.Question
	var token string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "explain REPO", Short: "Say by which rule something may be done to a repository, or not", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Asks the service by which rule the account may do something to a repository, whether it is there or not, and what\n" +
			"one of its tokens lets through. What tools print when they are refused is the same sentence.",
		Example: "  lanyard repo explain acme/app --action push\n  lanyard repo explain acme/app --action push --token ci\n  lanyard repo explain acme/app --user bob",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRepository(args[0]); err != nil {
				return err
			}
			if err := oneOf("--action", q.Action, actionWords); err != nil {
				return err
			}
			if q.User != "" {
				if err := checkName("--user", q.User); err != nil {
					return err
				}
			}
			q.Repository = args[0]
			return withService(cmd.Context(), t, *account, "lanyard repo explain", func(a signin.Access) error {
				if token != "" {
					found, err := findTokens(cmd.Context(), a.Server.Holder(a.Token, q.User), []string{token})
					if err != nil {
						return err
					}
					q.Token = found[0].UUID
				}
				e, err := a.Server.Explain(cmd.Context(), a.Token, q)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, explainView{e.Repository, e.Action, e.Allowed, e.Rule, e.Account, e.Token, e.Why})
				}
				return showExplanation(t, e)
			})
		},
	}
	cmd.Flags().StringVar(&q.Action, "action", "pull", "pull, push or delete")
	cmd.Flags().StringVar(&token, "token", "", "with this token (default: what the account may do by itself)")
	cmd.Flags().StringVar(&q.User, "user", "", "another person, for administrators")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func showExplanation(t terminal, e client.Explanation) error {
	b := &table{out: t.Out}
	allowed := "no"
	if e.Allowed {
		allowed = "yes"
	}
	b.row(e.Action, allowed)
	b.row("account", e.Account)
	if e.Token != "" {
		b.row("token", e.Token)
	}
	if err := b.print(); err != nil {
		return err
	}
	if e.Why != "" {
		_, err := fmt.Fprintf(t.Out, "\n%s.\n", strings.TrimSuffix(capital(e.Why), "."))
		return err
	}
	return nil
}

// capital begins a sentence; a name that begins it stays as it is spelt.
func capital(text string) string {
	if !strings.HasPrefix(text, "this ") && !strings.HasPrefix(text, "an ") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
