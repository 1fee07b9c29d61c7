package server

import (
	"net/http"
	"time"
)

const (
	maxBody = 64 << 10         // bytes, of everything but the registry
	maxTime = 30 * time.Second // to send a body, likewise
)

// bounded limits size and time of a body; the registry alone goes without.
func bounded(next http.Handler) http.Handler {
	next = fromWhere(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(maxTime)) // not every test server can
		next.ServeHTTP(w, r)
	})
}
