package server

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/keys"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// histories sets how many histories are played, and how long each is.
// LANYARD_FAULTS asks for more; -rapid.seed repeats a run.
func histories(t *testing.T, checks, steps int) {
	t.Helper()
	if more, err := strconv.Atoi(os.Getenv("LANYARD_FAULTS")); err == nil && more > checks {
		checks = more
	}
	settings := map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.steps": strconv.Itoa(steps)}
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		settings["rapid.seed"] = strconv.FormatInt(time.Now().UnixNano(), 10)
	}
	for name, value := range settings {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
	t.Logf("%d histories of about %d steps, -rapid.seed=%s", checks, steps, flag.Lookup("rapid.seed").Value)
}

var (
	peopled      = []string{"ada", "bob", "eve"} // ada administers
	firms        = []string{"acme", "tool"}
	crews        = []string{"dev", "ops"}
	named        = []string{"ada/app", "bob/app", "bob/lib", "eve/app", "acme/app", "acme/lib", "tool/app", "alpine", "nobody/app"}
	levels       = map[string]int{access.Pull: 1, access.Push: 2, access.Delete: 3}
	rightLevels  = map[access.Right]int{"": 0, access.MayRead: 1, access.MayWrite: 2, access.MayAdmin: 3}
	scopeLevels  = map[token.Scope]int{token.ScopePublicRead: 0, token.ScopeRead: 1, token.ScopeWrite: 2, token.ScopeAdmin: 3}
	anyOf        = rapid.SampledFrom[[]string]
	anyRight     = rapid.SampledFrom([]access.Right{access.MayRead, access.MayWrite, access.MayAdmin})
	everyPattern = []string{"", "bob/*", "acme/*", "acme/app", "*/app", "a*/l*"}
)

// firm is an organisation as this test knows it, apart from the service.
type firm struct {
	owners, members map[string]bool
	teams           map[string]map[string]bool
	rights          map[string]access.Right
}

// presented is a token with what it was made for.
type presented struct {
	login, secret, id, owner string
	scope                    token.Scope
	only                     string
	path, resource           string // an organisation's
	active                   bool
}

// service is a whole service with a model of who may do what.
type rightsWorld struct {
	*rapid.T
	s      *Server
	teamed bool
	firms  map[string]*firm
	ids    map[string]string // of organisations
	public map[string]bool
	given  map[string]map[string]access.Right // by repository: "user" or "@team"
	tokens []*presented

	granted map[string]int
}

func (w *rightsWorld) must(err error) {
	if err != nil {
		w.Fatal(err)
	}
}

func by(name string) access.Actor {
	return access.Actor{By: activity.By{Account: name + "-id", Name: name}, Admin: name == "ada"}
}

// may is how far a person goes in a repository: the rules of design §3 once
// more, in other words.
func (w *rightsWorld) may(who, repository string) int {
	owner, _, nested := strings.Cut(repository, "/")
	most := 0
	f := w.firms[owner]
	switch {
	case nested && owner == who:
		return 3
	case !nested && who == "ada":
		return 3
	case f != nil && f.owners[who]:
		return 3
	case nested && w.teamed:
		most = 2
	}
	for to, right := range w.given[repository] {
		team, is := strings.CutPrefix(to, "@")
		if is && f != nil && f.teams[team][who] || !is && to == who {
			most = max(most, rightLevels[right])
		}
	}
	if f != nil {
		for team, members := range f.teams {
			if members[who] {
				most = max(most, rightLevels[f.rights[team]])
			}
		}
	}
	return most
}

// allowed is what a token may do at this moment.
func (w *rightsWorld) allowed(p *presented, repository, action string) bool {
	need := levels[action]
	if action == access.Pull && w.public[repository] {
		need = 0
	}
	if p.path != "" { // an organisation's
		owner, _, nested := strings.Cut(repository, "/")
		inside := access.Matches(p.path, repository)
		return inside && (need == 0 || nested && owner == p.owner && map[string]int{token.ImagePull: 1, token.ImagePush: 2, token.ImageDelete: 3}[p.resource] >= need)
	}
	if p.only != "" && !access.Matches(p.only, repository) {
		return false
	}
	return scopeLevels[p.scope] >= need && w.may(p.owner, repository) >= need
}

// ask is one request to /token.
func (w *rightsWorld) ask(p *presented, repository string) (granted []string, status int) {
	r := httptest.NewRequest(http.MethodGet, "/token?"+url.Values{
		"service": {"localhost:8460"}, "scope": {"repository:" + repository + ":pull,push,delete"},
	}.Encode(), nil)
	r.Host = "localhost:8460"
	if p != nil {
		r.SetBasicAuth(p.login, p.secret)
	}
	out := httptest.NewRecorder()
	w.s.ServeHTTP(out, r)
	if out.Code != http.StatusOK {
		return nil, out.Code
	}
	var body struct{ Token string }
	var claims struct {
		Access []struct {
			Type, Name string
			Actions    []string
		}
	}
	w.must(json.Unmarshal(out.Body.Bytes(), &body))
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(body.Token, ".")[1])
	w.must(err)
	w.must(json.Unmarshal(payload, &claims))
	for _, a := range claims.Access {
		if a.Type != "repository" || a.Name != repository {
			w.Fatalf("asked for %s, got %s:%s", repository, a.Type, a.Name)
		}
		granted = append(granted, a.Actions...)
	}
	return granted, out.Code
}

// check asks for everything with everything: what is granted is exactly scope
// and limit and the owner's rights together, at this moment.
func (w *rightsWorld) check() {
	for _, repository := range named {
		for _, p := range w.tokens {
			granted, status := w.ask(p, repository)
			if !p.active {
				if status == http.StatusOK {
					w.Fatalf("a deactivated token is granted %q of %s", granted, repository)
				}
				continue
			}
			for action := range levels {
				want := w.allowed(p, repository, action)
				if got := slices.Contains(granted, action); got != want {
					w.Fatalf("%s of %s (%s, only %q, path %q %s): granted %v, want %v; %q, %d", action, repository, p.scope, p.only, p.path, p.resource, got, want, granted, status)
				}
				w.granted[fmt.Sprint(action, " ", want)]++
			}
		}
		granted, _ := w.ask(nil, repository)
		if want := w.public[repository]; len(granted) > 1 || slices.Contains(granted, access.Pull) != want {
			w.Fatalf("nobody is granted %q of %s", granted, repository)
		}
	}
}

func (w *rightsWorld) steps() map[string]func(*rapid.T) {
	ctx := w.Context()
	one := func(t *rapid.T, what string, of []string) string { return anyOf(of).Draw(t, what) }
	return map[string]func(*rapid.T){
		"member": func(t *rapid.T) {
			o, who, owner := one(t, "organisation", firms), one(t, "who", peopled), rapid.Bool().Draw(t, "owner")
			if _, err := w.s.access.Join(ctx, by("ada"), o, who+"-id", who, owner); err != nil {
				return // the last owner stays
			}
			f := w.firms[o]
			f.owners[who], f.members[who] = owner, !owner
		},
		"leave": func(t *rapid.T) {
			o, who := one(t, "organisation", firms), one(t, "who", peopled)
			if _, err := w.s.access.Leave(ctx, by("ada"), o, who+"-id", who); err != nil {
				return // no member, or the last owner
			}
			f := w.firms[o]
			delete(f.owners, who)
			delete(f.members, who)
			for _, members := range f.teams {
				delete(members, who)
			}
		},
		"team": func(t *rapid.T) {
			o, team, right := one(t, "organisation", firms), one(t, "team", crews), access.Right(one(t, "right", []string{"", "read", "write", "admin"}))
			f := w.firms[o]
			members, ids := map[string]bool{}, []string{}
			for _, who := range peopled {
				if (f.owners[who] || f.members[who]) && rapid.Bool().Draw(t, who) {
					members[who], ids = true, append(ids, who+"-id")
				}
			}
			_, err := w.s.access.SetTeam(ctx, by("ada"), o, team, func(g access.Team, _ bool) (access.Team, error) {
				g.Members, g.Right = ids, right
				return g, nil
			})
			w.must(err)
			f.teams[team], f.rights[team] = members, right
		},
		"no team": func(t *rapid.T) {
			o, team := one(t, "organisation", firms), one(t, "team", crews)
			if _, err := w.s.access.DeleteTeam(ctx, by("ada"), o, team); err == nil {
				delete(w.firms[o].teams, team)
				delete(w.firms[o].rights, team)
			}
		},
		"visibility": func(t *rapid.T) {
			name, public := one(t, "repository", named), rapid.Bool().Draw(t, "public")
			if _, err := w.s.access.SetVisibility(ctx, by("ada"), name, public); err == nil {
				w.public[name] = public
			}
		},
		"give": func(t *rapid.T) {
			name, to, right := one(t, "repository", named), one(t, "to", append([]string{"@dev", "@ops"}, peopled...)), anyRight.Draw(t, "right")
			if rapid.IntRange(0, 2).Draw(t, "take") == 0 {
				right = ""
			}
			given := access.Given{Person: to + "-id", Right: right}
			if team, is := strings.CutPrefix(to, "@"); is {
				given = access.Given{Team: team, Right: right}
			}
			if _, err := w.s.access.Give(ctx, by("ada"), name, given, to); err != nil {
				return
			}
			if w.given[name] == nil {
				w.given[name] = map[string]access.Right{}
			}
			w.given[name][to] = right
		},
		"forget": func(t *rapid.T) {
			name := one(t, "repository", named)
			if w.s.access.DeleteRepository(ctx, by("ada"), name) == nil {
				delete(w.public, name)
				delete(w.given, name)
			}
		},
		"token": func(t *rapid.T) {
			who, scope, only := one(t, "who", peopled), rapid.SampledFrom([]token.Scope{token.ScopeAdmin, token.ScopeWrite, token.ScopeRead, token.ScopePublicRead}).Draw(t, "scope"), one(t, "only", everyPattern)
			spec := token.Spec{Description: "x", Scopes: []string{string(scope)}}
			if only != "" {
				spec.Repositories = []string{only}
			}
			made, secret, err := w.s.tokens.Create(ctx, who+"-id", spec)
			w.must(err)
			w.keep(&presented{login: who, secret: secret.Reveal(), id: made.ID, owner: who, scope: scope, only: only, active: true})
		},
		"organisation's token": func(t *rapid.T) {
			o := one(t, "organisation", firms)
			path, scope := one(t, "path", []string{o + "/*", o + "/app"}), one(t, "scope", []string{token.ImagePull, token.ImagePush, token.ImageDelete})
			made, secret, err := w.s.tokens.CreateOrg(ctx, w.ids[o], token.OrgSpec{Label: "x", Resources: []token.Resource{{Type: "TYPE_REPO", Path: path, Scopes: []string{scope}}}})
			w.must(err)
			w.keep(&presented{login: o, secret: secret.Reveal(), id: made.ID, owner: o, path: path, resource: scope, active: true})
		},
		"change a token": func(t *rapid.T) {
			if len(w.tokens) == 0 {
				t.Skip("none yet")
			}
			p := rapid.SampledFrom(w.tokens).Draw(t, "token")
			active := rapid.Bool().Draw(t, "active")
			patch, owner := token.Patch{Active: &active}, w.ids[p.owner]
			if p.path == "" {
				scope := rapid.SampledFrom([]token.Scope{token.ScopeAdmin, token.ScopeRead, token.ScopePublicRead}).Draw(t, "scope")
				patch.Scopes, owner, p.scope = []string{string(scope)}, p.owner+"-id", scope
			}
			_, err := w.s.tokens.Change(ctx, owner, p.id, patch, activity.By{})
			w.must(err)
			p.active = active
		},
		"": func(*rapid.T) { w.check() },
	}
}

// keep remembers the latest six, so that each is asked with often.
func (w *rightsWorld) keep(p *presented) {
	if w.tokens = append(w.tokens, p); len(w.tokens) > 6 {
		w.tokens = w.tokens[1:]
	}
}

// slate is a store that can be wiped: a service costs more than a history.
type slate struct{ *memstore.DB }

func newRightsService(t *testing.T, made *keys.Keys, rights access.Default, db *slate) *Server {
	t.Helper()
	address, err := NewAddress("", "127.0.0.1:8460", false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Store: db, Keys: made, Address: address, Registries: []string{"localhost:8460"}, Rights: rights, Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// For random people, organisations, teams, rights, tokens and requests: what
// /token grants is within the token's scope and its account's rights at that
// moment, and a change is seen by the next request.
func TestRightsHistory(t *testing.T) {
	histories(t, 5, 20)
	made, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	happened, db := map[string]int{}, &slate{memstore.New()}
	services := map[bool]*Server{false: newRightsService(t, made, access.DefaultPrivate, db), true: newRightsService(t, made, access.DefaultTeam, db)}
	rapid.Check(t, func(rt *rapid.T) {
		w := &rightsWorld{
			T: rt, teamed: rapid.Bool().Draw(rt, "default rights"), firms: map[string]*firm{}, ids: map[string]string{},
			public: map[string]bool{}, given: map[string]map[string]access.Right{}, granted: happened,
		}
		w.s, db.DB = services[w.teamed], memstore.New()
		for _, name := range peopled {
			w.must(db.CreateAccount(rt.Context(), account.Account{ID: name + "-id", Name: name, Admin: name == "ada"}, false))
		}
		for _, o := range firms {
			made, err := w.s.access.CreateOrganization(rt.Context(), by("ada"), o, "", "bob-id")
			w.must(err)
			w.ids[o] = made.ID
			w.firms[o] = &firm{map[string]bool{"bob": true}, map[string]bool{}, map[string]map[string]bool{}, map[string]access.Right{}}
		}
		rt.Repeat(w.steps())
	})
	for action := range levels {
		if happened[action+" true"] == 0 || happened[action+" false"] == 0 {
			t.Errorf("%s was not both granted and refused: %v", action, happened)
		}
	}
}
