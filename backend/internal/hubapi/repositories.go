package hubapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
)

// repository is one as the caller may see it.
type repository struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Visibility  string       `json:"visibility"` // public, private
	CreatedAt   string       `json:"created_at"`
	CreatedBy   string       `json:"created_by"` // user name; "": not known
	Right       access.Right `json:"right"`      // the caller's own; "": an administrator without one
	Pulls       int64        `json:"pulls"`
	Pushes      int64        `json:"pushes"`
	LastPull    *touch       `json:"last_pull"` // null: never
	LastPush    *touch       `json:"last_push"`
	Given       *[]given     `json:"given,omitempty"` // to whoever administers it

	Size *int64 `json:"size,omitempty"` // bytes; of one repository, where its images are inside
	Tags *int   `json:"tags,omitempty"` // likewise
}

type given struct {
	User  string       `json:"user,omitempty"`
	Team  string       `json:"team,omitempty"`
	Right access.Right `json:"right"`
}

// shower shows repositories to one caller.
type shower struct {
	*Handler
	who    access.Actor
	name   func(id string) (string, error)
	labels map[string]map[string]string // of tokens, by owner's name and id
}

func (h *Handler) shower(r *http.Request, who gate.Passed) *shower {
	return &shower{h, manager(r, who), h.names(r.Context()), map[string]map[string]string{}}
}

func (s *shower) show(ctx context.Context, f access.Facts) (out repository, err error) {
	r := f.Repository
	out = repository{
		ID: r.ID, Name: r.Name, Description: r.Description, Visibility: "private", CreatedAt: r.CreatedAt.Format(stamp),
		Right: s.Access.Rights.RightOf(s.who.Subject(), r.Name, f), Pulls: r.Pulls, Pushes: r.Pushes,
	}
	if r.Public {
		out.Visibility = "public"
	}
	if out.CreatedBy, err = s.name(r.CreatedBy); err != nil {
		return out, err
	}
	administers := s.Access.Rights.Administers(s.who, r.Name, f)
	if out.LastPull, err = s.touch(ctx, r.LastPull, administers); err != nil {
		return out, err
	}
	if out.LastPush, err = s.touch(ctx, r.LastPush, administers); err != nil {
		return out, err
	}
	if administers {
		out.Given, err = s.given(r.Given)
	}
	return out, err
}

func (s *shower) given(all []access.Given) (*[]given, error) {
	out := []given{}
	for _, g := range all {
		name, err := s.name(g.Person)
		if err != nil {
			return nil, err
		}
		out = append(out, given{name, g.Team, g.Right})
	}
	return &out, nil
}

// repositories is GET /v2/access/repositories: what the caller may pull or
// administers, by name. after goes on behind one.
func (h *Handler) repositories(r *http.Request, who gate.Passed) (answer, error) {
	size, err := number(r, "page_size", 100, 0)
	if err != nil {
		return answer{}, err
	}
	size = min(size, maxPageSize)
	q := r.URL.Query()
	listed, err := h.Access.Listed(r.Context(), manager(r, who), q.Get("after"), q.Get("namespace"), size+1)
	if err != nil {
		return answer{}, err
	}
	var out struct {
		Next    *string      `json:"next"`
		Results []repository `json:"results"`
	}
	out.Results = []repository{}
	if len(listed) > size {
		listed = listed[:size]
		out.Next = h.following(r, "after", listed[size-1].Repository.Name)
	}
	s := h.shower(r, who)
	for _, f := range listed {
		one, err := s.show(r.Context(), f)
		if err != nil {
			return answer{}, err
		}
		out.Results = append(out.Results, one)
	}
	return answer{http.StatusOK, out}, nil
}

// createRepository is POST /v2/access/repositories. A first push does it, too.
func (h *Handler) createRepository(r *http.Request, who gate.Passed) (answer, error) {
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	name, description, public := f.text("name"), f.text("description"), f.visibility()
	if name == nil {
		f.demand("name", "is needed")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	made, err := h.Access.CreateRepository(r.Context(), manager(r, who), *name, plain(description), public != nil && *public)
	if err != nil {
		return answer{}, err
	}
	return h.oneRepository(r, who, made.Name, http.StatusCreated)
}

// visibility says whether a body says public; nil: it says nothing.
func (f *form) visibility() *bool {
	text := f.text("visibility")
	if text == nil {
		return nil
	}
	public := *text == "public"
	if !public && *text != "private" {
		f.demand("visibility", "must be public or private")
	}
	return &public
}

// repository is GET /v2/access/repositories/{name...}.
func (h *Handler) repository(r *http.Request, who gate.Passed) (answer, error) {
	return h.oneRepository(r, who, repositoryName(r), http.StatusOK)
}

func (h *Handler) oneRepository(r *http.Request, who gate.Passed, name string, status int) (answer, error) {
	f, err := h.Access.Shown(r.Context(), manager(r, who), name)
	if err != nil {
		return answer{}, err
	}
	out, err := h.shower(r, who).show(r.Context(), f)
	if err == nil && h.Images != nil {
		err = out.measure(r.Context(), h.Images)
	}
	return answer{status, out}, err
}

// measure says how much of a repository there is; nothing before the first push.
func (r *repository) measure(ctx context.Context, images Images) error {
	size, tags, err := images.Size(ctx, r.Name)
	if errors.Is(err, access.ErrNotFound) {
		err = nil
	}
	r.Size, r.Tags = &size, &tags
	return err
}

// patchRepository is PATCH /v2/access/repositories/{name...}.
func (h *Handler) patchRepository(r *http.Request, who gate.Passed) (answer, error) {
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	p := access.RepositoryPatch{Description: f.text("description"), Public: f.visibility()}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if p == (access.RepositoryPatch{}) {
		return answer{}, errBody("nothing to change: send visibility or description")
	}
	changed, err := h.Access.PatchRepository(r.Context(), manager(r, who), repositoryName(r), p)
	if err != nil {
		return answer{}, err
	}
	return h.oneRepository(r, who, changed.Name, http.StatusOK)
}

// deleteRepository is DELETE /v2/access/repositories/{name...}. Its images go
// first, so that a call which was cut off can be repeated.
func (h *Handler) deleteRepository(r *http.Request, who gate.Passed) (answer, error) {
	m, name := manager(r, who), repositoryName(r)
	known, err := h.Access.MayChange(r.Context(), m, name, access.Delete)
	if err != nil {
		return answer{}, err
	}
	if h.Images != nil {
		err := h.Images.DeleteRepository(r.Context(), name)
		switch {
		case err == nil && !known: // from before rows were kept
			return answer{http.StatusNoContent, nil}, nil
		case err != nil && !errors.Is(err, access.ErrNotFound):
			return answer{}, err
		}
	}
	return answer{http.StatusNoContent, nil}, h.Access.DeleteRepository(r.Context(), m, name)
}

func repositoryName(r *http.Request) string { return strings.TrimSuffix(r.PathValue("name"), "/") }
