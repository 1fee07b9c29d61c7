package oauth

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"lanyard/backend/grant"
)

const (
	maxBody  = 64 << 10
	maxValue = 4 << 10
)

type originKey struct{}

// originOf returns from where a request came that form let through.
func originOf(ctx context.Context) grant.Origin {
	from, _ := ctx.Value(originKey{}).(grant.Origin)
	return from
}

// form lets only well-formed form posts through to the library, which by
// itself takes GET, parameters in the query and a parameter twice, and says
// nothing about caching.
func (h *Handler) form(library http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		if err := h.checkForm(w, r); err != nil {
			op.WriteError(w, r, err, nil)
			return
		}
		var reason string
		ctx := context.WithValue(r.Context(), originKey{}, h.origin(r))
		ctx = context.WithValue(ctx, reasonKey{}, &reason)
		library.ServeHTTP(reasoned{challenging{w}, &reason}, r.WithContext(ctx))
	})
}

func (h *Handler) checkForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return op.NewStatusError(oidc.ErrInvalidRequest().WithDescription("use POST"), http.StatusMethodNotAllowed)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return op.NewStatusError(oidc.ErrInvalidRequest().WithDescription("the body must be application/x-www-form-urlencoded"), http.StatusUnsupportedMediaType)
	}
	if r.URL.RawQuery != "" {
		return oidc.ErrInvalidRequest().WithDescription("parameters belong in the body, never in the address")
	}
	if len(r.Header.Values("Authorization")) > 1 {
		return oidc.ErrInvalidRequest().WithDescription("more than one Authorization header")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return op.NewStatusError(oidc.ErrInvalidRequest().WithDescription("the body is larger than 64 KiB"), http.StatusRequestEntityTooLarge)
		}
		return oidc.ErrInvalidRequest().WithDescription("the body is not a form")
	}
	for name, values := range r.PostForm {
		if !plain(name) || !plain(values[0]) {
			return oidc.ErrInvalidRequest().WithDescription("a parameter is too long or not text")
		}
	}
	if repeated(r.PostForm) {
		return oidc.ErrInvalidRequest().WithDescription("a parameter is given more than once")
	}
	return nil
}

// repeated says whether a parameter is given more than once (RFC 6749 §3.1, §3.2).
func repeated(form url.Values) bool {
	for _, values := range form {
		if len(values) != 1 {
			return true
		}
	}
	return false
}

func plain(text string) bool {
	return len(text) <= maxValue && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// clean is text from outside, fit to be shown: printable, at most most
// characters, nothing that turns the direction of writing.
func clean(text string, most int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n == most {
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			n++
		}
	}
	return strings.TrimSpace(b.String())
}

// challenging adds the challenge that a 401 must carry (RFC 6749 §5.2).
type challenging struct{ http.ResponseWriter }

func (c challenging) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.Header().Set("WWW-Authenticate", `Basic realm="lanyard"`)
	}
	c.ResponseWriter.WriteHeader(status)
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
