package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
)

// The head of a bbolt file, which is mapped into memory: a file shorter than
// its head says kills the process with a signal at the first missing page,
// and an empty one is begun anew. So it is read by hand first
// (go.etcd.io/bbolt/internal/common: page.go, meta.go).
const (
	pageHead  = 16 // id, flags, count, overflow
	metaSize  = 64
	boltMagic = 0xED0CDAED
	boltForm  = 2

	minPage = 1 << 10
	maxPage = 1 << 24
)

// pageMeta is what a meta page says, as far as it matters here.
type pageMeta struct {
	pageSize uint64
	pages    uint64 // high-water mark: ids below it are in use
	txid     uint64
}

// check looks at an open file before it is mapped.
func check(f *os.File, log *slog.Logger) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrNotFile
	}
	if err := private(info); err != nil {
		return err
	}
	if info.Size() == 0 {
		return ErrEmpty
	}
	size := uint64(info.Size())
	newest, whole, err := newestMeta(f, size)
	if err != nil {
		return err
	}
	if size/newest.pageSize < max(newest.pages, 2) {
		return fmt.Errorf("%w: %d bytes of at least %d pages of %d", ErrTruncated, size, newest.pages, newest.pageSize)
	}
	if !whole {
		log.Warn("one of the two heads of the database is unreadable; after a crash that is an unfinished change, else the latest change may be lost", "file", f.Name())
	}
	return nil
}

// newestMeta is the meta page that bbolt will go by: the valid one with the
// higher transaction id. whole says that both are valid.
func newestMeta(f io.ReaderAt, size uint64) (newest pageMeta, whole bool, err error) {
	first, ours1, ok1, err := readMeta(f, 0)
	if err != nil {
		return pageMeta{}, false, err
	}
	var second pageMeta
	var ours2, ok2 bool
	if ok1 {
		second, ours2, ok2, err = readMeta(f, first.pageSize)
	} else {
		// The page size is not known: bbolt tries them all.
		for at := uint64(minPage); at < maxPage && at < size && !ok2 && err == nil; at *= 2 {
			var ours bool
			second, ours, ok2, err = readMeta(f, at)
			ours2 = ours2 || ours
		}
	}
	switch {
	case err != nil:
		return pageMeta{}, false, err
	case ok1 && ok2 && second.txid > first.txid, ok2 && !ok1:
		return second, ok1, nil
	case ok1:
		return first, ok2, nil
	case (ours1 || ours2) && size < 2*minPage:
		return pageMeta{}, false, ErrTruncated
	case ours1 || ours2:
		return pageMeta{}, false, fmt.Errorf("%w: neither of its heads can be read", ErrDamaged)
	}
	return pageMeta{}, false, ErrForeign
}

// readMeta reads the meta page at an offset: ours says that it bears bbolt's
// magic, ok that it is valid.
func readMeta(f io.ReaderAt, offset uint64) (m pageMeta, ours, ok bool, err error) {
	var page [pageHead + metaSize]byte
	n, err := f.ReadAt(page[:], int64(offset))
	if err != nil && !errors.Is(err, io.EOF) {
		return m, false, false, err
	}
	meta, order := page[pageHead:], binary.NativeEndian
	ours = n >= pageHead+4 && order.Uint32(meta) == boltMagic
	sum := fnv.New64a()
	_, _ = sum.Write(meta[:metaSize-8])
	if n < len(page) || !ours || order.Uint32(meta[4:]) != boltForm || order.Uint64(meta[metaSize-8:]) != sum.Sum64() {
		return m, ours, false, nil
	}
	m = pageMeta{pageSize: uint64(order.Uint32(meta[8:])), pages: order.Uint64(meta[40:]), txid: order.Uint64(meta[48:])}
	ok = m.pageSize >= minPage && m.pageSize < maxPage && m.pageSize&(m.pageSize-1) == 0
	return m, ours, ok, nil
}
