// Package browser owns what ties a browser to the service: the binding cookie
// of an authorization, the sign-in kept in a browser, the headers of every
// page and the refusal of forms from elsewhere. It leaves people to account,
// authorizations to grant, and what is shown to internal/pages.
package browser

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
)

const (
	idle     = 12 * time.Hour     // a sign-in in a browser ends after so long without a page
	absolute = 7 * 24 * time.Hour // and in any case after so long
	// noteEvery bounds the writes that moving the idle end costs.
	noteEvery = 5 * time.Minute
)

// Store keeps the sign-ins of browsers, each call one transaction. Rows past
// their expires may go at any time; the caller judges the time itself.
type Store interface {
	PutBrowserSession(ctx context.Context, id string, data []byte, expires time.Time) error
	BrowserSession(ctx context.Context, id string) (data []byte, expires time.Time, found bool, err error)
	// DeleteBrowserSession is content if there is none of that id.
	DeleteBrowserSession(ctx context.Context, id string) error
}

// Browser is the service's side of every browser. Make it with New; Now and
// Log may be set before the first request.
type Browser struct {
	Cookies
	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: slog.Default

	sessions *scs.SessionManager
	origin   *http.CrossOriginProtection
}

// New makes the Browser of a service that people reach at publicURL.
func New(publicURL string, store Store) (*Browser, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("public URL %q: want http(s)://host[:port]", publicURL)
	}
	b := &Browser{Cookies: Cookies{Secure: u.Scheme == "https", Port: port(u)}, origin: http.NewCrossOriginProtection()}
	// Not scs.New, which begins with a store in memory and a goroutine for it
	// that never ends.
	s := &scs.SessionManager{
		Lifetime: absolute, HashTokenInStore: true, Codec: codec{}, ErrorFunc: b.unavailable,
		Store: &rows{store: store, now: b.now},
		Cookie: scs.SessionCookie{
			Name: b.name("session"), Secure: b.Secure, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true,
		},
	}
	b.sessions = s
	return b, nil
}

func (b *Browser) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	b.log().ErrorContext(r.Context(), "sign-in of a browser", "err", err)
	http.Error(w, "The service cannot read or keep who is signed in. Try again in a moment.", http.StatusServiceUnavailable)
}

func (b *Browser) now() time.Time {
	if b.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return b.Now().UTC().Truncate(time.Microsecond)
}

func (b *Browser) log() *slog.Logger {
	if b.Log == nil {
		return slog.Default()
	}
	return b.Log
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
