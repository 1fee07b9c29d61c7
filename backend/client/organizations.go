package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Organization is a name that several people share.
type Organization struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	Role        string    `json:"role"` // the caller's: owner, member or administrator
	Owners      []string  `json:"owners"`
	Members     []string  `json:"members"` // owners not among them
	Teams       []Team    `json:"teams"`
}

// Team is a team of an organisation.
type Team struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Right       string   `json:"right"` // in every repository of the organisation; "": none
	Members     []string `json:"members"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (o *Organization) UnmarshalJSON(text []byte) error {
	type plain Organization
	if err := json.Unmarshal(text, (*plain)(o)); err != nil {
		return err
	}
	o.Name, o.Description, o.Role = clean(o.Name), clean(o.Description), clean(o.Role)
	cleanAll(o.Owners)
	cleanAll(o.Members)
	return nil
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (t *Team) UnmarshalJSON(text []byte) error {
	type plain Team
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Name, t.Description, t.Right = clean(t.Name), clean(t.Description), clean(t.Right)
	cleanAll(t.Members)
	return nil
}

// Team returns a team by its name.
func (o Organization) Team(name string) (Team, bool) {
	for _, t := range o.Teams {
		if t.Name == name {
			return t, true
		}
	}
	return Team{}, false
}

// NewOrganization is what an administrator asks for.
type NewOrganization struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"` // "": the caller
}

// TeamPatch makes or changes a team; nil leaves a field as it is.
type TeamPatch struct {
	Name        string  `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Right       *string `json:"right,omitempty"` // read, write, admin; "": none
}

// Organizations lists those that the caller may see.
func (s *Server) Organizations(ctx context.Context, access string) ([]Organization, error) {
	var out struct {
		Results []Organization `json:"results"`
	}
	if err := s.call(ctx, access, http.MethodGet, "/v2/orgs", nil, &out); err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return out.Results, nil
}

// Organization returns one: ErrNotFound to whoever may not see it.
func (s *Server) Organization(ctx context.Context, access, name string) (Organization, error) {
	var out Organization
	if err := s.call(ctx, access, http.MethodGet, orgPath(name), nil, &out); err != nil {
		return Organization{}, fmt.Errorf("look at %s: %w", name, err)
	}
	return out, nil
}

// CreateOrganization makes one; administrators may.
func (s *Server) CreateOrganization(ctx context.Context, access string, n NewOrganization) (Organization, error) {
	var out Organization
	if err := s.call(ctx, access, http.MethodPost, "/v2/orgs", n, &out); err != nil {
		return Organization{}, fmt.Errorf("create organisation: %w", err)
	}
	return out, nil
}

// DeleteOrganization deletes one that has no repositories.
func (s *Server) DeleteOrganization(ctx context.Context, access, name string) error {
	return s.doOrg(ctx, access, "delete organisation", http.MethodDelete, orgPath(name), nil)
}

// SetMember makes a person a member of an organisation, or an owner.
func (s *Server) SetMember(ctx context.Context, access, name, person string, owner bool) error {
	asked := struct {
		Role string `json:"role"`
	}{"member"}
	if owner {
		asked.Role = "owner"
	}
	return s.doOrg(ctx, access, "add "+person+" to "+name, http.MethodPut, orgPath(name, "members", person), asked)
}

// RemoveMember takes a person out of an organisation and all of its teams.
func (s *Server) RemoveMember(ctx context.Context, access, name, person string) error {
	return s.doOrg(ctx, access, "remove "+person+" from "+name, http.MethodDelete, orgPath(name, "members", person), nil)
}

// CreateTeam makes a team.
func (s *Server) CreateTeam(ctx context.Context, access, name string, team TeamPatch) error {
	return s.doOrg(ctx, access, "create team", http.MethodPost, orgPath(name, "groups"), team)
}

// ChangeTeam changes a team.
func (s *Server) ChangeTeam(ctx context.Context, access, name, team string, p TeamPatch) error {
	return s.doOrg(ctx, access, "change team", http.MethodPatch, orgPath(name, "groups", team), p)
}

// DeleteTeam deletes a team; what it was given goes with it.
func (s *Server) DeleteTeam(ctx context.Context, access, name, team string) error {
	return s.doOrg(ctx, access, "delete team", http.MethodDelete, orgPath(name, "groups", team), nil)
}

// AddToTeam makes a member of the organisation one of the team.
func (s *Server) AddToTeam(ctx context.Context, access, name, team, person string) error {
	asked := struct {
		Member string `json:"member"`
	}{person}
	return s.doOrg(ctx, access, "add "+person+" to the team", http.MethodPost, orgPath(name, "groups", team, "members"), asked)
}

// RemoveFromTeam takes a person out of a team.
func (s *Server) RemoveFromTeam(ctx context.Context, access, name, team, person string) error {
	return s.doOrg(ctx, access, "remove "+person+" from the team", http.MethodDelete, orgPath(name, "groups", team, "members", person), nil)
}

func (s *Server) doOrg(ctx context.Context, access, doing, method, path string, body any) error {
	if err := s.call(ctx, access, method, path, body, nil); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func orgPath(parts ...string) string {
	path := "/v2/orgs"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}
