package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/internal/admin"
	"lanyard/backend/internal/events"
	"lanyard/backend/internal/images"
	"lanyard/backend/internal/registry"
)

// mountEvents takes the notifications of separate registries in. The surface
// has a limit of its own to a body, which it reads from registries alone.
func (s *Server) mountEvents(top *http.ServeMux) error {
	c := s.config
	if len(c.Registries) == 0 {
		return nil
	}
	secret, err := events.OpenSecret(secretPath(c.Data))
	if err != nil {
		return err
	}
	top.Handle("/events", &events.Handler{Sink: c.Seen, Secret: secret, Registries: c.Registries, Now: c.Now, Log: c.Log})
	return nil
}

// attributed says with which token a thing was done, where a registry, which
// knows the user's name only, did not.
type attributed struct {
	events.Sink
	tokens *registry.Handler
}

// Seen passes on what it was told, with tokens.
func (a attributed) Seen(ctx context.Context, all ...access.Seen) error {
	all = slices.Clone(all)
	for i, one := range all {
		if one.Token == "" {
			all[i].Token = a.tokens.TokenOf(one.Subject, one.Repository, one.Addr)
		}
	}
	return a.Sink.Seen(ctx, all...)
}

func secretPath(data string) string { return filepath.Join(data, "registry", "events-secret") }

// seenHere tells what the registry inside was asked for.
func (s *Server) seenHere(seen access.Seen) {
	s.report(context.Background(), "keep what was seen", s.config.Seen.Seen(context.Background(), seen))
}

// collection is the registry's, for the socket.
func collection(stored *images.Registry) func(context.Context, bool) (admin.Collected, error) {
	return func(ctx context.Context, dry bool) (admin.Collected, error) {
		report, err := stored.GC(ctx, dry)
		if errors.Is(err, images.ErrCollecting) || errors.Is(err, images.ErrUploading) {
			err = fmt.Errorf("%w; %w", err, admin.ErrAgain)
		}
		return admin.Collected(report), err
	}
}

// Collected is what a garbage collection removed, or would.
type Collected = admin.Collected

// Collect removes from a folder of images that no service serves what no tag
// needs, or only counts it. Until it has ended, no service can begin to.
func Collect(ctx context.Context, storage string, dry bool, now time.Time, log *slog.Logger) (Collected, error) {
	report, err := images.Collect(ctx, storage, dry, now, log)
	return Collected(report), err
}
