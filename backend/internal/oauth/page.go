package oauth

import (
	"html/template"
	"net/http"
)

// notice is the one page of this package: a mistake that must not be told to
// the address it came from. It takes no words from the request.
var notice = template.Must(template.New("notice").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Lanyard</title></head>
<body><main><h1>Sign-in cannot go on</h1><p>{{.}}</p></main></body></html>
`))

func (h *Handler) page(w http.ResponseWriter, status int, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(status)
	_ = notice.Execute(w, text) // a reader that went away
}

func (h *Handler) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	h.log().ErrorContext(r.Context(), "authorize", "error", err)
	h.page(w, http.StatusServiceUnavailable, "The service cannot answer at this moment. Try again.")
}
