package server

import (
	"context"
	"errors"
	"fmt"

	"lanyard/backend/access"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/internal/images"
)

// contents are the images inside as the Hub's surface asks for them: in its
// words, and with errors that it knows.
type contents struct{ *images.Registry }

// Tags lists tags, see hubapi.Images.
func (c contents) Tags(ctx context.Context, repository, after string, most int) ([]hubapi.Tag, error) {
	all, err := c.Registry.Tags(ctx, repository, after, most)
	if err != nil {
		return nil, translated(err)
	}
	out := make([]hubapi.Tag, 0, len(all))
	for _, t := range all {
		out = append(out, hubapi.Tag(t))
	}
	return out, nil
}

// DeleteTag deletes one, see hubapi.Images.
func (c contents) DeleteTag(ctx context.Context, repository, name string) error {
	return translated(c.Registry.DeleteTag(ctx, repository, name))
}

// DeleteRepository deletes the images of one, see hubapi.Images.
func (c contents) DeleteRepository(ctx context.Context, repository string) error {
	return translated(c.Registry.DeleteRepository(ctx, repository))
}

// Size measures a repository, see hubapi.Images.
func (c contents) Size(ctx context.Context, repository string) (bytes int64, tags int, err error) {
	if bytes, err = c.Registry.Size(ctx, repository); err == nil {
		tags, err = c.Count(ctx, repository)
	}
	return bytes, tags, translated(err)
}

// translated is an error of images in the words of who asks.
func translated(err error) error {
	for theirs, ours := range map[error]error{
		images.ErrNotFound: access.ErrNotFound, images.ErrInvalid: access.ErrInvalid, images.ErrCollecting: hubapi.ErrCollecting,
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("%w: %w", ours, err)
		}
	}
	return err
}
