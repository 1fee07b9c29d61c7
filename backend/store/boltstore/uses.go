package boltstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"lanyard/backend/token"
)

// What a token was used for is kept beside its row, in a few bytes: uses come
// by the thousand, and rows are long. A row's own last use is what was known
// when it was last written.

// usesRow is what was noted of a token's uses.
type usesRow struct {
	By       []token.UsedBy // the most recent first
	Previous token.Use      // the latest by the secret before the last rotation
}

// Touch notes uses; a token that is gone is passed over.
func (db *DB) Touch(ctx context.Context, uses []token.Used) error {
	if len(uses) == 0 {
		return nil
	}
	return db.update(ctx, func(t *txn) error {
		for _, u := range uses {
			at := key(u.Owner, u.ID)
			if t.get(inTokens, at) == nil {
				continue
			}
			row, err := tokenUses(t, at)
			if err != nil {
				return err
			}
			if err := t.put(inTokenUses, at, row.note(u).bytes()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Uses returns what was noted of a token, or ErrNotFound.
func (db *DB) Uses(ctx context.Context, owner, id string) (by []token.UsedBy, err error) {
	err = db.view(ctx, func(t *txn) error {
		at := key(owner, id)
		if t.get(inTokens, at) == nil {
			return token.ErrNotFound
		}
		row, err := tokenUses(t, at)
		by = row.By
		return err
	})
	return by, err
}

func tokenUses(t *txn, at []byte) (row usesRow, err error) {
	value := t.get(inTokenUses, at)
	if value == nil {
		return row, nil
	}
	return readUses(value)
}

func (row usesRow) note(u token.Used) usesRow {
	row.By = token.Noted(row.By, u)
	if u.Previous && u.Use.At.After(row.Previous.At) {
		row.Previous = u.Use
	}
	return row
}

// over lays the uses over a token as its row has it.
func (row usesRow) over(one token.Token) token.Token {
	if len(row.By) > 0 {
		latest := row.By[0]
		one = one.UsedAt(token.Used{Use: token.Use{At: latest.Last, Addr: latest.Addr, Agent: latest.Agent}})
	}
	if !row.Previous.At.IsZero() {
		one = one.UsedAt(token.Used{Use: row.Previous, Previous: true})
	}
	return one
}

const usesForm = 1

// bytes is the row as it is kept: its form, then numbers as varints and text
// with its length before it.
func (row usesRow) bytes() []byte {
	out := appendUse([]byte{usesForm}, row.Previous)
	out = binary.AppendUvarint(out, uint64(len(row.By)))
	for _, u := range row.By {
		out = appendUse(out, token.Use{At: u.Last, Addr: u.Addr, Agent: u.Agent})
		out = appendTime(out, u.First)
		out = binary.AppendVarint(out, u.Count)
	}
	return out
}

func readUses(value []byte) (row usesRow, err error) {
	r := reader{rest: value}
	if r.byte() != usesForm {
		return row, fmt.Errorf("%w: uses of an unknown form", ErrDamaged)
	}
	row.Previous = r.use()
	n := r.uint()
	for range min(n, uint64(len(value))) {
		last := r.use()
		row.By = append(row.By, token.UsedBy{Addr: last.Addr, Agent: last.Agent, Last: last.At, First: r.time(), Count: r.int()})
	}
	if r.off || len(r.rest) > 0 || n != uint64(len(row.By)) {
		return usesRow{}, fmt.Errorf("row of %s: %w", inTokenUses, ErrDamaged)
	}
	return row, nil
}

func appendUse(out []byte, u token.Use) []byte {
	return appendText(appendText(appendTime(out, u.At), u.Addr), u.Agent)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// appendTime writes microseconds since 1970; the zero time is 0.
func appendTime(out []byte, at time.Time) []byte {
	if at.IsZero() {
		return binary.AppendVarint(out, 0)
	}
	return binary.AppendVarint(out, at.UnixMicro())
}

// reader reads what was so written, or is off.
type reader struct {
	rest []byte
	off  bool
}

func (r *reader) byte() (b byte) {
	if len(r.rest) == 0 {
		r.off = true
		return 0
	}
	b, r.rest = r.rest[0], r.rest[1:]
	return b
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	return n * r.went(size)
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.rest)
	return n * int64(r.went(size))
}

// went goes on by what a number took: 1, or 0 if there was none.
func (r *reader) went(size int) uint64 {
	if size <= 0 {
		r.off, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return 1
}

func (r *reader) text() string {
	n := r.uint()
	if n > uint64(len(r.rest)) {
		r.off = true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func (r *reader) time() time.Time {
	if at := r.int(); at != 0 {
		return time.UnixMicro(at).UTC()
	}
	return time.Time{}
}

func (r *reader) use() token.Use { return token.Use{At: r.time(), Addr: r.text(), Agent: r.text()} }
