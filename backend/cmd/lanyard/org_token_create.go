package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func orgTokenCreate(t terminal, account *string) *cobra.Command {
	var n client.NewOrgToken
	var repositories []string
	var expires string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create ORG", Short: "Generate a token of an organisation; its secret is shown this once", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Generates a token and prints its secret, alone, on standard output; all else goes to standard error. It is not\n" +
			"shown again. Whoever has it signs in with the organisation's name.",
		Example: "  lanyard org token create acme --label ci --repository 'acme/*:pull,push' --expires 90d |\n" +
			"    docker login -u acme --password-stdin HOST",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := checkName("ORG", args[0]); err != nil {
				return err
			}
			if n.Label, err = labelOf("--label", n.Label); err != nil {
				return err
			}
			if len(repositories) == 0 {
				return usagef("--repository is missing: say what the token is to reach, as in --repository '%s/*:pull'", args[0])
			}
			for _, text := range repositories {
				r, err := resourceOf(text)
				if err != nil {
					return err
				}
				n.Resources = append(n.Resources, r)
			}
			if n.ExpiresAt, err = expiryOf(expires, time.Now()); err != nil {
				return err
			}
			return withService(cmd.Context(), t, *account, "lanyard org token", func(a signin.Access) error {
				made, err := a.Server.CreateOrgToken(cmd.Context(), a.Token, args[0], n)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					v := viewOrgToken(made)
					v.Secret = made.Secret
					return printJSON(t, v)
				}
				t.say("Generated %q of %s (%s). This is its secret; it is not shown again:", made.Label, args[0], reaches(made))
				_, err = fmt.Fprintln(t.Out, made.Secret)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&n.Label, "label", "l", "", "what it is for, 1 to 100 characters")
	cmd.Flags().StringVar(&n.Description, "description", "", "more about it, at most 1024 characters")
	cmd.Flags().StringArrayVar(&repositories, "repository", nil, "what it reaches, as PATH:ACTION,ACTION: a repository or a pattern such as acme/*, and pull, push or delete (default: pull); may be said several times")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: 30d, 90d, or 2027-01-31T12:00:00Z (default: never; at most a year)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, the secret included")
	return cmd
}

// imageScope is how Docker spells what may be done to a repository.
const imageScope = "scope-image-"

func actionsOf(scopes []string) []string {
	actions := []string{}
	for _, s := range scopes {
		actions = append(actions, strings.TrimPrefix(s, imageScope))
	}
	return actions
}

// resourceOf reads PATH:ACTION,ACTION; without actions it is pull.
func resourceOf(text string) (client.Resource, error) {
	path, actions, _ := strings.Cut(text, ":")
	if path != "*/*/public" {
		if _, err := patternsOf("--repository", []string{path}); err != nil {
			return client.Resource{}, err
		}
	}
	r := client.Resource{Type: "TYPE_REPO", Path: path}
	if !strings.Contains(text, ":") {
		actions = "pull"
	}
	for action := range strings.SplitSeq(actions, ",") {
		if action == "" {
			return client.Resource{}, usagef("--repository %.80q says nothing behind the colon: pull, push or delete", text)
		}
		if err := oneOf("--repository "+path+":", action, actionWords); err != nil {
			return client.Resource{}, err
		}
		r.Scopes = append(r.Scopes, imageScope+action)
	}
	return r, nil
}
