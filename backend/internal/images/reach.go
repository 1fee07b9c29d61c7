package images

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// reach adds to found all that the manifest root names, directly or through
// manifests of the same repository, and root itself. Indexes may be nested as
// deeply as somebody pushed them, so nothing here calls itself.
func reach(ctx context.Context, manifests distribution.ManifestService, root digest.Digest, found map[digest.Digest]struct{}) error {
	if _, known := found[root]; known {
		return nil
	}
	todo := []digest.Digest{root}
	for len(todo) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		manifest, err := manifests.Get(ctx, d)
		if gone(err) && d != root {
			continue
		}
		if err != nil {
			return fmt.Errorf("read manifest %s: %w", d, err)
		}
		found[d] = struct{}{}
		for _, part := range manifest.References() {
			if _, known := found[part.Digest]; known || part.Digest.Validate() != nil {
				continue
			}
			found[part.Digest] = struct{}{}
			there, err := manifests.Exists(ctx, part.Digest)
			if err != nil {
				return fmt.Errorf("read manifest %s: %w", part.Digest, err)
			}
			if there {
				todo = append(todo, part.Digest)
			}
		}
	}
	return nil
}

// describe fills in what a tag's manifest tells.
func (s store) describe(ctx context.Context, repo distribution.Repository, d digest.Digest, tag *Tag) error {
	manifests, err := repo.Manifests(ctx)
	if err != nil {
		return err
	}
	manifest, err := manifests.Get(ctx, d)
	if err != nil {
		return err
	}
	if tag.MediaType, _, err = manifest.Payload(); err != nil {
		return err
	}
	found := map[digest.Digest]struct{}{}
	if err := reach(ctx, manifests, d, found); err != nil {
		return err
	}
	for part := range found {
		bytes, err := s.size(ctx, part)
		if err != nil {
			return err
		}
		tag.Size += bytes
	}
	for _, part := range manifest.References() {
		platform := part.Platform
		if platform == nil && isConfig(part.MediaType) {
			if platform, err = s.configured(ctx, repo, part.Digest); err != nil {
				return err
			}
		}
		if name := platformName(platform); name != "" && !slices.Contains(tag.Platforms, name) {
			tag.Platforms = append(tag.Platforms, name)
		}
	}
	slices.Sort(tag.Platforms)
	return nil
}

// maxConfig is how large a configuration may be that is read: whoever pushes
// decides what it is.
const maxConfig = 1 << 20

func isConfig(mediaType string) bool {
	return mediaType == v1.MediaTypeImageConfig || mediaType == "application/vnd.docker.container.image.v1+json"
}

// configured is what an image's configuration says it is for; nil if it says
// nothing that can be read.
func (s store) configured(ctx context.Context, repo distribution.Repository, d digest.Digest) (*v1.Platform, error) {
	bytes, err := s.size(ctx, d)
	if err != nil || bytes == 0 || bytes > maxConfig {
		return nil, err
	}
	text, err := repo.Blobs(ctx).Get(ctx, d)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var platform v1.Platform
	if told := json.Unmarshal(text, &platform) == nil; !told {
		return nil, nil
	}
	return &platform, nil
}

// platformName is "" for what runs nowhere, such as a build's attestation.
func platformName(p *v1.Platform) string {
	if p == nil || p.OS == "" || p.OS == "unknown" {
		return ""
	}
	return path.Join(p.OS, p.Architecture, p.Variant)
}
