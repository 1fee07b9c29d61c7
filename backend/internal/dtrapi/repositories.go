package dtrapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"lanyard/backend/access"
)

// repositories is GET /api/v0/repositories: what the caller may pull, by name.
// pageStart is the name of the first one.
func (h *Handler) repositories(r *http.Request, who person) (answer, error) {
	q, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	if q.start != "" && access.CheckName(q.start) != nil {
		return answer{}, errParameter("pageStart is the name of a repository")
	}
	found, err := h.from(r.Context(), who.Subject, q.start, q.size+1)
	if err != nil {
		return answer{}, err
	}
	next := ""
	if len(found) > q.size {
		found, next = found[:q.size], found[q.size].Name
	}
	all, err := h.showRepositories(r.Context(), found)
	if err != nil {
		return answer{}, err
	}
	count := -1
	if q.count {
		if count, err = h.countRepositories(r.Context(), who.Subject); err != nil {
			return answer{}, err
		}
	}
	return answer{map[string][]repository{"repositories": all}, headers(next, count)}, nil
}

// from returns what who may see, beginning with the repository start.
func (h *Handler) from(ctx context.Context, who access.Subject, start string, most int) (found []access.Repository, err error) {
	if start != "" {
		first, err := h.Repositories.Repository(ctx, who, start)
		switch {
		case err == nil:
			found = append(found, first.Repository)
		case !errors.Is(err, access.ErrNotFound):
			return nil, err
		}
	}
	rest, err := h.Repositories.Visible(ctx, who, start, "", most-len(found))
	return append(found, rest...), err
}

func (h *Handler) countRepositories(ctx context.Context, who access.Subject) (n int, err error) {
	for after := ""; ; {
		page, err := h.Repositories.Visible(ctx, who, after, "", maxSize)
		if err != nil {
			return 0, err
		}
		if n += len(page); len(page) < maxSize {
			return n, nil
		}
		after = page[len(page)-1].Name
	}
}

// showRepositories tells users' names from organisations'.
func (h *Handler) showRepositories(ctx context.Context, found []access.Repository) ([]repository, error) {
	names := make([]string, 0, len(found))
	for _, r := range found {
		names = append(names, r.Name)
	}
	known, err := h.Store.Facts(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read repositories: %w", err)
	}
	all := make([]repository, 0, len(found))
	for _, r := range found {
		owner := access.Namespace(r.Name)
		one := repository{
			ID: r.ID, Namespace: owner, NamespaceType: "user", Name: r.Name, ShortDescription: r.Description,
			Visibility: "private", EnableManifestLists: true, Pulls: r.Pulls, Pushes: r.Pushes,
		}
		if owner != "" {
			one.Name = r.Name[len(owner)+1:]
		}
		if known[r.Name].Organization.ID != "" {
			one.NamespaceType = "organization"
		}
		if r.Public {
			one.Visibility = "public"
		}
		all = append(all, one)
	}
	return all, nil
}
