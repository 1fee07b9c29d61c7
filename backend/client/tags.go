package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Tag is a tag of a repository of the registry inside.
type Tag struct {
	Name      string     `json:"name"`
	Digest    string     `json:"digest"`
	MediaType string     `json:"media_type"`
	Size      int64      `json:"size"` // bytes
	Platforms []string   `json:"platforms"`
	PushedAt  *time.Time `json:"pushed_at"` // nil: not known
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (t *Tag) UnmarshalJSON(text []byte) error {
	type plain Tag
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Name, t.Digest, t.MediaType = clean(t.Name), clean(t.Digest), clean(t.MediaType)
	cleanAll(t.Platforms)
	return nil
}

// Tags lists the tags of a repository: ErrNotFound where the registry is not inside.
func (s *Server) Tags(ctx context.Context, access, name string) (all []Tag, err error) {
	err = s.follow(query("/v2/access/tags/"+nested(name), "page_size", "100"), func(path string) (string, error) {
		var out struct {
			Next    string `json:"next"`
			Results []Tag  `json:"results"`
		}
		err := s.call(ctx, access, http.MethodGet, path, nil, &out)
		all = append(all, out.Results...)
		return out.Next, err
	})
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	return all, nil
}

// DeleteTag deletes a tag.
func (s *Server) DeleteTag(ctx context.Context, access, name, tag string) error {
	return s.doOrg(ctx, access, "delete tag "+tag, http.MethodDelete, query("/v2/access/tags/"+nested(name), "tag", tag), nil)
}
