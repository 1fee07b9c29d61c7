package hubapi

import (
	"net/http"
	"slices"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
)

// member is one of an organisation, in the Hub's words.
type member struct {
	ID       string   `json:"id"`
	Username string   `json:"username"`
	Email    string   `json:"email,omitempty"` // told to administrators, and to oneself
	Role     string   `json:"role"`            // Owner, Member
	Groups   []string `json:"groups"`
}

// showMember tells an e-mail address to few: an owner takes anybody in without
// asking them.
func (h *Handler) showMember(r *http.Request, o access.Organization, id string, who gate.Passed) (member, error) {
	a, err := h.People.Account(r.Context(), id)
	if err != nil {
		return member{}, err
	}
	out := member{ID: id, Username: a.Name, Role: "Member", Groups: []string{}}
	if who.Account.Admin || who.Account.ID == id {
		out.Email = a.Email
	}
	if o.Owned(id) {
		out.Role = "Owner"
	}
	for _, t := range o.Teams {
		if slices.Contains(t.Members, id) {
			out.Groups = append(out.Groups, t.Name)
		}
	}
	return out, nil
}

// members is GET /v2/orgs/{org}/members, by name; search and role narrow it down.
func (h *Handler) members(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Organization(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	role, search := r.URL.Query().Get("role"), strings.ToLower(r.URL.Query().Get("search"))
	if role != "" && !strings.EqualFold(role, "owner") && !strings.EqualFold(role, "member") {
		return answer{}, errFields{"role": "must be owner or member"}
	}
	var all []member
	for _, id := range slices.Concat(o.Owners, o.Members) {
		one, err := h.showMember(r, o, id, who)
		if err != nil {
			return answer{}, err
		}
		if (role == "" || strings.EqualFold(role, one.Role)) &&
			(strings.Contains(one.Username, search) || strings.Contains(strings.ToLower(one.Email), search) && one.Email != "") {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.Username, b.Username) })
	out, err := paged(h, r, all)
	return answer{http.StatusOK, out}, err
}

// putMember is PUT /v2/orgs/{org}/members/{username}: takes somebody in, or
// gives them another role. The Hub's editor is a member.
func (h *Handler) putMember(r *http.Request, who gate.Passed) (answer, error) {
	m, name := manager(r, who), r.PathValue("org")
	if _, err := h.Access.Managed(r.Context(), m, name); err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	role := strings.ToLower(plain(f.text("role")))
	if !slices.Contains([]string{"owner", "member", "editor"}, role) {
		f.demand("role", "must be owner or member")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	a, err := h.person(r.Context(), r.PathValue("username"))
	if err != nil {
		return answer{}, err
	}
	o, err := h.Access.Join(r.Context(), m, name, a.ID, a.Name, role == "owner")
	if err != nil {
		return answer{}, err
	}
	shown, err := h.showMember(r, o, a.ID, who)
	return answer{http.StatusOK, shown}, err
}

// removeMember is DELETE /v2/orgs/{org}/members/{username}. Everybody may leave.
func (h *Handler) removeMember(r *http.Request, who gate.Passed) (answer, error) {
	m, name := manager(r, who), r.PathValue("org")
	if _, err := h.Access.Organization(r.Context(), m, name); err != nil {
		return answer{}, err
	}
	a, err := h.person(r.Context(), r.PathValue("username"))
	if err != nil {
		return answer{}, err
	}
	_, err = h.Access.Leave(r.Context(), m, name, a.ID, a.Name)
	return answer{http.StatusNoContent, nil}, err
}
