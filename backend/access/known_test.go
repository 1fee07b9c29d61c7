package access_test

import (
	"strings"
	"testing"

	"lanyard/backend/access"
)

// acme has one owner, one member in no team, and a team that writes everywhere.
var acme = access.Organization{
	ID: "org", Name: "acme", Owners: []string{"id-oona"}, Members: []string{"id-max", "id-dora", "id-tina"},
	Teams: []access.Team{
		{Name: "dev", Members: []string{"id-dora"}, Right: access.MayWrite},
		{Name: "testers", Members: []string{"id-tina"}},
	},
}

func person(name string) access.Subject {
	return access.Subject{ID: "id-" + name, Name: name, Level: access.Admin}
}

func limited(name string, level access.Level, only ...string) access.Subject {
	who := person(name)
	who.Level, who.Only = level, only
	return who
}

func oat(resources ...access.Resource) access.Subject {
	return access.Subject{ID: "org", Name: "acme", Resources: append([]access.Resource{}, resources...)}
}

func facts(public bool, given ...access.Given) access.Facts {
	return access.Facts{Organization: acme, Repository: access.Repository{ID: "r", Name: "acme/app", Public: public, Given: given}}
}

// Every way in which somebody comes to a right, and none beside.
func TestDecideByRights(t *testing.T) {
	const all = "pull,push,delete"
	everything := "delete,pull,push"
	testers, bob := access.Given{Team: "testers", Right: access.MayRead}, access.Given{Person: "id-bob", Right: access.MayAdmin}
	for name, c := range map[string]struct {
		who  access.Subject
		f    access.Facts
		want string
		why  string
	}{
		"an owner":                          {person("oona"), facts(false), everything, ""},
		"an owner, nothing there yet":       {person("oona"), access.Facts{Organization: acme}, everything, ""},
		"a team that may write":             {person("dora"), facts(false), "pull,push", "dora may only pull and push it"},
		"a member of no team":               {person("max"), facts(false), "", "max is a member of acme, but was given no right"},
		"a member of a team without rights": {person("tina"), facts(false), "", "an owner of acme can give one"},
		"a team that was given one":         {person("tina"), facts(false, testers), "pull", "tina may only pull it"},
		"another team was given one":        {person("max"), facts(false, testers), "", "nor was a team of theirs"},
		"the higher of two":                 {person("dora"), facts(false, access.Given{Team: "dev", Right: access.MayAdmin}), everything, ""},
		"the higher of two, the other way":  {person("dora"), facts(false, access.Given{Team: "dev", Right: access.MayRead}), "pull,push", "may only pull and push"},
		"a person from outside":             {person("bob"), facts(false, bob), everything, ""},
		"another person from outside":       {person("eve"), facts(false, bob), "", "acme is not eve's"},
		"a team that is gone":               {person("tina"), facts(false, access.Given{Team: "old", Right: access.MayAdmin}), "", "given no right"},
		"public":                            {person("eve"), facts(true), "pull", "eve may not push acme/app: acme is not eve's"},
		"public, anonymous":                 {access.Subject{}, facts(true), "pull", "an anonymous client may not push"},
		"private, anonymous":                {access.Subject{}, facts(false), "", "only public repositories"},
		"public, a token for what is":       {limited("eve", access.PublicRead), facts(true), "pull", "may not push"},
		"an owner's token for public ones":  {limited("oona", access.PublicRead), facts(false), "", "but only to pulling what is public"},
		"public, that token":                {limited("oona", access.PublicRead), facts(true), "pull", "but only to pulling what is public"},
		"a token for reading":               {limited("oona", access.Read), facts(false), "pull", "this token of oona may not push"},
		"a limited token, inside":           {limited("oona", access.Admin, "acme/*"), facts(false), everything, ""},
		"a limited token, outside":          {limited("oona", access.Admin, "acme/other", "b/*"), facts(false), "", "it is limited to acme/other, b/*"},
		"a limited token, outside, public":  {limited("oona", access.Admin, "b/*"), facts(true), "", "it is limited to b/*"},
		"an organisation's token":           {oat(access.Resource{Path: "acme/app", Level: access.Write}), facts(false), "pull,push", "do not reach that far"},
		"an organisation's token, a pattern": {
			oat(access.Resource{Path: "acme/*", Level: access.Read}, access.Resource{Path: "acme/a*", Level: access.Admin}), facts(false), everything, "",
		},
		"an organisation's token, elsewhere":   {oat(access.Resource{Path: "acme/other", Level: access.Admin}), facts(false), "", "do not reach that far"},
		"an organisation's token, all public":  {oat(access.Resource{Path: "*/*/public", Level: access.Admin}), facts(true), "pull", "only to pulling what is public"},
		"an organisation's token, none public": {oat(access.Resource{Path: "*/*/public", Level: access.Admin}), facts(false), "", "do not reach that far"},
		"an organisation's token of nothing":   {oat(), facts(true), "", "do not reach that far"},
		"an administrator has no rights there": {access.Subject{ID: "id-root", Name: "root", Admin: true, Level: access.Admin}, facts(false), "", "acme is not root's"},
	} {
		t.Run(name, func(t *testing.T) {
			asked, err := access.ParseScopes([]string{"repository:acme/app:" + all})
			if err != nil {
				t.Fatal(err)
			}
			got := access.Decide(c.who, asked, access.Known{"acme/app": c.f}, private)[0]
			if strings.Join(got.Actions, ",") != c.want {
				t.Errorf("granted %q, want %q", got.Actions, c.want)
			}
			if (got.Why == "") != (c.why == "") || !strings.Contains(got.Why, c.why) {
				t.Errorf("why: %q, want %q", got.Why, c.why)
			}
			for _, action := range []string{access.Pull, access.Push, access.Delete} {
				e := access.Explain(c.who, "acme/app", action, c.f, private, false)
				if e.Allowed != strings.Contains(c.want, action) || e.Allowed == (e.Why != "") || e.Account == "" {
					t.Errorf("%s is explained otherwise: %+v", action, e)
				}
			}
		})
	}
}

// Somebody whose name is an organisation's (which no store lets happen) owns
// nothing of it, nor does another organisation's token.
func TestDecideKnowsOrganisationsByID(t *testing.T) {
	for name, who := range map[string]access.Subject{
		"a person": {ID: "id-acme", Name: "acme", Level: access.Admin},
		"a token":  {ID: "another", Name: "acme", Resources: []access.Resource{{Path: "acme/*", Level: access.Admin}}},
	} {
		asked, _ := access.ParseScopes([]string{"repository:acme/app:pull"})
		if got := access.Decide(who, asked, access.Known{"acme/app": facts(false)}, private)[0]; len(got.Actions) > 0 {
			t.Errorf("%s: %q", name, got.Actions)
		}
	}
}

// A name of a single component is an administrator's, and whoever's they gave
// it to; it is not the organisation's of that name.
func TestDecideSingleComponents(t *testing.T) {
	f := access.Facts{Organization: acme, Repository: access.Repository{ID: "r", Name: "acme", Given: []access.Given{{Person: "id-bob", Right: access.MayWrite}}}}
	for who, want := range map[string]access.Right{"bob": access.MayWrite, "oona": "", "dora": "", "eve": ""} {
		if got := (access.Rights{}).RightOf(person(who), "acme", f); got != want {
			t.Errorf("%s: %q, want %q", who, got, want)
		}
	}
}

func TestMatches(t *testing.T) {
	for pattern, c := range map[string]struct{ yes, no string }{
		"ada/app":   {"ada/app", "ada/apps ada/app/x ada ada/ap"},
		"ada/*":     {"ada/app ada/a/b/c", "ada adam/app b/ada/app"},
		"*/app":     {"ada/app b/app", "app ada/b/app ada/apps"},
		"ada/app-*": {"ada/app- ada/app-1", "ada/app ada/app-1/x"},
		"ada/*-app": {"ada/a-app ada/-app", "ada/app ada/app-"},
		"a*/b*c":    {"a/bc ab/bxc", "a/b a/c ab/bcx"},
		"*/*/app":   {"a/b/app", "b/app a/b/c/app"},
		"ada/a*b*c": {"ada/abc ada/axbxc ada/abcbc", "ada/acb ada/ab"},
		"*":         {"app", "ada/app"},
		"ada/b/*":   {"ada/b/c ada/b/c/d", "ada/b ada/bb/c"},
	} {
		for name := range strings.FieldsSeq(c.yes) {
			if !access.Matches(pattern, name) {
				t.Errorf("%q does not match %q", pattern, name)
			}
		}
		for name := range strings.FieldsSeq(c.no) {
			if access.Matches(pattern, name) {
				t.Errorf("%q matches %q", pattern, name)
			}
		}
		if err := access.CheckPatterns([]string{pattern}); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, bad := range []string{"", "/", "Ada/app", "ada//app", "ada/", "/app", "**", "ada/**", "ada/a b", "ada/ü", "localhost:5000/a", "../a", strings.Repeat("a", 256)} {
		if access.CheckPatterns([]string{bad}) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if access.CheckPatterns(make([]string, 51)) == nil || access.CheckPatterns([]string{"a/b", "a/b"}) == nil || access.CheckPatterns(nil) != nil {
		t.Error("too many, twice or none")
	}
}
