package boltstore

import (
	"context"
	"time"
)

type browserRow struct {
	Data    []byte    `json:"data"`
	Expires time.Time `json:"expires"`
}

// PutBrowserSession keeps what a browser's cookie stands for until expires.
func (db *DB) PutBrowserSession(ctx context.Context, id string, data []byte, expires time.Time) error {
	if !keyable(id) {
		return errKey
	}
	row := browserRow{data, expires.UTC().Truncate(time.Microsecond)}
	return db.update(ctx, func(t *txn) error {
		var old browserRow
		found, err := load(t, inBrowsers, []byte(id), &old)
		if err != nil {
			return err
		}
		if !found || row.Expires.Before(old.Expires) {
			if err := note(t, row.Expires, dueBrowser, id); err != nil {
				return err
			}
		}
		return t.keep(inBrowsers, []byte(id), row)
	})
}

// BrowserSession returns what was put, past its time or not.
func (db *DB) BrowserSession(ctx context.Context, id string) (data []byte, expires time.Time, found bool, err error) {
	var row browserRow
	err = db.view(ctx, func(t *txn) error {
		found, err = load(t, inBrowsers, []byte(id), &row)
		return err
	})
	return row.Data, row.Expires, found, err
}

// DeleteBrowserSession is content if there is none of that id.
func (db *DB) DeleteBrowserSession(ctx context.Context, id string) error {
	return db.update(ctx, func(t *txn) error { return t.drop(inBrowsers, []byte(id)) })
}
