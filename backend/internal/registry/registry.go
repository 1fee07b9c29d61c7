// Package registry is the token endpoint that registries send their clients
// to (distribution spec, auth/token.md and auth/oauth.md): one read transaction, one pure
// decision, one signature. It owns the wire format and the stanza that tells
// a registry of us; who somebody is, what they may do and how a token is
// signed are account's, token's, access's and keys' to say.
package registry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

const (
	// Life of a registry token. A registry allows a minute more, and that is
	// how long a revocation takes to reach it.
	Life = 5 * time.Minute
	// slack is for registries whose clock lies behind, on top of the minute
	// that they allow by themselves.
	slack = time.Minute
)

// Store is what the endpoint asks of the store.
type Store interface {
	caller.Store
	// Facts returns what is known of repositories, all of one moment.
	Facts(ctx context.Context, names []string) (access.Known, error)
}

// Accounts are what the endpoint asks of account.Service.
type Accounts interface {
	SignIn(ctx context.Context, login, password, addr string) (account.Account, error)
}

// Tokens are what the endpoint asks of token.Service.
type Tokens interface {
	Used(t token.Token, addr, agent string)
}

// Sessions are what the endpoint asks of grant.Service.
type Sessions interface {
	Used(ctx context.Context, one grant.Session, generation int) error
}

// Signer makes the JWT; keys.Keys is one.
type Signer interface {
	SignRegistry(claims any, now time.Time) (string, error)
}

// Handler answers GET and POST /token.
type Handler struct {
	Store    Store
	Accounts Accounts
	Tokens   Tokens
	Sessions Sessions
	Signer   Signer
	Issuer   string        // host[:port] of the public URL
	Services []string      // the own registry and each --registry, as given
	Rights   access.Rights // its Host is set per request, to the registry asked for
	// RefreshKey signs refresh tokens; nil: none is given, and none is taken.
	RefreshKey []byte
	Now        func() time.Time
	Log        *slog.Logger // nil: discarded

	recent  recent
	repeats repeats
}

// claims are those of distribution's auth/jwt.md.
type claims struct {
	Issuer    string  `json:"iss"`
	Subject   string  `json:"sub"` // "": anonymous
	Audience  string  `json:"aud"` // a string: 2.8 refuses a list
	Expires   int64   `json:"exp"`
	NotBefore int64   `json:"nbf"`
	IssuedAt  int64   `json:"iat"`
	ID        string  `json:"jti"`
	Access    []right `json:"access"`
	Refused   []right `json:"refused,omitempty"` // ours alone; registries pass over what they do not know
}

type right struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

type answer struct {
	Token        string `json:"token"`
	AccessToken  string `json:"access_token"` // the same, for OAuth 2 clients
	ExpiresIn    int    `json:"expires_in"`   // seconds
	IssuedAt     string `json:"issued_at"`    // RFC 3339
	Scope        string `json:"scope,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// ServeHTTP answers one token request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	a, err := h.read(w, r)
	if err == nil {
		err = h.serve(w, r, a)
	}
	if err != nil {
		h.refuse(w, r, a.login, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, a ask) error {
	who, err := h.who(r, a)
	if err != nil {
		return err
	}
	grants := access.Decide(who.Subject, a.requests, who.known, h.rights(a.service))
	if err := allRefused(grants); err != nil && !who.Anonymous() && !speechless(r) {
		return err
	}
	now := h.now()
	signed, err := h.Signer.SignRegistry(claims{
		Issuer: h.Issuer, Subject: who.Name, Audience: a.service,
		Expires: now.Add(Life).Unix(), NotBefore: now.Add(-slack).Unix(), IssuedAt: now.Unix(),
		ID: newID(), Access: rightsOf(grants), Refused: refusedTo(r, grants),
	}, now)
	if err != nil {
		return fmt.Errorf("sign a registry token: %w", err)
	}
	h.remember(who, grants, addr(r), now)
	out := answer{Token: signed, AccessToken: signed, ExpiresIn: int(Life / time.Second), IssuedAt: now.UTC().Format(time.RFC3339)}
	if a.posted {
		out.Scope = scopeOf(grants)
	}
	if a.offline {
		out.RefreshToken = h.refreshFor(who, a.service)
	}
	parts, err := out.parts()
	if err != nil {
		return fmt.Errorf("encode a registry token: %w", err)
	}
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	for _, part := range parts {
		_, _ = io.WriteString(w, part) // or the client has gone
	}
	return nil
}

// parts are the answer in JSON. The token, which is nearly all of it and is
// there twice, has no character that JSON would write in another way.
func (a answer) parts() ([]string, error) {
	rest := a
	rest.Token, rest.AccessToken = "", ""
	text, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	after, ok := strings.CutPrefix(string(text), `{"token":"","access_token":"`)
	if !ok {
		return nil, errors.New("the token is not the first of its fields")
	}
	return []string{`{"token":"`, a.Token, `","access_token":"`, a.AccessToken, after, "\n"}, nil
}

func (h *Handler) rights(service string) access.Rights {
	rights := h.Rights
	rights.Host = service
	return rights
}

// allRefused says why, where somebody known asked for repositories and gets
// nothing of any. The spec would answer with an empty token, and the person
// would learn from the registry only that something was denied.
func allRefused(grants []access.Grant) error {
	why := ""
	for _, g := range grants {
		if g.Type != "repository" || len(g.Request.Actions) == 0 {
			continue
		}
		if len(g.Actions) > 0 {
			return nil
		}
		if why == "" {
			why = g.Why
		}
	}
	if why == "" {
		return nil
	}
	return denied(why)
}

// speechless says that the client shows nothing of our 403's body (skopeo,
// podman and buildah of Debian 12, regctl): it gets the spec's
// empty token, and the registry's words.
func speechless(r *http.Request) bool {
	return isOneOf(r, "skopeo", "libpod", "buildah", "containers", regclient)
}

// regclient is regctl's name. Of all that a registry says it shows the body of
// a 403, and of a 401, the status of a token that does not reach far enough,
// not even that.
const regclient = "regclient"

// refusedTo are the rights that regctl asked for in vain. The registry that we
// are sees by them that it need not ask again, and answers 403.
func refusedTo(r *http.Request, grants []access.Grant) (rights []right) {
	if !isOneOf(r, regclient) {
		return nil
	}
	for _, g := range grants {
		lacking := slices.DeleteFunc(slices.Clone(g.Request.Actions), func(a string) bool { return slices.Contains(g.Actions, a) })
		if len(lacking) > 0 {
			rights = append(rights, right{g.Type, g.Name, lacking})
		}
	}
	return rights
}

func isOneOf(r *http.Request, programs ...string) bool {
	program, _, _ := strings.Cut(r.UserAgent(), "/")
	return slices.Contains(programs, strings.ToLower(program))
}

func rightsOf(grants []access.Grant) []right {
	rights := make([]right, 0, len(grants))
	for _, g := range grants {
		if len(g.Actions) > 0 {
			rights = append(rights, right{g.Type, g.Name, g.Actions})
		}
	}
	return rights
}

// scopeOf is what was granted, in the grammar it was asked in.
func scopeOf(grants []access.Grant) string {
	var all []string
	for _, r := range rightsOf(grants) {
		all = append(all, r.Type+":"+r.Name+":"+strings.Join(r.Actions, ","))
	}
	return strings.Join(all, " ")
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // cannot fail since Go 1.24
	return hex.EncodeToString(id[:])
}

// denied is a refusal of rights, in the words of the rule.
type denied string

func (d denied) Error() string { return string(d) }
