package app

import (
	"net/http"
	"os"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
)

// policy is what the window's pages may do: run and show what is built in, and
// nothing from anywhere else. index.html says the same.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Secure is for assetserver.Options.Middleware.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// Log is what Wails says when something is wrong, on stderr. What stands behind
// a brace is left out: it is what the page sent, and may hold a new token.
type Log struct{ logger.Logger }

// NewLog makes it.
func NewLog() Log { return Log{logger.NewDefaultLogger()} }

// Print is for what has no level: nothing.
func (Log) Print(string) {}

// Trace says nothing.
func (Log) Trace(string) {}

// Debug says nothing.
func (Log) Debug(string) {}

// Info says nothing.
func (Log) Info(string) {}

// Warning says it.
func (Log) Warning(text string) { say(text) }

// Error says it.
func (Log) Error(text string) { say(text) }

// Fatal says it and ends the program: Wails goes on as if it had.
func (l Log) Fatal(text string) {
	say(text)
	l.Logger.Fatal("lanyard-desktop: stopped")
}

func say(text string) {
	text, _, _ = strings.Cut(text, "{")
	_, _ = os.Stderr.WriteString("lanyard-desktop: " + strings.TrimSpace(text) + "\n")
}
