package oauth

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"lanyard/backend/internal/bearer"
	"lanyard/backend/internal/gate"
)

// userinfo says who an access token speaks for (OpenID Connect Core §5.3). It
// is ours, since the library's takes a token in the body too and has tokens
// of its own form in mind.
func (h *Handler) userinfo(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	who, err := h.gate.Check(r)
	switch {
	case errors.Is(err, bearer.ErrMissing):
		challengeBearer(w, http.StatusUnauthorized, "", "")
		return
	case errors.Is(err, bearer.ErrMisplaced):
		challengeBearer(w, http.StatusBadRequest, "invalid_request", "the access token belongs in one Authorization header")
		return
	case errors.Is(err, gate.ErrRefused):
		challengeBearer(w, http.StatusUnauthorized, "invalid_token", "the access token is not good, or no longer")
		return
	case err != nil:
		h.log().ErrorContext(r.Context(), "userinfo", "error", err)
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{
			"error": "server_error", "error_description": "the service cannot answer at this moment; try again",
		})
		return
	case !who.Claims.Has(oidc.ScopeOpenID):
		challengeBearer(w, http.StatusForbidden, "insufficient_scope", "the scope openid is needed")
		return
	}
	answer := struct {
		Subject  string `json:"sub"`
		Username string `json:"preferred_username,omitempty"`
		Email    string `json:"email,omitempty"`
	}{Subject: who.Account.ID}
	if who.Claims.Has(oidc.ScopeProfile) {
		answer.Username = who.Account.Name
	}
	if who.Claims.Has(oidc.ScopeEmail) {
		answer.Email = who.Account.Email
	}
	writeJSON(w, http.StatusOK, answer)
}

// challengeBearer refuses as RFC 6750 §3 says; code and text are ours, never
// a client's words.
func challengeBearer(w http.ResponseWriter, status int, code, text string) {
	challenge := `Bearer realm="lanyard"`
	body := map[string]string{}
	if code != "" {
		challenge += `, error="` + code + `", error_description="` + text + `"`
		body["error"], body["error_description"] = code, text
	}
	w.Header().Set("WWW-Authenticate", challenge)
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader that went away
}
