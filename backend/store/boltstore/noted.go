package boltstore

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// Uses come by the thousand a second, each of a row on another page. So they
// are noted first: a call appends all of its uses to one bucket, as one value
// under the next number, which writes a page or few and is as lasting as any
// other commit. What was noted is laid over the rows that are read, from
// memory, and goes to its place beside the row later: a piece with each call and
// each Sweep, in the order of the keys. Open reads from the bucket what has not
// gone there.
//
// What stands beside a row says up to which number it knows: nothing is
// counted twice, whenever a piece, a reader or a kill comes.

const (
	// notedAtMost uses are held before they begin to go to their places: the
	// more, the more of them share a page then.
	notedAtMost = 1 << 16
	// settleAtMost keys are put in their places by one Sweep.
	settleAtMost = 2000
)

// layer is uses in memory that are noted in the file.
type layer struct {
	mu       sync.RWMutex
	tokens   map[string][]notedUse   // by owner and id
	sessions map[string][]notedVisit // by id, in the order of their numbers
	n        int                     // uses in it
	last     uint64                  // the highest number in it
}

type notedUse struct {
	number uint64
	token.Used
}

type notedVisit struct {
	number uint64
	grant.Use
}

// noted is what is not in its place yet. Only a write transaction changes it,
// after its commit. A reader takes both layers before it begins: what goes to
// its place meanwhile is then in one of the two, or in both, with its number.
type noted struct {
	mu       sync.Mutex
	fresh    *layer
	settling *layer // nil: none
	todo     []place
	most     int // see notedAtMost
}

// place is where uses go: beside a token or a session.
type place struct {
	session bool
	key     string
}

func newLayer() *layer {
	return &layer{tokens: map[string][]notedUse{}, sessions: map[string][]notedVisit{}}
}

// layers are both, the earlier first.
func (n *noted) layers() [2]*layer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return [2]*layer{n.settling, n.fresh}
}

func (l *layer) add(number uint64, b batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range b.tokens {
		at := u.Owner + "\x00" + u.ID
		l.tokens[at] = append(l.tokens[at], notedUse{number, u})
	}
	for _, u := range b.sessions {
		l.sessions[u.Session] = append(l.sessions[u.Session], notedVisit{number, u})
	}
	l.n += len(b.tokens) + len(b.sessions)
	l.last = max(l.last, number)
}

func (l *layer) usesOf(at []byte) []notedUse {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tokens[string(at)]
}

func (l *layer) visitsOf(id string) []notedVisit {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.sessions[id]
}

// noteUses appends a batch, and puts a piece of what was noted before in its
// place: twice as much, so that it never piles up.
func (db *DB) noteUses(ctx context.Context, b batch) error {
	n := len(b.tokens) + len(b.sessions)
	if n == 0 {
		return nil
	}
	return db.update(ctx, func(t *txn) error {
		number, err := t.Bucket([]byte(inNoted)).NextSequence()
		if err != nil {
			return err
		}
		if err := t.put(inNoted, binary.BigEndian.AppendUint64(nil, number), b.bytes()); err != nil {
			return err
		}
		if db.noted.fresh.n >= db.noted.most {
			db.noted.begin()
		}
		t.then = append(t.then, func() { db.noted.fresh.add(number, b) })
		return db.settleSome(t, 2*n)
	})
}

// settleNoted puts up to most in their places.
func (db *DB) settleNoted(ctx context.Context, most int) error {
	if l := db.noted.layers(); l[0] == nil && l[1].empty() {
		return nil
	}
	return db.update(ctx, func(t *txn) error {
		db.noted.begin()
		return db.settleSome(t, most)
	})
}

func (l *layer) empty() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.n == 0
}

// begin makes the fresh layer the one that goes to its places, unless there is
// one under way.
func (n *noted) begin() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.settling != nil || n.fresh.n == 0 {
		return
	}
	n.settling, n.fresh = n.fresh, newLayer()
	n.todo = n.todo[:0]
	for _, key := range slices.Sorted(maps.Keys(n.settling.tokens)) {
		n.todo = append(n.todo, place{key: key})
	}
	for _, id := range slices.Sorted(maps.Keys(n.settling.sessions)) {
		n.todo = append(n.todo, place{session: true, key: id})
	}
}

// settleSome puts some of the settling layer in its places; with the last of
// them its batches go.
func (db *DB) settleSome(t *txn, most int) error {
	settling := db.noted.layers()[0]
	if settling == nil {
		return nil
	}
	n := min(most, len(db.noted.todo))
	for _, at := range db.noted.todo[:n] {
		put := putTokenUses
		if at.session {
			put = putSessionUse
		}
		if err := put(t, at.key, settling); err != nil {
			return err
		}
	}
	todo := db.noted.todo[n:]
	if len(todo) > 0 {
		t.then = append(t.then, func() { db.noted.todo = todo })
		return nil
	}
	c := t.Bucket([]byte(inNoted)).Cursor()
	for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= settling.last; k, _ = c.First() {
		t.wrote = true
		if err := c.Delete(); err != nil {
			return err
		}
	}
	t.then = append(t.then, func() {
		db.noted.mu.Lock()
		defer db.noted.mu.Unlock()
		db.noted.settling, db.noted.todo = nil, nil
	})
	return nil
}

// loadNoted reads what was noted and has not gone to its place.
func (db *DB) loadNoted() error {
	return db.view(context.Background(), func(t *txn) error {
		return t.under(inNoted, nil, func(k, v []byte) (bool, error) {
			b, ok := readBatch(v)
			if len(k) != 8 || !ok {
				return false, damagedUses(inNoted)
			}
			db.noted.fresh.add(binary.BigEndian.Uint64(k), b)
			return true, nil
		})
	})
}

// latestNoted is the highest number there is of a place's uses, 0 if there are
// none: whatever begins there now has nothing to do with them.
func (t *txn) latestNoted(at place) (latest uint64) {
	for _, l := range t.layers {
		if l == nil {
			continue
		}
		if at.session {
			for _, u := range l.visitsOf(at.key) {
				latest = u.number
			}
			continue
		}
		for _, u := range l.usesOf([]byte(at.key)) {
			latest = u.number
		}
	}
	return latest
}
