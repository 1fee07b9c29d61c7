package ownservice

import (
	"context"
	"net/http"
)

// Collected is what a garbage collection of the service's registry removed,
// or would remove. Names are stable: it is printed as JSON.
type Collected struct {
	DryRun       bool  `json:"dry_run"`
	Repositories int   `json:"repositories"`
	Manifests    int   `json:"manifests"`
	Blobs        int   `json:"blobs"`
	Bytes        int64 `json:"bytes"`
	Uploads      int   `json:"uploads"`
	Waiting      int   `json:"waiting"`
}

// Collect has the running service collect garbage; it returns when that has
// ended. The end of ctx ends the collection, too.
func (s *Service) Collect(ctx context.Context, dry bool) (Collected, error) {
	var done Collected
	err := s.callLong(ctx, http.MethodPost, "/gc", map[string]bool{"dry_run": dry}, &done)
	return done, err
}
