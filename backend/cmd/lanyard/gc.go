package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/ownservice"
	"lanyard/backend/server"
)

func serveGC(t terminal) *cobra.Command {
	var data, storage string
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use: "gc", Short: "Free the space of images that no tag needs; the registry is read-only meanwhile", Args: usageArgs(cobra.NoArgs),
		Long: "Removes from the registry's folder manifests without a tag, layers that no manifest names, and\n" +
			"uploads begun over a day ago. A layer less than an hour old that no manifest names yet is kept:\n" +
			"it may be part of a push under way. Works through the socket of the running service, or on the\n" +
			"folder while none runs. Pulls go on; pushes and deletions are asked to try again.",
		Example: "  lanyard serve gc --dry-run\n" +
			"  lanyard serve gc --data /srv/lanyard --storage /srv/lanyard/images",
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := collect(cmd.Context(), t, data, storage, dry)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(t, done)
			}
			sayCollected(t, done)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&data, "data", "", "the service's data folder (default: this computer's own service)")
	f.StringVar(&storage, "storage", "", "folder of images (default: that of the running service, else images in the data folder)")
	f.BoolVar(&dry, "dry-run", false, "remove nothing, only count")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// collect goes through the socket, or to the folder if no service runs.
func collect(ctx context.Context, t terminal, data, storage string, dry bool) (ownservice.Collected, error) {
	p, err := newParts(t, false)
	if err != nil {
		return ownservice.Collected{}, err
	}
	if data != "" {
		p.own.Data = data
	}
	if storage == "" {
		storage = t.Getenv("LANYARD_STORAGE")
	}
	if storage != "" {
		if storage, err = filepath.Abs(storage); err != nil {
			return ownservice.Collected{}, usagef("--storage: %w", err)
		}
	}
	what := "Collecting garbage (the registry is read-only; pulls go on)"
	if dry {
		what = "Looking for images that no tag needs"
	}
	defer t.waitFor("%s", what)()
	switch st, err := p.own.Status(ctx); {
	case err == nil && storage != "" && storage != st.Storage:
		return ownservice.Collected{}, usagef("the running service of %s keeps images in %q, not in %s; leave --storage out, or name its --data", p.own.Data, st.Storage, storage)
	case err == nil:
		return p.own.Collect(ctx, dry)
	case !errors.Is(err, ownservice.ErrNotRunning):
		return ownservice.Collected{}, err
	}
	if storage == "" {
		storage = filepath.Join(p.own.Data, "images")
	}
	done, err := server.Collect(ctx, storage, dry, time.Now(), slog.New(slog.NewTextHandler(t.Err, &slog.HandlerOptions{Level: slog.LevelError})))
	return ownservice.Collected(done), err
}

func sayCollected(t terminal, done ownservice.Collected) {
	said := "Removed %s and %s in all: %s are free again.\n"
	if done.DryRun {
		said = "To be removed are %s and %s in all: %s.\n"
	}
	fmt.Fprintf(t.Out, said, numberOf(done.Manifests, "image without a tag", "images without a tag"), numberOf(done.Blobs, "stored file", "stored files"), sizeOf(done.Bytes))
	if done.Uploads > 0 {
		fmt.Fprintf(t.Out, "Uploads that were never finished: %d.\n", done.Uploads)
	}
	if done.Waiting > 0 {
		fmt.Fprintf(t.Out, "Kept, since they are less than an hour old and may be part of a push under way: %s.\n", numberOf(done.Waiting, "layer", "layers"))
	}
}

func numberOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sizeOf is a number of bytes as people read it, in powers of ten.
func sizeOf(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	size, unit := float64(bytes), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB"} {
		if size /= 1000; size < 999.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
