package hubapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/activity"
	"lanyard/backend/internal/gate"
)

// Images is the registry inside. What is not there is access.ErrNotFound, what
// is no tag access.ErrInvalid; ErrCollecting while it takes no changes.
type Images interface {
	Tags(ctx context.Context, repository, after string, most int) ([]Tag, error)
	DeleteTag(ctx context.Context, repository, name string) error
	DeleteRepository(ctx context.Context, repository string) error
	Size(ctx context.Context, repository string) (bytes int64, tags int, err error)
}

// ErrCollecting: the registry frees space, and takes no changes meanwhile.
var ErrCollecting = errors.New("the registry is read-only at this moment")

// Tag is a name of an image, and what lies behind it.
type Tag struct {
	Name      string
	Digest    string
	MediaType string
	Size      int64
	Platforms []string
	PushedAt  time.Time
}

type tagShown struct {
	Name      string   `json:"name"`
	Digest    string   `json:"digest"`
	MediaType string   `json:"media_type"`
	Size      int64    `json:"size"`      // bytes of all that it reaches
	Platforms []string `json:"platforms"` // os/architecture
	PushedAt  *string  `json:"pushed_at"`
}

// tags is GET /v2/access/tags/{name...}, by name. after goes on behind one.
func (h *Handler) tags(r *http.Request, who gate.Passed) (answer, error) {
	size, err := number(r, "page_size", 100, 0)
	if err != nil {
		return answer{}, err
	}
	size = min(size, maxPageSize)
	f, err := h.Access.Shown(r.Context(), manager(r, who), repositoryName(r))
	if err != nil {
		return answer{}, err
	}
	if h.Images == nil {
		return answer{}, errElsewhere
	}
	all, err := h.Images.Tags(r.Context(), f.Repository.Name, r.URL.Query().Get("after"), size+1)
	if err != nil && !errors.Is(err, access.ErrNotFound) { // nothing was pushed yet
		return answer{}, err
	}
	var out struct {
		Next    *string    `json:"next"`
		Results []tagShown `json:"results"`
	}
	out.Results = []tagShown{}
	if len(all) > size {
		all = all[:size]
		out.Next = h.following(r, "after", all[size-1].Name)
	}
	for _, t := range all {
		out.Results = append(out.Results, tagShown{
			t.Name, t.Digest, t.MediaType, t.Size, append([]string{}, t.Platforms...), moment(t.PushedAt),
		})
	}
	return answer{http.StatusOK, out}, nil
}

// deleteTag is DELETE /v2/access/tags/{name...}?tag=TAG.
func (h *Handler) deleteTag(r *http.Request, who gate.Passed) (answer, error) {
	name, tag, m := repositoryName(r), r.URL.Query().Get("tag"), manager(r, who)
	if tag == "" {
		return answer{}, errFields{"tag": "is needed"}
	}
	if _, err := h.Access.MayChange(r.Context(), m, name, access.Delete); err != nil {
		return answer{}, err
	}
	if h.Images == nil {
		return answer{}, errElsewhere
	}
	if err := h.Images.DeleteTag(r.Context(), name, tag); err != nil {
		return answer{}, err
	}
	done := activity.New(who.Account.ID, activity.TagDeleted, m.By, h.now()).Of(name, name).With("tag", tag)
	if err := h.Activity.Note(r.Context(), done); err != nil {
		return answer{}, fmt.Errorf("the tag is deleted: %w", err)
	}
	return answer{http.StatusNoContent, nil}, nil
}
