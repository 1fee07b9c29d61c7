package boltstore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Why a file is not opened. Each is told in words and leaves the file as it is.
var (
	// ErrMissing: there is no file. Open never makes one.
	ErrMissing = fmt.Errorf("the database file is missing: %w", fs.ErrNotExist)
	// ErrExists: Create never writes over anything.
	ErrExists = fmt.Errorf("there is a file already: %w", fs.ErrExist)
	// ErrNotFile: a folder, link, pipe or device.
	ErrNotFile = errors.New("the database is not a regular file")
	// ErrOwner: it belongs to another user of this computer.
	ErrOwner = errors.New("the database file belongs to another user")
	// ErrExposed: others on this computer may read or write it.
	ErrExposed = errors.New("the database file is accessible to others (want mode 0600)")
	// ErrEmpty: bbolt would begin anew in it, with nobody as administrator.
	ErrEmpty = errors.New("the database file has been emptied")
	// ErrTruncated: it ends before its last page.
	ErrTruncated = errors.New("the database file has been cut short")
	// ErrForeign: not a database of ours.
	ErrForeign = errors.New("the file is not a Lanyard database")
	// ErrDamaged: ours, but it cannot be read.
	ErrDamaged = errors.New("the database file is damaged")
	// ErrNewer: written by a later Lanyard.
	ErrNewer = errors.New("the database was written by a newer Lanyard")
	// ErrOlder: to be migrated, which a DB opened for reading only cannot.
	ErrOlder = errors.New("the database was written by an older Lanyard; start the service once")
	// ErrInUse: another process has it open.
	ErrInUse = errors.New("the database is in use by another process")
)

// Open opens an existing file, after looking at it closely enough that what
// would crash the process later, or begin anew, is an error now. An older
// schema is migrated, after a copy in backup/ beside the file.
func Open(path string, o Options) (*DB, error) { return open(path, o, schema, migrations()) }

// Create makes a new database and opens it. The file comes into being whole,
// or not at all: ErrExists if there is anything of that name.
func Create(path string, o Options) (*DB, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("create database %s: %w", path, err)
	}
	return Open(path, o)
}

func open(path string, o Options, want int, steps map[int]migration) (*DB, error) {
	o = o.filled()
	db, err := opened(path, o, want, steps)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

func opened(path string, o Options, want int, steps map[int]migration) (*DB, error) {
	// For reading first: to open another program's file for writing could change it.
	peek, err := mapped(path, o, true)
	if err != nil {
		return nil, err
	}
	head, err := readHead(peek)
	err = errors.Join(err, peek.Close())
	switch {
	case err != nil:
		return nil, err
	case head.schema > want:
		return nil, fmt.Errorf("%w: its schema is %d, this one's %d", ErrNewer, head.schema, want)
	case head.schema < want && o.ReadOnly:
		return nil, ErrOlder
	}
	bolt, err := mapped(path, o, o.ReadOnly)
	if err != nil {
		return nil, err
	}
	db := &DB{bolt: bolt, path: path, log: o.Logger, failed: make(chan struct{}), noted: noted{fresh: newLayer(), most: notedAtMost}}
	if err := db.settle(want, steps); err != nil {
		return nil, errors.Join(err, bolt.Close())
	}
	if err := db.loadNoted(); err != nil {
		return nil, errors.Join(err, bolt.Close())
	}
	return db, nil
}

// settle reads the head under the lock and brings the schema up to want.
func (db *DB) settle(want int, steps map[int]migration) error {
	head, err := readHead(db.bolt)
	if err != nil {
		return err
	}
	db.instance = head.instance
	if head.schema < want {
		return db.migrate(head.schema, want, steps)
	}
	if head.schema > want { // by another process, a moment ago
		return ErrNewer
	}
	return nil
}

// mapped lets bbolt open a file that checks well, never making one.
func mapped(path string, o Options, readOnly bool) (db *bbolt.DB, err error) {
	if info, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	} else if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, ErrNotFile
	}
	var file *os.File
	defer func() {
		if r := recover(); r != nil { // bbolt panics on what it cannot read
			db, err = nil, errors.Join(fmt.Errorf("%w: %v", ErrDamaged, r), file.Close())
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err = bbolt.Open(path, 0, &bbolt.Options{
		ReadOnly: readOnly, Timeout: o.Timeout, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(path string, flag int, _ os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(path, flag&^os.O_CREATE, 0)
			if err != nil {
				return nil, err
			}
			if err := check(f, o.Logger); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			file = f
			return f, nil
		},
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return nil, err
	}
	return db, nil
}

// create makes the whole file under another name and links it to its own,
// which fails where there is one.
func create(path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if err := temp.Close(); err != nil {
		return err
	}
	if err := begin(temp.Name()); err != nil {
		return err
	}
	return settleFile(temp.Name(), path)
}

// begin writes schema, instance and the empty buckets.
func begin(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // cannot fail since Go 1.24
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return head{schema: schema, instance: hex.EncodeToString(id[:])}.write(tx)
	})
	return errors.Join(err, db.Close())
}

// settleFile gives a finished file its name, so that a power cut leaves
// either nothing or all of it under that name: ErrExists if it is taken.
func settleFile(temp, path string) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil { // a file system without links
		if _, err := os.Lstat(path); err == nil {
			return ErrExists
		}
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	} else if err := os.Remove(temp); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
