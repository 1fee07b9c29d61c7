package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"lanyard/backend/activity"
)

// AddEvents keeps events, each for its Account and, where another, its Actor.
func (db *DB) AddEvents(ctx context.Context, events []activity.Event) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	db.addEvents(events)
	return nil
}

// Events returns events of an account that fn wants, the newest first.
func (db *DB) Events(ctx context.Context, account, before string, most int, fn func(activity.Event) bool) ([]activity.Event, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []activity.Event
	for _, e := range slices.Backward(db.events[account]) {
		if (before == "" || e.ID < before) && len(out) < most && fn(e) {
			e.Details = maps.Clone(e.Details)
			out = append(out, e)
		}
	}
	return out, nil
}

func (db *DB) addEvents(events []activity.Event) {
	for _, e := range events {
		e = e.Behind(max(db.latest(e.Account, e.At), db.latest(e.Actor, e.At)))
		e.Details = maps.Clone(e.Details)
		for i, account := range []string{e.Account, e.Actor} {
			if account == "" || i == 1 && account == e.Account {
				continue
			}
			all := append(db.events[account], e)
			slices.SortStableFunc(all, func(a, b activity.Event) int {
				if a.ID < b.ID {
					return -1
				}
				return 1
			})
			db.events[account] = all
		}
	}
}

// latest is the id of the latest event of an account that is not after a
// moment; "": there is none.
func (db *DB) latest(account string, at time.Time) string {
	for _, e := range slices.Backward(db.events[account]) {
		if !e.At.After(at) {
			return e.ID
		}
	}
	return ""
}

func (db *DB) sweepEvents(now time.Time) {
	last := now.Add(-activity.Kept).UTC().Truncate(24 * time.Hour)
	for account, all := range db.events {
		db.events[account] = slices.DeleteFunc(all, func(e activity.Event) bool { return e.At.Before(last) })
	}
}
