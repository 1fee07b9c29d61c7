package hubapi

import (
	"net/http"

	"lanyard/backend/access"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/gate"
)

// maxReach are named; of what is beyond, only how much it is.
const maxReach = 100

// reachOf is GET /v2/access-tokens/{uuid}/reach, ours: the repositories that
// the token reaches at this moment, and what it may do there. One that is not
// good reaches nothing.
func (h *Handler) reachOf(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	t, err := h.Tokens.Get(r.Context(), owner.ID, uuid(r))
	if err != nil {
		return answer{}, err
	}
	type row struct {
		Repository string   `json:"repository"`
		Actions    []string `json:"actions"`
	}
	out := struct {
		Results []row `json:"results"`
		More    int   `json:"more"`
	}{Results: []row{}}
	if t.Usable(h.now()) != nil || owner.Disabled {
		return answer{http.StatusOK, out}, nil
	}
	var all []access.Grant
	if all, out.More, err = h.Access.Reach(r.Context(), caller.Presented{Token: t, Account: owner}.Subject(), maxReach); err != nil {
		return answer{}, err
	}
	for _, g := range all {
		out.Results = append(out.Results, row{g.Name, g.Actions})
	}
	return answer{http.StatusOK, out}, nil
}

// usesOf is GET /v2/access-tokens/{uuid}/uses, ours: from where and by what
// programs the token was used, the most recent first.
func (h *Handler) usesOf(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	all, err := h.Tokens.Uses(r.Context(), owner.ID, uuid(r))
	if err != nil {
		return answer{}, err
	}
	type row struct {
		IP        string `json:"ip"`
		Agent     string `json:"agent"`
		FirstUsed string `json:"first_used"`
		LastUsed  string `json:"last_used"`
		Count     int64  `json:"count"`
	}
	out := struct {
		Results []row `json:"results"`
	}{[]row{}}
	for _, u := range all {
		out.Results = append(out.Results, row{u.Addr, u.Agent, u.First.UTC().Format(stamp), u.Last.UTC().Format(stamp), u.Count})
	}
	return answer{http.StatusOK, out}, nil
}
