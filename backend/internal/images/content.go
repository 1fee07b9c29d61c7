package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Tag is a name of an image, and what lies behind it.
type Tag struct {
	Name      string
	Digest    string
	MediaType string    // of the manifest
	Size      int64     // bytes of all that it reaches (layers as they are stored, configurations, manifests), each once
	Platforms []string  // os/architecture[/variant], sorted; nil: it says none
	PushedAt  time.Time // when the tag came to point to this manifest
}

// Repositories lists at most so many names of repositories in the order of
// the folder, beginning after one; fewer are the last.
func (r *Registry) Repositories(ctx context.Context, after string, most int) ([]string, error) {
	var names []string
	hint := ""
	if after != "" {
		if !isRepository(after) {
			return nil, fmt.Errorf("list repositories: %w: %q", ErrInvalid, after)
		}
		hint = path.Join(repositories, after, "_manifests~") // sorts after all that is inside
	}
	err := r.store.walk(ctx, repositories, func(info driver.FileInfo) error {
		folder, last := path.Split(info.Path())
		switch {
		case len(names) >= most: // the library goes on in the folders above
			return driver.ErrFilledBuffer
		case last == "_manifests":
			names = append(names, strings.Trim(strings.TrimPrefix(folder, repositories), "/"))
			return driver.ErrSkipDir
		case strings.HasPrefix(last, "_"):
			return driver.ErrSkipDir
		}
		return nil
	}, driver.WithStartAfterHint(hint))
	if err != nil {
		return nil, fmt.Errorf("list repositories: %w", err)
	}
	return names, nil
}

// Tags lists at most so many tags of a repository by name, beginning after
// one; fewer are the last.
func (r *Registry) Tags(ctx context.Context, repository, after string, most int) ([]Tag, error) {
	repo, err := r.store.repository(ctx, repository)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	if after != "" && !isTag(after) {
		return nil, fmt.Errorf("list tags of %s: %w: %q", repository, ErrInvalid, after)
	}
	var tags []Tag
	for len(tags) < most {
		names, err := repo.Tags(ctx).List(ctx, most-len(tags), after)
		last := errors.Is(err, io.EOF) || gone(err)
		if err != nil && !last {
			return nil, fmt.Errorf("list tags of %s: %w", repository, err)
		}
		for _, name := range names {
			after = name
			tag, err := r.store.tag(ctx, repo, name)
			if errors.Is(err, ErrNotFound) { // half deleted, or gone meanwhile
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("list tags of %s: %w", repository, err)
			}
			tags = append(tags, tag)
		}
		if last {
			break
		}
	}
	return tags, nil
}

// Tag looks at one tag.
func (r *Registry) Tag(ctx context.Context, repository, name string) (Tag, error) {
	repo, err := r.store.repository(ctx, repository)
	if err == nil && !isTag(name) {
		err = fmt.Errorf("%w: %q", ErrInvalid, name)
	}
	if err != nil {
		return Tag{}, fmt.Errorf("look at a tag: %w", err)
	}
	tag, err := r.store.tag(ctx, repo, name)
	if err != nil {
		return Tag{}, fmt.Errorf("look at a tag of %s: %w", repository, err)
	}
	return tag, nil
}

// Size is how many bytes a repository holds: all its manifests and blobs, each
// once, with and without a tag. What another one has too counts in both.
func (r *Registry) Size(ctx context.Context, repository string) (int64, error) {
	if _, err := r.store.repository(ctx, repository); err != nil {
		return 0, fmt.Errorf("measure a repository: %w", err)
	}
	var size int64
	for _, folder := range []string{"_manifests/revisions", "_layers"} {
		bytes, err := r.store.held(ctx, path.Join(repositories, repository, folder))
		if err != nil {
			return 0, fmt.Errorf("measure %s: %w", repository, err)
		}
		size += bytes
	}
	return size, nil
}

// Count is how many tags a repository has.
func (r *Registry) Count(ctx context.Context, repository string) (int, error) {
	repo, err := r.store.repository(ctx, repository)
	if err != nil {
		return 0, fmt.Errorf("count tags: %w", err)
	}
	all, err := repo.Tags(ctx).All(ctx)
	if err != nil && !gone(err) { // nothing is tagged
		return 0, fmt.Errorf("count tags of %s: %w", repository, err)
	}
	return len(all), nil
}

// held is how many bytes the links of a folder lead to.
func (s store) held(ctx context.Context, folder string) (int64, error) {
	all, err := s.digests(ctx, folder)
	if err != nil {
		return 0, err
	}
	var size int64
	for _, d := range all {
		linked, err := s.linked(ctx, folder, d)
		if err != nil {
			return 0, err
		}
		if !linked {
			continue
		}
		bytes, err := s.size(ctx, d)
		if err != nil {
			return 0, err
		}
		size += bytes
	}
	return size, nil
}

func (s store) tag(ctx context.Context, repo distribution.Repository, name string) (Tag, error) {
	missing := func(err error) error {
		if gone(err) {
			return fmt.Errorf("tag %s: %w", name, ErrNotFound)
		}
		return err
	}
	at, err := repo.Tags(ctx).Get(ctx, name)
	if err != nil {
		return Tag{}, missing(err)
	}
	link, err := s.driver.Stat(ctx, path.Join(repositories, repo.Named().Name(), "_manifests/tags", name, "current/link"))
	if err != nil {
		return Tag{}, missing(err)
	}
	tag := Tag{Name: name, Digest: at.Digest.String(), PushedAt: link.ModTime().UTC().Truncate(time.Microsecond)}
	if err := s.describe(ctx, repo, at.Digest, &tag); err != nil {
		return Tag{}, missing(err)
	}
	return tag, nil
}

// size is that of a stored blob; what is not stored has none.
func (s store) size(ctx context.Context, d digest.Digest) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	blob, err := s.names.BlobStatter().Stat(ctx, d)
	if gone(err) {
		return 0, nil
	}
	return blob.Size, err
}

func isRepository(name string) bool {
	_, err := reference.WithName(name)
	return err == nil
}

func isTag(name string) bool { return reference.TagRegexp.FindString(name) == name && name != "" }
