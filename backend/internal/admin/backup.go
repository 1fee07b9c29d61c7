package admin

import (
	"io"
	"net/http"
	"strconv"
)

// backup is the database as it is now. A copy that is cut off is shorter than
// was said, so nobody takes it for whole.
func (h *Handler) backup(w http.ResponseWriter, r *http.Request) {
	if h.Backup == nil {
		answer(w, http.StatusConflict, Problem{"not_offered", "this service keeps its database elsewhere"})
		return
	}
	begun := false
	err := h.Backup(r.Context(), func(size int64) (io.Writer, error) {
		begun = true
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		return w, nil
	})
	if err == nil {
		return
	}
	h.Log.ErrorContext(r.Context(), "admin socket", "path", r.URL.Path, "err", err)
	if !begun {
		answer(w, http.StatusInternalServerError, Problem{"not_copied", err.Error()})
	}
}
