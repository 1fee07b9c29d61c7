package dtrapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxBody is more than any body of the API needs.
const maxBody = 64 << 10

// form is forms.CreateAPIToken and forms.UpdateAPIToken. Members nobody knows
// are forgiven; null is the same as absent.
type form struct {
	TokenLabel *string `json:"tokenLabel"`
	IsActive   *bool   `json:"isActive"` // looked at by PATCH only
}

// read returns the JSON object that a request carries. Its type must be said,
// so that no page of another site can send one from a person's browser.
func read(r *http.Request) (f form, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return f, errType
	}
	text, err := io.ReadAll(r.Body)
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return f, errLarge
	}
	switch wrong := new(json.UnmarshalTypeError); {
	case err != nil:
		return f, errParameter("the body ended too early")
	case !utf8.Valid(text):
		return f, errParameter("the body is not UTF-8")
	case strings.TrimLeft(string(text), " \t\r\n") == "" || strings.TrimLeft(string(text), " \t\r\n")[0] != '{':
		return f, errParameter("the body is not a JSON object")
	default:
		err = json.Unmarshal(text, &f)
		if errors.As(err, &wrong) && wrong.Field != "" {
			return f, errParameter(wrong.Field + " is of the wrong type: tokenLabel is a string, isActive true or false")
		}
	}
	if err != nil {
		return f, errParameter("the body is broken JSON")
	}
	return f, nil
}

// acceptable says whether a client takes JSON.
func acceptable(r *http.Request) bool {
	all := r.Header.Values("Accept")
	for _, one := range strings.Split(strings.Join(all, ","), ",") {
		kind, _, err := mime.ParseMediaType(one)
		if err == nil && (kind == "*/*" || kind == "application/*" || kind == "application/json") {
			return true
		}
	}
	return len(all) == 0
}
