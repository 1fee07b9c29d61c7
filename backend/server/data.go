package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lanyard/backend/keys"
	"lanyard/backend/store/boltstore"
)

// Errors about a data folder. None of them ever begins anew over what was
// there.
var (
	// ErrExposed: other users of the computer can read the folder.
	ErrExposed = errors.New("data folder is readable by others")
	// ErrPartial: the folder was used before and a part of it is gone.
	ErrPartial = errors.New("a part of the service's data is missing")
)

const (
	databaseName = "lanyard.db"
	keysName     = "keys"
	markerName   = "set-up" // synced once the first administrator is committed
)

// Data is a service's folder, opened: database and keys.
type Data struct {
	Dir  string
	DB   *boltstore.DB
	Keys *keys.Keys
}

// OpenData opens a data folder, making it on the very first start. A folder
// that others can read, a database that is truncated, emptied, foreign, newer
// or in use, a missing part, are refusals in words.
func OpenData(ctx context.Context, dir string, now time.Time) (*Data, error) {
	fresh, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	d := &Data{Dir: dir}
	database, keyDir := filepath.Join(dir, databaseName), filepath.Join(dir, keysName)
	if fresh {
		// The database comes last: a start cut off before it finds keys
		// without a database and no marker, and goes on from there.
		if !exists(keyDir) {
			if _, err := keys.Create(keyDir, now); err != nil {
				return nil, fmt.Errorf("make the service's keys: %w", err)
			}
		}
		db, err := boltstore.Create(database, boltstore.Options{})
		if err != nil && !errors.Is(err, boltstore.ErrExists) { // another start was faster
			return nil, fmt.Errorf("make the database: %w", err)
		}
		if err == nil {
			d.DB = db
		}
	}
	if d.DB == nil {
		if d.DB, err = boltstore.Open(database, boltstore.Options{}); err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}
	if d.Keys, err = keys.Open(keyDir, now); err != nil {
		return nil, errors.Join(fmt.Errorf("open the service's keys in %s: %w", keyDir, err), d.DB.Close())
	}
	if err := d.checkMarker(ctx); err != nil {
		return nil, errors.Join(err, d.DB.Close())
	}
	return d, nil
}

// Close closes the database.
func (d *Data) Close() error { return d.DB.Close() }

// MarkSetUp writes the marker that set-up is over for ever. The caller does
// so once the first administrator is committed; a start repeats it.
func (d *Data) MarkSetUp() error { return writeMarker(d.Dir) }

// checkMarker holds the marker against the accounts: an administrator without
// a marker is a start cut off after the commit; a marker without one is a
// database that lost what it held.
func (d *Data) checkMarker(ctx context.Context) error {
	all, err := d.DB.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	marked := exists(filepath.Join(d.Dir, markerName))
	switch {
	case len(all) > 0 && !marked:
		return writeMarker(d.Dir)
	case len(all) == 0 && marked:
		return fmt.Errorf("%w: %s was set up before, but its database holds no account; restore %s from a backup (set-up is not offered again)",
			ErrPartial, d.Dir, databaseName)
	}
	return nil
}

// prepare makes dir where it is missing and says whether nothing of a service
// is in it yet.
func prepare(dir string) (fresh bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, fmt.Errorf("make the data folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return false, fmt.Errorf("open the data folder: %w", err)
	}
	if !info.IsDir() {
		return false, fmt.Errorf("open the data folder: %s is not a folder", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return false, fmt.Errorf("%w: %s has mode %04o; make it yours alone with: chmod 700 %s", ErrExposed, dir, info.Mode().Perm(), dir)
	}
	if err := writable(dir); err != nil {
		return false, fmt.Errorf("the data folder %s cannot be written: %w", dir, err)
	}
	database, marker, keyDir := exists(filepath.Join(dir, databaseName)), exists(filepath.Join(dir, markerName)), exists(filepath.Join(dir, keysName))
	switch {
	case database && !keyDir:
		return false, fmt.Errorf("%w: %s has a database but no %s folder; restore it from a backup", ErrPartial, dir, keysName)
	case marker && !database:
		return false, fmt.Errorf("%w: %s was set up before, but %s is gone; restore it from a backup", ErrPartial, dir, databaseName)
	}
	return !database, nil
}

func writable(dir string) error {
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func writeMarker(dir string) error {
	path := filepath.Join(dir, markerName)
	if exists(path) {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("mark the service as set up: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return errors.Join(fmt.Errorf("mark the service as set up: %w", err), file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close(), folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("mark the service as set up: %w", err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
