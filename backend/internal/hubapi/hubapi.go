// Package hubapi speaks Docker Hub's API for logins without a browser, access
// tokens, organisations and their teams, and beside it, in the same form, what
// is ours: repositories and rights on them, activity, and why something is
// allowed. All of it lies under the names that are reserved below /v2/. It owns
// the Hub's spellings, its envelopes of lists, its form of a refusal and how
// much one caller may ask; it leaves who is asking to gate and caller, the
// rules to token, access and activity, passwords and factors to account, and
// all else below /v2/ to the registry.
package hubapi

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"lanyard/backend/access"
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
	Look(r *http.Request) (gate.Passed, error)
	Still(ctx context.Context, p gate.Passed) error
}

// Sessions begin with a direct login, and end; grant.Service.
type Sessions interface {
	BeginDirect(ctx context.Context, d grant.Direct) (grant.Session, error)
	Of(ctx context.Context, account string) ([]grant.Session, error)
	End(ctx context.Context, id, why string) error
	EndOf(ctx context.Context, account, id, why string) error
	Used(ctx context.Context, one grant.Session, generation int) error
}

// People are who names belong to; account.Service.
type People interface {
	Account(ctx context.Context, id string) (account.Account, error)
	ByLogin(ctx context.Context, login string) (account.Account, error)
}

// Logins say who a name and a secret speak for; *caller.Login does.
type Logins interface {
	CheckAny(ctx context.Context, name, secret string, from activity.By) (caller.Who, error)
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
	Access    *access.Service
	Activity  *activity.Log
	People    People
	Gate      Gate
	Callers   caller.Store
	Sessions  Sessions
	Logins    Logins
	Factors   Factors
	Changes   Changes
	Tried     func(ctx context.Context, t account.Tried) // hears of logins by token; nil: nobody does
	Program   func(client string) string                 // what people call a client; nil: its id
	Key       bearer.Signer                              // of access tokens
	Images    Images                                     // nil: the registry is elsewhere
	PublicURL string                                     // without slash at the end; what next and previous begin with, and the issuer
	PerMinute int                                        // requests of one account, or of one address where nobody asks; 0: DefaultPerMinute
	Now       func() time.Time                           // nil: time.Now
	Log       *slog.Logger                               // nil: slog.Default

	spent *limits
}

// An action does one thing for whom the gate let pass.
type action func(r *http.Request, who gate.Passed) (answer, error)

type methods map[string]action

// An asker is who may ask at all. The zero asker is the strictest.
type asker int

const (
	person  asker = iota // a person's own sign-in: no token, and no session made of one
	waiting              // the same, which waits: no use of the session, and counted apart
	nobody               // anybody: the action looks for itself
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
		// Ours.
		"/v2/access-tokens/session":       {person, methods{http.MethodGet: h.session}},
		"/v2/access-tokens/sessions":      {person, methods{http.MethodDelete: h.endSessions}},
		"/v2/access-tokens/{uuid}/rotate": {person, methods{http.MethodPost: h.rotate}},
		"/v2/access-tokens/{uuid}/reach":  {person, methods{http.MethodGet: h.reachOf}},
		"/v2/access-tokens/{uuid}/uses":   {person, methods{http.MethodGet: h.usesOf}},
		"/v2/access-tokens/bulk":          {person, methods{http.MethodPost: h.bulk}},
		"/v2/access-tokens/which":         {person, methods{http.MethodPost: h.which}},
		"/v2/access-tokens/self":          {nobody, methods{http.MethodGet: h.self, http.MethodDelete: h.removeSelf}},
		"/v2/access-tokens/self/rotate":   {nobody, methods{http.MethodPost: h.rotateSelf}},
		// The same by its older name, which hub-tool uses.
		"/v2/api_tokens":        {person, tokens},
		"/v2/api_tokens/{uuid}": {person, one},

		"/v2/orgs":                                         {person, methods{http.MethodGet: h.organizations, http.MethodPost: h.createOrganization}},
		"/v2/orgs/{org}":                                   {person, methods{http.MethodGet: h.organization, http.MethodDelete: h.deleteOrganization}},
		"/v2/orgs/{org}/members":                           {person, methods{http.MethodGet: h.members}},
		"/v2/orgs/{org}/members/{username}":                {person, methods{http.MethodPut: h.putMember, http.MethodDelete: h.removeMember}},
		"/v2/orgs/{org}/groups":                            {person, methods{http.MethodGet: h.groups, http.MethodPost: h.createGroup}},
		"/v2/orgs/{org}/groups/{group}":                    {person, methods{http.MethodGet: h.group, http.MethodPut: h.putGroup, http.MethodPatch: h.patchGroup, http.MethodDelete: h.deleteGroup}},
		"/v2/orgs/{org}/groups/{group}/members":            {person, methods{http.MethodGet: h.groupMembers, http.MethodPost: h.addGroupMember}},
		"/v2/orgs/{org}/groups/{group}/members/{username}": {person, methods{http.MethodDelete: h.removeGroupMember}},
		"/v2/orgs/{org}/access-tokens":                     {person, methods{http.MethodGet: h.orgTokens, http.MethodPost: h.createOrgToken}},
		"/v2/orgs/{org}/access-tokens/{id}":                {person, methods{http.MethodGet: h.orgToken, http.MethodPatch: h.patchOrgToken, http.MethodDelete: h.removeOrgToken}},

		// Ours. A repository's name has several components, and so ends the path.
		"/v2/access/repositories":           {person, methods{http.MethodGet: h.repositories, http.MethodPost: h.createRepository}},
		"/v2/access/repositories/{name...}": {person, methods{http.MethodGet: h.repository, http.MethodPatch: h.patchRepository, http.MethodDelete: h.deleteRepository}},
		"/v2/access/rights/{name...}":       {person, methods{http.MethodPut: h.give, http.MethodDelete: h.takeAway}},
		"/v2/access/tags/{name...}":         {person, methods{http.MethodGet: h.tags, http.MethodDelete: h.deleteTag}},
		"/v2/access/explain":                {nobody, methods{http.MethodGet: h.explain}},
		"/v2/access/activity":               {person, methods{http.MethodGet: h.activity}},
		"/v2/access/sessions":               {person, methods{http.MethodGet: h.sessions, http.MethodDelete: h.endOthers}},
		"/v2/access/sessions/{id}":          {person, methods{http.MethodDelete: h.endOne}},
		"/v2/access/factors":                {person, methods{http.MethodGet: h.factors}},
		"/v2/access/changes":                {waiting, methods{http.MethodGet: h.changes}},

		"/v2/auditlogs/{account}":         {person, methods{http.MethodGet: h.auditLog}},
		"/v2/auditlogs/{account}/actions": {person, methods{http.MethodGet: h.auditActions}},
	}
}

// Paths says which methods each path has, for whoever holds the surface against
// its document. A parameter that takes the rest of a path is written {name...}.
func Paths() map[string][]string {
	all := make(map[string][]string)
	for path, of := range new(Handler).routes() {
		all[path] = slices.Sorted(maps.Keys(of.methods))
	}
	return all
}

// Mount takes all reserved names below /v2/, without a method, so that a wrong
// method and an unknown path are answered in the Hub's form.
func (h *Handler) Mount(mux *http.ServeMux) {
	h.spent = newLimits(h.PerMinute)
	routes := h.routes()
	for path, of := range routes {
		mux.Handle(path, h.endpoint(of))
		short, named := strings.CutSuffix(path, "/{name...}")
		if !named {
			mux.Handle(path+"/{$}", h.endpoint(of))
		} else if _, taken := routes[short]; !taken { // else the mux would send clients on
			mux.Handle(short, h.endpoint(of))
		}
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
	run, who, err := h.pass(w, r, of)
	if limited := h.spend(w, r, who, of.by); limited != nil {
		return answer{}, limited
	}
	if err != nil {
		return answer{}, err
	}
	return run(r, who)
}

// pass finds the action, and who asks for it.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, of route) (action, gate.Passed, error) {
	if of.methods == nil {
		return nil, gate.Passed{}, errPath
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	run := of.methods[method]
	if run == nil {
		w.Header().Set("Allow", of.methods.allowed())
		return nil, gate.Passed{}, errMethod
	}
	if of.by == nobody {
		return run, gate.Passed{}, nil
	}
	check := h.Gate.Check
	if of.by == waiting {
		check = h.Gate.Look
	}
	who, err := check(r)
	if err == nil {
		err = who.Person()
	}
	return run, who, err
}

func (m methods) allowed() string {
	all := slices.Collect(maps.Keys(m))
	if m[http.MethodGet] != nil {
		all = append(all, http.MethodHead)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
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
