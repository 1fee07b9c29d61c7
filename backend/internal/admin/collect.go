package admin

import (
	"errors"
	"net/http"
)

// ErrAgain says that what was asked is possible, and not now.
var ErrAgain = errors.New("try again later")

// Collected is what a garbage collection of the registry removed, or would.
type Collected struct {
	DryRun       bool  `json:"dry_run"`
	Repositories int   `json:"repositories"`
	Manifests    int   `json:"manifests"`
	Blobs        int   `json:"blobs"`
	Bytes        int64 `json:"bytes"`
	Uploads      int   `json:"uploads"`
	Waiting      int   `json:"waiting"`
}

// collect answers when the collection has ended. Whoever asked may go away:
// then it ends too, and the next one does the rest.
func (h *Handler) collect(w http.ResponseWriter, r *http.Request) {
	var n struct {
		DryRun bool `json:"dry_run"`
	}
	if !h.read(w, r, &n) {
		return
	}
	if h.Collect == nil {
		answer(w, http.StatusConflict, Problem{"no_registry", "this service is no registry: it runs without --storage"})
		return
	}
	done, err := h.Collect(r.Context(), n.DryRun)
	switch {
	case errors.Is(err, ErrAgain):
		answer(w, http.StatusConflict, Problem{"again", err.Error()})
	case err != nil:
		// The reason is for whoever runs the service, and that is who asks.
		h.Log.ErrorContext(r.Context(), "admin socket", "path", r.URL.Path, "err", err)
		answer(w, http.StatusInternalServerError, Problem{"not_collected", err.Error()})
	default:
		answer(w, http.StatusOK, done)
	}
}
