package images

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/opencontainers/go-digest"
)

const (
	// young is how old a layer may be that no manifest names, and still be
	// that of a push whose manifest is to come.
	young = time.Hour
	// abandoned is how old an upload may be that was not finished.
	abandoned = 24 * time.Hour
)

// Report is what a collection removed, or would remove.
type Report struct {
	DryRun       bool  `json:"dry_run"`
	Repositories int   `json:"repositories"` // looked at
	Manifests    int   `json:"manifests"`    // without a tag, and in no index that has one
	Blobs        int   `json:"blobs"`        // stored files, those manifests among them
	Bytes        int64 `json:"bytes"`        // of these blobs
	Uploads      int   `json:"uploads"`      // begun over a day ago and never finished
	Waiting      int   `json:"waiting"`      // layers less than an hour old that no manifest names yet: kept
}

// GC removes what no tag needs: manifests without one, layers that no manifest
// names, uploads never finished. Until it returns, pushes and deletions are
// refused and pulls go on; a dry run refuses nothing, and is as exact as the
// pushes meanwhile let it be. ErrCollecting while another one runs,
// ErrUploading where a push under way does not end within a minute. Cut off at
// any point it has broken nothing, and the next one does the rest.
func (r *Registry) GC(ctx context.Context, dry bool) (Report, error) {
	if !r.collecting.TryLock() {
		return Report{}, fmt.Errorf("collect garbage: %w", ErrCollecting)
	}
	defer r.collecting.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ending, cancel)() // Close does not wait for its end
	if !dry {
		if err := r.door.close(ctx); err != nil {
			return Report{}, fmt.Errorf("collect garbage: %w", err)
		}
		defer r.door.open()
	}
	return r.store.collect(ctx, dry, r.config.now())
}

// Collect is GC on a folder that no service serves, which then cannot begin
// to: ErrInUse where one does, ErrFolder where it is no folder of images.
func Collect(ctx context.Context, dir string, dry bool, now time.Time, log *slog.Logger) (report Report, err error) {
	logTo(log)
	if !served(dir) {
		return Report{}, fmt.Errorf("collect garbage: %w: no registry ever kept images in %s", ErrFolder, dir)
	}
	l, err := lock(dir)
	if err != nil {
		return Report{}, fmt.Errorf("collect garbage: %w", err)
	}
	defer func() {
		if failed := l.Unlock(); err == nil && failed != nil {
			err = fmt.Errorf("collect garbage: %w", failed)
		}
	}()
	s, err := openStore(ctx, dir)
	if err != nil {
		return Report{}, fmt.Errorf("collect garbage: %w", err)
	}
	return s.collect(ctx, dry, now)
}

// served says whether a registry, ours or another, kept images in dir.
func served(dir string) bool {
	for _, name := range []string{lockName, "docker"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// collector is one collection. Of the whole registry it remembers only which
// blobs are needed.
type collector struct {
	store
	vacuum storage.Vacuum
	now    time.Time
	needed map[digest.Digest]struct{}
	report Report
}

// collect goes in this order: names in repositories first, blobs last. So what
// is cut off leaves blobs that nothing names, never names of blobs that are
// gone.
func (s store) collect(ctx context.Context, dry bool, now time.Time) (Report, error) {
	c := &collector{
		store: s, vacuum: storage.NewVacuum(ctx, s.driver), now: now,
		needed: map[digest.Digest]struct{}{}, report: Report{DryRun: dry},
	}
	if err := c.repositories(ctx); err != nil {
		return c.report, fmt.Errorf("collect garbage: %w", err)
	}
	if err := c.blobs(ctx); err != nil {
		return c.report, fmt.Errorf("collect garbage: %w", err)
	}
	return c.report, nil
}

// repositories goes through all of them, those too that hold no more than the
// beginning of a push or the rest of a deletion.
func (c *collector) repositories(ctx context.Context) error {
	last := ""
	return c.walk(ctx, repositories, func(info driver.FileInfo) error {
		folder, word := path.Split(info.Path())
		if !strings.HasPrefix(word, "_") {
			return nil
		}
		name := strings.Trim(strings.TrimPrefix(folder, repositories), "/")
		if name == last {
			return driver.ErrSkipDir
		}
		last = name
		c.report.Repositories++
		if err := c.repository(ctx, name); err != nil {
			return fmt.Errorf("repository %s: %w", name, err)
		}
		return driver.ErrSkipDir
	})
}

// blobs removes those that no repository needs.
func (c *collector) blobs(ctx context.Context) error {
	return c.walk(ctx, blobs, func(info driver.FileInfo) error {
		folder, word := path.Split(info.Path())
		if info.IsDir() || word != "data" {
			return nil
		}
		// blobs/sha256/ab/abcdef…/data
		words := strings.Split(strings.Trim(strings.TrimPrefix(folder, blobs), "/"), "/")
		d := digest.NewDigestFromEncoded(digest.Algorithm(words[0]), words[len(words)-1])
		_, needed := c.needed[d]
		if whole := d.Validate() == nil; needed || !whole {
			return nil
		}
		if err := c.remove(func() error { return c.vacuum.RemoveBlob(d.String()) }); err != nil {
			return fmt.Errorf("remove blob %s: %w", d, err)
		}
		c.report.Blobs++
		c.report.Bytes += info.Size()
		return nil
	})
}

// remove does so, unless nothing is to be removed.
func (c *collector) remove(it func() error) error {
	if c.report.DryRun {
		return nil
	}
	if err := it(); err != nil && !gone(err) {
		return err
	}
	return nil
}
