// Package admin answers the service's own socket: what it is, the set-up code,
// people, and the order to stop. Whoever may open the socket is the person who
// runs the service; it has no passwords. It leaves every rule about accounts
// to account, and the network to server.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
)

// Info is what the service says of itself.
type Info struct {
	PublicURL string    `json:"public_url"`
	PID       int       `json:"pid"`
	Version   string    `json:"version"`
	Data      string    `json:"data"`
	Storage   string    `json:"storage,omitempty"` // "": no registry inside
	StartedAt time.Time `json:"started_at"`
	// NeedsSetup: there is no account yet. Filled by the handler.
	NeedsSetup bool `json:"needs_setup"`
}

// Handler serves the socket.
type Handler struct {
	Info     Info
	Accounts *account.Service
	Setup    *account.Setup
	Grants   *grant.Service
	Stop     func() // begins an orderly end; nil: not offered
	// Collect removes from the registry inside what no tag needs, or only
	// counts it; nil: there is no registry inside.
	Collect func(ctx context.Context, dry bool) (Collected, error)
	// Backup copies the database as it is: begin is told how long the copy
	// will be; nil: there is no file.
	Backup func(ctx context.Context, begin func(size int64) (io.Writer, error)) error
	Log    *slog.Logger
}

// Routes returns the table of the socket.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", h.status)
	mux.HandleFunc("POST /setup-code", h.setupCode)
	mux.HandleFunc("POST /stop", h.stop)
	mux.HandleFunc("POST /gc", h.collect)
	mux.HandleFunc("GET /backup", h.backup)
	mux.HandleFunc("GET /accounts", h.accounts)
	mux.HandleFunc("POST /accounts", h.create)
	mux.HandleFunc("POST /accounts/{name}/password", h.password)
	mux.HandleFunc("POST /accounts/{name}/disable", h.disable)
	mux.HandleFunc("POST /accounts/{name}/enable", h.enable)
	mux.HandleFunc("POST /accounts/{name}/reset-factors", h.resetFactors)
	return http.MaxBytesHandler(mux, 64<<10)
}

// Person is an account as the socket shows it.
type Person struct {
	Name      string    `json:"name"`
	Email     string    `json:"email,omitempty"`
	Admin     bool      `json:"admin"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"created_at"`
}

// Problem is the socket's error answer.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h *Handler) status(w http.ResponseWriter, r *http.Request) {
	empty, err := h.Accounts.Empty(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	info := h.Info
	info.NeedsSetup = empty
	answer(w, http.StatusOK, info)
}

func (h *Handler) setupCode(w http.ResponseWriter, r *http.Request) {
	empty, err := h.Accounts.Empty(r.Context())
	if err == nil && !empty {
		err = account.ErrSetUp
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"code": h.Setup.Fresh()})
}

func (h *Handler) stop(w http.ResponseWriter, r *http.Request) {
	if h.Stop == nil {
		answer(w, http.StatusForbidden, Problem{"not_offered", "this service is stopped by whoever started it"})
		return
	}
	answer(w, http.StatusAccepted, map[string]bool{"stopping": true})
	h.Stop()
}

func (h *Handler) accounts(w http.ResponseWriter, r *http.Request) {
	all, err := h.Accounts.All(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	people := make([]Person, 0, len(all))
	for _, a := range all {
		people = append(people, person(a))
	}
	answer(w, http.StatusOK, people)
}

func (h *Handler) create(w http.ResponseWriter, r *http.Request) {
	var n struct {
		Name, Email, Password string
		Admin                 bool
	}
	if !h.read(w, r, &n) {
		return
	}
	a, err := h.Accounts.Create(r.Context(), account.New{Name: n.Name, Email: n.Email, Password: n.Password, Admin: n.Admin})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer(w, http.StatusCreated, person(a))
}

func (h *Handler) password(w http.ResponseWriter, r *http.Request) {
	var n struct{ Password string }
	if !h.read(w, r, &n) {
		return
	}
	h.change(w, r, func(ctx context.Context, a account.Account) error {
		return h.Accounts.SetPassword(ctx, a.ID, n.Password)
	})
}

func (h *Handler) disable(w http.ResponseWriter, r *http.Request) { h.setDisabled(w, r, true) }
func (h *Handler) enable(w http.ResponseWriter, r *http.Request)  { h.setDisabled(w, r, false) }

// resetFactors is the way back of a person who lost all second factors and all
// recovery codes.
func (h *Handler) resetFactors(w http.ResponseWriter, r *http.Request) {
	h.change(w, r, func(ctx context.Context, a account.Account) error { return h.Accounts.ResetFactors(ctx, a.ID) })
}

func (h *Handler) setDisabled(w http.ResponseWriter, r *http.Request, disabled bool) {
	h.change(w, r, func(ctx context.Context, a account.Account) error {
		return h.Accounts.SetDisabled(ctx, a.ID, disabled)
	})
}

func (h *Handler) change(w http.ResponseWriter, r *http.Request, do func(context.Context, account.Account) error) {
	a, err := h.Accounts.ByLogin(r.Context(), r.PathValue("name"))
	if err == nil {
		err = do(r.Context(), a)
	}
	if err == nil {
		a, err = h.Accounts.Account(r.Context(), a.ID)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, person(a))
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		answer(w, http.StatusBadRequest, Problem{"invalid", "the body is not the JSON that was expected"})
		return false
	}
	return true
}

// fail maps errors to the socket's format.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	for _, known := range []struct {
		err    error
		status int
		code   string
	}{
		{account.ErrNotFound, http.StatusNotFound, "not_found"},
		{account.ErrTaken, http.StatusConflict, "taken"},
		{account.ErrInvalid, http.StatusBadRequest, "invalid"},
		{account.ErrLastAdmin, http.StatusConflict, "last_admin"},
		{account.ErrShort, http.StatusConflict, "short_password"},
		{account.ErrSetUp, http.StatusConflict, "set_up"},
		{account.ErrBusy, http.StatusServiceUnavailable, "busy"},
	} {
		if errors.Is(err, known.err) {
			answer(w, known.status, Problem{known.code, err.Error()})
			return
		}
	}
	h.Log.ErrorContext(r.Context(), "admin socket", "path", r.URL.Path, "err", err)
	answer(w, http.StatusInternalServerError, Problem{"server_error", "the service could not do that; its log says why"})
}

func person(a account.Account) Person {
	return Person{Name: a.Name, Email: a.Email, Admin: a.Admin, Disabled: a.Disabled, CreatedAt: a.CreatedAt}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}
