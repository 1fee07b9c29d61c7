package token

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Query is what is asked of a list of tokens; the zero Query is all of them,
// the newest first.
type Query struct {
	Search string // in description, machine and last four; "": everything
	Source Source // "": every
	Status Status // "": every
	Sort   string // a column, "-" before it for the other way; "": the newest first
	// After is where the page before ended; "": the first page. Since it is a
	// place in the order and no number, tokens that come and go meanwhile, that
	// one included, neither repeat nor hide another.
	After Cursor
	Skip  int // so many of what follows After
	Most  int // 0: all
}

// Status is how a token stands.
type Status string

// The three.
const (
	IsActive   Status = "active"
	IsInactive Status = "inactive"
	IsExpired  Status = "expired" // or its session is over
)

// StatusAt is how the token stands at now.
func (t Token) StatusAt(now time.Time) Status {
	switch {
	case t.Dead(now):
		return IsExpired
	case !t.Active:
		return IsInactive
	}
	return IsActive
}

// A column is what tokens can be sorted by, as text that sorts as it should.
type column func(t Token, now time.Time) string

var columns = map[string]column{
	"created":     func(t Token, _ time.Time) string { return sortable(t.CreatedAt) },
	"description": func(t Token, _ time.Time) string { return fold(t.Description) },
	"source":      func(t Token, _ time.Time) string { return string(t.Source) },
	"status":      func(t Token, now time.Time) string { return string(t.StatusAt(now)) },
	"scopes":      func(t Token, _ time.Time) string { return joined(t.Scopes) },
	"last_used":   func(t Token, _ time.Time) string { return sortable(t.LastUsed.At) },
	"expires": func(t Token, _ time.Time) string {
		if t.ExpiresAt.IsZero() {
			return "never" // behind all digits
		}
		return sortable(t.ExpiresAt)
	},
}

// place is where a token stands in an order: by a column, then by age, then by id.
type place [3]string

func (p place) compare(o place) int {
	return cmp.Or(strings.Compare(p[0], o[0]), strings.Compare(p[1], o[1]), strings.Compare(p[2], o[2]))
}

// sortable is a time as hexadecimal digits; one that never was comes first.
func sortable(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("%016x", uint64(max(at.UnixMicro(), 0)))
}

// Check says why a query cannot be answered, or nil.
func (q Query) Check() error {
	_, known := columns[strings.TrimPrefix(q.Sort, "-")]
	switch {
	case q.Sort != "" && !known:
		return fmt.Errorf("%w: tokens are sorted by created, description, source, status, scopes, last_used or expires, with - before it for the other way, not by %.40q", ErrInvalid, q.Sort)
	case q.Source != "" && q.Source != Manual && q.Source != Auto:
		return fmt.Errorf("%w: the source of a token is manual or auto, not %.40q", ErrInvalid, q.Source)
	case q.Status != "" && q.Status != IsActive && q.Status != IsInactive && q.Status != IsExpired:
		return fmt.Errorf("%w: a token is active, inactive or expired, not %.40q", ErrInvalid, q.Status)
	}
	return checkText(q.Search, 100)
}

// Page is what a query finds among tokens at now: one page, how many there are
// of it all, and the Cursor of its last token, "" where nothing follows.
func (q Query) Page(tokens []Token, now time.Time) (page []Token, total int, next Cursor, err error) {
	if err := q.Check(); err != nil {
		return nil, 0, "", err
	}
	after, err := q.After.place()
	if err != nil {
		return nil, 0, "", err
	}
	by, down := q.column()
	type found struct { // small: it is moved about while sorting
		at    place
		token int
	}
	all := make([]found, 0, len(tokens))
	for i, t := range tokens {
		if q.finds(t, now) {
			all = append(all, found{place{by(t, now), sortable(t.CreatedAt), t.ID}, i})
		}
	}
	sign := 1
	if down {
		sign = -1
	}
	slices.SortFunc(all, func(a, b found) int { return sign * a.at.compare(b.at) })
	from := 0
	if q.After != "" {
		from = len(all)
		if at := slices.IndexFunc(all, func(f found) bool { return sign*f.at.compare(after) > 0 }); at >= 0 {
			from = at
		}
	}
	from = min(from+q.Skip, len(all))
	to := len(all)
	if q.Most > 0 {
		to = min(to, from+q.Most)
	}
	page = make([]Token, 0, to-from)
	for _, f := range all[from:to] {
		page = append(page, tokens[f.token])
	}
	if to > from && to < len(all) {
		next = cursorOf(all[to-1].at)
	}
	return page, len(all), next, nil
}

func (q Query) column() (by column, down bool) {
	name, down := strings.CutPrefix(q.Sort, "-")
	if q.Sort == "" {
		name, down = "created", true
	}
	return columns[name], down
}

// Cursor is a place in an order, for the address of the next page. It says
// nothing that the page before did not, and reaches nobody else's tokens.
type Cursor string

func cursorOf(p place) Cursor {
	text, _ := json.Marshal(p) // texts can be
	return Cursor(base64.RawURLEncoding.EncodeToString(text))
}

const maxCursor = 1024

func (c Cursor) place() (p place, err error) {
	if c == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(string(c))
	if err == nil && len(c) <= maxCursor {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || len(c) > maxCursor || p[2] == "" {
		return p, fmt.Errorf("%w: no page begins there; begin with the first one", ErrInvalid)
	}
	return p, nil
}

func (q Query) finds(t Token, now time.Time) bool {
	if q.Source != "" && t.Source != q.Source || q.Status != "" && t.StatusAt(now) != q.Status {
		return false
	}
	for word := range strings.FieldsSeq(fold(q.Search)) {
		if !strings.Contains(fold(t.Description), word) && !strings.Contains(fold(t.Machine), word) && fold(t.LastFour) != word {
			return false
		}
	}
	return true
}

func fold(text string) string { return strings.ToLower(text) }
