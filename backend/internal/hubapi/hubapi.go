// Package hubapi speaks Docker Hub's API for logins without a browser and for
// personal access tokens, under every name that is reserved below /v2/. It owns
// the Hub's spellings, its envelope of lists and its form of a refusal; it
// leaves who is asking to gate, the rules to token, passwords and factors to
// account, and all else below /v2/ to the registry.
package hubapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// Gate says who a request speaks for; *gate.Gate does.
type Gate interface {
	Check(r *http.Request) (gate.Passed, error)
}

// Sessions begin with a direct login, and end; grant.Service.
type Sessions interface {
	BeginDirect(ctx context.Context, d grant.Direct) (grant.Session, error)
	Of(ctx context.Context, account string) ([]grant.Session, error)
	End(ctx context.Context, id, why string) error
}

// Logins say who a name and a secret speak for; *caller.Login does.
type Logins interface {
	Check(ctx context.Context, name, secret string, from activity.By) (caller.Who, error)
	First(ctx context.Context, name, secret string, from activity.By) (caller.Who, error)
}

// Factors are what is asked for after a password; account.Service.
type Factors interface {
	Challenge(a account.Account) (string, error)
	Answer(ctx context.Context, challenge, code, addr string) (account.Account, time.Time, error)
}

// Handler answers the Hub's paths; see Mount.
type Handler struct {
	Tokens    *token.Service
	Gate      Gate
	Sessions  Sessions
	Logins    Logins
	Factors   Factors
	Key       bearer.Signer    // of access tokens
	PublicURL string           // without slash at the end; what next and previous begin with, and the issuer
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: slog.Default
}

// An action does one thing for whom the gate let pass.
type action func(r *http.Request, who gate.Passed) (answer, error)

type methods map[string]action

// An asker is who may ask at all. The zero asker is the strictest.
type asker int

const (
	person asker = iota // a person's own sign-in: no token, and no session made of one
	nobody              // anybody: the action looks for itself
)

type route struct {
	by      asker
	methods methods
}

// routes is the whole surface. A path answers with a slash at its end, too.
func (h *Handler) routes() map[string]route {
	tokens := methods{http.MethodGet: h.list, http.MethodPost: h.create}
	one := methods{http.MethodGet: h.get, http.MethodPatch: h.patch, http.MethodDelete: h.remove}
	return map[string]route{
		"/v2/users/login":     {nobody, methods{http.MethodPost: h.login}},
		"/v2/users/2fa-login": {nobody, methods{http.MethodPost: h.secondLogin}},
		"/v2/auth/token":      {nobody, methods{http.MethodPost: h.authToken}},

		"/v2/access-tokens":                  {person, tokens},
		"/v2/access-tokens/{uuid}":           {person, one},
		"/v2/access-tokens/desktop-generate": {person, methods{http.MethodPost: h.generate}},
		"/v2/access-tokens/session":          {person, methods{http.MethodGet: h.session}},        // ours
		"/v2/access-tokens/sessions":         {person, methods{http.MethodDelete: h.endSessions}}, // ours
		// The same by its older name, which hub-tool uses.
		"/v2/api_tokens":        {person, tokens},
		"/v2/api_tokens/{uuid}": {person, one},
	}
}

// Mount takes all reserved names below /v2/, without a method, so that a wrong
// method and an unknown path are answered in the Hub's form.
func (h *Handler) Mount(mux *http.ServeMux) {
	routes := h.routes()
	for path, of := range routes {
		mux.Handle(path, h.endpoint(of))
		mux.Handle(path+"/{$}", h.endpoint(of))
	}
	for _, name := range account.Reserved() {
		path := "/v2/" + name
		if _, taken := routes[path]; !taken {
			mux.Handle(path, h.endpoint(route{}))
		}
		mux.Handle(path+"/", h.endpoint(route{}))
	}
}

// endpoint answers one path; without methods there is nothing here.
func (h *Handler) endpoint(of route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		out, err := h.do(w, r, of)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		write(w, out.status, out.body)
	})
}

func (h *Handler) do(w http.ResponseWriter, r *http.Request, of route) (answer, error) {
	if of.methods == nil {
		return answer{}, errPath
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	run := of.methods[method]
	if run == nil {
		w.Header().Set("Allow", of.methods.allowed())
		return answer{}, errMethod
	}
	if of.by == nobody {
		return run(r, gate.Passed{})
	}
	who, err := h.Gate.Check(r)
	if err == nil {
		err = who.Person()
	}
	if err != nil {
		return answer{}, err
	}
	return run(r, who)
}

func (m methods) allowed() string {
	all := slices.Collect(maps.Keys(m))
	if m[http.MethodGet] != nil {
		all = append(all, http.MethodHead)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// An answer is a status and what is sent as JSON; nil: nothing.
type answer struct {
	status int
	body   any
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

// by is who asks, and from where.
func by(r *http.Request, who gate.Passed) activity.By {
	out := from(r)
	out.Account, out.Name = who.Account.ID, who.Account.Name
	return out
}

// from is where a request comes from. A server behind a proxy sets RemoteAddr
// itself; headers are not believed.
func from(r *http.Request) activity.By {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return activity.By{Addr: host, Agent: r.UserAgent()}
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}
