package dtrapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"lanyard/backend/account"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

var (
	errPath   = errors.New("no such path")
	errMethod = errors.New("no such method here")
	errAccept = errors.New("client takes no JSON")
	errType   = errors.New("body is not said to be JSON")
	errLarge  = errors.New("body too large")
	errScheme = errors.New("no credentials")
	errToken  = errors.New("a token manages nothing")
	errOthers = errors.New("another user's tokens")
	errUser   = errors.New("no such user")
)

// errParameter: the query or the body is not of the format; the text says why.
type errParameter string

func (e errParameter) Error() string { return string(e) }

// The codes: DTR's, and below them ours for what it did not foresee.
const (
	notAuthenticated = "NOT_AUTHENTICATED"
	notAuthorized    = "NOT_AUTHORIZED"
	noSuchUser       = "NO_SUCH_USER"
	noSuchToken      = "NO_SUCH_API_TOKEN" //nolint:gosec // a word of the format
	invalid          = "INVALID_PARAMETERS"
	notAllowed       = "NOT_ALLOWED"
	notAcceptable    = "NOT_ACCEPTABLE"
	unsupported      = "UNSUPPORTED_MEDIA_TYPE"

	noSuchPath  = "NO_SUCH_PATH"
	tooLarge    = "TOO_LARGE"
	limit       = "LIMIT_REACHED"
	ended       = "API_TOKEN_ENDED"
	tooMany     = "TOO_MANY_REQUESTS"
	unavailable = "UNAVAILABLE"
)

// known are the errors that say something to a client; whatever else comes is
// the service's own trouble.
var known = []struct {
	err     error
	status  int
	code    string
	message string // "": the error's own words
}{
	{errPath, http.StatusNotFound, noSuchPath, "this service has no such path: it has /api/v0/api_tokens and /api/v0/repositories"},
	{errMethod, http.StatusMethodNotAllowed, notAllowed, "this cannot be done here: the Allow header says what can"},
	{errAccept, http.StatusNotAcceptable, notAcceptable, "answers are application/json, which the Accept header leaves out"},
	{errType, http.StatusUnsupportedMediaType, unsupported, "send JSON, with Content-Type: application/json"},
	{errLarge, http.StatusRequestEntityTooLarge, tooLarge, "the body is larger than 64 KiB"},
	{errScheme, http.StatusUnauthorized, notAuthenticated, "sign in by HTTP Basic authentication, with user name and password, or user name and token"},
	{caller.ErrMistyped, http.StatusUnauthorized, notAuthenticated, caller.ErrMistyped.Error()},
	{caller.ErrOrganization, http.StatusForbidden, notAuthorized, "a token of an organisation is for registries, and has nothing to see here"},
	{errToken, http.StatusForbidden, notAuthorized, "a token never manages tokens: it reads repositories here, and looks at itself; manage tokens with user name and password, on the service's pages, or with: lanyard token"},
	{errOthers, http.StatusForbidden, notAuthorized, "another user's tokens are for administrators; leave username out for your own"},
	{errUser, http.StatusNotFound, noSuchUser, "there is no such user"},
	{account.ErrWrong, http.StatusUnauthorized, notAuthenticated, "wrong user name or password, or a token that is not known here"},
	{account.ErrSecond, http.StatusUnauthorized, notAuthenticated, "this account has a second factor, for which this API has no place: read repositories with a token, and manage tokens on the service's pages, or with: lanyard token"},
	{account.ErrDisabled, http.StatusUnauthorized, notAuthenticated, "this account is disabled; an administrator can enable it"},
	{account.ErrThrottled, http.StatusTooManyRequests, tooMany, "too many wrong passwords; try again in half a minute"},
	{account.ErrBusy, http.StatusServiceUnavailable, unavailable, "too many sign-ins at this moment; try again"},
	{token.ErrInvalid, http.StatusBadRequest, invalid, ""},
	{token.ErrLimit, http.StatusConflict, limit, ""},
}

// ofCaller are errors of the token that somebody presents; ofSubject are the
// same ones of a token that is to be changed.
var (
	ofCaller = map[error]string{
		token.ErrInactive:     "this token is deactivated; its owner can activate it",
		token.ErrExpired:      "this token has expired; make another one",
		token.ErrSessionEnded: "the sign-in of this token has ended; sign in again with: lanyard login",
		token.ErrRotated:      "this secret of the token was replaced by another, and the time in which both were accepted is over; use the new one",
	}
	ofSubject = map[error]string{
		token.ErrExpired:      "the token has expired; it can only be deleted",
		token.ErrSessionEnded: "the sign-in of the token has ended; it can only be deleted",
	}
)

// errCaller marks an error as one of the token presented.
type errCaller struct{ error }

func (e errCaller) Unwrap() error { return e.error }

// classify is the one place where errors become the API's refusals.
func classify(err error) (status int, code, message string) {
	if of := errParameter(""); errors.As(err, &of) {
		return http.StatusBadRequest, invalid, of.Error()
	}
	if lost := new(token.LostError); errors.As(err, &lost) {
		return http.StatusUnauthorized, notAuthenticated, "this token is gone (" + string(lost.Loss.Fate) + "); make another one, or sign in with: lanyard login"
	}
	if errors.As(err, new(errCaller)) {
		for one, words := range ofCaller {
			if errors.Is(err, one) {
				return http.StatusUnauthorized, notAuthenticated, words
			}
		}
	}
	for one, words := range ofSubject {
		if errors.Is(err, one) {
			return http.StatusConflict, ended, words
		}
	}
	if errors.Is(err, token.ErrNotFound) {
		return http.StatusNotFound, noSuchToken, "there is no such token that you may see"
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			if k.message == "" {
				k.message = words(err, k.err)
			}
			return k.status, k.code, k.message
		}
	}
	return http.StatusServiceUnavailable, unavailable, "the service cannot answer at this moment; try again"
}

// words are what an error adds to the one it wraps: the part for people.
func words(err, wrapped error) string {
	_, after, ok := strings.Cut(err.Error(), wrapped.Error()+": ")
	if !ok {
		return wrapped.Error()
	}
	return after
}

type oneError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, code, message := classify(err)
	level := slog.LevelInfo
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="Lanyard", charset="UTF-8"`)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "30")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
		if r.Context().Err() == nil && !errors.Is(err, account.ErrBusy) { // else the client left, and that is all
			level = slog.LevelError
		}
	}
	h.log().LogAttrs(r.Context(), level, "dtr api refused", slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.String("addr", addr(r)), slog.Int("status", status), slog.String("code", code), slog.String("err", err.Error()))
	write(w, status, map[string][]oneError{"errors": {{code, message}}})
}
