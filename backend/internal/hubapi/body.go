package hubapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"
)

// maxBody is more than any body of the API needs.
const maxBody = 64 << 10

// form is the JSON object of a body. Members nobody knows are forgiven; one
// that is there twice is refused, since two readers could read it two ways.
// null is the same as absent. What is wrong with single fields is collected.
type form struct {
	members map[string]json.RawMessage
	wrong   errFields
}

// read returns the object that a request carries; empty where there may be no
// body and there is none.
func read(r *http.Request, mayLack bool) (*form, error) {
	text, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errLarge
	case err != nil:
		return nil, errBody("the body ended too early")
	case !utf8.Valid(text):
		return nil, errBody("the body is not UTF-8")
	}
	f := &form{members: make(map[string]json.RawMessage), wrong: make(errFields)}
	if len(bytes.TrimSpace(text)) == 0 && mayLack {
		return f, nil
	}
	return f, f.parse(json.NewDecoder(bytes.NewReader(text)))
}

func (f *form) parse(d *json.Decoder) error {
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errBody("the body is not a JSON object")
	}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return errBody("the body is broken JSON")
		}
		if _, twice := f.members[key]; twice {
			return errBody("a member of the body is there twice")
		}
		f.members[key] = value
	}
	if _, err := d.Token(); err != nil {
		return errBody("the body is broken JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errBody("something follows the JSON object")
	}
	return nil
}

// field returns a field of the body; nil: absent. What is of another type is
// noted in f.wrong.
func field[T any](f *form, name, want string) *T {
	raw, ok := f.members[name]
	if !ok || string(raw) == "null" {
		return nil
	}
	var v T
	if json.Unmarshal(raw, &v) != nil {
		f.wrong[name] = "must be " + want
		return nil
	}
	return &v
}

func (f *form) text(name string) *string { return field[string](f, name, "a string") }
func (f *form) truth(name string) *bool  { return field[bool](f, name, "true or false") }
func (f *form) number(name string) *int64 {
	return field[int64](f, name, "a whole number")
}
func (f *form) texts(name string) []string {
	elements := field[[]*string](f, name, "a list of strings")
	if elements == nil {
		return nil
	}
	all := make([]string, 0, len(*elements))
	for _, e := range *elements {
		if e == nil {
			f.wrong[name] = "must be a list of strings"
			return nil
		}
		all = append(all, *e)
	}
	return all
}

// demand notes what is missing in a field, unless worse is noted.
func (f *form) demand(name, what string) {
	if f.wrong[name] == "" {
		f.wrong[name] = what
	}
}

// check is what was wrong with the fields read so far, or nil.
func (f *form) check() error {
	if len(f.wrong) == 0 {
		return nil
	}
	return f.wrong
}

// plain is what a field says, "" where it is absent.
func plain(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
