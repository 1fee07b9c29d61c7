package browser

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// policy is the whole of what a page of ours may load and do: our style sheet,
// our pictures, forms to ourselves and to what AllowForm adds.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'%; frame-ancestors 'none'; base-uri 'none'"

// Headers gives every answer behind it the headers of a page with secrets on
// it. A handler may set others afterwards (a style sheet may be kept).
func (b *Browser) Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", strings.Replace(policy, "%", "", 1))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if b.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses forms that another site sends: 403 by refuse, nil for a
// plain one. What tells them apart is Sec-Fetch-Site or Origin, which no page
// can forge; the token of a form (Posted) is asked for as well.
func (b *Browser) SameOrigin(next, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := b.origin.Check(r); err == nil {
			next.ServeHTTP(w, r)
		} else if refuse != nil {
			refuse.ServeHTTP(w, r)
		} else {
			http.Error(w, "This form was sent by another site.", http.StatusForbidden)
		}
	})
}

// hostSource is the host-source of CSP Level 3 §2.3.1, without wildcards. It
// has no form for IPv6 literals.
var hostSource = regexp.MustCompile(`^https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?$`)

// schemeSource is the scheme of a program's own redirect, com.example.app:.
var schemeSource = regexp.MustCompile(`^[a-z][a-z0-9+-]*\.[a-z0-9+.-]+:$`)

// AllowForm lets the forms of the page about to be written end, by redirects,
// at target, which must have been checked before: Chromium applies form-action
// to every redirect of a form. It returns Redirectable(target).
func AllowForm(w http.ResponseWriter, target string) bool {
	source := formSource(target)
	if source != "" {
		w.Header().Set("Content-Security-Policy", strings.Replace(policy, "%", " "+source, 1))
	}
	return source != ""
}

// AllowScript lets the page about to be written run our own script files, and
// nothing else: passkeys are a script's to ask for.
func AllowScript(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; script-src 'self'")
}

// Redirectable says whether AllowForm has words for target. It has none for
// http://[::1]; the answer to such a form must be a page that leads there.
func Redirectable(target string) bool { return formSource(target) != "" }

func formSource(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.User != nil {
		return ""
	}
	if source := u.Scheme + "://" + u.Host; hostSource.MatchString(source) {
		return source
	}
	if source := u.Scheme + ":"; u.Scheme != "http" && u.Scheme != "https" && schemeSource.MatchString(source) {
		return source
	}
	return ""
}
