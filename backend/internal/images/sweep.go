package images

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// repository finds out what one repository needs and removes the rest of what
// it names.
func (c *collector) repository(ctx context.Context, name string) error {
	if !isRepository(name) {
		return nil // somebody's folder: nobody can pull from it
	}
	named, err := reference.WithName(name)
	if err != nil {
		return err
	}
	repo, err := c.names.Repository(ctx, named)
	if err != nil {
		return err
	}
	manifests, err := repo.Manifests(ctx)
	if err != nil {
		return err
	}
	tags, err := c.list(ctx, path.Join(repositories, name, "_manifests/tags"))
	if err != nil {
		return err
	}
	kept, err := c.tagged(ctx, repo, manifests, tags)
	if err != nil {
		return err
	}
	going, were, err := c.untagged(ctx, name, manifests, kept)
	if err != nil {
		return err
	}
	// Manifests go after the layers: cut off in between, the next collection
	// still reads which layers were theirs.
	if err := c.layers(ctx, name, kept, were); err != nil {
		return err
	}
	if err := c.manifests(ctx, name, going); err != nil {
		return err
	}
	if err := c.history(ctx, name, tags, kept); err != nil {
		return err
	}
	for d := range kept {
		c.needed[d] = struct{}{}
	}
	return c.uploads(ctx, path.Join(repositories, name, "_uploads"))
}

// tagged is all that the tags need. A manifest that cannot be read ends the
// collection before anything that it may need is gone.
func (c *collector) tagged(ctx context.Context, repo distribution.Repository, manifests distribution.ManifestService, tags []string) (map[digest.Digest]struct{}, error) {
	kept := map[digest.Digest]struct{}{}
	for _, tag := range tags {
		at, err := repo.Tags(ctx).Get(ctx, tag)
		if err == nil {
			err = reach(ctx, manifests, at.Digest, kept)
		}
		if err != nil && !gone(err) {
			return nil, fmt.Errorf("what tag %s needs is not known, so nothing more is removed (delete that tag, or restore the folder): %w", tag, err)
		}
	}
	return kept, nil
}

// untagged are the manifests that no tag needs, and what they name.
func (c *collector) untagged(ctx context.Context, name string, manifests distribution.ManifestService, kept map[digest.Digest]struct{}) ([]digest.Digest, map[digest.Digest]struct{}, error) {
	all, err := c.digests(ctx, path.Join(repositories, name, "_manifests/revisions"))
	if err != nil {
		return nil, nil, err
	}
	var going []digest.Digest
	were := map[digest.Digest]struct{}{}
	for _, d := range all {
		if _, needed := kept[d]; needed {
			continue
		}
		going = append(going, d)
		// What cannot be read is on its way out all the same.
		if err := reach(ctx, manifests, d, were); ctx.Err() != nil {
			return nil, nil, err
		}
	}
	return going, were, nil
}

// manifests removes these.
func (c *collector) manifests(ctx context.Context, name string, going []digest.Digest) error {
	for _, d := range going {
		linked, err := c.linked(ctx, path.Join(repositories, name, "_manifests/revisions"), d)
		if err == nil {
			err = c.remove(func() error { return c.vacuum.RemoveManifest(name, d, nil) })
		}
		if err != nil {
			return fmt.Errorf("remove manifest %s: %w", d, err)
		}
		if linked { // else it was deleted by its digest, and this is what that left
			c.report.Manifests++
		}
	}
	return nil
}

// history removes what tags once pointed to.
func (c *collector) history(ctx context.Context, name string, tags []string, kept map[digest.Digest]struct{}) error {
	for _, tag := range tags {
		folder := path.Join(repositories, name, "_manifests/tags", tag, "index")
		past, err := c.digests(ctx, folder)
		if err != nil {
			return err
		}
		for _, d := range past {
			if _, needed := kept[d]; needed {
				continue
			}
			if err := c.remove(func() error { return c.driver.Delete(ctx, path.Join(folder, d.Algorithm().String(), d.Encoded())) }); err != nil {
				return fmt.Errorf("remove what tag %s was: %w", tag, err)
			}
		}
	}
	return nil
}

// layers removes the links to those that nothing here needs. A layer that no
// manifest, kept or removed, names, and that has not been here for an hour, is
// kept: it may be a push whose manifest comes next.
func (c *collector) layers(ctx context.Context, name string, kept, were map[digest.Digest]struct{}) error {
	folder := path.Join(repositories, name, "_layers")
	all, err := c.digests(ctx, folder)
	if err != nil {
		return err
	}
	for _, d := range all {
		link := path.Join(folder, d.Algorithm().String(), d.Encoded(), "link")
		_, needed := kept[d]
		if _, was := were[d]; !needed && !was {
			if info, err := c.driver.Stat(ctx, link); err == nil && c.now.Sub(info.ModTime()) < young {
				needed = true
				c.report.Waiting++
			}
		}
		if needed {
			c.needed[d] = struct{}{}
			// A link under another algorithm's digest leads to the stored blob.
			if target, err := c.driver.GetContent(ctx, link); err == nil {
				c.needed[digest.Digest(target)] = struct{}{}
			}
			continue
		}
		if err := c.remove(func() error { return c.driver.Delete(ctx, path.Dir(link)) }); err != nil {
			return fmt.Errorf("remove the link to layer %s: %w", d, err)
		}
	}
	return nil
}

// uploads removes those that were begun over a day ago.
func (c *collector) uploads(ctx context.Context, folder string) error {
	ids, err := c.list(ctx, folder)
	if err != nil {
		return err
	}
	for _, id := range ids {
		upload := path.Join(folder, id)
		begun, err := c.begun(ctx, upload)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if c.now.Sub(begun) < abandoned {
			continue
		}
		if err := c.remove(func() error { return c.driver.Delete(ctx, upload) }); err != nil {
			return fmt.Errorf("remove an upload: %w", err)
		}
		c.report.Uploads++
	}
	return nil
}

// begun is when an upload was, or when it was last touched where it does not say.
func (c *collector) begun(ctx context.Context, upload string) (time.Time, error) {
	if text, err := c.driver.GetContent(ctx, path.Join(upload, "startedat")); err == nil {
		if begun, err := time.Parse(time.RFC3339, string(text)); err == nil {
			return begun, nil
		}
	}
	info, err := c.driver.Stat(ctx, upload)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
