package boltstore

import (
	"encoding/binary"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// The form in which uses are kept: a byte that says which, numbers as varints,
// times in microseconds since 1970 (the zero time is 0), text with its length
// before it.
const usesForm = 1

func (row usesRow) bytes() []byte {
	out := binary.AppendUvarint([]byte{usesForm}, row.upto)
	out = appendUse(out, row.previous)
	return appendUsers(out, row.by)
}

// readUses reads a row; no row is one without uses.
func readUses(value []byte) (usesRow, error) { return readSome(value, 1<<10) }

// readLatest reads no more of it than the last uses.
func readLatest(value []byte) (usesRow, error) { return readSome(value, 1) }

func readSome(value []byte, most uint64) (row usesRow, err error) {
	if value == nil {
		return row, nil
	}
	r := reader{rest: value}
	r.form()
	row.upto, row.previous = r.uint(), r.use()
	if row.by = r.users(most); r.off {
		return usesRow{}, damagedUses(inTokenUses)
	}
	return row, nil
}

func (row sessionUse) bytes() []byte {
	out := binary.AppendUvarint([]byte{usesForm}, row.upto)
	return binary.AppendUvarint(appendTime(out, row.at), uint64(max(row.generation, 0)))
}

func readSessionUse(value []byte) (row sessionUse, err error) {
	if value == nil {
		return row, nil
	}
	r := reader{rest: value}
	r.form()
	row.upto, row.at, row.generation = r.uint(), r.time(), int(r.uint())
	if r.off {
		return sessionUse{}, damagedUses(inSessionUses)
	}
	return row, nil
}

// batch is what one call notes.
type batch struct {
	tokens   []token.Used
	sessions []grant.Use
}

const (
	byPrevious = 1 << iota // the secret before the last rotation
	byMany                 // from more than one place; else Use says whence
)

func (b batch) bytes() []byte {
	out := make([]byte, 0, 128*len(b.tokens)+64*len(b.sessions)+16)
	out = binary.AppendUvarint(append(out, usesForm), uint64(len(b.tokens)))
	for _, u := range b.tokens {
		var flags byte
		if u.Previous {
			flags |= byPrevious
		}
		if len(u.By) != 1 || u.By[0].Addr != u.Use.Addr || u.By[0].Agent != u.Use.Agent || !u.By[0].Last.Equal(u.Use.At) {
			flags |= byMany
		}
		out = appendUse(append(appendText(appendText(out, u.Owner), u.ID), flags), u.Use)
		if flags&byMany != 0 {
			out = appendUsers(out, u.By)
			continue
		}
		out = binary.AppendVarint(appendTime(out, u.By[0].First), u.By[0].Count)
	}
	out = binary.AppendUvarint(out, uint64(len(b.sessions)))
	for _, u := range b.sessions {
		out = binary.AppendVarint(appendTime(appendText(out, u.Session), u.At), int64(u.Generation))
	}
	return out
}

func readBatch(value []byte) (b batch, ok bool) {
	r := reader{rest: value}
	r.form()
	for n := r.uint(); n > 0 && !r.off; n-- {
		u := token.Used{Owner: r.text(), ID: r.text()}
		flags := r.byte()
		u.Previous, u.Use = flags&byPrevious != 0, r.use()
		if flags&byMany != 0 {
			u.By = r.users(1 << 10)
		} else {
			u.By = []token.UsedBy{{Addr: u.Use.Addr, Agent: u.Use.Agent, Last: u.Use.At, First: r.time(), Count: r.int()}}
		}
		b.tokens = append(b.tokens, u)
	}
	for n := r.uint(); n > 0 && !r.off; n-- {
		b.sessions = append(b.sessions, grant.Use{Session: r.text(), At: r.time(), Generation: int(r.int())})
	}
	return b, !r.off && len(r.rest) == 0
}

func appendUsers(out []byte, by []token.UsedBy) []byte {
	out = binary.AppendUvarint(out, uint64(len(by)))
	for _, u := range by {
		out = appendUse(out, token.Use{At: u.Last, Addr: u.Addr, Agent: u.Agent})
		out = binary.AppendVarint(appendTime(out, u.First), u.Count)
	}
	return out
}

func appendUse(out []byte, u token.Use) []byte {
	return appendText(appendText(appendTime(out, u.At), u.Addr), u.Agent)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

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

func (r *reader) form() {
	if r.byte() != usesForm {
		r.off = true
	}
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
	if !r.went(size) {
		return 0
	}
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.rest)
	if !r.went(size) {
		return 0
	}
	return n
}

// went goes on by what a number took, if there was one.
func (r *reader) went(size int) bool {
	if size <= 0 {
		r.off, r.rest = true, nil
		return false
	}
	r.rest = r.rest[size:]
	return true
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

// users reads up to most of a list.
func (r *reader) users(most uint64) (by []token.UsedBy) {
	for n := min(r.uint(), most); n > 0 && !r.off; n-- {
		last := r.use()
		by = append(by, token.UsedBy{Addr: last.Addr, Agent: last.Agent, Last: last.At, First: r.time(), Count: r.int()})
	}
	return by
}
