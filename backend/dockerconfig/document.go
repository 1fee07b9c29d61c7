package dockerconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

const (
	maxBytes = 1 << 20 // of a configuration file
	maxDepth = 100     // of nested values in it
	helpers  = "credHelpers"
	logins   = "auths"
	store    = "credsStore"
)

// document is a configuration file taken apart just far enough to change the
// members of credHelpers (of hosts, in Regctl's) by cutting and pasting bytes. sjson would keep the
// other values too, but not the file's indentation, and what it deletes is not
// the exact reverse of what it has set.
type document struct {
	data    []byte
	shape   Shape
	top     object
	helpers *member // nil: the file has no credHelpers
	inner   object  // of credHelpers; zero where that is missing or null
}

type object struct {
	open, end int // offsets of '{' and of the byte after '}'
	members   []member
}

type member struct {
	key        string // decoded
	start      int    // of the key's opening quote
	keyEnd     int
	value, end int
	text       string // the value, decoded, where it is a string
	kind       gjson.Type
}

// parse checks data strictly: whatever a second reader could understand in
// another way than this one is refused. No bytes, or only white space, are an
// empty configuration, as for docker itself.
func parse(data []byte, shape Shape) (document, error) {
	d := document{data: data, shape: shape}
	switch {
	case len(data) > maxBytes:
		return d, fmt.Errorf("%w: it has more than %d bytes", ErrRefused, maxBytes)
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return d, fmt.Errorf("%w: it begins with a byte order mark, which docker cannot read either; save it as UTF-8 without one", ErrRefused)
	case blank(data):
		return d, nil
	case !utf8.Valid(data):
		return d, fmt.Errorf("%w: it is not UTF-8 text", ErrRefused)
	}
	// json.Unmarshal, for its message; gjson accepts text that is not JSON.
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return d, fmt.Errorf("%w: it is not valid JSON: %w", ErrRefused, err)
	}
	root := gjson.ParseBytes(data)
	root.Index = len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
	if !root.IsObject() {
		return d, fmt.Errorf("%w: it holds something else than an object { … }", ErrRefused)
	}
	if err := unambiguous(root, "", 0); err != nil {
		return d, err
	}
	d.top = objectAt(root, len(bytes.TrimRight(data, " \t\r\n")))

	for i, m := range d.top.members {
		switch {
		case m.key == shape.key():
			d.helpers = &d.top.members[i]
		case strings.EqualFold(m.key, shape.key()):
			// encoding/json, and so docker, ignores case where other readers do not.
			return d, fmt.Errorf("%w: it spells %q as %q, which docker and other tools read differently", ErrRefused, shape.key(), m.key)
		}
	}
	if d.helpers == nil || d.helpers.kind == gjson.Null {
		return d, nil
	}
	value := gjson.Parse(string(data[d.helpers.value:d.helpers.end]))
	value.Index = d.helpers.value
	if !value.IsObject() {
		return d, fmt.Errorf("%w: %q is not an object { … }", ErrRefused, shape.key())
	}
	d.inner = objectAt(value, d.helpers.end)
	return d, d.checkEntries()
}

func blank(data []byte) bool { return len(bytes.Trim(data, " \t\r\n")) == 0 }

// unambiguous refuses a key that stands twice in one object, at any depth:
// readers differ in which of the two counts.
func unambiguous(v gjson.Result, where string, depth int) (err error) {
	if depth > maxDepth {
		return fmt.Errorf("%w: its values are nested more than %d deep", ErrRefused, maxDepth)
	}
	seen := map[string]bool{}
	isObject := v.IsObject()
	v.ForEach(func(k, child gjson.Result) bool {
		if isObject {
			if seen[k.Str] {
				err = fmt.Errorf("%w: the key %q stands twice in %s", ErrRefused, k.Str, strings.TrimPrefix(where+" ", " ")+"one object")
				return false
			}
			seen[k.Str] = true
		}
		if child.IsObject() || child.IsArray() {
			err = unambiguous(child, where, depth+1)
		}
		return err == nil
	})
	return err
}

// objectAt needs v.Index to be the offset of its '{'.
func objectAt(v gjson.Result, end int) object {
	o := object{open: v.Index, end: end}
	v.ForEach(func(k, child gjson.Result) bool {
		o.members = append(o.members, member{
			key: k.Str, start: k.Index, keyEnd: k.Index + len(k.Raw),
			value: child.Index, end: child.Index + len(child.Raw),
			text: child.Str, kind: child.Type,
		})
		return true
	})
	return o
}

// helper is the program's suffix set for host, "" where there is none.
func (d document) helper(host string) string {
	if m := d.entry(host); m != nil {
		return m.text
	}
	return ""
}

// raw is the JSON text of host's helper, "" where there is none.
func (d document) raw(host string) string {
	if m := d.entry(host); m != nil {
		return string(d.data[m.value:m.end])
	}
	return ""
}

func (d document) entry(host string) *member {
	m := d.inner.member(host)
	if m == nil || d.shape != Regctl {
		return m
	}
	return d.regctlHelper(m)
}

func (o object) member(key string) *member {
	for i, m := range o.members {
		if m.key == key {
			return &o.members[i]
		}
	}
	return nil
}

// object is the value of m, which is one; zero for nil and for anything else.
func (d document) object(m *member) object {
	if m == nil {
		return object{}
	}
	value := gjson.ParseBytes(d.data[m.value:m.end])
	if !value.IsObject() {
		return object{}
	}
	value.Index = m.value
	return objectAt(value, m.end)
}

// emptyHelpers is how the file spells a credHelpers without members: "" where
// the key is missing, else its value's text (null, {}, { }). A file that has
// members would keep {} behind them.
func (d document) emptyHelpers() string {
	switch {
	case d.helpers == nil:
		return ""
	case len(d.inner.members) > 0:
		return "{}"
	}
	return string(d.data[d.helpers.value:d.helpers.end])
}

// empty: the top object has no members; white space does not count.
func (d document) empty() bool { return len(d.top.members) == 0 }
