package boltstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"
)

var (
	errKey       = errors.New("row without an id, or with one that cannot be a key")
	errMoved     = errors.New("a row never changes its id or owner")
	errDuplicate = errors.New("token id or hash is another's")
)

// txn is a transaction that knows whether it wrote anything.
type txn struct {
	*bbolt.Tx
	wrote  bool
	then   []func()  // done after the commit, before another write begins
	layers [2]*layer // uses to be laid over what is read, see noted
}

func (t *txn) get(bucket string, key []byte) []byte { return t.Bucket([]byte(bucket)).Get(key) }

// put keeps a value, unless it is there already.
func (t *txn) put(bucket string, key, value []byte) error {
	b := t.Bucket([]byte(bucket))
	if old := b.Get(key); old != nil && bytes.Equal(old, value) {
		return nil
	}
	t.wrote = true
	return b.Put(key, value)
}

func (t *txn) drop(bucket string, key []byte) error {
	b := t.Bucket([]byte(bucket))
	if b.Get(key) == nil {
		return nil
	}
	t.wrote = true
	return b.Delete(key)
}

// under calls fn for every key with a prefix, in order, until fn says no. fn
// must not write.
func (t *txn) under(bucket string, prefix []byte, fn func(key, value []byte) (more bool, err error)) error {
	c := t.Bucket([]byte(bucket)).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if more, err := fn(k, v); err != nil || !more {
			return err
		}
	}
	return nil
}

// load decodes a row into a *R; false if there is none.
func load[R any](t *txn, bucket string, key []byte, row *R) (bool, error) {
	value := t.get(bucket, key)
	if value == nil {
		return false, nil
	}
	return true, decode(bucket, value, row)
}

func decode[R any](bucket string, value []byte, row *R) error {
	if scanRow(value, row) {
		return nil
	}
	var whole R // nothing of what the scan saw
	*row = whole
	if err := json.Unmarshal(value, row); err != nil {
		return fmt.Errorf("row of %s: %w: %w", bucket, ErrDamaged, err)
	}
	return nil
}

func (t *txn) keep(bucket string, key []byte, row any) error {
	value, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("row of %s: %w", bucket, err)
	}
	return t.put(bucket, key, value)
}

// key joins parts that keyable has seen.
func key(parts ...string) []byte { return []byte(strings.Join(parts, "\x00")) }

// keyable says whether text can be a part of a key.
func keyable(text string) bool {
	return text != "" && len(text) <= 1024 && strings.IndexByte(text, 0) < 0
}
