package registry_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever stands in an Authorization header or a form, it is nobody: only the
// one header that is right gets a token, and nothing is the service's fault.
func FuzzCredentials(f *testing.F) {
	w := newWorld(f)
	w.handler.RefreshKey = w.keys.Service()
	w.handler.Log = nil
	_, secret := w.pat(f, w.alice, "repo:admin", "")
	right := w.request(f, nil, "alice", secret).Header.Get("Authorization")
	refresh := w.offline(f, "alice", secret, host)
	f.Add(right)
	f.Add("Basic YWxpY2U6bHlkX3BhdF94")
	f.Add("Basic " + strings.Repeat("A", 5000))
	f.Add("Bearer " + secret)
	f.Add(refresh)
	f.Fuzz(func(t *testing.T, text string) {
		r := w.request(t, url.Values{"service": {host}, "scope": {"repository:alice/app:pull"}}, "", "")
		r.Header["Authorization"] = []string{text}
		got := w.serve(t, r)
		if good := strings.EqualFold(text[:min(6, len(text))], "basic ") && len(text) > 6 && text[6:] == right[6:]; (got.status == http.StatusOK) != good || got.status >= 500 && !busy(got) {
			t.Errorf("header %q: %d %s", text, got.status, got.body)
		}
		got = w.refresh(t, text, host)
		if (got.status == http.StatusOK) != (text == refresh) || got.status >= 500 || !utf8.ValidString(got.body) {
			t.Errorf("refresh token %q: %d %s", text, got.status, got.body)
		}
	})
}

// busy: passwords are hashed a few at a time.
func busy(r reply) bool { return strings.Contains(r.body, "too many sign-ins") }
