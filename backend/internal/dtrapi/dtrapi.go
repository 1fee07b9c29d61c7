// Package dtrapi speaks the API of Docker Trusted Registry 2.5 for tokens and
// repositories, below /api/v0/, so that scripts written for that go on working.
// It owns that API's spellings, its pages and its form of a refusal; it leaves
// who is asking to caller and account, the rules to token and access.
package dtrapi

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

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// Store is what the surface asks of the store.
type Store interface {
	// TokensFrom returns up to most tokens of everybody in the order of their
	// ids, beginning with from.
	TokensFrom(ctx context.Context, from string, most int) ([]token.Token, error)
	// Facts returns what is known of repositories, all of one moment.
	Facts(ctx context.Context, names []string) (access.Known, error)
}

// Accounts are what the surface asks of account.Service.
type Accounts interface {
	ByLogin(ctx context.Context, login string) (account.Account, error)
}

// Repositories are what it asks of access.Service.
type Repositories interface {
	Visible(ctx context.Context, who access.Subject, after, namespace string, most int) ([]access.Repository, error)
	Repository(ctx context.Context, who access.Subject, name string) (access.Facts, error)
}

// Logins say who a name and a secret speak for; *caller.Login does.
type Logins interface {
	Check(ctx context.Context, name, secret string, from activity.By) (caller.Who, error)
}

// Handler answers the paths below /api/v0/; see Mount.
type Handler struct {
	Store        Store
	Logins       Logins
	Accounts     Accounts
	Tokens       *token.Service
	Repositories Repositories
	Now          func() time.Time // nil: time.Now
	Log          *slog.Logger     // nil: discarded
}

// An action does one thing for somebody who is known.
type action func(r *http.Request, who person) (answer, error)

type methods map[string]action

// routes is the whole surface. A path answers with a slash at its end, too.
func (h *Handler) routes() map[string]methods {
	return map[string]methods{
		"/api/v0/api_tokens": {
			http.MethodGet: managing(h.list), http.MethodPost: managing(h.create), http.MethodDelete: managing(h.clean),
		},
		"/api/v0/api_tokens/{hashedtoken}": {
			http.MethodGet: h.get, http.MethodPatch: managing(h.patch), http.MethodDelete: managing(h.remove),
		},
		"/api/v0/repositories": {http.MethodGet: h.repositories},
	}
}

// Paths says which methods each path has, for whoever holds the surface against
// its document.
func Paths() map[string][]string {
	all := make(map[string][]string)
	for path, of := range new(Handler).routes() {
		all[path] = slices.Sorted(maps.Keys(of))
	}
	return all
}

// Mount puts the surface below /api/v0/ of a mux.
func (h *Handler) Mount(mux *http.ServeMux) {
	for path, of := range h.routes() {
		mux.Handle(path, h.endpoint(of))
		mux.Handle(path+"/{$}", h.endpoint(of))
	}
	mux.Handle("/api/v0/", h.endpoint(nil))
}

// endpoint answers one path; without methods there is nothing here.
func (h *Handler) endpoint(of methods) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		out, err := h.do(w, r, of)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		maps.Copy(w.Header(), out.header)
		write(w, http.StatusOK, out.body)
	})
}

func (h *Handler) do(w http.ResponseWriter, r *http.Request, of methods) (answer, error) {
	if of == nil {
		return answer{}, errPath
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	run := of[method]
	switch {
	case run == nil:
		w.Header().Set("Allow", of.allowed())
		return answer{}, errMethod
	case !acceptable(r):
		return answer{}, errAccept
	}
	who, err := h.who(r)
	if err != nil {
		return answer{}, err
	}
	return run(r, who)
}

func (m methods) allowed() string {
	all := append(slices.Collect(maps.Keys(m)), http.MethodHead) // each can be read
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// An answer is what is sent as JSON, nil: nothing, and headers beside it.
type answer struct {
	body   any
	header http.Header
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

// addr is from where a request comes. A server behind a proxy sets RemoteAddr
// itself; headers are not believed.
func addr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}
