package why

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"lanyard/backend/machine"
)

// ErrImage: the text names no image.
var ErrImage = errors.New("not the name of an image")

// Image is an image as tools understand its name.
type Image struct {
	Name       string `json:"name"`       // whole: registry/repository:tag
	Domain     string `json:"domain"`     // of the name, as the tools spell it
	Host       string `json:"host"`       // canonical
	Repository string `json:"repository"` // within the registry
	Reference  string `json:"reference"`  // tag or digest
}

const maxImage = 512 // bytes; a name has at most 255, beside a digest

// ParseImage understands an image's name as docker does: a first part without
// a dot, a colon or localhost belongs to Docker Hub, a single one to library/
// there. The transports that skopeo, podman and helm put before it are taken.
func ParseImage(text string) (Image, error) {
	bare := text
	for _, transport := range []string{"docker://", "oci://"} {
		bare = strings.TrimPrefix(bare, transport)
	}
	if len(bare) > maxImage {
		return Image{}, fmt.Errorf("%w: it is longer than %d bytes", ErrImage, maxImage)
	}
	named, err := reference.ParseNormalizedNamed(bare)
	if err != nil {
		return Image{}, fmt.Errorf("%w: %.80q: %w", ErrImage, text, err)
	}
	named = reference.TagNameOnly(named)
	host, err := machine.CanonicalHost(reference.Domain(named))
	if err != nil {
		return Image{}, fmt.Errorf("%w: %.80q: %w", ErrImage, text, err)
	}
	i := Image{Name: named.String(), Domain: reference.Domain(named), Host: host, Repository: reference.Path(named)}
	switch n := named.(type) {
	case reference.Digested: // it counts before a tag
		i.Reference = n.Digest().String()
	case reference.Tagged:
		i.Reference = n.Tag()
	}
	return i, nil
}
