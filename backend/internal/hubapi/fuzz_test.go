package hubapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a body is, it is read as what encoding/json makes of it, or refused
// in words that repeat nothing of it.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"token_label":"ci","scopes":["repo:read"],"is_active":true,"overlap_seconds":60}`, `{"scopes":[null]}`, `{"scopes":"repo:read"}`,
		`{"token_label":"a","token_label":"b"}`, `{"a":1}{"b":2}`, `[]`, `null`, ``, ` `, "\xff", `{"token_label":"\ud800"}`, `{"overlap_seconds":1e400}`, `{"is_active":1}`,
		`{"a":` + strings.Repeat(`[`, 9000), `{"token_label":null}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := read(httptest.NewRequest(http.MethodPost, "/v2/access-tokens", strings.NewReader(text)), true)
		if err != nil {
			if status, out := classify(err); status != http.StatusBadRequest || out.Message == "" {
				t.Fatalf("%d %v", status, err)
			}
			return
		}
		label, active, seconds, scopes := body.text("token_label"), body.truth("is_active"), body.number("overlap_seconds"), body.texts("scopes")
		if err := body.check(); err != nil {
			if status, out := classify(err); status != http.StatusBadRequest || len(*out.Fields) == 0 {
				t.Fatalf("%d %v", status, err)
			}
			return
		}
		if strings.TrimSpace(text) == "" {
			return
		}
		var want struct {
			Label   *string `json:"token_label"`
			Active  *bool   `json:"is_active"`
			Seconds *int64  `json:"overlap_seconds"`
		}
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &members); err != nil || !utf8.ValidString(text) {
			t.Fatalf("%q is taken: %v", text, err)
		}
		for name, into := range map[string]any{"token_label": &want.Label, "is_active": &want.Active, "overlap_seconds": &want.Seconds} {
			if raw, ok := members[name]; ok {
				if err := json.Unmarshal(raw, into); err != nil {
					t.Fatalf("%s of %q is taken: %v", name, text, err)
				}
			}
		}
		if !same(label, want.Label) || !same(active, want.Active) || !same(seconds, want.Seconds) {
			t.Fatalf("%q is read as %v %v %v", text, label, active, seconds)
		}
		if len(scopes) > 0 && members["scopes"] == nil {
			t.Fatalf("%q has no scopes", text)
		}
	})
}

func same[V comparable](a, b *V) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
