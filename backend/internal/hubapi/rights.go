package hubapi

import (
	"net/http"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
)

// give is PUT /v2/access/rights/{name...}: gives a person or a team a right on
// a repository, in the place of what they had.
func (h *Handler) give(r *http.Request, who gate.Passed) (answer, error) {
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	user, team, text := plain(f.text("user")), plain(f.text("team")), plain(f.text("right"))
	right, err := access.ParseRight(text)
	if err != nil {
		f.demand("right", "must be read, write or admin")
	}
	if (user == "") == (team == "") {
		f.demand("user", "or team is needed, and not both")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	return h.setRight(r, who, user, access.Given{Team: team, Right: right})
}

// takeAway is DELETE /v2/access/rights/{name...}?user=NAME or ?team=NAME.
func (h *Handler) takeAway(r *http.Request, who gate.Passed) (answer, error) {
	user, team := r.URL.Query().Get("user"), r.URL.Query().Get("team")
	if (user == "") == (team == "") {
		return answer{}, errFields{"user": "or team is needed, and not both"}
	}
	return h.setRight(r, who, user, access.Given{Team: team})
}

// setRight looks a person up only for whoever may give rights.
func (h *Handler) setRight(r *http.Request, who gate.Passed, user string, to access.Given) (answer, error) {
	m, name, called := manager(r, who), repositoryName(r), ""
	if _, err := h.Access.MayChange(r.Context(), m, name, access.Delete); err != nil {
		return answer{}, err
	}
	if user != "" {
		a, err := h.person(r.Context(), user)
		if err != nil {
			return answer{}, err
		}
		to.Person, called = a.ID, a.Name
	}
	changed, err := h.Access.Give(r.Context(), m, name, to, called)
	if err != nil {
		return answer{}, err
	}
	return h.oneRepository(r, who, changed.Name, http.StatusOK)
}
