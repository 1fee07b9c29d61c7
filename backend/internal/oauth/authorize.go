package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"lanyard/backend/grant"
)

const (
	maxQuery = 8 << 10
	maxState = 1024
)

// challenge is a PKCE challenge made with S256: 32 bytes (RFC 7636 §4.2).
var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize checks an authorization request and sends the browser to the
// sign-in page. Until client and redirect URI are known to be right, a
// mistake is shown here; afterwards it is told to the program.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(r.URL.RawQuery) > maxQuery {
		h.page(w, http.StatusBadRequest, "This address is broken or too long.")
		return
	}
	c, ok := clientOf(query.Get("client_id"))
	if !ok || len(query["client_id"]) != 1 {
		h.page(w, http.StatusBadRequest, "The program that sent you here is not known to this service.")
		return
	}
	back := query.Get("redirect_uri")
	if !c.redirects(back) || len(query["redirect_uri"]) != 1 {
		h.page(w, http.StatusBadRequest, "The program that sent you here asked to be answered at an address that is not allowed.")
		return
	}
	state := query.Get("state")
	if len(query["state"]) > 1 || len(state) > maxState || !plain(state) {
		state = ""
	}
	request, refused := h.check(c, query)
	if refused != nil {
		h.answer(w, back, state, refused)
		return
	}
	request.RedirectURI, request.State = back, state
	request.Browser = sha256.Sum256([]byte(h.Binder.Bind(w, r)))
	request, err = h.Grants.Begin(r.Context(), request)
	if err != nil {
		h.log().ErrorContext(r.Context(), "authorize", "error", err)
		h.answer(w, back, state, problem("temporarily_unavailable", "the service cannot keep the request at this moment"))
		return
	}
	redirect(w, pathSignIn, url.Values{"request": {request.ID}})
}

// check makes a request of the parameters, or says what the program is told.
func (h *Handler) check(c client, query url.Values) (grant.Request, url.Values) {
	invalid := func(what string) (grant.Request, url.Values) {
		return grant.Request{}, problem("invalid_request", what)
	}
	for _, values := range query {
		if len(values) != 1 || !plain(values[0]) {
			return invalid("a parameter is given more than once, is too long or is not text")
		}
	}
	if len(query.Get("state")) > maxState {
		return invalid("state is too long")
	}
	for name, code := range map[string]string{
		"request": "request_not_supported", "request_uri": "request_uri_not_supported", "registration": "registration_not_supported",
	} {
		if query.Has(name) {
			return grant.Request{}, problem(code, name+" is not supported")
		}
	}
	switch query.Get("response_type") {
	case "code":
	case "":
		return invalid("response_type is missing")
	default:
		return grant.Request{}, problem("unsupported_response_type", "only response_type code is supported")
	}
	if mode := query.Get("response_mode"); mode != "" && mode != "query" {
		return invalid("only response_mode query is supported")
	}
	// RFC 7636; the library by itself takes plain, and none at all.
	if query.Get("code_challenge_method") != string(oidc.CodeChallengeMethodS256) || !challenge.MatchString(query.Get("code_challenge")) {
		return invalid("PKCE with code_challenge_method S256 is required")
	}
	asked := scopes(query.Get("scope"))
	if len(asked) == 0 {
		return grant.Request{}, problem("invalid_scope", "no scope that this service knows was asked for")
	}
	audience, ok := h.audience(query.Get("audience"), query.Get("resource"))
	if !ok {
		return grant.Request{}, problem("invalid_target", "this service makes no tokens for that audience")
	}
	prompt, refused := prompts(query)
	if refused != nil {
		return grant.Request{}, refused
	}
	return grant.Request{
		Client: c.id, Nonce: query.Get("nonce"), Challenge: query.Get("code_challenge"),
		Scopes: asked, Audience: audience, Prompt: prompt,
		LoginHint: clean(query.Get("login_hint"), 254), Machine: clean(query.Get("lanyard_machine"), 100),
	}, nil
}

// prompts reads prompt and max_age (OpenID Connect Core §3.1.2.1). Whatever
// max_age asks for, a fresh sign-in satisfies. A person always confirms, so
// without one there is nothing to be had.
func prompts(query url.Values) ([]string, url.Values) {
	asked := strings.Fields(query.Get("prompt"))
	for _, one := range asked {
		switch one {
		case oidc.PromptNone:
			if len(asked) > 1 {
				return nil, problem("invalid_request", "prompt none stands alone")
			}
			return nil, problem("login_required", "a person has to sign in and confirm")
		case oidc.PromptLogin, oidc.PromptConsent, oidc.PromptSelectAccount:
		default:
			return nil, problem("invalid_request", "unknown prompt")
		}
	}
	if query.Has("max_age") {
		if _, err := strconv.ParseUint(query.Get("max_age"), 10, 31); err != nil {
			return nil, problem("invalid_request", "max_age is a number of seconds")
		}
		if !slices.Contains(asked, oidc.PromptLogin) {
			asked = append(asked, oidc.PromptLogin)
		}
	}
	return asked, nil
}

// callback ends what authorize began, once the person has decided: in the
// browser that began it and in no other, whoever learnt the id.
func (h *Handler) callback(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	id := r.URL.Query().Get("id")
	request, err := h.Grants.Request(r.Context(), id, h.Binder.Binding(r))
	switch {
	case errors.Is(err, grant.ErrDenied), errors.Is(err, grant.ErrNotFound):
		h.page(w, http.StatusForbidden, "This sign-in was not begun in this browser. Go back to the program and start again.")
		return
	case errors.Is(err, grant.ErrExpired):
		h.page(w, http.StatusBadRequest, "This sign-in is over or past its time. Go back to the program and start again.")
		return
	case err != nil:
		h.unavailable(w, r, err)
		return
	case request.Denied:
		h.answer(w, request.RedirectURI, request.State, problem("access_denied", "the sign-in was refused"))
		return
	case !request.Approved():
		redirect(w, pathSignIn, url.Values{"request": {id}})
		return
	case slices.Contains(request.Prompt, oidc.PromptLogin) && request.AuthTime.Before(request.CreatedAt):
		h.answer(w, request.RedirectURI, request.State, problem("login_required", "a fresh sign-in was asked for"))
		return
	}
	code := newSecret()
	switch err := h.Grants.SetCode(r.Context(), id, code); {
	case errors.Is(err, grant.ErrUsed):
		h.page(w, http.StatusBadRequest, "This sign-in was finished before. Go back to the program.")
	case err != nil:
		h.unavailable(w, r, err)
	default:
		h.answer(w, request.RedirectURI, request.State, url.Values{"code": {code}})
	}
}

// answer sends the browser back to the program, with the issuer beside every
// answer (RFC 9207). back has been checked and has no query of its own.
func (h *Handler) answer(w http.ResponseWriter, back, state string, params url.Values) {
	if state != "" {
		params.Set("state", state)
	}
	params.Set("iss", h.Issuer)
	redirect(w, back, params)
}

// redirect answers 303 without a body, which would repeat the code.
func redirect(w http.ResponseWriter, to string, params url.Values) {
	w.Header().Set("Location", to+"?"+params.Encode())
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

func problem(code, description string) url.Values {
	return url.Values{"error": {code}, "error_description": {description}}
}

// newSecret is 256 random bits: a code, or a device code.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // cannot fail since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}
