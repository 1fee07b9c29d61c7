package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the handler says is no weaker than what index.html may say, and lets
// nothing in from elsewhere.
func TestSecure(t *testing.T) {
	w := httptest.NewRecorder()
	Secure(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	said := w.Header().Get("Content-Security-Policy")
	for _, part := range strings.Split(said, "; ") {
		name, from, _ := strings.Cut(part, " ")
		if from != "'self'" && from != "'none'" {
			t.Errorf("%s allows %s", name, from)
		}
	}
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %s in %s", want, said)
		}
	}
	if w.Code != http.StatusNotFound || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
