package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// maxLabel is what the service takes, in characters.
const maxLabel = 100

func tokenCreate(t terminal, w *whose) *cobra.Command {
	var description, expires string
	var scopes, repositories []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create", Short: "Generate a token; its secret is shown this once", Args: usageArgs(cobra.NoArgs),
		Long: "Generates a token and prints its secret, alone, on standard output; all else goes to standard error. It is not\n" +
			"shown again. Nothing of it is kept on this computer.",
		Example: "  lanyard token create --description ci --scope write --expires 30d | docker login -u NAME --password-stdin HOST\n" +
			"  lanyard token create -d deploy --scope read --repository acme/app --repository 'acme/site-*'\n" +
			"  secret=$(lanyard token create -d ci)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n := client.NewToken{Label: description}
			var err error
			if n.Label, err = labelOf("--description", description); err != nil {
				return err
			}
			if n.Scopes, err = scopesOf("--scope", scopes); err != nil {
				return err
			}
			if n.ExpiresAt, err = expiryOf(expires, time.Now()); err != nil {
				return err
			}
			if n.Repositories, err = patternsOf("--repository", repositories); err != nil {
				return err
			}
			return withHolder(cmd.Context(), t, *w, func(a signin.Access, h client.Holder) error {
				if len(n.Repositories) > 0 {
					if err := lanyardOnly(a, "--repository"); err != nil {
						return err
					}
				}
				made, err := h.Create(cmd.Context(), n)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					one := view(made)
					one.Secret = made.Secret
					return printJSON(t, one)
				}
				t.say("Generated %q (%s). This is its secret; it is not shown again:", made.Label, reach(made))
				_, err = fmt.Fprintln(t.Out, made.Secret)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&description, "description", "d", "", "what it is for, 1 to 100 characters")
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{"public_read"}, "access: admin (Read, Write, Delete), write, read or public_read")
	cmd.Flags().StringSliceVar(&repositories, "repository", nil, "limit it to this repository, or to a pattern such as team/*; may be said several times")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: 30d, 90d, or 2027-01-31T12:00:00Z (default: never; at most a year)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, the secret included")
	return cmd
}

// labelOf checks a description before anybody is asked.
func labelOf(flag, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", usagef("%s is missing: say what the token is for", flag)
	case utf8.RuneCountInString(text) > maxLabel:
		return "", usagef("%s has %d characters; at most %d", flag, utf8.RuneCountInString(text), maxLabel)
	case !utf8.ValidString(text), strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", usagef("%s %q has characters that cannot be shown", flag, text)
	}
	return text, nil
}

func scopesOf(flag string, asked []string) ([]string, error) {
	var scopes []string
	for _, s := range asked {
		s = strings.TrimPrefix(s, "repo:")
		switch s {
		case "admin", "write", "read", "public_read":
			scopes = append(scopes, "repo:"+s)
		default:
			return nil, usagef("%s %.40q is not one of admin, write, read, public_read", flag, s)
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
