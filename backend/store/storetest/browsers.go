package storetest

import (
	"testing"
	"time"
)

var browserTests = map[string]func(t *testing.T, s Store){
	"put, read, replace, delete": func(t *testing.T, s Store) {
		read := func(id, want string, until time.Time) {
			t.Helper()
			data, expires, found, err := s.BrowserSession(t.Context(), id)
			must(t, err)
			if found != (want != "") || string(data) != want {
				t.Errorf("%s: %q found %v, want %q", id, data, found, want)
			}
			same(t, "expires", expires, until)
		}
		read("a", "", time.Time{})
		mine := []byte("one")
		must(t, s.PutBrowserSession(t.Context(), "a", mine, after(1)))
		mine[0] = 'x'
		must(t, s.PutBrowserSession(t.Context(), "aa", []byte{0, 255, 1}, after(9)))
		read("a", "one", after(1))
		read("aa", "\x00\xff\x01", after(9))
		must(t, s.PutBrowserSession(t.Context(), "a", []byte("two"), after(2)))
		read("a", "two", after(2))
		must(t, s.DeleteBrowserSession(t.Context(), "a"))
		must(t, s.DeleteBrowserSession(t.Context(), "a"))
		must(t, s.DeleteBrowserSession(t.Context(), "never"))
		read("a", "", time.Time{})
		read("aa", "\x00\xff\x01", after(9))
	},
	"times are UTC to the microsecond": func(t *testing.T, s Store) {
		east := time.FixedZone("east", 3600)
		must(t, s.PutBrowserSession(t.Context(), "a", []byte("x"), after(1).Add(789*time.Nanosecond).In(east)))
		_, expires, _, err := s.BrowserSession(t.Context(), "a")
		must(t, err)
		same(t, "expires", expires, after(1))
	},
	"the store asks nobody the time": func(t *testing.T, s Store) {
		must(t, s.PutBrowserSession(t.Context(), "a", []byte("x"), time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)))
		if _, _, found, err := s.BrowserSession(t.Context(), "a"); !found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
	},
	"an id is needed": func(t *testing.T, s Store) {
		if err := s.PutBrowserSession(t.Context(), "", []byte("x"), dawn); err == nil {
			t.Error("a row without id was kept")
		}
	},
}
