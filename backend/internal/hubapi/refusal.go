package hubapi

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/changes"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

var (
	errPath   = errors.New("no such path")
	errMethod = errors.New("no such method here")
	errLarge  = errors.New("body too large")
	errDirect = errors.New("a direct login gets no token of its own")

	errDormant   = errors.New("a deactivated token is not rotated")
	errElsewhere = errors.New("the registry is not inside")
	errOnlyToken = errors.New("a person's own session, where a token is meant")
)

// retryThrottled is what account lets pass one try in: seconds.
const retryThrottled = "30"

// errMissing: what the request is about is not there, or not for the caller;
// the text says what.
type errMissing string

func (e errMissing) Error() string { return string(e) }

// errBody: the body, or the query, is not of the format; the text says why.
type errBody string

func (e errBody) Error() string { return string(e) }

// errFields: single fields are not of the format, with the reason for each.
type errFields map[string]string

func (e errFields) Error() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		all = append(all, name+" "+e[name])
	}
	return strings.Join(all, "; ")
}

// refusal is the Hub's form of an error. Clients read message, else detail;
// hub-tool reads neither unless every value is a string or null, so its paths
// go without fields. Terraform's provider knows 404 by the words "not found".
type refusal struct {
	Message string  `json:"message"`
	Detail  string  `json:"detail"`
	ErrInfo *string `json:"errinfo"` // always null
	Reason  string  `json:"reason"`  // ours: one word for programs

	Challenge string `json:"login_2fa_token,omitempty"` // /v2/users/login only

	Fields *map[string]string `json:"fields,omitempty"` // 400 only
	Text   string             `json:"text,omitempty"`   // likewise
}

// known are the errors that say something to a client; whatever else comes is
// the service's own trouble.
var known = []struct {
	err     error
	status  int
	reason  string
	message string // "": the error's own words; where it ends in a space, they follow
}{
	{errPath, http.StatusNotFound, "path", "not found: this service has no such path"},
	{errMethod, http.StatusMethodNotAllowed, "method", "method not allowed: see the Allow header for what is"},
	{errLarge, http.StatusRequestEntityTooLarge, "size", "the body is larger than 64 KiB"},
	{errDirect, http.StatusForbidden, "direct", "a login by password lasts ten minutes, and no token is generated for it; make one by hand, or sign in with a browser"},
	{gate.ErrPerson, http.StatusForbidden, "person", gate.ErrPerson.Error()},
	{gate.ErrMadeOf, http.StatusUnauthorized, "ended", "unauthorized: the personal access token of this session is not good any more"},
	{grant.ErrEnded, http.StatusUnauthorized, "ended", "unauthorized: the session has ended; sign in again"},
	{grant.ErrNotFound, http.StatusUnauthorized, "ended", "unauthorized: the session has ended; sign in again"},
	{account.ErrDisabled, http.StatusUnauthorized, "disabled", "unauthorized: the account is disabled; an administrator can enable it"},
	{gate.ErrRefused, http.StatusUnauthorized, "token", "unauthorized: an access token from signing in is needed as bearer; a personal access token is none"},
	{account.ErrForbidden, http.StatusForbidden, "forbidden", "permission denied: "},
	{gate.ErrPerson, http.StatusForbidden, "person", gate.ErrPerson.Error()},
	{errOnlyToken, http.StatusForbidden, "only_token", "permission denied: this path is for a token about itself: send your user name and the token by Basic authentication"},
	{errElsewhere, http.StatusNotFound, "elsewhere", "not found: this service keeps no images itself; ask the registry that does"},
	{errDormant, http.StatusConflict, "inactive", "the access token is deactivated; activate it, and rotating works"},
	{changes.ErrClosed, http.StatusServiceUnavailable, "stopping", "the service is stopping; ask again in a moment"},
	{ErrCollecting, http.StatusServiceUnavailable, "collecting", "the registry frees space and takes no changes at this moment; try again in a minute"},
	{access.ErrNotFound, http.StatusNotFound, "unknown", "not found: "},
	{access.ErrForbidden, http.StatusForbidden, "forbidden", "permission denied: "},
	{access.ErrTaken, http.StatusConflict, "taken", ""},
	{access.ErrNotEmpty, http.StatusConflict, "not_empty", "the organisation has repositories: "},
	{access.ErrLastOwner, http.StatusConflict, "last_owner", ""},
	{access.ErrInvalid, http.StatusBadRequest, "invalid", ""},
	{activity.ErrInvalid, http.StatusBadRequest, "invalid", ""},
	{token.ErrNotFound, http.StatusNotFound, "unknown", "access token not found"},
	{token.ErrInvalid, http.StatusBadRequest, "invalid", ""},
	{token.ErrInactive, http.StatusForbidden, "inactive", "the token of this session was deactivated by a person; activate it, and generating works again"},
	{token.ErrRate, http.StatusTooManyRequests, "rate", "too many sign-ins within an hour would each have taken another computer's token; wait, or delete a token that is not needed"},
	{token.ErrLimit, http.StatusConflict, "limit", ""},
	{token.ErrRotated, http.StatusForbidden, "rotated", "permission denied: this may be the secret before the last rotation: only the present one, with the user name by Basic, rotates the token"},
	{token.ErrExpired, http.StatusConflict, "expired", "the access token has expired; it can only be deleted"},
	{token.ErrSessionEnded, http.StatusConflict, "ended", "the session of this access token has ended; it can only be deleted"},
}

// classify is the one place where errors become the Hub's refusals.
func classify(err error) (int, refusal) {
	var fields errFields
	var body errBody
	var login errLogin
	var missing errMissing
	var rate errRate
	var shown errToken
	if errors.As(err, &login) {
		if status, out, ok := login.refusal(); ok {
			return status, out
		}
	}
	if errors.As(err, &shown) {
		if out, ok := shown.refusal(); ok {
			return http.StatusUnauthorized, out
		}
	}
	switch {
	case errors.As(err, &rate):
		return http.StatusTooManyRequests, refusal{Message: "too many requests; wait, as Retry-After says", Reason: "requests"}
	case errors.As(err, &missing):
		return http.StatusNotFound, refusal{Message: "not found: " + missing.Error(), Reason: "unknown"}
	case errors.As(err, &fields):
		return http.StatusBadRequest, refusal{Message: "bad request: " + fields.Error(), Reason: "invalid", Fields: (*map[string]string)(&fields)}
	case errors.As(err, &body):
		return http.StatusBadRequest, refusal{Message: "bad request: " + body.Error(), Reason: "invalid", Fields: &map[string]string{}}
	}
	for _, k := range known {
		if !errors.Is(err, k.err) {
			continue
		}
		out := refusal{Message: k.message, Reason: k.reason}
		if out.Message == "" || strings.HasSuffix(out.Message, " ") {
			out.Message += words(err, k.err)
		}
		if k.status == http.StatusBadRequest {
			out.Message, out.Fields = "bad request: "+out.Message, &map[string]string{}
		}
		return k.status, out
	}
	return http.StatusServiceUnavailable, refusal{Message: "the service cannot answer at this moment; try again", Reason: "service"}
}

// words are what an error adds to the one it wraps: the part for people.
func words(err, wrapped error) string {
	_, after, ok := strings.Cut(err.Error(), wrapped.Error()+": ")
	if !ok {
		return wrapped.Error()
	}
	return after
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, out := classify(err)
	if out.Detail == "" {
		out.Detail = out.Message
	}
	if out.Fields != nil {
		out.Text = out.Message
	}
	if strings.HasPrefix(r.URL.Path, "/v2/api_tokens") {
		out.Fields, out.Text = nil, ""
	}
	var rate *token.RateError
	if errors.As(err, &rate) {
		retry(w, h.now(), rate.Until)
	}
	var often errRate
	if errors.As(err, &often) {
		retry(w, h.now(), often.again)
	}
	if errors.Is(err, account.ErrThrottled) {
		w.Header().Set("Retry-After", retryThrottled)
	}
	level := slog.LevelInfo
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 §11.6.1
		var shown errToken
		if errors.As(err, &shown) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Lanyard"`)
		}
	case http.StatusServiceUnavailable:
		if r.Context().Err() == nil && !errors.Is(err, account.ErrBusy) && !errors.Is(err, changes.ErrClosed) { // else the client left, and that is all
			level = slog.LevelError
		}
	}
	h.log().LogAttrs(r.Context(), level, "hub api refused", slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.String("reason", out.Reason), slog.String("err", err.Error()))
	write(w, status, out)
}
