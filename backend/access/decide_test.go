package access_test

import (
	"strings"
	"testing"

	"lanyard/backend/access"
)

var (
	private = access.Rights{Reserved: []string{"users", "auth"}, Host: "localhost:8460"}
	team    = access.Rights{Default: access.DefaultTeam, Reserved: []string{"users", "auth"}, Host: "localhost:8460"}
)

// decide returns what of a scope is granted, joined by commas, and why not all.
func decide(t *testing.T, who access.Subject, scope string, rights access.Rights) (string, string) {
	t.Helper()
	asked, err := access.ParseScopes([]string{scope})
	if err != nil {
		t.Fatal(err)
	}
	grants := access.Decide(who, asked, nil, rights)
	if len(grants) != 1 || grants[0].Name != asked[0].Name {
		t.Fatalf("%d grants for one request: %+v", len(grants), grants)
	}
	if grants[0].Actions == nil {
		t.Error("actions are null, not empty, in the token")
	}
	return strings.Join(grants[0].Actions, ","), grants[0].Why
}

func TestDecide(t *testing.T) {
	ada := access.Subject{Name: "ada", Level: access.Admin}
	root := access.Subject{Name: "root", Admin: true, Level: access.Admin}
	nobody := access.Subject{}
	for name, c := range map[string]struct {
		who    access.Subject
		scope  string
		rights access.Rights
		want   string
		why    string // words that must be there; "": all was granted
	}{
		"own name":                        {ada, "repository:ada/app:pull,push,delete", private, "delete,pull,push", ""},
		"own name, deeper":                {ada, "repository:ada/team/app:push", private, "push", ""},
		"own name, everything":            {ada, "repository:ada/app:*", private, "delete,pull,push", ""},
		"own name, nothing asked":         {ada, "repository:ada/app:", private, "", ""},
		"own name, something unknown":     {ada, "repository:ada/app:fly,pull", private, "pull", `"fly" is nothing that is done to a repository`},
		"own name as a prefix":            {ada, "repository:adam/app:pull", private, "", "adam is not ada's; localhost:8460/ada/app would work"},
		"own name further on":             {ada, "repository:bob/ada/app:pull", private, "", "localhost:8460/ada/app would work"},
		"another's":                       {ada, "repository:bob/app:pull,push", private, "", "ada may not push bob/app: bob is not ada's; localhost:8460/ada/app would work"},
		"another's, an administrator":     {root, "repository:bob/app:pull", private, "", "bob is not root's; localhost:8460/root/app would work"},
		"one component":                   {ada, "repository:app:push", private, "", "names of a single component belong to administrators; localhost:8460/ada/app would work"},
		"one's name as one component":     {ada, "repository:ada:push", private, "", "localhost:8460/ada/ada would work"},
		"one component, an administrator": {root, "repository:app:push,delete", private, "delete,push", ""},
		"reserved":                        {ada, "repository:users/app:push", private, "", `"users" is a reserved name; localhost:8460/ada/app would work`},
		"reserved, an administrator":      {root, "repository:users:push", private, "", `"users" is a reserved name; localhost:8460/root/users would work`},
		"reserved, in a team":             {ada, "repository:auth/app:pull", team, "", "reserved"},
		"reserved further on":             {ada, "repository:ada/users:push", private, "push", ""},
		"a host before one's name":        {ada, "repository:localhost:8460/ada/app:push", private, "", "a registry asks for a name without host, not with localhost:8460; localhost:8460/ada/app would work"},
		"a host, in a team":               {ada, "repository:evil.example:80/ada/app:push", team, "", "without host, not with"},
		"a host as one's name":            {access.Subject{Name: "ada:80", Level: access.Admin}, "repository:ada:80/app:push", private, "", "without host, not with"},
		"team: another's":                 {ada, "repository:bob/app:pull,push", team, "pull,push", ""},
		"team: another's, delete":         {ada, "repository:bob/app:*", team, "pull,push", "ada may not delete bob/app: members read and write each other's repositories, and delete in their own; localhost:8460/ada/app would work"},
		"team: own, delete":               {ada, "repository:ada/app:delete", team, "delete", ""},
		"team: one component":             {ada, "repository:app:pull", team, "", "belong to administrators"},
		"anonymous":                       {nobody, "repository:ada/app:pull", private, "", "an anonymous client may not pull ada/app: without signing in only public repositories can be pulled"},
		"anonymous, with a level":         {access.Subject{Level: access.Admin}, "repository:ada/app:pull", private, "", "without signing in"},
		"anonymous, in a team":            {nobody, "repository:ada/app:*", team, "", "without signing in"},
		"anonymous, one component":        {nobody, "repository:app:pull", team, "", "without signing in"},
		"anonymous, reserved":             {nobody, "repository:users/app:pull", private, "", "without signing in"},
		"anonymous, the catalogue":        {nobody, "registry:catalog:*", private, "", "for administrators"},
		"the catalogue":                   {ada, "registry:catalog:*", private, "", "registry:catalog is for administrators"},
		"the catalogue, in a team":        {ada, "registry:catalog:*", team, "", "for administrators"},
		"the catalogue, an administrator": {root, "registry:catalog:*", private, "*", ""},
		"the catalogue, a lesser token":   {access.Subject{Name: "root", Admin: true, Level: access.Write}, "registry:catalog:*", private, "", "access permissions do not reach"},
		"another thing":                   {root, "plugin:ada/app:pull", private, "", "there is no plugin:ada/app here"},
		"no host configured":              {ada, "repository:bob/app:pull", access.Rights{}, "", "; ada/app would work"},
	} {
		t.Run(name, func(t *testing.T) {
			got, why := decide(t, c.who, c.scope, c.rights)
			if got != c.want {
				t.Errorf("granted %q, want %q", got, c.want)
			}
			if (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
				t.Errorf("why: %q, want %q", why, c.why)
			}
		})
	}
}

// Every scope of a token against every action, on one's own repository.
func TestDecideScopes(t *testing.T) {
	for scopes, want := range map[string]string{
		"":                                "",
		"repo:public_read":                "",
		"repo:read":                       "pull",
		"repo:write":                      "pull,push",
		"repo:admin":                      "delete,pull,push",
		"repo:read repo:write":            "pull,push",
		"repo:admin repo:public_read":     "delete,pull,push",
		"repo:public_read repo:read":      "pull",
		"something else":                  "",
		"REPO:ADMIN":                      "",
		"repo:read something repo:adminn": "pull",
	} {
		who := access.Subject{Name: "ada", Level: access.LevelOf(strings.Fields(scopes))}
		got, why := decide(t, who, "repository:ada/app:pull,push,delete", private)
		if got != want {
			t.Errorf("%q: granted %q, want %q", scopes, got, want)
		}
		if all := "delete,pull,push"; got != all && !strings.Contains(why, "this token of ada may not") {
			t.Errorf("%q: why %q", scopes, why)
		}
		for action := range strings.SplitSeq("pull,push,delete", ",") {
			one, _ := decide(t, who, "repository:ada/app:"+action, private)
			if (one == action) != strings.Contains(want, action) {
				t.Errorf("%q: %s alone granted %q", scopes, action, one)
			}
		}
	}
}

// A token never reaches further than its account, nor the account further than
// its token.
func TestDecideIsTheLesserOfBoth(t *testing.T) {
	for level := access.Nothing; level <= access.Admin; level++ {
		full, _ := decide(t, access.Subject{Name: "ada", Level: level}, "repository:ada/app:*", private)
		for _, where := range []string{"repository:bob/app:*", "repository:app:*", "repository:users/app:*"} {
			if got, _ := decide(t, access.Subject{Name: "ada", Level: level}, where, private); got != "" {
				t.Errorf("level %d, %s: %q", level, where, got)
			}
		}
		got, _ := decide(t, access.Subject{Name: "ada", Level: level}, "repository:bob/app:*", team)
		for action := range strings.SplitSeq(got, ",") {
			if !strings.Contains(full, action) || action == "delete" {
				t.Errorf("level %d, in a team: %q, own %q", level, got, full)
			}
		}
	}
}

// What is asked twice in one request is decided once, each name by itself.
func TestDecideMany(t *testing.T) {
	asked, err := access.ParseScopes([]string{"repository:ada/a:pull repository:bob/b:pull", "repository:ada/a:push"})
	if err != nil {
		t.Fatal(err)
	}
	grants := access.Decide(access.Subject{Name: "ada", Level: access.Write}, asked, nil, private)
	if len(grants) != 2 || strings.Join(grants[0].Actions, ",") != "pull,push" || len(grants[1].Actions) != 0 {
		t.Errorf("%+v", grants)
	}
	if none := access.Decide(access.Subject{}, nil, nil, private); len(none) != 0 || none == nil {
		t.Errorf("nothing asked: %#v", none)
	}
}
