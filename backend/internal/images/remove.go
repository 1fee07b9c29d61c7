package images

import (
	"context"
	"fmt"

	"github.com/distribution/distribution/v3/registry/storage"
)

// DeleteTag takes a name from an image. What only that name held can be pulled
// by its digest until the next collection, which then frees the space: other
// tags, and pulls that have just begun, may need it still. ErrCollecting while
// one runs. Seen is not called: the caller knows who deleted.
func (r *Registry) DeleteTag(ctx context.Context, repository, name string) error {
	if !r.door.enter() {
		return fmt.Errorf("delete tag %s of %s: %w", name, repository, ErrCollecting)
	}
	defer r.door.leave()
	repo, err := r.store.repository(ctx, repository)
	if err == nil && !isTag(name) {
		err = fmt.Errorf("%w: %q", ErrInvalid, name)
	}
	if err != nil {
		return fmt.Errorf("delete a tag: %w", err)
	}
	err = repo.Tags(ctx).Untag(ctx, name)
	if gone(err) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete tag %s of %s: %w", name, repository, err)
	}
	return nil
}

// DeleteRepository deletes a repository with all tags, and none of those whose
// names begin with its own. The space is freed by the next collection.
// ErrCollecting while one runs. Seen is not called.
func (r *Registry) DeleteRepository(ctx context.Context, repository string) error {
	if !r.door.enter() {
		return fmt.Errorf("delete %s: %w", repository, ErrCollecting)
	}
	defer r.door.leave()
	if _, err := r.store.repository(ctx, repository); err != nil {
		return fmt.Errorf("delete a repository: %w", err)
	}
	if err := storage.NewVacuum(ctx, r.store.driver).RemoveRepository(repository); err != nil {
		return fmt.Errorf("delete %s: %w", repository, err)
	}
	return nil
}
