package dtrapi

import (
	"net/http"
	"slices"
	"time"

	"lanyard/backend/token"
)

// clean is DELETE /api/v0/api_tokens: several at once, by source and by last
// use. Everybody's are an administrator's to clean, who says from when on: to
// end each sign-in of the service by leaving something out is nobody's wish.
func (h *Handler) clean(r *http.Request, who person) (answer, error) {
	wanted, dated, err := h.unwanted(r)
	if err != nil {
		return answer{}, err
	}
	whose, named, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	if named || !who.Admin {
		_, err := h.Tokens.Clean(r.Context(), whose.ID, wanted, who.by)
		return answer{}, err
	}
	if !dated {
		return answer{}, errParameter("username or usedbefore is needed: without both, every user's tokens and sign-ins would end")
	}
	owners, err := h.owners(r, wanted)
	if err != nil {
		return answer{}, err
	}
	for _, owner := range owners {
		if _, err := h.Tokens.Clean(r.Context(), owner, wanted, who.by); err != nil {
			return answer{}, err
		}
	}
	return answer{}, nil
}

// unwanted is what a request wants gone.
func (h *Handler) unwanted(r *http.Request) (wanted func(token.Token) bool, dated bool, err error) {
	values := r.URL.Query()
	source := token.Auto
	if values.Has("generatedby") {
		source = token.Source(values.Get("generatedby"))
	}
	if source != token.Auto && source != token.Manual {
		return nil, false, errParameter("generatedby is auto or manual")
	}
	var before time.Time
	if dated = values.Has("usedbefore"); dated {
		if before, err = moment(values.Get("usedbefore")); err != nil {
			return nil, false, err
		}
	}
	return func(t token.Token) bool { return t.Source == source && (!dated || t.LastSeen().Before(before)) }, dated, nil
}

// moment reads a date, whose day begins in UTC, or a time.
func moment(text string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errParameter("usedbefore is a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z")
}

// owners are those who hold something that is wanted gone.
func (h *Handler) owners(r *http.Request, wanted func(token.Token) bool) (all []string, err error) {
	for start := ""; ; {
		page, next, err := h.everybodys(r.Context(), start, maxSize)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			if wanted(t) {
				all = append(all, t.Owner)
			}
		}
		if next == "" {
			slices.Sort(all)
			return slices.Compact(all), nil
		}
		start = next
	}
}
