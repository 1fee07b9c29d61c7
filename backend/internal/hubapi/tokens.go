package hubapi

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// unnamed is the label where the older path's clients send none.
const unnamed = "API token"

// list is GET /v2/access-tokens: one page, the newest first where nothing else
// is asked for. after goes on where a page ended, whatever came and went
// meanwhile; page counts, as the Hub's older clients do.
func (h *Handler) list(r *http.Request, who gate.Passed) (answer, error) {
	at, err := windowOf(r, pageSize)
	if err != nil {
		return answer{}, err
	}
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	asked := r.URL.Query()
	q := token.Query{
		Search: asked.Get("search"), Source: token.Source(asked.Get("source")), Status: token.Status(asked.Get("status")),
		Sort: asked.Get("ordering"), After: token.Cursor(asked.Get("after")), Most: at.size,
	}
	if q.After == "" {
		q.Skip = (at.page - 1) * at.size
	}
	all, err := h.Tokens.List(r.Context(), owner.ID)
	if err != nil {
		return answer{}, err
	}
	now := h.now()
	page, found, next, err := q.Page(all, now)
	if err != nil {
		return answer{}, err
	}
	out := struct {
		envelope[accessToken]
		ActiveCount   int `json:"active_count"`   // of all that there are, found or not
		InactiveCount int `json:"inactive_count"` // likewise; ours
	}{envelope: envelope[accessToken]{Count: found, Results: make([]accessToken, 0, len(page))}}
	for _, t := range all {
		switch t.StatusAt(now) {
		case token.IsActive:
			out.ActiveCount++
		case token.IsInactive:
			out.InactiveCount++
		}
	}
	for _, t := range page {
		out.Results = append(out.Results, show(t, now))
	}
	if next != "" {
		out.Next = h.page(r, at.page+1, at.size, url.Values{"after": {string(next)}})
	}
	if at.page > 1 {
		out.Previous = h.page(r, at.page-1, at.size, nil)
	}
	return answer{http.StatusOK, out}, nil
}

// create is POST /v2/access-tokens. The secret is in its answer and nowhere
// else. is_active, which hub-tool sends as false, is not looked at.
func (h *Handler) create(r *http.Request, who gate.Passed) (answer, error) {
	older := strings.HasPrefix(r.URL.Path, "/v2/api_tokens")
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, older)
	if err != nil {
		return answer{}, err
	}
	label, scopes, expires, only := f.text("token_label"), f.texts("scopes"), f.text("expires_at"), f.texts("repositories")
	if label == nil && !older && f.wrong["token_label"] == "" {
		f.wrong["token_label"] = "is needed"
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if err := access.CheckPatterns(only); err != nil {
		return answer{}, err
	}
	if older { // its format knows neither to be needed
		label = unlessEmpty(cmp.Or(plain(label), unnamed))
		if len(scopes) == 0 {
			scopes = []string{string(token.ScopeAdmin)}
		}
	}
	made, secret, err := h.Tokens.Create(r.Context(), owner.ID, token.Spec{
		Description: *label, Scopes: scopes, Expires: plain(expires), Repositories: only, By: by(r, who),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, showOnce(made, secret, h.now())}, nil
}

// get is GET /v2/access-tokens/{uuid}.
func (h *Handler) get(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	t, err := h.Tokens.Get(r.Context(), owner.ID, uuid(r))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, show(t, h.now())}, nil
}

// patch is PATCH /v2/access-tokens/{uuid}: label, standing, pin and access
// permissions; nothing else of a token ever changes.
func (h *Handler) patch(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	p := token.Patch{
		Description: f.text("token_label"), Active: f.truth("is_active"), Pinned: f.truth("is_pinned"), Scopes: f.texts("scopes"),
	}
	if p.Scopes != nil && len(p.Scopes) == 0 {
		f.wrong["scopes"] = "must name one access permission or more"
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if p.Empty() {
		return answer{}, errBody("nothing to change: send token_label, is_active, is_pinned or scopes")
	}
	t, err := h.Tokens.Change(r.Context(), owner.ID, uuid(r), p, by(r, who))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, show(t, h.now())}, nil
}

// remove is DELETE /v2/access-tokens/{uuid}. The session of an auto-generated
// token ends with it, the caller's own, too.
func (h *Handler) remove(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	if err := h.Tokens.Delete(r.Context(), owner.ID, by(r, who), uuid(r)); err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, nil
}

func uuid(r *http.Request) string { return strings.ToLower(r.PathValue("uuid")) }
