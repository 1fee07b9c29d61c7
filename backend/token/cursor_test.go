package token_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"lanyard/backend/token"
)

// Whatever a cursor is, the page is a run of one's own tokens in their order,
// or there is a refusal; and following the cursors shows each token once.
func FuzzCursor(f *testing.F) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var held []token.Token
	for i := range 7 {
		held = append(held, token.Token{ID: fmt.Sprint("id-", i), Description: fmt.Sprint("ci ", i%3), Active: i%2 == 0, CreatedAt: at.Add(time.Duration(i/2) * time.Second)})
	}
	for _, seed := range []string{"", "x", `["","",""]`, `["","","id-3"]`, `["~","~","~"]`, `["a"]`, `{}`, `null`, `["\u0000","x","y"]`, `["0006","0006","id-2","more"]`} {
		f.Add(seed, uint8(2), true)
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(seed)), uint8(0), false)
	}
	orders := []string{"", "created", "-created", "description", "-description", "source", "status", "scopes", "last_used", "-expires"}
	f.Fuzz(func(t *testing.T, after string, order uint8, follow bool) {
		q := token.Query{After: token.Cursor(after), Sort: orders[int(order)%len(orders)], Most: 3}
		seen := map[string]bool{}
		for range 4 {
			page, total, next, err := q.Page(held, at)
			if err != nil {
				if !errors.Is(err, token.ErrInvalid) {
					t.Fatal(err)
				}
				return
			}
			if len(page) > 3 || total != len(held) {
				t.Fatalf("%d of %d", len(page), total)
			}
			for _, one := range page {
				if seen[one.ID] {
					t.Fatalf("%s twice, after %q by %q", one.ID, after, q.Sort)
				}
				seen[one.ID] = true
			}
			if next == "" || !follow {
				return
			}
			q.After = next
		}
	})
}
