package rights_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lanyard/backend/rights"
)

func words(p rights.Plan) (changes, extra []string) {
	for _, c := range p.Changes {
		changes = append(changes, c.String())
	}
	for _, e := range p.Extra {
		extra = append(extra, e.What)
	}
	return changes, extra
}

// acme is how things are in most rows.
func acme() rights.State {
	return rights.State{
		Organizations: []rights.Organization{{
			Name: "acme", Owners: []string{"ada"}, Members: []string{"bob", "carl"},
			Teams: []rights.Team{{Name: "dev", Right: "write", Members: []string{"bob"}}},
		}},
		Repositories: []rights.Repository{
			{Name: "acme/app", Visibility: "private", People: []rights.Given{{Name: "dora", Right: "read"}}, Teams: []rights.Given{{Name: "dev", Right: "admin"}}},
			{Name: "acme/old", Visibility: "private"},
			{Name: "ada/notes", Visibility: "private", People: []rights.Given{{Name: "bob", Right: "write"}}},
		},
	}
}

func TestMake(t *testing.T) {
	for name, c := range map[string]struct {
		is             rights.State
		want           string // a file
		prune          bool
		changes, extra []string
	}{
		"from nothing": {
			want: file,
			changes: []string{
				"create the organisation acme, owned by ada",
				"make bob a member of acme", "make carl a member of acme",
				"create the team acme/dev, which may read and write every repository of acme", "create the team acme/guests",
				`describe the team acme/dev as "who build"`,
				"add bob to the team acme/dev", "add ada to the team acme/dev",
				"create the public repository acme/app", "create the private repository acme/tools", "create the private repository ada/notes",
				`describe ada/notes as "what I noted"`,
				"let dora read acme/app", "let the team acme/guests administer acme/app",
			},
		},
		"as it is": {
			is:   acme(),
			want: "organizations:\n  acme: {owners: [ada], members: [bob, carl], teams: {dev: {right: write, members: [bob]}}}\nrepositories:\n  acme/app: {people: {dora: read}, teams: {dev: admin}}\n  acme/old:\n",
		},
		"what is extra stays": {
			is:   acme(),
			want: "organizations:\n  acme: {owners: [ada], members: [carl], teams: {dev: {members: [carl]}}}\nrepositories:\n  acme/app:\n",
			changes: []string{
				"add carl to the team acme/dev",
			},
			extra: []string{
				"bob is a member of acme", "the team acme/dev may read and write every repository of acme",
				"dora may read acme/app", "the team acme/dev may administer acme/app", "there is a repository acme/old",
			},
		},
		"or is pruned, but for repositories": {
			is:    acme(),
			prune: true,
			want:  "organizations:\n  acme: {owners: [ada], members: [carl], teams: {dev: {members: [carl]}}}\nrepositories:\n  acme/app:\n  ada/notes:\n",
			changes: []string{
				"take from the team acme/dev its right to every repository of acme", "add carl to the team acme/dev",
				"take from dora the right to acme/app", "take from the team acme/dev the right to acme/app",
				"remove bob from acme and all of its teams",
			},
			// Of names that are no organisation of the file nothing is pruned.
			extra: []string{"bob may read and write ada/notes", "there is a repository acme/old"},
		},
		"a team that is not wanted": {
			is:      acme(),
			prune:   true,
			want:    "organizations:\n  acme: {owners: [ada], members: [bob, carl]}\n",
			changes: []string{"delete the team acme/dev"},
			extra:   []string{"there is a repository acme/app", "there is a repository acme/old"},
		},
		"somebody leaves a team alone": {
			is:      acme(),
			prune:   true,
			want:    "organizations:\n  acme: {owners: [ada], members: [bob, carl], teams: {dev: {right: write}}}\n",
			changes: []string{"remove bob from the team acme/dev"},
			extra:   []string{"there is a repository acme/app", "there is a repository acme/old"},
		},
		"the owner changes: first the new one": {
			is:      acme(),
			want:    "organizations:\n  acme: {owners: [bob], members: [ada, carl], teams: {dev: {right: read, members: [bob]}}}\n",
			changes: []string{"make bob an owner of acme", "make ada a member of acme", "let the team acme/dev read every repository of acme"},
			extra:   []string{"there is a repository acme/app", "there is a repository acme/old"},
		},
		"other rights": {
			is:      acme(),
			want:    "repositories:\n  acme/app: {visibility: public, people: {dora: admin}, teams: {dev: read}}\n",
			changes: []string{"make acme/app public", "let dora administer acme/app", "let the team acme/dev read acme/app"},
		},
		"a description of an organisation": {
			is:    acme(),
			want:  "organizations:\n  acme: {description: new, owners: [ada], members: [bob, carl], teams: {dev: {right: write, members: [bob]}}}\n",
			extra: []string{`acme is described as "", which was said when it was made and stays`, "there is a repository acme/app", "there is a repository acme/old"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := rights.Parse(strings.NewReader(c.want))
			if err != nil {
				t.Fatal(err)
			}
			changes, extra := words(rights.Make(c.is, want, c.prune))
			if diff := cmp.Diff(c.changes, changes); diff != "" {
				t.Errorf("changes: %s", diff)
			}
			if diff := cmp.Diff(c.extra, extra); diff != "" {
				t.Errorf("extra: %s", diff)
			}
		})
	}
}

// From any state to any other: the plan can be carried out in its order, and
// after it there is nothing to do; with prune, and nothing that could be pruned.
func TestPlansLeadThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is, want, prune := states(t, "is"), states(t, "want"), rapid.Bool().Draw(t, "prune")
		before, first := is, rights.Make(is, want, prune)
		for _, c := range first.Changes {
			is = carriedOut(t, is, c)
		}
		again := rights.Make(is, want, prune)
		if len(again.Changes) > 0 {
			t.Fatalf("from %+v to %+v by %v there is still %v to do", before, want, first.Changes, again.Changes)
		}
		for _, e := range again.Extra {
			inFile := slices.ContainsFunc(want.Organizations, func(o rights.Organization) bool { return o.Name == e.Remove.Organization })
			if prune && inFile && e.Remove.Do != "" {
				t.Fatalf("%s was not pruned", e.What)
			}
		}
		if !prune {
			for _, o := range before.Organizations {
				now, _ := organization(is, o.Name)
				for _, person := range slices.Concat(o.Owners, o.Members) {
					if !slices.Contains(slices.Concat(now.Owners, now.Members), person) {
						t.Fatalf("%s was removed from %s, and nobody asked for it", person, o.Name)
					}
				}
			}
		}
	})
}
