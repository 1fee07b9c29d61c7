package machine

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// encode writes a state as the file holds it. What a newer build keeps in
// fields that this one does not know (before, nil: nothing) stays: at the top,
// and inside whatever is there before and after.
func encode(s State, before []byte) ([]byte, error) {
	after, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if after, err = keepUnknown(reflect.TypeFor[State](), before, after); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, after, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

type object = map[string]json.RawMessage

// asObject is nil for what is none.
func asObject(raw []byte) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// keepUnknown adds to after what before has in fields that a struct of type t
// has not. A registry host that was given to another account is another one.
func keepUnknown(t reflect.Type, before, after []byte) ([]byte, error) {
	was, is := asObject(before), asObject(after)
	if was == nil || is == nil {
		return after, nil
	}
	if t == reflect.TypeFor[Registry]() && !(bytes.Equal(was["server"], is["server"]) && bytes.Equal(was["account"], is["account"])) {
		return after, nil
	}
	changed := false
	put := func(name string, value []byte) {
		changed = changed || !bytes.Equal(is[name], value)
		is[name] = value
	}
	if t.Kind() == reflect.Map {
		for name, value := range is {
			if old, ok := was[name]; ok && t.Elem().Kind() == reflect.Struct {
				more, err := keepUnknown(t.Elem(), old, value)
				if err != nil {
					return nil, err
				}
				put(name, more)
			}
		}
	} else {
		known := map[string]reflect.Type{}
		for field := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(field).Tag.Get("json"), ",")
			known[name] = t.Field(field).Type
		}
		for name, value := range was {
			of, ok := known[name]
			switch {
			case !ok:
				put(name, value)
			case of.Kind() == reflect.Map && is[name] != nil:
				more, err := keepUnknown(of, value, is[name])
				if err != nil {
					return nil, err
				}
				put(name, more)
			}
		}
	}
	if !changed {
		return after, nil
	}
	return json.Marshal(is)
}
