package registry

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// The body is what encoding/json makes of it.
func TestBody(t *testing.T) {
	for name, a := range map[string]answer{
		"plain":   {Token: "eyJ-_0.eyJ9.c2ln", AccessToken: "eyJ-_0.eyJ9.c2ln", ExpiresIn: 300, IssuedAt: "2026-03-04T05:06:07Z"},
		"all":     {Token: "a.b.c", AccessToken: "a.b.c", ExpiresIn: 300, IssuedAt: "2026-03-04T05:06:07Z", Scope: `repository:a/<b>&"c":pull`, RefreshToken: "lyd"},
		"nothing": {},
	} {
		var want bytes.Buffer
		if err := json.NewEncoder(&want).Encode(a); err != nil {
			t.Fatal(err)
		}
		if got, err := a.parts(); err != nil || strings.Join(got, "") != want.String() {
			t.Errorf("%s: %s %v, want %s", name, got, err, &want)
		}
	}
}
