package images

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/distribution/reference"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
)

// Errors about what is in a registry.
var (
	// ErrNotFound: no such repository or tag.
	ErrNotFound = errors.New("not in the registry")
	// ErrInvalid: no repository or tag can have that name.
	ErrInvalid = errors.New("not a name that a registry takes")
	// ErrInUse: another process serves the folder, or collects in it.
	ErrInUse = errors.New("the folder of images is in use")
)

// Where the library's storage layout keeps repositories and blobs
// (registry/storage/paths.go, version 2).
const (
	repositories = "/docker/registry/v2/repositories"
	blobs        = "/docker/registry/v2/blobs"
)

// lockName is the one file in the folder that is not the library's.
const lockName = ".lock"

// store is the registry's folder as the library reads it, beside the App,
// which lets nobody see its own. Neither remembers anything of the folder, so
// each sees at once what the other did.
type store struct {
	driver driver.StorageDriver
	names  distribution.Namespace
}

func openStore(ctx context.Context, dir string) (store, error) {
	d := filesystem.New(filesystem.DriverParameters{RootDirectory: dir, MaxThreads: 100})
	names, err := storage.NewRegistry(ctx, d, storage.EnableDelete)
	if err != nil {
		return store{}, err
	}
	return store{d, names}, nil
}

// lock takes the folder for one process: a collection beside a registry that
// does not know of it would remove what is being pushed.
func lock(dir string) (*flock.Flock, error) {
	l := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	switch taken, err := l.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	case !taken:
		return nil, fmt.Errorf("%w: a service serves %s, or lanyard serve gc is at work in it; try again when it has ended", ErrInUse, dir)
	}
	return l, nil
}

// repository is one that is there: a manifest was pushed to it once.
func (s store) repository(ctx context.Context, name string) (distribution.Repository, error) {
	named, err := reference.WithName(name)
	if err != nil || named.Name() != name {
		return nil, fmt.Errorf("%w: %q", ErrInvalid, name)
	}
	if _, err := s.driver.Stat(ctx, path.Join(repositories, name, "_manifests")); gone(err) {
		return nil, fmt.Errorf("repository %s: %w", name, ErrNotFound)
	} else if err != nil {
		return nil, err
	}
	return s.names.Repository(ctx, named)
}

// digests are the names of a folder sha256 (or other) with one entry for each;
// none where there is no such folder.
func (s store) digests(ctx context.Context, folder string) ([]digest.Digest, error) {
	algorithms, err := s.list(ctx, folder)
	if err != nil {
		return nil, err
	}
	var all []digest.Digest
	for _, algorithm := range algorithms {
		entries, err := s.list(ctx, path.Join(folder, algorithm))
		if err != nil {
			return nil, err
		}
		for _, hex := range entries {
			if d := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), hex); d.Validate() == nil {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// linked says whether a folder has d, of which a deletion leaves an empty
// folder of its own.
func (s store) linked(ctx context.Context, folder string, d digest.Digest) (bool, error) {
	_, err := s.driver.Stat(ctx, path.Join(folder, d.Algorithm().String(), d.Encoded(), "link"))
	if gone(err) {
		return false, nil
	}
	return err == nil, err
}

// list returns the last words of a folder's entries; none where it is gone.
func (s store) list(ctx context.Context, folder string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := s.driver.List(ctx, folder)
	if gone(err) {
		return nil, nil
	}
	for i, entry := range entries {
		entries[i] = path.Base(entry)
	}
	return entries, err
}

// walk visits all below a folder until visit fails, which error it returns as
// it is: the library's own Walk makes a text of it. No such folder, no error.
func (s store) walk(ctx context.Context, folder string, visit driver.WalkFn, options ...func(*driver.WalkOptions)) error {
	var failed error
	err := s.driver.Walk(ctx, folder, func(info driver.FileInfo) error {
		err := ctx.Err()
		if err == nil {
			err = visit(info)
		}
		if err != nil && !errors.Is(err, driver.ErrSkipDir) && !errors.Is(err, driver.ErrFilledBuffer) {
			failed = err
		}
		return err
	}, options...)
	if failed != nil {
		return failed
	}
	if gone(err) {
		return nil
	}
	return err
}

// gone says whether the library missed something that may have been deleted
// meanwhile.
func gone(err error) bool {
	var file driver.PathNotFoundError
	var tag distribution.ErrTagUnknown
	var revision distribution.ErrManifestUnknownRevision
	var repository distribution.ErrRepositoryUnknown
	return errors.As(err, &file) || errors.As(err, &tag) || errors.As(err, &revision) || errors.As(err, &repository) ||
		errors.Is(err, distribution.ErrBlobUnknown)
}
