package hubapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/activity"
	"lanyard/backend/internal/hubapi"
)

// shelf is a registry inside that holds tags and nothing else.
type shelf struct {
	tags    map[string][]string
	deleted []string
	failing error
}

func (s *shelf) Tags(_ context.Context, repository, after string, most int) (all []hubapi.Tag, err error) {
	names, ok := s.tags[repository]
	if !ok {
		return nil, fmt.Errorf("list tags: %w: no such repository", access.ErrNotFound)
	}
	for _, name := range names {
		if name > after && len(all) < most {
			all = append(all, hubapi.Tag{Name: name, Digest: "sha256:" + name, MediaType: "m", Size: 7, Platforms: []string{"linux/amd64"}, PushedAt: noon})
		}
	}
	return all, s.failing
}

func (s *shelf) DeleteTag(_ context.Context, repository, name string) error {
	if s.failing != nil {
		return s.failing
	}
	if !slices.Contains(s.tags[repository], name) {
		return fmt.Errorf("delete tag: %w: no such tag", access.ErrNotFound)
	}
	s.tags[repository] = slices.DeleteFunc(s.tags[repository], func(t string) bool { return t == name })
	return nil
}

func (s *shelf) DeleteRepository(_ context.Context, repository string) error {
	if s.failing != nil {
		return s.failing
	}
	if _, ok := s.tags[repository]; !ok {
		return fmt.Errorf("delete repository: %w: no such repository", access.ErrNotFound)
	}
	delete(s.tags, repository)
	s.deleted = append(s.deleted, repository)
	return nil
}

func (s *shelf) Size(_ context.Context, repository string) (int64, int, error) {
	if _, ok := s.tags[repository]; !ok {
		return 0, 0, fmt.Errorf("measure: %w", access.ErrNotFound)
	}
	return 4096, len(s.tags[repository]), nil
}

func TestRepositories(t *testing.T) {
	c := newCompany(t)
	out := c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/tools/deep","description":"Tools","visibility":"public"}`).is(201)
	want := map[string]any{
		"id": out["id"], "name": "bob/tools/deep", "description": "Tools", "visibility": "public", "created_at": "2026-11-23T12:00:00.000000Z",
		"created_by": "bob", "right": "admin", "pulls": 0.0, "pushes": 0.0, "last_pull": nil, "last_push": nil, "given": []any{},
	}
	if fmt.Sprint(out) != fmt.Sprint(want) {
		t.Errorf("made %v\nwant %v", out, want)
	}
	for _, path := range []string{"bob/tools/deep", "bob/tools/deep/", "bob%2ftools%2Fdeep"} {
		if out := c.ask(c.bob, "GET", "/v2/access/repositories/"+path, nil).is(200); fmt.Sprint(out) != fmt.Sprint(want) {
			t.Errorf("%s: %v", path, out)
		}
	}
	delete(want, "given")
	want["right"] = "read"
	if out := c.ask(c.mal, "GET", "/v2/access/repositories/bob/tools/deep", nil).is(200); fmt.Sprint(out) != fmt.Sprint(want) {
		t.Errorf("a stranger sees %v", out)
	}
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/secret"}`).is(201)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	c.ask(c.ada, "POST", "/v2/access/repositories", `{"name":"alpine"}`).is(201)
	for _, x := range []struct{ who, query, want string }{
		{c.bob, "", "acme/app bob/secret bob/tools/deep"},
		{c.eve, "", "acme/app bob/tools/deep"}, // by her team, and since it is public
		{c.mal, "", "bob/tools/deep"},
		{c.ada, "", "acme/app alpine bob/secret bob/tools/deep"}, // who administers
		{c.bob, "?namespace=bob", "bob/secret bob/tools/deep"},
		{c.bob, "?namespace=bo", ""},
		{c.bob, "?after=acme/app&page_size=1", "bob/secret"},
		{c.bob, "?namespace=acme&after=b", ""},
		{c.mal, "?namespace=acme", ""},
	} {
		var names []string
		for _, one := range c.ask(x.who, "GET", "/v2/access/repositories"+x.query, nil).is(200)["results"].([]any) {
			names = append(names, str(one.(map[string]any), "name"))
		}
		if got := strings.Join(names, " "); got != x.want {
			t.Errorf("%s: %s, want %s", x.query, got, x.want)
		}
	}
	if out := c.ask(c.bob, "GET", "/v2/access/repositories?page_size=2", nil).is(200); out["next"] != issuer+"/v2/access/repositories?after=bob%2Fsecret&page_size=2" {
		t.Errorf("next is %v", out["next"])
	}
	out = c.ask(c.bob, "PATCH", "/v2/access/repositories/bob/tools/deep", `{"visibility":"private","description":""}`).is(200)
	if out["visibility"] != "private" || out["description"] != "" {
		t.Errorf("%v", out)
	}
	c.ask(c.mal, "GET", "/v2/access/repositories/bob/tools/deep", nil).refused(404, "unknown", "not found")
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/tools/deep", nil).is(204)
	c.ask(c.bob, "GET", "/v2/access/repositories/bob/tools/deep", nil).refused(404, "unknown", "not found")
}

func TestBadRepositories(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/secret"}`).is(201)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/open","visibility":"public"}`).is(201)
	before := c.state()
	long := "bob/" + strings.Repeat("a", 252)
	for name, x := range map[string]struct {
		said
		status        int
		reason, words string
	}{
		"one that is there":            {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/secret"}`), 409, "taken", "there is a repository"},
		"another's name":               {c.ask(c.mal, "POST", "/v2/access/repositories", `{"name":"bob/x"}`), 403, "forbidden", "mal may not push bob/x: bob is not mal's; localhost:8460/mal/x would work"},
		"another's that is there":      {c.ask(c.mal, "POST", "/v2/access/repositories", `{"name":"bob/secret"}`), 403, "forbidden", "mal may not push bob/secret: bob is not mal's; localhost:8460/mal/secret would work"},
		"where one may only read":      {c.ask(c.eve, "POST", "/v2/access/repositories", `{"name":"acme/x"}`), 403, "forbidden", "eve may not push acme/x"},
		"a single component":           {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"alpine"}`), 403, "forbidden", "localhost:8460/bob/alpine would work"},
		"a reserved name":              {c.ask(c.ada, "POST", "/v2/access/repositories", `{"name":"orgs/x"}`), 400, "invalid", "reserved"},
		"capitals":                     {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/App"}`), 400, "invalid", "no name of a repository"},
		"a host":                       {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"localhost:5000/bob/app"}`), 400, "invalid", "no name of a repository"},
		"dots":                         {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/../ada"}`), 400, "invalid", "no name of a repository"},
		"too long":                     {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"`+long+`"}`), 400, "invalid", "at most 255"},
		"no name":                      {c.ask(c.bob, "POST", "/v2/access/repositories", `{}`), 400, "invalid", "name is needed"},
		"a name that is a list":        {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":[]}`), 400, "invalid", "must be a string"},
		"another visibility":           {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/x","visibility":"hidden"}`), 400, "invalid", "public or private"},
		"a description too long":       {c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/x","description":"`+strings.Repeat("x", 501)+`"}`), 400, "invalid", "at most 500"},
		"shown to a stranger":          {c.ask(c.mal, "GET", "/v2/access/repositories/bob/secret", nil), 404, "unknown", "not found"},
		"one that is not there":        {c.ask(c.bob, "GET", "/v2/access/repositories/bob/none", nil), 404, "unknown", "not found"},
		"no name in the path":          {c.ask(c.bob, "GET", "/v2/access/repositories/Bob//x", nil), 400, "invalid", "no name of a repository"},
		"changed by a stranger":        {c.ask(c.mal, "PATCH", "/v2/access/repositories/bob/secret", `{"visibility":"public"}`), 404, "unknown", "not found"},
		"changed by who may pull":      {c.ask(c.mal, "PATCH", "/v2/access/repositories/bob/open", `{"visibility":"private"}`), 403, "forbidden", "mal may not delete bob/open"},
		"changed in nothing":           {c.ask(c.bob, "PATCH", "/v2/access/repositories/bob/secret", `{"name":"bob/x"}`), 400, "invalid", "nothing to change"},
		"one change good, one bad":     {c.ask(c.bob, "PATCH", "/v2/access/repositories/bob/secret", `{"visibility":"public","description":"\u0007"}`), 400, "invalid", "control characters"},
		"deleted by who may read":      {c.ask(c.eve, "DELETE", "/v2/access/repositories/acme/app", nil), 403, "forbidden", "eve may not delete acme/app"},
		"deleted by a stranger":        {c.ask(c.mal, "DELETE", "/v2/access/repositories/bob/secret", nil), 404, "unknown", "not found"},
		"deleted, not there":           {c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/none", nil), 404, "unknown", "not found"},
		"given by a stranger":          {c.ask(c.mal, "PUT", "/v2/access/rights/bob/secret", `{"user":"mal","right":"admin"}`), 404, "unknown", "not found"},
		"given by who may read":        {c.ask(c.eve, "PUT", "/v2/access/rights/acme/app", `{"user":"eve","right":"admin"}`), 403, "forbidden", "eve may not delete"},
		"given to nobody":              {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"nobody","right":"read"}`), 404, "unknown", "there is no user"},
		"given to neither":             {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"right":"read"}`), 400, "invalid", "or team is needed"},
		"given to both":                {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"eve","team":"dev","right":"read"}`), 400, "invalid", "not both"},
		"another right":                {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"eve","right":"root"}`), 400, "invalid", "read, write or admin"},
		"a team where there are none":  {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"team":"dev","right":"read"}`), 400, "invalid", "teams belong to organisations"},
		"a team that is not there":     {c.ask(c.bob, "PUT", "/v2/access/rights/acme/app", `{"team":"ops","right":"read"}`), 404, "unknown", "not found"},
		"given to whose it is":         {c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"bob","right":"read"}`), 400, "invalid", "bob's already"},
		"taken from who has none":      {c.ask(c.bob, "DELETE", "/v2/access/rights/bob/secret?user=eve", nil), 404, "unknown", "no such right"},
		"taken from neither":           {c.ask(c.bob, "DELETE", "/v2/access/rights/bob/secret", nil), 400, "invalid", "or team is needed"},
		"tags where images are not":    {c.ask(c.bob, "GET", "/v2/access/tags/bob/secret", nil), 404, "elsewhere", "keeps no images"},
		"a tag deleted there":          {c.ask(c.bob, "DELETE", "/v2/access/tags/bob/secret?tag=x", nil), 404, "elsewhere", "keeps no images"},
		"no tag named":                 {c.ask(c.bob, "DELETE", "/v2/access/tags/bob/secret", nil), 400, "invalid", "tag is needed"},
		"tags shown to a stranger":     {c.ask(c.mal, "GET", "/v2/access/tags/bob/secret", nil), 404, "unknown", "not found"},
		"a tag deleted by a stranger":  {c.ask(c.mal, "DELETE", "/v2/access/tags/bob/secret?tag=x", nil), 404, "unknown", "not found"},
		"a tag deleted by who may not": {c.ask(c.eve, "DELETE", "/v2/access/tags/acme/app?tag=x", nil), 403, "forbidden", "eve may not delete"},
		"a page of none":               {c.ask(c.bob, "GET", "/v2/access/repositories?page_size=0", nil), 400, "invalid", "from 1"},
	} {
		x.said.t = t
		t.Log(name)
		x.refused(x.status, x.reason, x.words)
	}
	if after := c.state(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

func TestRights(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/secret"}`).is(201)
	out := c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"mal","right":"write"}`).is(200)
	if fmt.Sprint(out["given"]) != "[map[right:write user:mal]]" {
		t.Errorf("%v", out)
	}
	if out := c.ask(c.mal, "GET", "/v2/access/repositories/bob/secret", nil).is(200); out["right"] != "write" || out["given"] != nil {
		t.Errorf("mal sees %v", out)
	}
	c.ask(c.bob, "PUT", "/v2/access/rights/bob/secret", `{"user":"mal","right":"admin"}`).is(200)
	c.ask(c.mal, "PUT", "/v2/access/rights/bob/secret", `{"user":"eve","right":"read"}`).is(200)
	out = c.ask(c.mal, "DELETE", "/v2/access/rights/bob/secret?user=eve", nil).is(200)
	if fmt.Sprint(out["given"]) != "[map[right:admin user:mal]]" {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "DELETE", "/v2/access/rights/bob/secret?user=mal", nil).is(200)
	c.ask(c.mal, "GET", "/v2/access/repositories/bob/secret", nil).refused(404, "unknown", "not found")

	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"acme/app"}`).is(201)
	out = c.ask(c.bob, "PUT", "/v2/access/rights/acme/app", `{"team":"dev","right":"write"}`).is(200)
	if fmt.Sprint(out["given"]) != "[map[right:write team:dev]]" {
		t.Errorf("%v", out)
	}
	if out := c.ask(c.eve, "GET", "/v2/access/repositories/acme/app", nil).is(200); out["right"] != "write" {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "DELETE", "/v2/access/rights/acme/app?team=dev", nil).is(200)

	// An administrator, wherever a name belongs to somebody; who sees it, too.
	out = c.ask(c.ada, "PUT", "/v2/access/rights/bob/secret", `{"user":"eve","right":"read"}`).is(200)
	if out["right"] != "" || fmt.Sprint(out["given"]) != "[map[right:read user:eve]]" {
		t.Errorf("%v", out)
	}
	c.ask(c.ada, "PUT", "/v2/access/rights/nobodys/app", `{"user":"eve","right":"read"}`).refused(404, "unknown", "not found")
}

// Who used a repository from where is told to whoever administers it, and to
// themselves.
func TestLastPullAndPush(t *testing.T) {
	c := newCompany(t)
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/open","visibility":"public"}`).is(201)
	label := c.create(c.eve, "eve's laptop")
	if err := c.access.Seen(t.Context(), []access.Seen{
		{Action: access.Push, Repository: "bob/open", Tag: "v1", Subject: "bob", Addr: "192.0.2.1", Agent: "docker/28", At: noon},
		{Action: access.Pull, Repository: "bob/open", Tag: "v1", Subject: "eve", Token: label, Addr: "192.0.2.2", Agent: "crane", At: noon},
	}...); err != nil {
		t.Fatal(err)
	}
	if err := c.access.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const hidden = "map[agent: at:2026-11-23T12:00:00.000000Z by: ip: tag:v1 token_label:]"
	const push = "map[agent:docker/28 at:2026-11-23T12:00:00.000000Z by:bob ip:192.0.2.1 tag:v1 token_label:]"
	const pull = "map[agent:crane at:2026-11-23T12:00:00.000000Z by:eve ip:192.0.2.2 tag:v1 token_label:eve's laptop]"
	for who, want := range map[string][2]string{c.bob: {push, pull}, c.ada: {push, pull}, c.eve: {hidden, pull}, c.mal: {hidden, hidden}} {
		out := c.ask(who, "GET", "/v2/access/repositories/bob/open", nil).is(200)
		if out["pulls"] != 1.0 || out["pushes"] != 1.0 || fmt.Sprint(out["last_push"]) != want[0] || fmt.Sprint(out["last_pull"]) != want[1] {
			t.Errorf("%v, want %v", out, want)
		}
	}
}

func TestTags(t *testing.T) {
	c := newCompany(t)
	inside := &shelf{tags: map[string][]string{"bob/app": {"1", "2", "3"}, "bob/old": {"1"}}}
	c.hub.Images = inside
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/app"}`).is(201)
	if out := c.ask(c.bob, "GET", "/v2/access/repositories/bob/app", nil).is(200); out["size"] != 4096.0 || out["tags"] != 3.0 {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "POST", "/v2/access/repositories", `{"name":"bob/empty"}`).is(201)
	if out := c.ask(c.bob, "GET", "/v2/access/repositories/bob/empty", nil).is(200); out["size"] != 0.0 || out["tags"] != 0.0 {
		t.Errorf("%v", out)
	}
	if out := c.ask(c.bob, "GET", "/v2/access/tags/bob/empty", nil).is(200); fmt.Sprint(out["results"]) != "[]" {
		t.Errorf("%v", out)
	}
	out := c.ask(c.bob, "GET", "/v2/access/tags/bob/app?page_size=2", nil).is(200)
	first := out["results"].([]any)
	if len(first) != 2 || out["next"] != issuer+"/v2/access/tags/bob/app?after=2&page_size=2" ||
		fmt.Sprint(first[0]) != "map[digest:sha256:1 media_type:m name:1 platforms:[linux/amd64] pushed_at:2026-11-23T12:00:00.000000Z size:7]" {
		t.Errorf("%v", out)
	}
	if out := c.ask(c.bob, "GET", "/v2/access/tags/bob/app?after=2&page_size=2", nil).is(200); len(out["results"].([]any)) != 1 || out["next"] != nil {
		t.Errorf("%v", out)
	}
	c.ask(c.bob, "DELETE", "/v2/access/tags/bob/app?tag=2", nil).is(204)
	c.ask(c.bob, "DELETE", "/v2/access/tags/bob/app?tag=2", nil).refused(404, "unknown", "not found: no such tag")
	if last := c.did("bob-id"); !slices.ContainsFunc(last, func(e activity.Event) bool {
		return e.Action == activity.TagDeleted && e.Subject == "bob/app" && e.Details["tag"] == "2"
	}) {
		t.Errorf("%+v", last)
	}
	inside.failing = fmt.Errorf("delete: %w", hubapi.ErrCollecting)
	c.ask(c.bob, "DELETE", "/v2/access/tags/bob/app?tag=1", nil).refused(503, "collecting", "try again in a minute")
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/app", nil).refused(503, "collecting", "try again in a minute")
	inside.failing = errors.New("input/output error")
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/app", nil).refused(503, "service", "try again")
	inside.failing = nil
	c.ask(c.bob, "GET", "/v2/access/repositories/bob/app", nil).is(200)
	// Images go before the row; each may be gone already.
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/app", nil).is(204)
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/old", nil).is(204)
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/empty", nil).is(204)
	c.ask(c.bob, "DELETE", "/v2/access/repositories/bob/old", nil).refused(404, "unknown", "not found")
	if !slices.Equal(inside.deleted, []string{"bob/app", "bob/old"}) {
		t.Errorf("deleted %q", inside.deleted)
	}
}
