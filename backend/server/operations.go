package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lanyard/backend/account"
	"lanyard/backend/internal/openapi"
)

// operations are the paths for whoever runs the service or looks for one.
func (s *Server) operations() map[string]http.Handler {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return map[string]http.Handler{
		"GET /metrics":             promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}),
		"GET /healthz":             http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }),
		"GET /readyz":              http.HandlerFunc(s.ready),
		"GET /.well-known/lanyard": http.HandlerFunc(s.wellKnown),
		"GET " + documentPath:      http.HandlerFunc(s.document),
	}
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	// Nobody has this id; that the store can say so is what is asked.
	if _, err := s.accounts.Account(r.Context(), ""); err != nil && !errors.Is(err, account.ErrNotFound) {
		plain(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	plain(w, http.StatusOK, "ok")
}

// documentPath is where the service says what it answers, see openapi.
const documentPath = "/openapi.yaml"

func (s *Server) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml") // RFC 9512
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(openapi.Document(s.config.Address.Public.String())) // the client is gone if this fails
}

// level says what a client may ask of this service, and levelLeast what a
// client has to know to be served: client.Level has the levels.
const level, levelLeast = 2, 0

func (s *Server) wellKnown(w http.ResponseWriter, _ *http.Request) {
	var body struct {
		Version    string   `json:"version"`
		Level      int      `json:"api"`
		LevelLeast int      `json:"api_least"`
		Issuer     string   `json:"issuer"`
		Registries []string `json:"registries"`
		OpenAPI    string   `json:"openapi"`
		Limits     struct {
			AutoTokens     int   `json:"auto_tokens"`
			SessionSeconds int64 `json:"session_seconds"`
			IdleSeconds    int64 `json:"idle_seconds"`
		} `json:"limits"`
	}
	body.Version, body.Issuer, body.Registries = s.config.Version, s.config.Address.Public.String(), s.registries()
	body.Level, body.LevelLeast = level, levelLeast
	body.OpenAPI = body.Issuer + documentPath
	body.Limits.AutoTokens = s.config.Tokens.Auto
	body.Limits.SessionSeconds = int64(s.config.Sessions.Absolute / time.Second)
	body.Limits.IdleSeconds = int64(s.config.Sessions.Idle / time.Second)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // the client is gone if this fails
}
