//go:build linux

package app

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
)

// A service that was away is asked anew what it is: it may be of another build.
func TestTheServiceComesBackAsAnotherBuild(t *testing.T) {
	var says atomic.Value
	says.Store(`"api":2,"api_least":0`)
	w := newWorldAt(t, keyring.Options{}, service.Options{Around: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/.well-known/lanyard" {
				next.ServeHTTP(rw, r)
				return
			}
			described := &rewritten{ResponseWriter: rw}
			next.ServeHTTP(described, r)
			_, _ = rw.Write([]byte(strings.Replace(string(described.body), `"api":2,"api_least":0`, says.Load().(string), 1)))
		})
	}})
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	first, other := w.signIn(), w.elsewhere("box")
	var away atomic.Bool // once
	w.network.Lose = func(r *http.Request) service.Loss {
		if strings.HasPrefix(r.URL.Path, "/v2/access/changes") && away.CompareAndSwap(true, false) {
			return service.Request
		}
		return service.Nothing
	}
	news := func() {
		if _, err := other.Server.Create(t.Context(), other.Token, client.NewToken{Label: "news", Scopes: []string{"repo:read"}}); err != nil {
			t.Fatal(err)
		}
	}
	w.core.after = func(time.Duration) <-chan time.Time { return time.After(50 * time.Millisecond) }
	w.App.DomReady(t.Context())
	w.until("the wait", func() bool { return w.core.isWaiting() })
	for _, c := range []struct{ says, state, version string }{
		{`"api":1,"api_least":0`, "active", "too_old"},
		{`"api":2,"api_least":0`, "active", ""},
		{`"api":9,"api_least":9`, "offline", "too_new"},
		{`"api":2,"api_least":0`, "active", ""},
	} {
		says.Store(c.says)
		away.Store(true)
		news() // ends the wait
		w.until("it to be away", func() bool { return !away.Load() })
		news() // a restarted service would answer by itself, as it knows no mark
		w.until("the page to hear of "+c.says, func() bool {
			all := views[SessionView](w.screen, eventSession)
			last := all[len(all)-1]
			return last.State == c.state && last.ServerVersion == c.version && last.TokenID == first.TokenID
		})
	}
}
