package bearer

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// FromHeader returns the token of a request: "Authorization: Bearer", or the
// scheme "JWT" that older Hub clients send. A token in the query is refused,
// whatever else the request carries: addresses are logged and shared.
func FromHeader(r *http.Request) (string, error) {
	if r.URL.Query().Has("access_token") {
		return "", ErrMisplaced
	}
	switch values := r.Header.Values("Authorization"); len(values) {
	case 0:
		return "", ErrMissing
	case 1:
		scheme, raw, ok := strings.Cut(values[0], " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "JWT") {
			return "", ErrMissing
		}
		if raw = strings.TrimLeft(raw, " "); !ok || raw == "" || strings.ContainsAny(raw, " ,\t") {
			return "", ErrInvalid
		}
		return raw, nil
	}
	return "", ErrMisplaced
}

func decode(part string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(part) }
