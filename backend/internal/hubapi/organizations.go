package hubapi

import (
	"net/http"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
)

// organization is one as its members see it, by names.
type organization struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	CreatedAt   string   `json:"created_at"`
	Role        string   `json:"role"` // the caller's: owner, member, administrator
	Owners      []string `json:"owners"`
	Members     []string `json:"members"` // owners not among them
	Teams       []team   `json:"teams"`
}

type team struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Right       access.Right `json:"right"` // in all of the organisation; "": only what it was given
	Members     []string     `json:"members"`
}

func (h *Handler) showOrganization(r *http.Request, who gate.Passed, o access.Organization) (out organization, err error) {
	name := h.names(r.Context())
	out = organization{
		ID: o.ID, Name: o.Name, Description: o.Description, CreatedAt: o.CreatedAt.Format(stamp),
		Role: "administrator", Teams: []team{},
	}
	switch {
	case o.Owned(who.Account.ID):
		out.Role = "owner"
	case o.Has(who.Account.ID):
		out.Role = "member"
	}
	if out.Owners, err = called(o.Owners, name); err != nil {
		return out, err
	}
	if out.Members, err = called(o.Members, name); err != nil {
		return out, err
	}
	for _, t := range o.Teams {
		shown := team{Name: t.Name, Description: t.Description, Right: t.Right}
		if shown.Members, err = called(t.Members, name); err != nil {
			return out, err
		}
		out.Teams = append(out.Teams, shown)
	}
	return out, nil
}

// organizations is GET /v2/orgs: one's own; an administrator's are all.
func (h *Handler) organizations(r *http.Request, who gate.Passed) (answer, error) {
	all, err := h.Access.Organizations(r.Context(), manager(r, who))
	if err != nil {
		return answer{}, err
	}
	var out struct {
		Results []organization `json:"results"`
	}
	out.Results = []organization{}
	for _, o := range all {
		shown, err := h.showOrganization(r, who, o)
		if err != nil {
			return answer{}, err
		}
		out.Results = append(out.Results, shown)
	}
	return answer{http.StatusOK, out}, nil
}

// createOrganization is POST /v2/orgs, for administrators.
func (h *Handler) createOrganization(r *http.Request, who gate.Passed) (answer, error) {
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	name, description, owner := f.text("name"), f.text("description"), f.text("owner")
	if name == nil {
		f.demand("name", "is needed")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	first := who.Account
	if who.Account.Admin && owner != nil { // nobody else learns who there is
		if first, err = h.person(r.Context(), *owner); err != nil {
			return answer{}, err
		}
	}
	o, err := h.Access.CreateOrganization(r.Context(), manager(r, who), *name, plain(description), first.ID)
	if err != nil {
		return answer{}, err
	}
	shown, err := h.showOrganization(r, who, o)
	return answer{http.StatusCreated, shown}, err
}

// organization is GET /v2/orgs/{org}.
func (h *Handler) organization(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Organization(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	shown, err := h.showOrganization(r, who, o)
	return answer{http.StatusOK, shown}, err
}

// deleteOrganization is DELETE /v2/orgs/{org}. Its tokens go first, so that a
// call which was cut off can be repeated.
func (h *Handler) deleteOrganization(r *http.Request, who gate.Passed) (answer, error) {
	m, name := manager(r, who), r.PathValue("org")
	o, err := h.Access.Deletable(r.Context(), m, name)
	if err != nil {
		return answer{}, err
	}
	if err := h.Tokens.DeleteAll(r.Context(), o.ID, m.By); err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, h.Access.DeleteOrganization(r.Context(), m, name)
}
