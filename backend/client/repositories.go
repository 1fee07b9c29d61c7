package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Repository is one as the caller may see it.
type Repository struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Visibility  string    `json:"visibility"` // public or private
	CreatedAt   time.Time `json:"created_at"`
	CreatedBy   string    `json:"created_by"`
	Right       string    `json:"right"` // the caller's own: read, write or admin
	Pulls       int64     `json:"pulls"`
	Pushes      int64     `json:"pushes"`
	LastPull    *Touch    `json:"last_pull"`
	LastPush    *Touch    `json:"last_push"`
	Given       []Given   `json:"given"` // only to whoever administers it
	Size        *int64    `json:"size"`  // bytes; nil: the registry is not inside
	Tags        *int      `json:"tags"`  // likewise
}

// Touch is a pull or a push.
type Touch struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Token string    `json:"token_label"`
	IP    string    `json:"ip"`
	Agent string    `json:"agent"`
	Tag   string    `json:"tag"`
}

// Given is a right on one repository, a person's or a team's.
type Given struct {
	User  string `json:"user,omitempty"`
	Team  string `json:"team,omitempty"`
	Right string `json:"right,omitempty"` // read, write or admin
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (r *Repository) UnmarshalJSON(text []byte) error {
	type plain Repository
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	r.Name, r.Description, r.CreatedBy = clean(r.Name), clean(r.Description), clean(r.CreatedBy)
	r.Visibility, r.Right = clean(r.Visibility), clean(r.Right)
	for _, t := range []*Touch{r.LastPull, r.LastPush} {
		if t != nil {
			*t = Touch{t.At, clean(t.By), clean(t.Token), clean(t.IP), clean(t.Agent), clean(t.Tag)}
		}
	}
	for i, g := range r.Given {
		r.Given[i] = Given{clean(g.User), clean(g.Team), clean(g.Right)}
	}
	return nil
}

// RepositoryPatch makes or changes a repository; nil leaves a field as it is.
type RepositoryPatch struct {
	Name        string  `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Visibility  *string `json:"visibility,omitempty"` // public or private
}

const repositoriesPath = "/v2/access/repositories"

// Repositories lists those that the caller may see, by name; namespace "": all.
func (s *Server) Repositories(ctx context.Context, access, namespace string) (all []Repository, err error) {
	err = s.follow(query(repositoriesPath, "namespace", namespace, "page_size", "100"), func(path string) (string, error) {
		var out struct {
			Next    string       `json:"next"`
			Results []Repository `json:"results"`
		}
		err := s.call(ctx, access, http.MethodGet, path, nil, &out)
		all = append(all, out.Results...)
		return out.Next, err
	})
	if err != nil {
		return nil, fmt.Errorf("list repositories: %w", err)
	}
	return all, nil
}

// Repository returns one: ErrNotFound to whoever may not see it.
func (s *Server) Repository(ctx context.Context, access, name string) (Repository, error) {
	return s.repository(ctx, access, "look at "+name, http.MethodGet, repositoriesPath+"/"+nested(name), nil)
}

// CreateRepository makes one before anybody pushes to it.
func (s *Server) CreateRepository(ctx context.Context, access string, p RepositoryPatch) (Repository, error) {
	return s.repository(ctx, access, "create repository", http.MethodPost, repositoriesPath, p)
}

// ChangeRepository changes visibility or description.
func (s *Server) ChangeRepository(ctx context.Context, access, name string, p RepositoryPatch) (Repository, error) {
	return s.repository(ctx, access, "change repository", http.MethodPatch, repositoriesPath+"/"+nested(name), p)
}

// DeleteRepository deletes one, with its images where the registry is inside.
func (s *Server) DeleteRepository(ctx context.Context, access, name string) error {
	return s.doOrg(ctx, access, "delete repository", http.MethodDelete, repositoriesPath+"/"+nested(name), nil)
}

// Give gives a person or a team a right, in the place of what they had.
func (s *Server) Give(ctx context.Context, access, name string, g Given) (Repository, error) {
	return s.repository(ctx, access, "change rights", http.MethodPut, "/v2/access/rights/"+nested(name), g)
}

// Take takes away what a person or a team was given.
func (s *Server) Take(ctx context.Context, access, name string, g Given) (Repository, error) {
	return s.repository(ctx, access, "change rights", http.MethodDelete, query("/v2/access/rights/"+nested(name), "user", g.User, "team", g.Team), nil)
}

func (s *Server) repository(ctx context.Context, access, doing, method, path string, body any) (Repository, error) {
	var out Repository
	if err := s.call(ctx, access, method, path, body, &out); err != nil {
		return Repository{}, fmt.Errorf("%s: %w", doing, err)
	}
	return out, nil
}
