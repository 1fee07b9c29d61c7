package hubapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"lanyard/backend/internal/gate"
)

const (
	// waitFor is how long a question about changes stays open: less than
	// proxies allow.
	waitFor = 25 * time.Second
	maxMark = 64 // bytes
)

// Changes tell when something of an account is not as it was; *changes.Board.
type Changes interface {
	Wait(ctx context.Context, account, after string) (mark string, err error)
}

// changes is GET /v2/access/changes, ours: answered as soon as something of the
// account has changed since the mark after, or with the same mark after a
// while. A session that ends meanwhile is refused like any that has ended.
func (h *Handler) changes(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	after := r.URL.Query().Get("after")
	if len(after) > maxMark {
		return answer{}, errFields{"after": "must be a mark that this path gave, or be left out"}
	}
	// What ends by the clock is told by nobody.
	ctx, cancel := context.WithTimeout(r.Context(), min(waitFor, who.Session.Until().Sub(h.now())))
	defer cancel()
	mark, err := h.Changes.Wait(ctx, who.Account.ID, after)
	if err != nil && (r.Context().Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return answer{}, err
	}
	if err := h.Gate.Still(r.Context(), who); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, struct {
		Mark string `json:"mark"`
	}{mark}}, nil
}
