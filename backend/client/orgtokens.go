package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// OrgToken is a token of an organisation, which outlives whoever made it.
type OrgToken struct {
	ID          string     `json:"id"`
	Label       string     `json:"label"`
	Description string     `json:"description"`
	CreatedBy   string     `json:"created_by"`
	Active      bool       `json:"is_active"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at"`   // nil: never
	LastUsed    *time.Time `json:"last_used_at"` // nil: never
	Resources   []Resource `json:"resources"`
	Secret      string     `json:"token"` // in the answer that makes it, and nowhere else
}

// Resource is what an organisation's token reaches, in Docker's spelling.
type Resource struct {
	Type   string   `json:"type"` // TYPE_REPO
	Path   string   `json:"path"` // a repository, or a pattern such as team/*
	Scopes []string `json:"scopes"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (t *OrgToken) UnmarshalJSON(text []byte) error {
	type plain OrgToken
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Label, t.Description, t.CreatedBy = clean(t.Label), clean(t.Description), clean(t.CreatedBy)
	for i := range t.Resources {
		t.Resources[i].Path = clean(t.Resources[i].Path)
		cleanAll(t.Resources[i].Scopes)
	}
	return nil
}

// String names the token, without its secret.
func (t OrgToken) String() string { return t.Label }

// GoString hides the secret from %#v.
func (t OrgToken) GoString() string { return t.Label }

// StatusAt is active, inactive or expired.
func (t OrgToken) StatusAt(now time.Time) string {
	switch {
	case t.ExpiresAt != nil && !now.Before(*t.ExpiresAt):
		return "expired"
	case !t.Active:
		return "inactive"
	}
	return "active"
}

// NewOrgToken is what an owner asks for.
type NewOrgToken struct {
	Label       string     `json:"label"`
	Description string     `json:"description,omitempty"`
	Resources   []Resource `json:"resources"`
	ExpiresAt   string     `json:"expires_at,omitempty"` // RFC 3339; "": never
}

// OrgTokens lists an organisation's tokens.
func (s *Server) OrgTokens(ctx context.Context, access, name string) (all []OrgToken, err error) {
	first := query(orgPath(name, "access-tokens"), "page", "1", "page_size", "100")
	err = s.follow(first, func(path string) (string, error) {
		var out struct {
			Next    string     `json:"next"`
			Results []OrgToken `json:"results"`
		}
		err := s.call(ctx, access, http.MethodGet, path, nil, &out)
		all = append(all, out.Results...)
		return out.Next, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tokens of %s: %w", name, err)
	}
	return all, nil
}

// OrgToken returns one, with what it reaches.
func (s *Server) OrgToken(ctx context.Context, access, name, id string) (OrgToken, error) {
	return s.orgToken(ctx, access, "look at the token", http.MethodGet, orgPath(name, "access-tokens", id), nil)
}

// CreateOrgToken makes one; its secret is in the answer and nowhere else.
func (s *Server) CreateOrgToken(ctx context.Context, access, name string, n NewOrgToken) (OrgToken, error) {
	return s.orgToken(ctx, access, "create token", http.MethodPost, orgPath(name, "access-tokens"), n)
}

// SetOrgToken deactivates a token, or activates it again.
func (s *Server) SetOrgToken(ctx context.Context, access, name, id string, active bool) (OrgToken, error) {
	asked := struct {
		Active bool `json:"is_active"`
	}{active}
	return s.orgToken(ctx, access, "change token", http.MethodPatch, orgPath(name, "access-tokens", id), asked)
}

// DeleteOrgToken deletes one.
func (s *Server) DeleteOrgToken(ctx context.Context, access, name, id string) error {
	return s.doOrg(ctx, access, "delete token", http.MethodDelete, orgPath(name, "access-tokens", id), nil)
}

func (s *Server) orgToken(ctx context.Context, access, doing, method, path string, body any) (OrgToken, error) {
	var out OrgToken
	if err := s.call(ctx, access, method, path, body, &out); err != nil {
		return OrgToken{}, fmt.Errorf("%s: %w", doing, err)
	}
	return out, nil
}
