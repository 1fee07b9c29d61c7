package registry

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// refusal is one error in the registries' format. Its text is there three
// times, since each client looks in another place (docker: details, then
// errors; others: errors; some: message).
type refusal struct {
	Details string     `json:"details"`
	Errors  []oneError `json:"errors"`
	Message string     `json:"message"`
}

type oneError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refuse answers err. What is not known here is the service's own trouble:
// its text goes to the log and to nobody else.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, login string, err error) {
	status, code, text := classify(err)
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="Lanyard", charset="UTF-8"`)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "30")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, POST")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	h.log(r, status, login, err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal{text, []oneError{{code, text}}, text}) // the client has gone
}

func classify(err error) (status int, code, text string) {
	var why denied
	switch {
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed, "UNSUPPORTED", err.Error()
	case errors.Is(err, errForm):
		return http.StatusUnsupportedMediaType, "UNSUPPORTED", err.Error()
	case errors.Is(err, errLarge):
		return http.StatusRequestEntityTooLarge, "UNSUPPORTED", err.Error()
	case errors.Is(err, errRequest), errors.Is(err, errService), errors.Is(err, errPlaces):
		return http.StatusBadRequest, "UNSUPPORTED", err.Error()
	case errors.Is(err, access.ErrScope):
		return http.StatusBadRequest, "NAME_INVALID", err.Error()
	case errors.As(err, &why):
		return http.StatusForbidden, "DENIED", err.Error()
	case errors.Is(err, account.ErrThrottled):
		return http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many wrong passwords; try again in half a minute"
	case errors.Is(err, account.ErrBusy):
		return http.StatusServiceUnavailable, "UNAVAILABLE", "too many sign-ins at this moment; try again"
	}
	if lost := new(token.LostError); errors.As(err, &lost) {
		return http.StatusUnauthorized, "UNAUTHORIZED", lost.Loss.Words()
	}
	for known, text := range map[error]string{
		errScheme:             errScheme.Error(),
		caller.ErrUnknown:     "wrong user name, or a token that is not known here: it may have been deleted, or its sign-in may have ended; lanyard login signs in again",
		token.ErrRotated:      "this secret of the token was replaced by another, and the time in which both were accepted is over; use the new one",
		caller.ErrMistyped:    caller.ErrMistyped.Error(),
		errNotSecret:          errNotSecret.Error(),
		errRefresh:            errRefresh.Error(),
		errNoRefresh:          errNoRefresh.Error(),
		errNotRefresh:         errNotRefresh.Error(),
		account.ErrWrong:      "wrong user name or password; a token is accepted as password, too",
		account.ErrSecond:     "this account has a second factor: sign in with a personal access token as password, which is made with: lanyard token create",
		account.ErrDisabled:   "this account is disabled; an administrator can enable it",
		token.ErrInactive:     "this token is deactivated; it can be activated again where it was made",
		token.ErrExpired:      "this token has expired; make another one",
		token.ErrSessionEnded: "the sign-in of this token has ended; sign in again with: lanyard login",
	} {
		if errors.Is(err, known) {
			return http.StatusUnauthorized, "UNAUTHORIZED", text
		}
	}
	return http.StatusServiceUnavailable, "UNAVAILABLE", "the service cannot answer at this moment"
}

func (h *Handler) log(r *http.Request, status int, login string, err error) {
	if h.Log == nil {
		return
	}
	level := slog.LevelInfo
	if status == http.StatusServiceUnavailable && !errors.Is(err, account.ErrBusy) {
		level = slog.LevelError
	}
	if strings.HasPrefix(login, "lyd_") || len(login) > 64 { // a token in the wrong field
		login = "***"
	}
	h.Log.LogAttrs(r.Context(), level, "registry token refused",
		slog.String("user", login), slog.String("addr", addr(r)), slog.Int("status", status), slog.String("err", err.Error()))
}
