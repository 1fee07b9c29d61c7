// Package oauth speaks OAuth 2.1 and OpenID Connect: authorization code with
// PKCE, device grant, refresh, revocation, discovery, userinfo. It is the only
// package that knows the library; what is granted and for how long is grant's,
// the access token's form is bearer's, and whoever signs in does so on pages,
// which this package meets by URL and cookie:
//
//	/authorize checks, keeps a grant.Request, → /signin?request=ID
//	pages: signs in, confirms, grant.Decide,  → /authorize/callback?id=ID
//	/authorize/callback makes the code,       → the program's redirect URI
//
// The library parses forms, authenticates clients and writes answers. What it
// does not do right by itself is done here and has a test named after it.
package oauth

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/gate"
	"lanyard/backend/keys"
)

// HubAudience is the audience that Docker's clients ask for.
const HubAudience = "https://hub.docker.com"

// The paths, as design and clients know them.
const (
	pathDiscovery = "/.well-known/openid-configuration"
	pathAuthorize = "/authorize"
	pathCallback  = "/authorize/callback"
	pathToken     = "/oauth/token" //nolint:gosec // a path
	pathDevice    = "/oauth/device/code"
	pathRevoke    = "/oauth/revoke"
	pathUserinfo  = "/userinfo"
	pathKeys      = "/keys"
	pathSignIn    = "/signin"   // pages'
	pathActivate  = "/activate" // pages'
)

// Accounts are what this package asks of account.Service.
type Accounts interface {
	Account(ctx context.Context, id string) (account.Account, error)
}

// Binder binds an authorization to the browser that began it.
type Binder interface {
	// Bind returns what the browser's binding cookie holds, setting it first
	// if there is none.
	Bind(w http.ResponseWriter, r *http.Request) string
	// Binding returns what it holds, or "".
	Binding(r *http.Request) string
}

// Config is what a Handler is made of.
type Config struct {
	Issuer   string // the public URL, without a slash at its end
	Grants   *grant.Service
	Accounts Accounts
	Key      keys.SigningKey
	Binder   Binder
	Addr     func(*http.Request) string // where a request comes from; nil: the connection's other end
	Log      *slog.Logger               // nil: slog.Default()
	Now      func() time.Time           // nil: time.Now
}

// Handler serves the paths of OAuth and OpenID Connect.
type Handler struct {
	Config
	gate *gate.Gate
	mux  *http.ServeMux
}

// New prepares a handler.
func New(c Config) *Handler {
	h := &Handler{Config: c, mux: http.NewServeMux()}
	h.gate = &gate.Gate{Issuer: c.Issuer, Keys: c.Key.JWKS(), Sessions: c.Grants, Accounts: c.Accounts, Now: c.Now}
	h.Mount(h.mux)
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// Mount adds the handler's paths to mux. Only these reach the library, which
// has more (health, introspection, end of session) that we do not offer.
func (h *Handler) Mount(mux *http.ServeMux) {
	library := op.RegisterServer(&server{h: h}, op.Endpoints{
		Token:               op.NewEndpoint(pathToken),
		DeviceAuthorization: op.NewEndpoint(pathDevice),
		Revocation:          op.NewEndpoint(pathRevoke),
		JwksURI:             op.NewEndpoint(pathKeys),
	}, op.WithServerCORSOptions(nil)) // its default reflects any origin, with credentials

	for pattern, handler := range h.routes(library) {
		mux.Handle(pattern, handler)
	}
}

// routes is the whole surface. The paths that take forms have no method, so
// that a wrong one is answered as OAuth says.
func (h *Handler) routes(library http.Handler) map[string]http.Handler {
	return map[string]http.Handler{
		"GET " + pathDiscovery: library,
		"GET " + pathKeys:      library,
		"GET " + pathAuthorize: http.HandlerFunc(h.authorize),
		"GET " + pathCallback:  http.HandlerFunc(h.callback),
		pathToken:              h.form(library),
		pathDevice:             h.form(library),
		pathRevoke:             h.form(library),
		"GET " + pathUserinfo:  http.HandlerFunc(h.userinfo),
		"POST " + pathUserinfo: http.HandlerFunc(h.userinfo),
	}
}

// Paths says which methods each path has, for whoever holds the surface against
// its document.
func Paths() map[string][]string {
	all := make(map[string][]string)
	for pattern := range new(Handler).routes(nil) {
		method, path, restricted := strings.Cut(pattern, " ")
		if !restricted {
			method, path = http.MethodPost, pattern
		}
		all[path] = append(all[path], method)
	}
	return all
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now().UTC()
	}
	return h.Now().UTC()
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

func (h *Handler) origin(r *http.Request) grant.Origin {
	from := grant.Origin{Agent: clean(r.UserAgent(), 256)}
	if h.Addr != nil {
		from.Addr = h.Addr(r)
	} else if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		from.Addr = host
	}
	return from
}
