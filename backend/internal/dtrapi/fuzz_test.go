package dtrapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a body is, it is an object of the format, or refused with 400.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"tokenLabel":"ci","isActive":false}`, `{"tokenLabel":1}`, `{"isActive":"true"}`, `{"tokenLabel":null}`, ` {} `, `[]`, `"x"`, ``, "\xff{}", `{}{}`, `{"tokenLabel":"\u0000"}`,
		`{"a":` + strings.Repeat(`{"a":`, 9000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodPost, "/api/v0/api_tokens", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		got, err := read(r)
		if err != nil {
			if status, code, words := classify(err); status != http.StatusBadRequest || code != invalid || words == "" {
				t.Fatalf("%d %s %s", status, code, words)
			}
			return
		}
		var want form
		if err := json.Unmarshal([]byte(text), &want); err != nil || !utf8.ValidString(text) {
			t.Fatalf("%q is taken: %v", text, err)
		}
		if (got.TokenLabel == nil) != (want.TokenLabel == nil) || got.TokenLabel != nil && *got.TokenLabel != *want.TokenLabel {
			t.Fatalf("%q is read as %v", text, got)
		}
	})
}

// Whatever a page is asked for with, its size has bounds and its start is no
// text that could be more than a name.
func FuzzPages(f *testing.F) {
	for _, seed := range []string{"", "pageSize=10&pageStart=a/b&count=true", "pageSize=0", "pageSize=1001", "pageSize=-1", "pageSize=1e2", "pageStart=%00", "pageStart=%0d%0a", "count=yes", "pageSize=2&pageSize=3", "pageSize=%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v0/api_tokens", nil)
		r.URL = &url.URL{Path: "/api/v0/api_tokens", RawQuery: query}
		q, err := pageOf(r)
		if err != nil {
			if status, _, words := classify(err); status != http.StatusBadRequest || words == "" {
				t.Fatalf("%d %v", status, err)
			}
			return
		}
		if q.size < 1 || q.size > maxSize || len(q.start) > 255 || strings.ContainsAny(q.start, "\x00\r\n ") {
			t.Fatalf("%q is read as %+v", query, q)
		}
	})
}
