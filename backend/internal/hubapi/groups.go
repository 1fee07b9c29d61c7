package hubapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
)

// group is what the Hub calls a team.
type group struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	MemberCount int          `json:"member_count"`
	Right       access.Right `json:"right"` // ours, see team
}

func showGroup(t access.Team) group {
	return group{Name: t.Name, Description: t.Description, MemberCount: len(t.Members), Right: t.Right}
}

// groups is GET /v2/orgs/{org}/groups; username and search narrow it down.
func (h *Handler) groups(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Organization(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	q, of := r.URL.Query(), ""
	if name := q.Get("username"); name != "" {
		a, err := h.person(r.Context(), name)
		if err != nil {
			return answer{}, err
		}
		of = a.ID
	}
	var all []group
	for _, t := range o.Teams {
		if (of == "" || slices.Contains(t.Members, of)) && strings.Contains(t.Name, strings.ToLower(q.Get("search"))) {
			all = append(all, showGroup(t))
		}
	}
	out, err := paged(h, r, all)
	return answer{http.StatusOK, out}, err
}

// group is GET /v2/orgs/{org}/groups/{group}.
func (h *Handler) group(r *http.Request, who gate.Passed) (answer, error) {
	_, t, err := h.teamOf(r, who)
	return answer{http.StatusOK, showGroup(t)}, err
}

func (h *Handler) teamOf(r *http.Request, who gate.Passed) (access.Organization, access.Team, error) {
	o, err := h.Access.Organization(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return o, access.Team{}, err
	}
	t, err := o.TeamOf(r.PathValue("group"))
	return o, t, err
}

// sentGroup is what a body says of a team; nil: nothing.
type sentGroup struct {
	name, description *string
	right             *access.Right
}

func readGroup(r *http.Request) (out sentGroup, err error) {
	f, err := read(r, false)
	if err != nil {
		return out, err
	}
	out.name, out.description = f.text("name"), f.text("description")
	if text := f.text("right"); text != nil && *text != "" {
		right, err := access.ParseRight(*text)
		if err != nil {
			f.demand("right", `must be read, write or admin, or "" for none`)
		}
		out.right = &right
	} else if text != nil {
		out.right = new(access.Right)
	}
	return out, f.check()
}

// createGroup is POST /v2/orgs/{org}/groups.
func (h *Handler) createGroup(r *http.Request, who gate.Passed) (answer, error) {
	sent, err := readGroup(r)
	if err != nil {
		return answer{}, err
	}
	if sent.name == nil {
		return answer{}, errFields{"name": "is needed"}
	}
	return h.setGroup(r, who, *sent.name, http.StatusCreated, func(t access.Team, found bool) (access.Team, error) {
		if found {
			return t, fmt.Errorf("%w: there is a team %s already", access.ErrTaken, t.Name)
		}
		return sent.over(t), nil
	})
}

// putGroup is PUT /v2/orgs/{org}/groups/{group}: its description is what is
// sent, and none where none is. Its right stays unless one is sent.
func (h *Handler) putGroup(r *http.Request, who gate.Passed) (answer, error) {
	sent, err := readGroup(r)
	if sent.description == nil {
		sent.description = new(string)
	}
	return h.changeGroup(r, who, sent, err)
}

// patchGroup is PATCH /v2/orgs/{org}/groups/{group}.
func (h *Handler) patchGroup(r *http.Request, who gate.Passed) (answer, error) {
	sent, err := readGroup(r)
	if err == nil && sent == (sentGroup{}) {
		err = errBody("nothing to change: send description or right")
	}
	return h.changeGroup(r, who, sent, err)
}

func (h *Handler) changeGroup(r *http.Request, who gate.Passed, sent sentGroup, err error) (answer, error) {
	name := r.PathValue("group")
	if err == nil && sent.name != nil && *sent.name != name {
		err = errFields{"name": "cannot be changed: rights are given to it; make another team"}
	}
	if err != nil {
		return answer{}, err
	}
	return h.setGroup(r, who, name, http.StatusOK, func(t access.Team, found bool) (access.Team, error) {
		if !found {
			return t, noTeam(t)
		}
		return sent.over(t), nil
	})
}

func (s sentGroup) over(t access.Team) access.Team {
	if s.description != nil {
		t.Description = *s.description
	}
	if s.right != nil {
		t.Right = *s.right
	}
	return t
}

func noTeam(t access.Team) error {
	return fmt.Errorf("%w: there is no team %.64q", access.ErrNotFound, t.Name)
}

// deleteGroup is DELETE /v2/orgs/{org}/groups/{group}.
func (h *Handler) deleteGroup(r *http.Request, who gate.Passed) (answer, error) {
	_, err := h.Access.DeleteTeam(r.Context(), manager(r, who), r.PathValue("org"), r.PathValue("group"))
	return answer{http.StatusNoContent, nil}, err
}

// groupMembers is GET /v2/orgs/{org}/groups/{group}/members, by name.
func (h *Handler) groupMembers(r *http.Request, who gate.Passed) (answer, error) {
	o, t, err := h.teamOf(r, who)
	if err != nil {
		return answer{}, err
	}
	search := strings.ToLower(r.URL.Query().Get("search"))
	var all []member
	for _, id := range t.Members {
		one, err := h.showMember(r, o, id, who)
		if err != nil {
			return answer{}, err
		}
		if strings.Contains(one.Username, search) || one.Email != "" && strings.Contains(strings.ToLower(one.Email), search) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.Username, b.Username) })
	out, err := paged(h, r, all)
	return answer{http.StatusOK, out}, err
}

// addGroupMember is POST /v2/orgs/{org}/groups/{group}/members.
func (h *Handler) addGroupMember(r *http.Request, who gate.Passed) (answer, error) {
	if _, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org")); err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	name := f.text("member")
	if plain(name) == "" {
		f.demand("member", "is needed: a user name")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	a, err := h.person(r.Context(), *name)
	if err != nil {
		return answer{}, err
	}
	return h.setGroup(r, who, r.PathValue("group"), http.StatusOK, func(t access.Team, found bool) (access.Team, error) {
		if !found {
			return t, noTeam(t)
		}
		if !slices.Contains(t.Members, a.ID) {
			t.Members = append(slices.Clone(t.Members), a.ID)
		}
		return t, nil
	})
}

// removeGroupMember is DELETE /v2/orgs/{org}/groups/{group}/members/{username}.
func (h *Handler) removeGroupMember(r *http.Request, who gate.Passed) (answer, error) {
	if _, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org")); err != nil {
		return answer{}, err
	}
	a, err := h.person(r.Context(), r.PathValue("username"))
	if err != nil {
		return answer{}, err
	}
	_, err = h.setGroup(r, who, r.PathValue("group"), http.StatusNoContent, func(t access.Team, found bool) (access.Team, error) {
		switch {
		case !found:
			return t, noTeam(t)
		case !slices.Contains(t.Members, a.ID):
			return t, fmt.Errorf("%w: %s is no member of the team %s", access.ErrNotFound, a.Name, t.Name)
		}
		t.Members = slices.DeleteFunc(slices.Clone(t.Members), func(id string) bool { return id == a.ID })
		return t, nil
	})
	return answer{http.StatusNoContent, nil}, err
}

func (h *Handler) setGroup(r *http.Request, who gate.Passed, name string, status int, fn func(access.Team, bool) (access.Team, error)) (answer, error) {
	o, err := h.Access.SetTeam(r.Context(), manager(r, who), r.PathValue("org"), name, fn)
	if err != nil {
		return answer{}, err
	}
	t, err := o.TeamOf(name)
	return answer{status, showGroup(t)}, err
}
