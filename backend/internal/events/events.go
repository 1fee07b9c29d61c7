// Package events takes in what separate registries notify us of: the CNCF
// distribution registry, 2.8 and 3, posts an envelope for what was pulled,
// pushed and deleted. It owns the envelope's format, the secret that a
// registry shows, and what its configuration must say. What counts as a pull
// is a rule of access; who keeps it is whoever is behind Sink.
package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"lanyard/backend/access"
)

// maxBody holds the largest event there is: that of a manifest of 4 MiB, the
// registry's own limit, with all that it names. A registry tries again until
// it is answered well, so nothing that it can send may be too large.
const maxBody = 8 << 20

// Sink keeps what was seen. One call has what came in one envelope, oldest
// first; after an error the registry sends the same once more.
type Sink interface {
	Seen(ctx context.Context, all ...access.Seen) error
}

// Handler answers POST /events?service=NAME.
type Handler struct {
	Sink       Sink
	Secret     Secret
	Registries []string         // names under which registries may notify
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger

	mu    sync.Mutex
	pulls access.Pulls
}

// ServeHTTP takes one envelope in. A registry sends whatever is not answered
// with 2xx or 3xx again, before everything that comes after it, for ever. So
// single events that are of no use are passed over in silence, and only what
// no registry sends, or what can be put right, is refused: another secret
// (401), a registry that the service was not told of (404), another format
// (400, 413, 415), and a store that does not take it now (503).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen, status, err := h.read(w, r)
	if err == nil {
		status = http.StatusAccepted
		if err = h.keep(r.Context(), seen); err != nil {
			h.Log.ErrorContext(r.Context(), "notifications", "err", err)
			status, err = http.StatusServiceUnavailable, errors.New("what was seen cannot be kept now; the service's log says why")
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	body := map[string]any{"taken": len(seen)}
	if err != nil {
		body = map[string]any{"message": err.Error()}
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="Lanyard notifications"`)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the registry is gone if this fails
}

// read returns what an envelope says, or the status and the words of a refusal.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]access.Seen, int, error) {
	if r.Method != http.MethodPost {
		return nil, http.StatusMethodNotAllowed, errors.New("a registry posts its notifications here")
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || !h.Secret.Is(strings.TrimSpace(shown)) {
		return nil, http.StatusUnauthorized, errors.New("that is not the secret of this service's notifications; print the present one with: lanyard serve --print-registry-config")
	}
	registry := r.URL.Query().Get("service")
	if !slices.Contains(h.Registries, registry) {
		return nil, http.StatusNotFound, fmt.Errorf("this service was not told of a registry %q (lanyard serve --registry); ?service= names the one that notifies", registry)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); !isEnvelope(kind) {
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("notifications come as application/vnd.docker.distribution.events.v1+json, not as %q", kind)
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("no envelope has more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, http.StatusBadRequest, errors.New("the body ended too early")
	}
	seen, err := parse(text, registry, h.now())
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	return seen, 0, nil
}

// keep hands on what counts.
func (h *Handler) keep(ctx context.Context, seen []access.Seen) error {
	h.mu.Lock()
	counts := slices.DeleteFunc(slices.Clone(seen), func(s access.Seen) bool { return !h.pulls.Count(s) })
	h.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	return h.Sink.Seen(ctx, counts...)
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// isEnvelope knows version 1 (distribution 2.8), version 2 (distribution 3),
// whatever is to come of the same family, and JSON that a person sends.
func isEnvelope(kind string) bool {
	return kind == "application/json" ||
		strings.HasPrefix(kind, "application/vnd.docker.distribution.events.v") && strings.HasSuffix(kind, "+json")
}
