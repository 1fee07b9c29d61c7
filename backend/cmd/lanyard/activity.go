package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// eventView is something that happened, as --json and --jsonl print it.
type eventView struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Action    string            `json:"action"`
	Actor     string            `json:"actor"` // name; "": the service
	Subject   string            `json:"subject"`
	Label     string            `json:"label"`
	IP        string            `json:"ip"`
	UserAgent string            `json:"agent"`
	Details   map[string]string `json:"details"`
}

func viewEvent(e client.Event) eventView {
	return eventView{e.ID, e.At, e.Action, e.ActorName, e.Subject, e.Label, e.IP, e.Agent, e.Details}
}

func activityCommand(t terminal) *cobra.Command {
	var q client.ActivityQuery
	var account, since, until string
	var asJSON, asLines bool
	cmd := &cobra.Command{
		Use: "activity", Short: "What was done to an account's tokens, sessions and rights, by whom, from where", Args: usageArgs(cobra.NoArgs),
		Long: "Lists what happened, the newest first. It is kept for a year. What an administrator did for another person is in that\n" +
			"person's activity, too. --jsonl prints all of it, one JSON object a line, as it arrives.",
		Example: "  lanyard activity --since 7d --action token.\n  lanyard activity --jsonl > activity.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if asJSON && asLines {
				return usagef("--json and --jsonl do not go together")
			}
			if q.Most < 0 {
				return usagef("--limit %d is less than none", q.Most)
			}
			if asLines && !cmd.Flags().Changed("limit") {
				q.Most = 0
			}
			if q.From, err = momentOf("--since", since, time.Now()); err != nil {
				return err
			}
			if q.To, err = momentOf("--until", until, time.Now()); err != nil {
				return err
			}
			if q.User != "" {
				if err := checkName("--user", q.User); err != nil {
					return err
				}
			}
			return withService(cmd.Context(), t, account, "lanyard activity", func(a signin.Access) error {
				if asLines {
					return exportActivity(cmd, t, a, q)
				}
				all, err := a.Server.Activity(cmd.Context(), a.Token, q)
				if err != nil {
					return err
				}
				t.interrupt()
				if asJSON {
					views := make([]eventView, 0, len(all))
					for _, e := range all {
						views = append(views, viewEvent(e))
					}
					return printJSON(t, views)
				}
				b := t.table("WHEN", "WHAT", "TO", "BY", "FROM", "DETAILS")
				for _, e := range all {
					b.row(when(&e.At), e.Action, named(e), or(e.ActorName, e.ActorName != ""), e.IP, details(e.Details))
				}
				return b.print()
			})
		},
	}
	accountFlag(cmd, &account)
	cmd.Flags().StringVar(&since, "since", "", "only from then on: 7d, 12h, a day (2027-01-31) or a moment (2027-01-31T12:00:00Z)")
	cmd.Flags().StringVar(&until, "until", "", "only before then, said likewise")
	cmd.Flags().StringVar(&q.Action, "action", "", "only this: token.rotated; or all that begin so: token.")
	cmd.Flags().StringVar(&q.Subject, "subject", "", "only what was done to this token or session (its id), organisation, team or repository")
	cmd.Flags().StringVar(&q.User, "user", "", "another person's activity, for administrators")
	cmd.Flags().IntVar(&q.Most, "limit", 100, "at most so many, the newest; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&asLines, "jsonl", false, "print all of it, one JSON object a line")
	return cmd
}

// exportActivity prints as it reads: a year of a busy account is long.
func exportActivity(cmd *cobra.Command, t terminal, a signin.Access, q client.ActivityQuery) error {
	t.interrupt()
	encoder, printed := json.NewEncoder(t.Out), 0
	err := a.Server.ExportActivity(cmd.Context(), a.Token, q, func(e client.Event) error {
		if err := encoder.Encode(viewEvent(e)); err != nil {
			return err
		}
		if printed++; q.Most > 0 && printed == q.Most {
			return errEnough
		}
		return nil
	})
	if err != nil && printed == q.Most && q.Most > 0 {
		return nil
	}
	if err != nil && printed > 0 {
		return fmt.Errorf("%w; what was printed before is not all", err)
	}
	return err
}

var errEnough = fmt.Errorf("as many as were asked for")

func named(e client.Event) string {
	if e.Label != "" {
		return e.Label
	}
	return e.Subject
}

func details(all map[string]string) string {
	var words []string
	for name, value := range all {
		words = append(words, name+" "+value)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// momentOf reads how long ago, a day, or a moment; zero: not said.
func momentOf(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var days int
	if n, err := fmt.Sscanf(text, "%dd", &days); n == 1 && err == nil && fmt.Sprintf("%dd", days) == text && days >= 0 && days < 36500 {
		return now.AddDate(0, 0, -days), nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usagef("%s %.40q is neither how long ago (7d, 12h), nor a day (2027-01-31), nor a moment (2027-01-31T12:00:00Z)", flag, text)
	}
	return at, nil
}
