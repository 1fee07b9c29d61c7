package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// maxOverlap is how long a service accepts an earlier secret at most.
const maxOverlap = 30 * 24 * time.Hour

func tokenRotate(t terminal, w *whose) *cobra.Command {
	overlap := "24h"
	var window time.Duration
	cmd := oneToken{
		use: "rotate TOKEN", short: "Give a token another secret; it is shown this once", args: cobra.ExactArgs(1), ours: "rotate", secret: true,
		check: func([]string) (err error) {
			window, err = overlapOf(overlap)
			return err
		},
		do: func(ctx context.Context, h client.Holder, one client.Token, _ []string) (client.Token, error) {
			return h.Rotate(ctx, one.UUID, window)
		},
		show: func(one client.Token) error {
			if p := one.Previous; p != nil && window > 0 {
				t.say("%q has another secret. The earlier one (…%s) is accepted until %s; who still uses it: lanyard token show %s", one.Label, p.LastFour, when(&p.Until), one.UUID)
			} else {
				t.say("%q has another secret. The earlier one is refused from now on.", one.Label)
			}
			t.say("This is the new one; it is not shown again:")
			_, err := fmt.Fprintln(t.Out, one.Secret)
			return err
		},
	}.command(t, w)
	cmd.Long = "Gives a token made by hand another secret, and prints that, alone, on standard output; all else goes to standard\n" +
		"error. It is not shown again. Name, access permissions and expiry stay. The earlier secret is accepted for\n" +
		"--overlap more, so that whoever uses it can be given the new one; lanyard token show says who still does."
	cmd.Example = "  lanyard token rotate ci > token.new\n  lanyard token rotate ci --overlap 0    # the earlier secret ends at once"
	cmd.Flags().StringVar(&overlap, "overlap", overlap, "how long the earlier secret is accepted: 0, 24h, 7d; at most 30d")
	cmd.Flags().Lookup("json").Usage = "print JSON, the secret included"
	return cmd
}

// overlapOf reads hours, minutes or days.
func overlapOf(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	var days int
	if n, failed := fmt.Sscanf(text, "%dd", &days); err != nil && n == 1 && failed == nil && fmt.Sprintf("%dd", days) == text && days < 10_000 {
		d, err = time.Duration(days)*24*time.Hour, nil
	}
	switch {
	case err != nil:
		return 0, usagef("--overlap %.40q is no length of time: 0, 24h, 7d", text)
	case d < 0 || d > maxOverlap:
		return 0, usagef("--overlap %s is not between 0 and 30d", text)
	}
	return d, nil
}

// whichView is a token that was found by its secret.
type whichView struct {
	tokenView
	ByEarlier bool `json:"by_earlier_secret"`
}

func tokenWhich(t terminal, w *whose) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "which", Short: "Say which token a secret belongs to; it is read from standard input", Args: usageArgs(cobra.NoArgs),
		Long: "Reads a secret from standard input, or asks for it without showing it, and says which of the account's tokens it\n" +
			"belongs to. Neither this computer nor the service keeps it.",
		Example: "  lanyard token which < found-in-a-script",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if w.user != "" {
				return usagef("which looks among one's own tokens; --user does not go with it")
			}
			secret, err := readSecret(cmd.Context(), t, "Secret of the token (it is not shown): ")
			if err != nil {
				return err
			}
			return withService(cmd.Context(), t, w.account, "which", func(a signin.Access) error {
				one, earlier, err := a.Server.Which(cmd.Context(), a.Token, secret.Reveal())
				if err != nil {
					return fmt.Errorf("none of the tokens of %s has that secret (%w)", a.Account, err)
				}
				t.interrupt()
				if asJSON {
					return printJSON(t, whichView{view(one), earlier})
				}
				if earlier {
					t.say("This is its secret before the last rotation.")
				}
				return showToken(t, one)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
