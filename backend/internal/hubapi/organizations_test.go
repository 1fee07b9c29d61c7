package hubapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/activity"
)

// company is a world with an organisation acme: bob owns it, eve is a member
// and in the team dev; ada administers the service, and mal is a stranger.
type company struct {
	*world
	ada, bob, eve, mal string
}

func newCompany(t *testing.T) *company {
	t.Helper()
	w := newWorld(t)
	c := &company{w, w.signIn("ada").bearer, w.signIn("bob").bearer, w.signIn("eve").bearer, w.signIn("mal").bearer}
	c.ask(c.ada, "POST", "/v2/orgs", `{"name":"acme","description":"All of it","owner":"bob"}`).is(201)
	c.ask(c.bob, "PUT", "/v2/orgs/acme/members/eve", `{"role":"member"}`).is(200)
	c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{"name":"dev","right":"read"}`).is(201)
	c.ask(c.bob, "POST", "/v2/orgs/acme/groups/dev/members", `{"member":"eve"}`).is(200)
	return c
}

// state is all that anybody could have changed.
func (c *company) state() string {
	c.t.Helper()
	all, err := c.store.Organizations(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	repositories, err := c.store.Repositories(c.t.Context(), "", 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	state := fmt.Sprintf("%+v %+v", all, repositories)
	for _, owner := range []string{"ada-id", "bob-id", "eve-id", "mal-id", all[0].ID} {
		h, err := c.tokens.Holding(c.t.Context(), owner)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, t := range h.Tokens {
			t.LastUsed, t.Hash = h.Tokens[0].Creator, [32]byte{}
			state += fmt.Sprintf("%+v", t)
		}
	}
	return state
}

func TestOrganizations(t *testing.T) {
	c := newCompany(t)
	for who, role := range map[string]string{c.bob: "owner", c.eve: "member", c.ada: "administrator"} {
		out := c.ask(who, "GET", "/v2/orgs/acme/", nil).is(200)
		want := fmt.Sprintf("All of it acme %s [bob] [eve] [map[description: members:[eve] name:dev right:read]]", role)
		if got := fmt.Sprint(out["description"], " ", out["name"], " ", out["role"], " ", out["owners"], " ", out["members"], " ", out["teams"]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if all, _ := c.ask(who, "GET", "/v2/orgs", nil).is(200)["results"].([]any); len(all) != 1 || fmt.Sprint(all[0]) != fmt.Sprint(out) {
			t.Errorf("%s sees %v", role, all)
		}
	}
	if all := c.ask(c.mal, "GET", "/v2/orgs", nil).is(200); fmt.Sprint(all["results"]) != "[]" {
		t.Errorf("a stranger sees %v", all)
	}
	if out := c.ask(c.ada, "POST", "/v2/orgs", `{"name":"own"}`).is(201); fmt.Sprint(out["owners"]) != "[ada]" || out["role"] != "owner" {
		t.Errorf("without an owner: %v", out)
	}
}

func TestBadOrganizations(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	before := c.state()
	for name, x := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"made by who is no administrator": {c.ask(c.bob, "POST", "/v2/orgs", `{"name":"mine"}`), 403, "forbidden", "only administrators"},
		"a name taken":                    {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"acme"}`), 409, "taken", "there is an organisation acme already"},
		"a person's name":                 {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"bob"}`), 409, "taken", "a person's name"},
		"a reserved name":                 {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"orgs"}`), 400, "invalid", "is reserved"},
		"a name in capitals":              {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"Acme"}`), 400, "invalid", "2 to 64 characters"},
		"a name with a slash":             {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"a/b"}`), 400, "invalid", "2 to 64 characters"},
		"a name of one character":         {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"a"}`), 400, "invalid", "2 to 64 characters"},
		"a name of 65":                    {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"`+strings.Repeat("a", 65)+`"}`), 400, "invalid", "2 to 64 characters"},
		"no name":                         {c.ask(c.ada, "POST", "/v2/orgs", `{}`), 400, "invalid", "name is needed"},
		"a name that is a number":         {c.ask(c.ada, "POST", "/v2/orgs", `{"name":7}`), 400, "invalid", "must be a string"},
		"a description with a NUL":        {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"new","description":"\u0000"}`), 400, "invalid", "control characters"},
		"an owner nobody knows":           {c.ask(c.ada, "POST", "/v2/orgs", `{"name":"new","owner":"nobody"}`), 404, "unknown", "not found: there is no user"},
		"seen by a stranger":              {c.ask(c.mal, "GET", "/v2/orgs/acme", nil), 404, "unknown", "not found"},
		"deleted by a member":             {c.ask(c.eve, "DELETE", "/v2/orgs/acme", nil), 403, "forbidden", "only owners of acme"},
		"deleted by a stranger":           {c.ask(c.mal, "DELETE", "/v2/orgs/acme", nil), 404, "unknown", "not found"},
		"deleted with repositories":       {c.ask(c.bob, "DELETE", "/v2/orgs/acme", nil), 409, "not_empty", "delete what lies under acme first"},
		"a member whom nobody knows":      {c.ask(c.bob, "PUT", "/v2/orgs/acme/members/nobody", `{"role":"member"}`), 404, "unknown", "not found: there is no user"},
		"no role":                         {c.ask(c.bob, "PUT", "/v2/orgs/acme/members/mal", `{}`), 400, "invalid", "owner or member"},
		"another role":                    {c.ask(c.bob, "PUT", "/v2/orgs/acme/members/mal", `{"role":"king"}`), 400, "invalid", "owner or member"},
		"the last owner made a member":    {c.ask(c.bob, "PUT", "/v2/orgs/acme/members/bob", `{"role":"member"}`), 409, "last_owner", "somebody else an owner"},
		"the last owner leaves":           {c.ask(c.bob, "DELETE", "/v2/orgs/acme/members/bob", nil), 409, "last_owner", "somebody else an owner"},
		"a member promotes themselves":    {c.ask(c.eve, "PUT", "/v2/orgs/acme/members/eve", `{"role":"owner"}`), 403, "forbidden", "only owners of acme"},
		"a member takes another out":      {c.ask(c.eve, "DELETE", "/v2/orgs/acme/members/bob", nil), 403, "forbidden", "only owners of acme"},
		"a stranger comes in":             {c.ask(c.mal, "PUT", "/v2/orgs/acme/members/mal", `{"role":"owner"}`), 404, "unknown", "not found"},
		"who is no member is taken out":   {c.ask(c.bob, "DELETE", "/v2/orgs/acme/members/mal", nil), 404, "unknown", "no member of acme"},
		"members seen by a stranger":      {c.ask(c.mal, "GET", "/v2/orgs/acme/members", nil), 404, "unknown", "not found"},
		"members of another role":         {c.ask(c.bob, "GET", "/v2/orgs/acme/members?role=king", nil), 400, "invalid", "owner or member"},
		"a team made by a member":         {c.ask(c.eve, "POST", "/v2/orgs/acme/groups", `{"name":"mine"}`), 403, "forbidden", "only owners of acme"},
		"a team that is there":            {c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{"name":"dev"}`), 409, "taken", "there is a team dev already"},
		"a team without a name":           {c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{}`), 400, "invalid", "name is needed"},
		"a team with a bad name":          {c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{"name":"a b"}`), 400, "invalid", "1 to 64 characters"},
		"a team with another right":       {c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{"name":"ops","right":"root"}`), 400, "invalid", "read, write or admin"},
		"a team renamed":                  {c.ask(c.bob, "PATCH", "/v2/orgs/acme/groups/dev", `{"name":"ops"}`), 400, "invalid", "make another team"},
		"a team changed by a member":      {c.ask(c.eve, "PATCH", "/v2/orgs/acme/groups/dev", `{"right":"admin"}`), 403, "forbidden", "only owners of acme"},
		"nothing changed":                 {c.ask(c.bob, "PATCH", "/v2/orgs/acme/groups/dev", `{}`), 400, "invalid", "nothing to change"},
		"a team that is not there":        {c.ask(c.bob, "GET", "/v2/orgs/acme/groups/ops", nil), 404, "unknown", "not found"},
		"such a team changed":             {c.ask(c.bob, "PUT", "/v2/orgs/acme/groups/ops", `{"name":"ops"}`), 404, "unknown", "no team"},
		"such a team deleted":             {c.ask(c.bob, "DELETE", "/v2/orgs/acme/groups/ops", nil), 404, "unknown", "no team"},
		"a stranger in a team":            {c.ask(c.bob, "POST", "/v2/orgs/acme/groups/dev/members", `{"member":"mal"}`), 400, "invalid", "a member of acme first"},
		"nobody in a team":                {c.ask(c.bob, "POST", "/v2/orgs/acme/groups/dev/members", `{}`), 400, "invalid", "member is needed"},
		"a member adds to a team":         {c.ask(c.eve, "POST", "/v2/orgs/acme/groups/dev/members", `{"member":"eve"}`), 403, "forbidden", "only owners of acme"},
		"who is not in it is taken out":   {c.ask(c.bob, "DELETE", "/v2/orgs/acme/groups/dev/members/bob", nil), 404, "unknown", "no member of the team"},
		"a team of no organisation":       {c.ask(c.bob, "GET", "/v2/orgs/none/groups", nil), 404, "unknown", "not found"},
		"a name with an encoded slash":    {c.ask(c.bob, "GET", "/v2/orgs/acme%2fmembers", nil), 404, "unknown", "not found"},
		"by e-mail":                       {c.ask(c.bob, "PUT", "/v2/orgs/acme/members/mal@example.com", `{"role":"member"}`), 404, "unknown", "not found: there is no user"},
	} {
		x.said.t = t
		t.Log(name)
		x.refused(x.status, x.reason, x.words)
	}
	if after := c.state(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

func TestMembers(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "PUT", "/v2/orgs/acme/members/mal", `{"role":"Editor"}`).is(200)
	out := c.ask(c.bob, "GET", "/v2/orgs/acme/members?page_size=2", nil).is(200)
	first, _ := out["results"].([]any)
	if out["count"] != 3.0 || len(first) != 2 || out["next"] != issuer+"/v2/orgs/acme/members?page=2&page_size=2" {
		t.Errorf("%v", out)
	}
	if got := fmt.Sprint(first...); got != "map[groups:[] id:bob-id role:Owner username:bob] map[groups:[dev] id:eve-id role:Member username:eve]" {
		t.Errorf("%s", got)
	}
	if out := c.ask(c.eve, "GET", "/v2/orgs/acme/members?search=eve", nil).is(200); out["count"] != 1.0 || at(out["results"].([]any)[0].(map[string]any), "email") != "eve@example.com" {
		t.Errorf("a member sees of herself %v", out)
	}
	if out := c.ask(c.ada, "GET", "/v2/orgs/acme/members?search=eve@", nil).is(200); out["count"] != 1.0 {
		t.Errorf("an administrator sees %v", out)
	}
	if out := c.ask(c.bob, "GET", "/v2/orgs/acme/members?search=eve@", nil).is(200); out["count"] != 0.0 {
		t.Errorf("an owner sees %v", out)
	}
	if out := c.ask(c.bob, "PUT", "/v2/orgs/acme/members/mal", `{"role":"member"}`).is(200); out["email"] != nil {
		t.Errorf("an owner learns the address of whom she takes in: %v", out)
	}
	if out := c.ask(c.eve, "GET", "/v2/orgs/acme/members?search=example.com", nil).is(200); out["count"] != 1.0 { // her own
		t.Errorf("a member finds out e-mail addresses: %v", out)
	}
	if out := c.ask(c.bob, "GET", "/v2/orgs/acme/members?role=owner", nil).is(200); out["count"] != 1.0 {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "PUT", "/v2/orgs/acme/members/eve", `{"role":"owner"}`).is(200)
	c.ask(c.eve, "PUT", "/v2/orgs/acme/members/bob", `{"role":"member"}`).is(200)
	c.ask(c.bob, "DELETE", "/v2/orgs/acme/members/bob", nil).is(204) // everybody may leave
	c.ask(c.bob, "GET", "/v2/orgs/acme", nil).refused(404, "unknown", "not found")
}

func TestGroups(t *testing.T) {
	c := newCompany(t)
	if out := c.ask(c.bob, "PUT", "/v2/orgs/acme/groups/dev", `{"name":"dev","description":"Developers"}`).is(200); fmt.Sprint(out) != "map[description:Developers member_count:1 name:dev right:read]" {
		t.Errorf("%v", out)
	}
	if out := c.ask(c.bob, "PATCH", "/v2/orgs/acme/groups/dev", `{"right":""}`).is(200); out["right"] != "" || out["description"] != "Developers" {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "POST", "/v2/orgs/acme/groups", `{"name":"ops"}`).is(201)
	for query, count := range map[string]float64{"": 2, "?username=eve": 1, "?search=OP": 1, "?username=mal": 0} {
		if out := c.ask(c.eve, "GET", "/v2/orgs/acme/groups"+query, nil).is(200); out["count"] != count {
			t.Errorf("%s: %v", query, out)
		}
	}
	if out := c.ask(c.eve, "GET", "/v2/orgs/acme/groups/dev/members", nil).is(200); out["count"] != 1.0 {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "DELETE", "/v2/orgs/acme/groups/dev/members/eve", nil).is(204)
	if out := c.ask(c.eve, "GET", "/v2/orgs/acme/groups/dev", nil).is(200); out["member_count"] != 0.0 {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "DELETE", "/v2/orgs/acme/groups/dev", nil).is(204)
	c.ask(c.bob, "GET", "/v2/orgs/acme/groups/dev", nil).refused(404, "unknown", "not found")
}

// Tokens go before the organisation, so that what was cut off can be repeated.
func TestDeleteOrganization(t *testing.T) {
	c := newCompany(t)
	made := c.orgToken(`{"label":"CI","resources":[{"type":"TYPE_REPO","path":"acme/*","scopes":["scope-image-pull"]}]}`)
	o, err := c.access.Organization(t.Context(), access.Actor{By: activity.By{Account: "bob-id"}}, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.tokens.DeleteAll(t.Context(), o.ID, activity.By{}); err != nil { // cut off after that
		t.Fatal(err)
	}
	c.ask(c.bob, "GET", "/v2/orgs/acme", nil).is(200)
	c.ask(c.bob, "DELETE", "/v2/orgs/acme", nil).is(204)
	c.ask(c.bob, "DELETE", "/v2/orgs/acme", nil).refused(404, "unknown", "not found")
	if h, err := c.tokens.Holding(t.Context(), o.ID); err != nil || len(h.Tokens) != 0 {
		t.Errorf("%v, %v", h, err)
	}
	c.basic("acme", str(made, "token"), "GET", "/v2/access-tokens/self", nil).refused(401, "credentials", "not known")
	if _, err := c.access.Organization(t.Context(), access.Actor{Admin: true}, "acme"); !errors.Is(err, access.ErrNotFound) {
		t.Error(err)
	}
}
