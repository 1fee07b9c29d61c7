package hubapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/internal/gate"
)

func TestSpend(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	h := &Handler{Now: func() time.Time { return now }, spent: newLimits(60)}
	ask := func(from, id string) (*httptest.ResponseRecorder, error) {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v2/access-tokens", nil)
		r.RemoteAddr = from
		return w, h.spend(w, r, gate.Passed{Account: account.Account{ID: id}}, person)
	}
	for i := range 60 {
		w, err := ask("192.0.2.1:1", "")
		if left := w.Header().Get("X-RateLimit-Remaining"); err != nil || left != strconv.Itoa(59-i) || w.Header().Get("X-RateLimit-Limit") != "60" {
			t.Fatalf("request %d: %v, %s left", i, err, left)
		}
		if reset := w.Header().Get("X-RateLimit-Reset"); reset != strconv.FormatInt(now.Unix()+int64(i)+1, 10) {
			t.Fatalf("request %d: full again at %s", i, reset)
		}
	}
	w, err := ask("192.0.2.1:2", "")
	if err == nil || w.Header().Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("the 61st passes: %v", w.Header())
	}
	refused := httptest.NewRecorder()
	h.refuse(refused, httptest.NewRequest(http.MethodGet, "/", nil), err)
	if refused.Code != 429 || refused.Header().Get("Retry-After") != "1" || refused.Header().Get("X-Retry-After") != strconv.FormatInt(now.Unix()+1, 10) {
		t.Errorf("%d %v", refused.Code, refused.Header())
	}
	for _, other := range [][2]string{{"192.0.2.2:1", ""}, {"192.0.2.1:1", "ada"}, {"[2001:db8::1]:1", ""}} {
		if _, err := ask(other[0], other[1]); err != nil {
			t.Errorf("%v is refused for another", other)
		}
	}
	now = now.Add(time.Second)
	if _, err := ask("192.0.2.1:1", ""); err != nil {
		t.Error("nothing comes back")
	}
	if _, err := ask("192.0.2.1:1", ""); err == nil {
		t.Error("more than one comes back in a second")
	}
	now = now.Add(time.Hour)
	if w, err := ask("192.0.2.1:1", ""); err != nil || w.Header().Get("X-RateLimit-Remaining") != "59" {
		t.Errorf("after an hour %v", w.Header())
	}
}

// One customer's network of version 6 has more addresses than can be counted.
func TestCallers(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"192.0.2.1:1", "192.0.2.1:2"}, {"[2001:db8::1]:1", "[2001:db8::ffff:1]:1"}, {"[fe80::1%eth0]:1", "[fe80::2%eth1]:1"}, {"odd", "odd"},
	} {
		if of(c.a) != of(c.b) {
			t.Errorf("%s counts as %s, %s as %s", c.a, of(c.a), c.b, of(c.b))
		}
	}
	for _, c := range []struct{ a, b string }{{"192.0.2.1:1", "192.0.2.2:1"}, {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1"}, {"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1"}} {
		if of(c.a) == of(c.b) {
			t.Errorf("%s and %s count as one", c.a, c.b)
		}
	}
}

func of(addr string) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = addr
	return callerOf(r, gate.Passed{})
}

// What is remembered of callers is bounded, whoever comes.
func TestCallersAreForgotten(t *testing.T) {
	l := newLimits(1)
	first := l.of("first")
	for i := range maxCallers + 10 {
		l.of(fmt.Sprint(i))
	}
	if n := l.callers.Len(); n != maxCallers {
		t.Errorf("%d are remembered", n)
	}
	if l.of("first") == first {
		t.Error("who asked least recently is remembered")
	}
}
