package boltstore

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// The rows that each request of a registry reads are scanned by hand: a
// decoder by reflection costs as much as the signature of the answer. A scan
// knows exactly what we write ourselves; whatever else it meets (a field that
// was added, an escape, damage) it leaves to encoding/json.

// scan reads one row, or is off.
type scan struct {
	text string
	at   int
	off  bool
}

// scanned reads a whole row with into, which is called for each field.
func scanned(value []byte, into func(s *scan, field string)) bool {
	s := &scan{text: string(value)} // one copy, which all strings of the row share
	s.object(into)
	return !s.off && s.at == len(s.text)
}

// scanRow decodes a row of the three kinds below, if it is plain enough; if
// not, row is spoilt.
func scanRow(value []byte, row any) bool {
	switch row := row.(type) {
	case *tokenRow:
		return scanned(value, func(s *scan, field string) { scanToken(s, field, row) })
	case *sessionRow:
		return scanned(value, func(s *scan, field string) { scanSession(s, field, row) })
	case *account.Account:
		return scanned(value, func(s *scan, field string) { scanAccount(s, field, row) })
	}
	return false
}

func scanToken(s *scan, field string, row *tokenRow) {
	switch field {
	case "id":
		row.ID = s.str()
	case "owner":
		row.Owner = s.str()
	case "hash":
		row.Hash = s.hash()
	case "last_four":
		row.LastFour = s.str()
	case "description":
		row.Description = s.str()
	case "scopes":
		row.Scopes = strs[token.Scope](s)
	case "source":
		row.Source = token.Source(s.str())
	case "active":
		row.Active = s.bool()
	case "pinned":
		row.Pinned = s.bool()
	case "created_at":
		row.CreatedAt = s.time()
	case "expires_at":
		row.ExpiresAt = s.time()
	case "expires_text":
		row.ExpiresText = s.str()
	case "last_used":
		s.use(&row.LastUsed)
	case "creator":
		s.use(&row.Creator)
	case "session":
		row.Session = s.str()
	case "installation":
		row.Installation = s.str()
	case "machine":
		row.Machine = s.str()
	case "os":
		row.OS = s.str()
	case "repositories":
		row.Repositories = strs[string](s)
	case "previous":
		row.Previous = s.previous()
	case "previous_hash":
		row.PreviousHash = s.hash()
	case "resources":
		row.Resources = s.resources()
	case "created_by":
		row.CreatedBy = s.str()
	case "note":
		row.Note = s.str()
	default:
		s.off = true
	}
}

func (s *scan) previous() *token.Previous {
	p := &token.Previous{}
	s.object(func(s *scan, field string) {
		switch field {
		case "last_four":
			p.LastFour = s.str()
		case "since":
			p.Since = s.time()
		case "until":
			p.Until = s.time()
		case "last_used":
			s.use(&p.LastUsed)
		default:
			s.off = true
		}
	})
	return p
}

func (s *scan) resources() []token.Resource {
	s.take("[")
	list := []token.Resource{}
	for !s.off && !s.next("]") {
		if len(list) > 0 {
			s.take(",")
		}
		var r token.Resource
		s.object(func(s *scan, field string) {
			switch field {
			case "type":
				r.Type = s.str()
			case "path":
				r.Path = s.str()
			case "scopes":
				r.Scopes = strs[string](s)
			default:
				s.off = true
			}
		})
		list = append(list, r)
	}
	return list
}

func (s *scan) use(u *token.Use) {
	s.object(func(s *scan, field string) {
		switch field {
		case "at":
			u.At = s.time()
		case "addr":
			u.Addr = s.str()
		case "agent":
			u.Agent = s.str()
		default:
			s.off = true
		}
	})
}

func scanSession(s *scan, field string, row *sessionRow) {
	switch field {
	case "id":
		row.ID = s.str()
	case "account":
		row.Account = s.str()
	case "client":
		row.Client = s.str()
	case "scopes":
		row.Scopes = strs[string](s)
	case "audience":
		row.Audience = strs[string](s)
	case "created_at":
		row.CreatedAt = s.time()
	case "auth_time":
		row.AuthTime = s.time()
	case "ends_at":
		row.EndsAt = s.time()
	case "idle":
		row.Idle = time.Duration(s.int())
	case "claim_by":
		row.ClaimBy = s.time()
	case "last_used":
		row.LastUsed = s.time()
	case "ended_at":
		row.EndedAt = s.time()
	case "why":
		row.Why = s.str()
	case "addr":
		row.Addr = s.str()
	case "agent":
		row.Agent = s.str()
	case "from":
		row.From = grant.From(s.str())
	case "token":
		row.Token = s.str()
	case "machine":
		row.Machine = s.str()
	case "refresh":
		s.refresh(&row.Refresh)
	default:
		s.off = true
	}
}

func (s *scan) refresh(r *refreshRow) {
	s.object(func(s *scan, field string) {
		switch field {
		case "generation":
			r.Generation = int(s.int())
		case "current":
			r.Current = s.hash()
		case "previous":
			r.Previous = s.hash()
		case "rotated_at":
			r.RotatedAt = s.time()
		case "current_used":
			r.CurrentUsed = s.bool()
		default:
			s.off = true
		}
	})
}

func scanAccount(s *scan, field string, a *account.Account) {
	switch field {
	case "id":
		a.ID = s.str()
	case "name":
		a.Name = s.str()
	case "email":
		a.Email = s.str()
	case "password":
		a.Password = s.str()
	case "admin":
		a.Admin = s.bool()
	case "disabled":
		a.Disabled = s.bool()
	case "created_at":
		a.CreatedAt = s.time()
	case "signed_out_at":
		a.SignedOutAt = s.time()
	case "short_password":
		a.ShortPassword = s.bool()
	default: // second factors too: whoever has some is read the slower way
		s.off = true
	}
}

// take goes past a text that must stand here.
func (s *scan) take(text string) {
	if s.off || !strings.HasPrefix(s.text[s.at:], text) {
		s.off = true
		return
	}
	s.at += len(text)
}

// next says whether a text stands here, and goes past it.
func (s *scan) next(text string) bool {
	if s.off || !strings.HasPrefix(s.text[s.at:], text) {
		return false
	}
	s.at += len(text)
	return true
}

func (s *scan) object(into func(s *scan, field string)) {
	s.take("{")
	for first := true; !s.off && !s.next("}"); first = false {
		if !first {
			s.take(",")
		}
		field := s.str()
		s.take(":")
		if !s.off {
			into(s, field)
		}
	}
}

func (s *scan) str() string {
	s.take(`"`)
	if s.off {
		return ""
	}
	plain := true
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			out := s.text[s.at:i]
			s.at = i + 1
			s.off = !plain && !utf8.ValidString(out)
			return out
		case c == '\\', c < ' ':
			s.off = true
			return ""
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	s.off = true
	return ""
}

func strs[S ~string](s *scan) []S {
	if s.next("null") {
		return nil
	}
	s.take("[")
	list := []S{}
	for !s.off && !s.next("]") {
		if len(list) > 0 {
			s.take(",")
		}
		list = append(list, S(s.str()))
	}
	return list
}

func (s *scan) bool() bool {
	if s.next("true") {
		return true
	}
	s.take("false")
	return false
}

func (s *scan) int() int64 {
	end := s.at
	for end < len(s.text) && s.text[end] >= '0' && s.text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s.text[s.at:end], 10, 64)
	if err != nil || (end-s.at > 1 && s.text[s.at] == '0') {
		s.off = true
	}
	s.at = end
	return n
}

func (s *scan) time() (t time.Time) {
	switch text := s.str(); {
	case s.off || text == "0001-01-01T00:00:00Z":
	case t.UnmarshalText([]byte(text)) != nil:
		s.off = true
	}
	return t
}

// hash reads 32 bytes in base64.
func (s *scan) hash() []byte {
	if s.next("null") {
		return nil
	}
	text := s.str()
	if s.off || len(text) != 44 {
		s.off = true
		return nil
	}
	out, err := base64.StdEncoding.DecodeString(text)
	s.off = err != nil
	return out
}
