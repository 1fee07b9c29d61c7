package boltstore

import (
	"bytes"
	"context"
	"time"

	"lanyard/backend/activity"
)

// An event lies under its account and its id, which is in the order of time.
// For each day and account there is an entry in byDay, so that what has been
// kept long enough is found without a look at what has not.

const (
	dayForm = "20060102"
	// dropAtMost accounts' old events are dropped in one call of Sweep.
	dropAtMost = 100
)

// AddEvents keeps events, each for its Account and, where another, its Actor.
func (db *DB) AddEvents(ctx context.Context, events []activity.Event) error {
	return db.update(ctx, func(t *txn) error { return addEvents(t, events) })
}

func addEvents(t *txn, events []activity.Event) error {
	for _, e := range events {
		e = e.Behind(max(latest(t, e.Account, e.At), latest(t, e.Actor, e.At)))
		for i, account := range []string{e.Account, e.Actor} {
			if account == "" || i == 1 && account == e.Account {
				continue
			}
			if !keyable(account) || !keyable(e.ID) {
				return errKey
			}
			if err := t.put(byDay, key(e.At.UTC().Format(dayForm), account), []byte{}); err != nil {
				return err
			}
			if err := t.keep(inActivity, key(account, e.ID), e); err != nil {
				return err
			}
		}
	}
	return nil
}

// latest is the id of the latest event of an account that is not after a
// moment; "": there is none.
func latest(t *txn, account string, at time.Time) string {
	if !keyable(account) {
		return ""
	}
	prefix := key(account, "")
	c := t.Bucket([]byte(inActivity)).Cursor()
	c.Seek(append(bytes.Clone(prefix), activity.From(at.Add(time.Microsecond))...))
	k, _ := c.Prev()
	if !bytes.HasPrefix(k, prefix) {
		return ""
	}
	return string(k[len(prefix):])
}

// Events returns events of an account that fn wants, the newest first.
func (db *DB) Events(ctx context.Context, account, before string, most int, fn func(activity.Event) bool) (out []activity.Event, err error) {
	if !keyable(account) {
		return nil, nil
	}
	prefix := key(account, "")
	from := append(bytes.Clone(prefix), before...)
	if before == "" {
		from = append(from, 0xff)
	}
	err = db.view(ctx, func(t *txn) error {
		c := t.Bucket([]byte(inActivity)).Cursor()
		c.Seek(from)
		for k, v := c.Prev(); k != nil && bytes.HasPrefix(k, prefix) && len(out) < most; k, v = c.Prev() {
			var e activity.Event
			if err := decode(inActivity, v, &e); err != nil {
				return err
			}
			if fn(e) {
				out = append(out, e)
			}
		}
		return ctx.Err()
	})
	return out, err
}

// lastDay is the first day whose events are still kept.
func lastDay(now time.Time) []byte { return []byte(now.Add(-activity.Kept).UTC().Format(dayForm)) }

func eventsAreOld(t *txn, now time.Time) bool {
	first, _ := t.Bucket([]byte(byDay)).Cursor().First()
	return first != nil && bytes.Compare(first[:len(dayForm)], lastDay(now)) < 0
}

// dropEvents drops what has been kept long enough.
func dropEvents(t *txn, now time.Time) error {
	var days [][]byte
	if err := t.under(byDay, nil, func(k, _ []byte) (bool, error) {
		if bytes.Compare(k[:len(dayForm)], lastDay(now)) >= 0 {
			return false, nil
		}
		days = append(days, bytes.Clone(k))
		return len(days) < dropAtMost, nil
	}); err != nil {
		return err
	}
	for _, day := range days {
		account := string(day[len(dayForm)+1:])
		var old [][]byte
		if err := t.under(inActivity, key(account, ""), func(k, v []byte) (bool, error) {
			var e activity.Event
			if err := decode(inActivity, v, &e); err != nil {
				return false, err
			}
			if e.At.UTC().Format(dayForm) > string(day[:len(dayForm)]) {
				return false, nil
			}
			old = append(old, bytes.Clone(k))
			return true, nil
		}); err != nil {
			return err
		}
		for _, k := range old {
			if err := t.drop(inActivity, k); err != nil {
				return err
			}
		}
		if err := t.drop(byDay, day); err != nil {
			return err
		}
	}
	return nil
}
