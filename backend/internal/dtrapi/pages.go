package dtrapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/token"
)

// The headers of a page, as DTR sent them and its clients read them; neither
// is in its documentation.
const (
	nextHeader  = "X-Next-Page-Start" // pageStart of the next page; not there on the last
	countHeader = "X-Resource-Count"  // of all pages, where count=true asks for it
)

const (
	defaultSize = 10
	maxSize     = 1000
	batch       = 200 // rows read at once
)

// query is what pages are asked for with.
type query struct {
	start string // the first record; "": the first there is
	size  int
	count bool
}

func pageOf(r *http.Request) (q query, err error) {
	values := r.URL.Query()
	q.start, q.size = values.Get("pageStart"), defaultSize
	if text := values.Get("pageSize"); values.Has("pageSize") {
		if q.size, err = strconv.Atoi(text); err != nil || q.size < 1 || q.size > maxSize {
			return q, errParameter(fmt.Sprintf("pageSize is a number from 1 to %d", maxSize))
		}
	}
	if text := values.Get("count"); values.Has("count") {
		if q.count, err = strconv.ParseBool(text); err != nil {
			return q, errParameter("count is true or false")
		}
	}
	if len(q.start) > 255 || strings.ContainsFunc(q.start, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return q, errParameter("pageStart is what " + nextHeader + " of the page before says")
	}
	return q, nil
}

// headers are those of a page; count below zero: nobody asked.
func headers(next string, count int) http.Header {
	all := http.Header{}
	if next != "" {
		all.Set(nextHeader, next)
	}
	if count >= 0 {
		all.Set(countHeader, strconv.Itoa(count))
	}
	return all
}

// A reading returns up to most tokens in the order of their ids, beginning with
// start, and where the next ones begin; "": there are none. So a page is right
// whatever comes and goes meanwhile.
type reading func(ctx context.Context, start string, most int) (page []token.Token, next string, err error)

// tokensOf reads those of one account.
func (h *Handler) tokensOf(one account.Account) reading {
	return func(ctx context.Context, start string, most int) (page []token.Token, next string, err error) {
		all, err := h.Tokens.List(ctx, one.ID)
		if err != nil {
			return nil, "", err
		}
		slices.SortFunc(all, func(a, b token.Token) int { return cmp.Compare(a.ID, b.ID) })
		for _, t := range all {
			switch {
			case t.ID < start:
			case len(page) == most:
				return page, t.ID, nil
			default:
				page = append(page, t)
			}
		}
		return page, "", nil
	}
}

// everybodys reads those of all accounts.
func (h *Handler) everybodys(ctx context.Context, start string, most int) (page []token.Token, next string, err error) {
	now := h.now()
	for {
		rows, err := h.Store.TokensFrom(ctx, start, batch)
		if err != nil {
			return nil, "", fmt.Errorf("list tokens: %w", err)
		}
		for _, t := range rows {
			switch {
			case !listed(t, now):
			case len(page) == most:
				return page, t.ID, nil
			default:
				page = append(page, t)
			}
		}
		if len(rows) < batch {
			return page, "", nil
		}
		start = rows[len(rows)-1].ID + "\x00" // the next there can be
	}
}

// listed says whether a token is one of a user's that is still there: what
// merely waits to be swept is not.
func listed(t token.Token, now time.Time) bool {
	return t.Source != token.Org && !(t.Source == token.Auto && t.Dead(now))
}

func countTokens(ctx context.Context, read reading) (n int, err error) {
	for start := ""; ; {
		page, next, err := read(ctx, start, maxSize)
		if err != nil {
			return 0, err
		}
		if n += len(page); next == "" {
			return n, nil
		}
		start = next
	}
}
