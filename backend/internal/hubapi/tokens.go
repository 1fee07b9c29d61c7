package hubapi

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

const (
	pageSize    = 10 // the Hub's default
	maxPageSize = 100
	maxPage     = 1_000_000

	// unnamed is the label where the older path's clients send none.
	unnamed = "API token"
)

// list is GET /v2/access-tokens: one page, the newest first.
func (h *Handler) list(r *http.Request, who gate.Passed) (answer, error) {
	page, err := number(r, "page", 1, maxPage)
	if err != nil {
		return answer{}, err
	}
	size, err := number(r, "page_size", pageSize, 0)
	if err != nil {
		return answer{}, err
	}
	size = min(size, maxPageSize)
	all, err := h.Tokens.List(r.Context(), who.Account.ID)
	if err != nil {
		return answer{}, err
	}
	now := h.now()
	var out struct {
		Count       int           `json:"count"`
		Next        *string       `json:"next"`
		Previous    *string       `json:"previous"`
		ActiveCount int           `json:"active_count"`
		Results     []accessToken `json:"results"`
	}
	out.Count, out.Results = len(all), []accessToken{}
	for _, t := range all {
		if t.Usable(now) == nil {
			out.ActiveCount++
		}
	}
	from, to := min(len(all), (page-1)*size), min(len(all), page*size)
	for _, t := range all[from:to] {
		out.Results = append(out.Results, show(t, now))
	}
	if to < len(all) {
		out.Next = h.page(r, page+1, size)
	}
	if page > 1 {
		out.Previous = h.page(r, page-1, size)
	}
	return answer{http.StatusOK, out}, nil
}

// page is the address of another page. Terraform's provider follows it only if
// it begins as the client began.
func (h *Handler) page(r *http.Request, page, size int) *string {
	address := fmt.Sprintf("%s%s?page=%d&page_size=%d", h.PublicURL, strings.TrimSuffix(r.URL.Path, "/"), page, size)
	return &address
}

// number reads a positive number of the query, at most most (0: any).
func number(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || most > 0 && int(n) > most {
		return 0, errFields{name: "must be a number from 1"}
	}
	return int(n), nil
}

// create is POST /v2/access-tokens. The secret is in its answer and nowhere
// else. is_active, which hub-tool sends as false, is not looked at.
func (h *Handler) create(r *http.Request, who gate.Passed) (answer, error) {
	older := strings.HasPrefix(r.URL.Path, "/v2/api_tokens")
	f, err := read(r, older)
	if err != nil {
		return answer{}, err
	}
	label, scopes, expires := f.text("token_label"), f.texts("scopes"), f.text("expires_at")
	if label == nil && !older && f.wrong["token_label"] == "" {
		f.wrong["token_label"] = "is needed"
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if older { // its format knows neither to be needed
		label = unlessEmpty(cmp.Or(plain(label), unnamed))
		if len(scopes) == 0 {
			scopes = []string{string(token.ScopeAdmin)}
		}
	}
	made, secret, err := h.Tokens.Create(r.Context(), who.Account.ID, token.Spec{
		Description: *label, Scopes: scopes, Expires: plain(expires), By: by(r, who),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, showOnce(made, secret, h.now())}, nil
}

// get is GET /v2/access-tokens/{uuid}.
func (h *Handler) get(r *http.Request, who gate.Passed) (answer, error) {
	t, err := h.Tokens.Get(r.Context(), who.Account.ID, uuid(r))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, show(t, h.now())}, nil
}

// patch is PATCH /v2/access-tokens/{uuid}: label and standing, and nothing
// else of a token ever changes.
func (h *Handler) patch(r *http.Request, who gate.Passed) (answer, error) {
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	p := token.Patch{Description: f.text("token_label"), Active: f.truth("is_active"), Pinned: f.truth("is_pinned")}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if p.Empty() {
		return answer{}, errBody("nothing to change: send token_label or is_active")
	}
	t, err := h.Tokens.Change(r.Context(), who.Account.ID, uuid(r), p, by(r, who))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, show(t, h.now())}, nil
}

// remove is DELETE /v2/access-tokens/{uuid}. The session of an auto-generated
// token ends with it, the caller's own, too.
func (h *Handler) remove(r *http.Request, who gate.Passed) (answer, error) {
	if err := h.Tokens.Delete(r.Context(), who.Account.ID, by(r, who), uuid(r)); err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, nil
}

func uuid(r *http.Request) string { return strings.ToLower(r.PathValue("uuid")) }
