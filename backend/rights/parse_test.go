package rights_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/rights"
)

const file = `
organizations:
  acme:
    description: Acme Ltd
    owners: [ada]
    members: [bob, carl]
    teams:
      dev: {right: write, members: [bob, ada], description: who build}
      guests:
repositories:
  acme/app:
    visibility: public
    people: {dora: read}
    teams: {guests: admin}
  acme/tools:
  ada/notes: {description: "what I noted"}
`

func text(s string) *string { return &s }

func TestParse(t *testing.T) {
	got, err := rights.Parse(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	want := rights.State{
		Organizations: []rights.Organization{{
			Name: "acme", Description: text("Acme Ltd"), Owners: []string{"ada"}, Members: []string{"bob", "carl"},
			Teams: []rights.Team{{Name: "dev", Right: "write", Members: []string{"bob", "ada"}, Description: text("who build")}, {Name: "guests"}},
		}},
		Repositories: []rights.Repository{
			{Name: "acme/app", Visibility: "public", People: []rights.Given{{Name: "dora", Right: "read"}}, Teams: []rights.Given{{Name: "guests", Right: "admin"}}},
			{Name: "acme/tools"},
			{Name: "ada/notes", Description: text("what I noted")},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each file has one fault, which is told with its line.
func TestFilesThatCannotBeCarriedOut(t *testing.T) {
	for name, c := range map[string]struct {
		file, says string
	}{
		"nothing":                {"", "line 1: there is nothing in the file"},
		"remarks alone":          {"# who may what\n", "line 1: there is nothing in the file"},
		"null":                   {"~\n", "line 1: there is neither an organisation nor a repository"},
		"a text":                 {"acme\n", "line 1: the file must be keys and values"},
		"a list":                 {"- acme\n", "line 1: the file must be keys and values"},
		"no YAML":                {"organizations:\n  acme: [ada\n", "not YAML: "},
		"a tab":                  {"organizations:\n\tacme:\n", "line 2: not YAML: "},
		"no text":                {"\x00\x01", "not YAML: "},
		"two documents":          {"repositories: {a/b: }\n---\nrepositories: {a/c: }\n", "line 2: a second document begins here"},
		"an unknown key":         {"organisations: {}\n", `line 1: "organisations" is no key of the file; organizations, repositories are`},
		"an unknown key within":  {"organizations:\n  acme:\n    owner: [ada]\n", `line 3: "owner" is no key of an organisation; description, owners, members, teams are`},
		"a key twice":            {"repositories:\n  a/b:\n  a/b:\n", `line 3: "a/b" stands here twice, first in line 2`},
		"a key that is a list":   {"repositories:\n  [a, b]: {}\n", "line 2: \"\" is no key of repositories"},
		"merged keys":            {"repositories:\n  a/b: &x {visibility: public}\n  a/c: {<<: *x}\n", "line 3: \"<<\" is no key of a repository"},
		"an alias":               {"repositories:\n  a/b: &x {visibility: public}\n  a/c: *x\n", "line 3: aliases (*x) are not understood"},
		"an alias in a list":     {"organizations:\n  acme: {owners: [&a ada], members: [*a]}\n", "line 2: aliases (*a) are not understood"},
		"no owner":               {"organizations:\n  acme:\n    members: [ada]\n", "line 2: acme needs an owner"},
		"owners without a list":  {"organizations:\n  acme: {owners: ada}\n", "line 2: owners must be a list"},
		"a name that is none":    {"organizations:\n  acme:\n    owners: [ada, Bob!]\n", `line 3: "Bob!" cannot be the name of a user`},
		"no name":                {"organizations:\n  acme: {owners: [ada, ~]}\n", "line 2: a name of owners must be a text"},
		"a long name":            {"organizations:\n  acme: {owners: [" + strings.Repeat("a", 65) + "]}\n", "cannot be the name of a user"},
		"an organisation's name": {"organizations:\n  Acme: {owners: [ada]}\n", `line 2: "Acme" cannot be the name of an organisation`},
		"an owner twice":         {"organizations:\n  acme: {owners: [ada, ada]}\n", "line 2: ada stands in owners twice"},
		"an owner as member":     {"organizations:\n  acme: {owners: [ada], members: [ada]}\n", "line 2: ada is an owner of acme already"},
		"a stranger in a team":   {"organizations:\n  acme:\n    owners: [ada]\n    teams:\n      dev:\n        members: [bob]\n", "line 6: bob is neither an owner nor a member of acme"},
		"a right that is none":   {"organizations:\n  acme:\n    owners: [ada]\n    teams: {dev: {right: root}}\n", `line 4: a right is one of read, write, admin, not "root"`},
		"a right that is a list": {"repositories:\n  acme/app: {people: {bob: [read]}}\n", "line 2: a right must be a text"},
		"a visibility":           {"repositories:\n  acme/app:\n    visibility: secret\n", `line 3: visibility is one of private, public, not "secret"`},
		"a tag":                  {"repositories:\n  acme/app:1: {}\n", `line 2: "acme/app:1" cannot be the name of a repository`},
		"a host":                 {"repositories:\n  registry.example:5000/app: {}\n", "cannot be the name of a repository"},
		"a climb":                {"repositories:\n  acme/../app: {}\n", "cannot be the name of a repository"},
		"a long repository":      {"repositories:\n  a/" + strings.Repeat("b", 300) + ": {}\n", "cannot be the name of a repository"},
		"one's own":              {"repositories:\n  ada/app: {people: {ada: read}}\n", "line 2: everything under ada is ada's already"},
		"a team of nobody":       {"repositories:\n  app:\n    teams: {dev: read}\n", "line 3: app belongs to no organisation"},
		"a team that is not":     {"repositories:\n  acme/app:\n    teams:\n      dev: read\norganizations: {acme: {owners: [ada]}}\n", "line 4: acme has no team dev in this file"},
		"a long description":     {"repositories:\n  a/b: {description: " + strings.Repeat("x", 501) + "}\n", "line 2: a description has at most 500 characters"},
		"an escape":              {"repositories:\n  a/b: {description: \"\\e[2J\"}\n", "line 2: a description is one line"},
		"an escape as a key":     {"repositories:\n  \"a\\e[2J\": {}\n", `"a\x1b[2J" cannot be the name of a repository`},
		"too long":               {"#" + strings.Repeat("x", 1<<20), "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rights.Parse(strings.NewReader(c.file))
			if !errors.Is(err, rights.ErrFile) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want %q", err, c.says)
			}
			var all *rights.FileError
			if !errors.As(err, &all) || len(all.Faults) != 1 || all.Faults[0].Line < 1 {
				t.Errorf("%d faults: %v", len(all.Faults), err)
			}
			if diff := cmp.Diff(rights.State{}, got); diff != "" {
				t.Errorf("and yet something was read: %s", diff)
			}
		})
	}
}

// All that is wrong is told at once, from the first line to the last.
func TestAllFaultsAreTold(t *testing.T) {
	_, err := rights.Parse(strings.NewReader("repositories:\n  A: {}\n  acme/app: {visible: yes, visibility: maybe}\norganizations:\n  acme: {members: [ada, ada]}\n  b: {}\n"))
	want := []string{"line 2: ", "line 3: \"visible\"", "line 3: visibility", "line 5: ada stands", "line 6: b needs an owner"}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d faults:\n%v", len(lines), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("%q, want %q", line, want[i])
		}
	}
}

// Whatever is in a file, it is read or refused, and what was read is clean.
func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add("a: &a [*a]\n")
	f.Add("{organizations: {acme: {owners: [ada]}}, repositories: {a: ~}}")
	f.Fuzz(func(t *testing.T, text string) {
		state, err := rights.Parse(strings.NewReader(text))
		if err != nil && !errors.Is(err, rights.ErrFile) {
			t.Errorf("%v", err)
		}
		for _, o := range state.Organizations {
			if o.Name == "" || len(o.Owners) == 0 {
				t.Errorf("%+v", o)
			}
		}
		rights.Make(rights.State{}, state, true)
	})
}
