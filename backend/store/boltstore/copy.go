package boltstore

import (
	"context"
	"fmt"
	"io"
)

// Copy writes the database as it is at this moment, whole, beside whatever
// goes on. begin is told its size before the first byte.
func (db *DB) Copy(ctx context.Context, begin func(size int64) (io.Writer, error)) error {
	return db.view(ctx, func(t *txn) error {
		w, err := begin(t.Size())
		if err != nil {
			return err
		}
		if _, err := t.WriteTo(w); err != nil {
			return fmt.Errorf("copy the database: %w", err)
		}
		return nil
	})
}
