package rights_test

import (
	"slices"

	"pgregory.net/rapid"

	"lanyard/backend/rights"
)

var (
	people = []string{"ada", "bob", "carl", "dora"}
	may    = []string{"read", "write", "admin"}
)

// states draws a state that a service could be in, and a file could want.
func states(t *rapid.T, label string) (s rights.State) {
	for _, name := range some(t, label, []string{"acme", "beta"}) {
		o := rights.Organization{Name: name}
		for _, person := range people {
			switch rapid.IntRange(0, 2).Draw(t, label) {
			case 0:
				o.Owners = append(o.Owners, person)
			case 1:
				o.Members = append(o.Members, person)
			}
		}
		if len(o.Owners) == 0 {
			o.Owners = []string{"eve"}
		}
		for _, team := range some(t, label, []string{"dev", "ops"}) {
			o.Teams = append(o.Teams, rights.Team{
				Name: team, Right: rapid.SampledFrom(append(may, "")).Draw(t, label), Members: some(t, label, slices.Concat(o.Owners, o.Members)),
			})
		}
		s.Organizations = append(s.Organizations, o)
		for _, repo := range some(t, label, []string{"/app", "/lib"}) {
			r := rights.Repository{Name: name + repo, Visibility: rapid.SampledFrom([]string{"public", "private"}).Draw(t, label)}
			r.People = given(t, label, people)
			for _, team := range o.Teams {
				r.Teams = append(r.Teams, given(t, label, []string{team.Name})...)
			}
			s.Repositories = append(s.Repositories, r)
		}
	}
	return s
}

func given(t *rapid.T, label string, names []string) (all []rights.Given) {
	for _, name := range some(t, label, names) {
		all = append(all, rights.Given{Name: name, Right: rapid.SampledFrom(may).Draw(t, label)})
	}
	return all
}

func some(t *rapid.T, label string, all []string) (chosen []string) {
	for _, one := range all {
		if rapid.Bool().Draw(t, label) {
			chosen = append(chosen, one)
		}
	}
	return chosen
}

func organization(s rights.State, name string) (*rights.Organization, bool) {
	for i := range s.Organizations {
		if s.Organizations[i].Name == name {
			return &s.Organizations[i], true
		}
	}
	return &rights.Organization{}, false
}

// carriedOut does what a service does for a change, and refuses what it would.
func carriedOut(t *rapid.T, s rights.State, c rights.Change) rights.State {
	s = copied(s)
	o, there := organization(s, c.Organization)
	if c.Organization != "" && !there && c.Do != rights.CreateOrganization {
		t.Fatalf("%v: there is no such organisation", c)
	}
	belongs := slices.Contains(slices.Concat(o.Owners, o.Members), c.Person)
	team := slices.IndexFunc(o.Teams, func(g rights.Team) bool { return g.Name == c.Team })
	needsTeam := []rights.Act{rights.SetTeamRight, rights.DescribeTeam, rights.AddToTeam, rights.RemoveFromTeam, rights.DeleteTeam}
	if team < 0 && (slices.Contains(needsTeam, c.Do) || c.Do == rights.Give && c.Team != "") {
		t.Fatalf("%v: there is no such team", c)
	}
	leave := func() {
		o.Owners, o.Members = without(o.Owners, c.Person), without(o.Members, c.Person)
	}
	switch c.Do {
	case rights.CreateOrganization:
		if there {
			t.Fatalf("%v: it is there", c)
		}
		s.Organizations = append(s.Organizations, rights.Organization{Name: c.Organization, Owners: []string{c.Person}})
		return s
	case rights.SetMember:
		leave()
		if c.To == rights.Owner {
			o.Owners = append(o.Owners, c.Person)
		} else {
			o.Members = append(o.Members, c.Person)
		}
	case rights.RemoveMember:
		leave()
		for i := range o.Teams {
			o.Teams[i].Members = without(o.Teams[i].Members, c.Person)
		}
	case rights.CreateTeam:
		if team >= 0 {
			t.Fatalf("%v: it is there", c)
		}
		o.Teams = append(o.Teams, rights.Team{Name: c.Team, Right: c.To})
	case rights.SetTeamRight:
		o.Teams[team].Right = c.To
	case rights.AddToTeam:
		if !belongs {
			t.Fatalf("%v: no member", c)
		}
		o.Teams[team].Members = append(o.Teams[team].Members, c.Person)
	case rights.RemoveFromTeam:
		o.Teams[team].Members = without(o.Teams[team].Members, c.Person)
	case rights.DeleteTeam:
		o.Teams = slices.Delete(o.Teams, team, team+1)
		for i := range s.Repositories {
			if s.Repositories[i].Namespace() == o.Name {
				s.Repositories[i].Teams = slices.DeleteFunc(s.Repositories[i].Teams, func(g rights.Given) bool { return g.Name == c.Team })
			}
		}
	default:
		return onRepository(t, s, c)
	}
	if len(o.Owners) == 0 {
		t.Fatalf("%v: the last owner stays", c)
	}
	return s
}

func onRepository(t *rapid.T, s rights.State, c rights.Change) rights.State {
	at := slices.IndexFunc(s.Repositories, func(r rights.Repository) bool { return r.Name == c.Repository })
	if (at < 0) != (c.Do == rights.CreateRepository) {
		t.Fatalf("%v: it is there or is not", c)
	}
	if at < 0 {
		s.Repositories = append(s.Repositories, rights.Repository{Name: c.Repository, Visibility: c.To})
		return s
	}
	r := &s.Repositories[at]
	list, name := &r.People, c.Person
	if c.Team != "" {
		list, name = &r.Teams, c.Team
	}
	switch c.Do {
	case rights.SetVisibility:
		r.Visibility = c.To
	case rights.Give, rights.Take:
		*list = slices.DeleteFunc(*list, func(g rights.Given) bool { return g.Name == name })
		if c.Do == rights.Give {
			*list = append(*list, rights.Given{Name: name, Right: c.To})
		}
	default:
		t.Fatalf("what is %v?", c)
	}
	return s
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(o string) bool { return o == one })
}

func copied(s rights.State) rights.State {
	s.Organizations, s.Repositories = slices.Clone(s.Organizations), slices.Clone(s.Repositories)
	for i, o := range s.Organizations {
		s.Organizations[i].Teams = slices.Clone(o.Teams)
	}
	for i, r := range s.Repositories {
		s.Repositories[i].People, s.Repositories[i].Teams = slices.Clone(r.People), slices.Clone(r.Teams)
	}
	return s
}
