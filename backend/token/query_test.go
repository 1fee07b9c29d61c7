package token_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lanyard/backend/token"
)

// shelfOf are tokens to be asked for, made a minute apart.
func shelfOf(names ...string) []token.Token {
	var all []token.Token
	for i, name := range names {
		all = append(all, token.Token{
			ID: fmt.Sprintf("id-%02d", i), Description: name, Source: token.Manual, Active: true, LastFour: fmt.Sprintf("x%03d", i),
			Scopes: []token.Scope{token.ScopeRead}, CreatedAt: noon.Add(time.Duration(i) * time.Minute),
		})
	}
	return all
}

func described(page []token.Token) string {
	var all []string
	for _, t := range page {
		all = append(all, t.Description)
	}
	return strings.Join(all, " ")
}

func TestQuery(t *testing.T) {
	all := shelfOf("deploy", "Backup", "ci", "laptop", "old")
	all[1].Active = false
	all[2].LastUsed.At = noon.Add(time.Hour)
	all[3].Source, all[3].Machine, all[3].Session, all[3].SessionUntil = token.Auto, "Ada's laptop", "s", noon.Add(time.Hour*24)
	all[4].ExpiresAt = noon.Add(time.Minute)
	all[0].ExpiresAt = noon.Add(48 * time.Hour)
	now := noon.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		q    token.Query
		want string
	}{
		"all, the newest first":  {token.Query{}, "old laptop ci Backup deploy"},
		"by description":         {token.Query{Sort: "description"}, "Backup ci deploy laptop old"},
		"by description, down":   {token.Query{Sort: "-description"}, "old laptop deploy ci Backup"},
		"by last use":            {token.Query{Sort: "-last_used"}, "ci old laptop Backup deploy"},
		"by expiry, never last":  {token.Query{Sort: "expires"}, "old deploy Backup ci laptop"},
		"by status":              {token.Query{Sort: "status"}, "deploy ci laptop old Backup"},
		"active":                 {token.Query{Status: token.IsActive}, "laptop ci deploy"},
		"inactive":               {token.Query{Status: token.IsInactive}, "Backup"},
		"expired":                {token.Query{Status: token.IsExpired}, "old"},
		"auto-generated":         {token.Query{Source: token.Auto}, "laptop"},
		"search, any case":       {token.Query{Search: "BACK"}, "Backup"},
		"search in the machine":  {token.Query{Search: "ada's lap"}, "laptop"},
		"search by last four":    {token.Query{Search: "x002"}, "ci"},
		"search, nothing":        {token.Query{Search: "zzz"}, ""},
		"several together":       {token.Query{Search: "l", Source: token.Manual, Status: token.IsActive}, "deploy"},
		"a page":                 {token.Query{Most: 2}, "old laptop"},
		"the next by its number": {token.Query{Most: 2, Skip: 2}, "ci Backup"},
		"behind the last":        {token.Query{Most: 2, Skip: 20}, ""},
	} {
		page, total, _, err := c.q.Page(all, now)
		if err != nil || described(page) != c.want {
			t.Errorf("%s: %q of %d, %v; want %q", name, described(page), total, err, c.want)
		}
	}
	for name, q := range map[string]token.Query{
		"a column that is none": {Sort: "secret"}, "a minus alone": {Sort: "-"}, "a source": {Source: "x"}, "a status": {Status: "x"},
		"control characters": {Search: "a\x00"}, "too long": {Search: strings.Repeat("x", 101)},
		"a cursor of nonsense": {After: "%%%"}, "a cursor of something else": {After: "eyJhIjoxfQ"}, "a long cursor": {After: token.Cursor(strings.Repeat("a", 5000))},
	} {
		if _, _, _, err := q.Page(all, now); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// While tokens come and go, whoever follows the cursors sees each token that
// stays once, in order, and none twice.
func TestPagesWhileTokensComeAndGo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(r, "tokens")
		var all []token.Token
		for i := range n {
			one := shelfOf(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "name"))[0]
			one.ID, one.CreatedAt = fmt.Sprintf("id-%02d", i), noon.Add(time.Duration(i/3)*time.Minute)
			all = append(all, one)
		}
		q := token.Query{Sort: rapid.SampledFrom([]string{"", "created", "-description", "description", "expires"}).Draw(r, "sort"), Most: rapid.IntRange(1, 7).Draw(r, "most")}
		stays := map[string]bool{}
		for _, one := range all {
			stays[one.ID] = true
		}
		var seen []string
		for {
			page, _, next, err := q.Page(all, noon)
			if err != nil {
				r.Fatal(err)
			}
			for _, one := range page {
				if slices.Contains(seen, one.ID) {
					r.Fatalf("%s comes twice", one.ID)
				}
				seen = append(seen, one.ID)
			}
			if next == "" {
				break
			}
			q.After = next
			if len(all) > 0 && rapid.Bool().Draw(r, "one goes") { // the last of the page, at times
				at := rapid.IntRange(0, len(all)-1).Draw(r, "which")
				delete(stays, all[at].ID)
				all = slices.Delete(slices.Clone(all), at, at+1)
			}
			if rapid.Bool().Draw(r, "one comes") {
				one := shelfOf("bb")[0]
				one.ID = fmt.Sprintf("new-%d", len(seen))
				all = append(all, one)
			}
		}
		for id := range stays {
			if !slices.Contains(seen, id) {
				r.Fatalf("%s was never shown", id)
			}
		}
	})
}
