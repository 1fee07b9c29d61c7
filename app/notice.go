package app

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"lanyard/backend/standing"
)

// NoticeView is something that a person should know without having asked.
type NoticeView struct {
	ID    string            `json:"id"`
	Kind  string            `json:"kind"`
	At    string            `json:"at"` // what it is about: when it ends, or ended
	Args  map[string]string `json:"args"`
	Place string            `json:"place"` // home, tokens or security: where more is said
}

// The kinds of notices.
const (
	noticeEnds     = "session_ends"
	noticeEnded    = "session_ended"
	noticeReplaced = "token_replaced"
	noticeExpires  = "token_expires"
)

// The marks before an end at which a person is told, the last one first.
var (
	beforeSession = []lead{{"1h", time.Hour}, {"1d", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}
	beforeToken   = []lead{{"1d", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}
)

type lead struct {
	name   string
	before time.Duration
}

// known is what there is to tell about: times that are not known are zero.
type known struct {
	State           string // of the session, as the page knows it
	Account, Server string
	Ends, IdleEnds  time.Time
	By              string
	When            time.Time
	LastFour        string
	Tokens          []expiring
}

// expiring is a token of the account's own, made by hand, that ends.
type expiring struct {
	ID, Description, LastFour string
	Expires                   time.Time
}

// noticesOf says what is to be told at now, the most urgent first. It is a rule
// and no memory: the same values make the same notices with the same ids, and
// of several marks of one end only the latest that has come.
func noticesOf(k known, now time.Time) []NoticeView {
	all := []NoticeView{}
	about := k.Account + "@" + k.Server
	args := func(more ...string) map[string]string {
		all := map[string]string{"account": k.Account, "server": k.Server}
		for i := 0; i+1 < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	switch state := k.State; state {
	case "active", "offline", "deactivated", "keychain_locked", "keychain_missing":
		end, why := k.Ends, "absolute"
		if !k.IdleEnds.IsZero() && (end.IsZero() || k.IdleEnds.Before(end)) {
			end, why = k.IdleEnds, "idle"
		}
		if m, ok := reached(beforeSession, end, now); ok {
			all = append(all, NoticeView{
				ID: fmt.Sprintf("%s/%s/%s/%s", noticeEnds, m, about, day(end)), Kind: noticeEnds, At: stamp(end), Args: args("mark", m, "why", why), Place: "home",
			})
		}
	case "expired", "ended":
		all = append(all, NoticeView{
			ID: fmt.Sprintf("%s/%s/%s", noticeEnded, about, stamp(k.When)), Kind: noticeEnded, At: stamp(k.When), Args: args("by", k.By, "state", state), Place: "home",
		})
	case "replaced":
		all = append(all, NoticeView{
			ID: fmt.Sprintf("%s/%s/%s", noticeReplaced, about, stamp(k.When)), Kind: noticeReplaced, At: stamp(k.When), Args: args("by", k.By), Place: "security",
		})
	}
	tokens := slices.Clone(k.Tokens)
	slices.SortFunc(tokens, func(a, b expiring) int { return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.ID, b.ID)) })
	for _, t := range tokens {
		if m, ok := reached(beforeToken, t.Expires, now); ok {
			all = append(all, NoticeView{
				ID: fmt.Sprintf("%s/%s/%s/%s", noticeExpires, m, t.ID, stamp(t.Expires)), Kind: noticeExpires, At: stamp(t.Expires),
				Args: args("mark", m, "description", t.Description, "lastFour", t.LastFour, "id", t.ID), Place: "tokens",
			})
		}
	}
	return all
}

// reached is the latest mark before an end that has come, while the end has not.
func reached(marks []lead, end, now time.Time) (string, bool) {
	if end.IsZero() || !end.After(now) {
		return "", false
	}
	for _, m := range marks {
		if !end.Add(-m.before).After(now) {
			return m.name, true
		}
	}
	return "", false
}

// day keeps an end by disuse, which moves a little with each use, from being
// another one each time.
func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// worded is a notice as the desktop shows it: in English, as all that Go says
// outside of the page.
func worded(n NoticeView) (title, body string) {
	at, _ := time.Parse(time.RFC3339, n.At)
	who := n.Args["account"]
	switch n.Kind {
	case noticeEnds:
		left := map[string]string{"1h": "within the hour", "1d": "within a day", "7d": "within a week"}[n.Args["mark"]]
		return "The session ends " + left, fmt.Sprintf("That of %s ends on %s. Sign in again to begin a new one.", who, standing.Day(at))
	case noticeEnded:
		return "The session has ended", fmt.Sprintf("Tools of this computer are not signed in as %s any more.", who)
	case noticeReplaced:
		by := n.Args["by"]
		if by == "" {
			by = "another computer"
		}
		return "This computer's token gave way", fmt.Sprintf("%s took its place in the account %s.", by, who)
	}
	return "A token expires soon", fmt.Sprintf("%q (…%s) of %s ends on %s.", n.Args["description"], n.Args["lastFour"], who, standing.Day(at))
}

// quiet says whether the person wants no notification of a kind.
func quiet(kind string, p PreferencesView) bool {
	switch kind {
	case noticeReplaced:
		return !p.Notify.Replaced
	case noticeExpires:
		return !p.Notify.Tokens
	}
	return !p.Notify.Session
}
