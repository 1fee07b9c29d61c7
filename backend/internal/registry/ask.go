package registry

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lanyard/backend/access"
)

var (
	errMethod  = errors.New("tokens are asked for with GET or POST")
	errRequest = errors.New("malformed request")
	errService = errors.New("unknown service")
	errForm    = errors.New("a POST carries a form: Content-Type: application/x-www-form-urlencoded")
	errLarge   = errors.New("the form is larger than 64 KiB")
	errPlaces  = errors.New("a password or token belongs into the Authorization header of a GET, or into the form of a POST, never into an address, and into one of the two")
)

const maxForm = 64 << 10

// ask is one request for a token, whichever way it came.
type ask struct {
	service  string
	requests []access.Request
	client   string // what the program calls itself
	offline  bool   // a refresh token is wished for
	posted   bool

	known         bool // there are credentials
	login, secret string
	refresh       string // a refresh token in their place
}

// repositories are the names of those that are asked for.
func (a ask) repositories() []string {
	all := make([]string, 0, len(a.requests))
	for _, r := range a.requests {
		if r.Type == "repository" {
			all = append(all, r.Name)
		}
	}
	return all
}

// read reads a request of either form (auth/token.md, auth/oauth.md).
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (a ask, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return a, fmt.Errorf("%w: unreadable query", errRequest)
	}
	if query.Has("password") || query.Has("refresh_token") {
		return a, errPlaces
	}
	values := query
	switch r.Method {
	case http.MethodGet:
		a.offline = query.Get("offline_token") == "true"
		err = a.basic(r)
	case http.MethodPost:
		a.posted = true
		if values, err = form(w, r); err == nil {
			a.offline = values.Get("access_type") == "offline"
			err = a.granted(r, values)
		}
	default:
		return a, errMethod
	}
	if err != nil {
		return a, err
	}
	if named := values["service"]; len(named) != 1 || !slices.Contains(h.Services, named[0]) {
		return a, fmt.Errorf("%w: got %.200q; this service signs tokens for %s", errService, strings.Join(named, ", "), strings.Join(h.Services, ", "))
	}
	a.service, a.client = values.Get("service"), values.Get("client_id")
	a.requests, err = access.ParseScopes(values["scope"])
	return a, err
}

// basic reads the credentials of a GET. None is anonymous; bad ones never fall
// back to that.
func (a *ask) basic(r *http.Request) error {
	if len(r.Header.Values("Authorization")) == 0 {
		return nil
	}
	var ok bool
	a.login, a.secret, ok = r.BasicAuth()
	if a.known = ok && len(r.Header.Values("Authorization")) == 1 && a.login != "" && a.secret != ""; !a.known {
		return errScheme
	}
	return nil
}

// granted reads those of a POST.
func (a *ask) granted(r *http.Request, values url.Values) error {
	if len(r.Header.Values("Authorization")) > 0 {
		return errPlaces
	}
	for _, once := range []string{"grant_type", "username", "password", "refresh_token", "client_id", "access_type"} {
		if len(values[once]) > 1 {
			return fmt.Errorf("%w: %s is there twice", errRequest, once)
		}
	}
	a.known = true
	switch grant := values.Get("grant_type"); grant {
	case "password":
		a.login, a.secret = values.Get("username"), values.Get("password")
		if a.login == "" || a.secret == "" {
			return errScheme
		}
	case "refresh_token":
		if a.refresh = values.Get("refresh_token"); a.refresh == "" {
			return errRefresh
		}
	default:
		return fmt.Errorf("%w: grant_type is password or refresh_token, not %.40q", errRequest, grant)
	}
	return nil
}

// form reads the body of a POST, whole or not at all.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errForm
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return nil, errLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the form did not arrive whole", errRequest)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("%w: unreadable form", errRequest)
	}
	return values, nil
}
