package rights

import (
	"fmt"
	"slices"
)

// Plan is what there is to do, and what is there that the file does not have.
type Plan struct {
	Changes []Change // in the order in which they can be done
	// Extra is what the file does not have, of what it names: it stays, unless
	// Prune was asked for; then it is among Changes, but for what no plan removes.
	Extra []Extra
}

// Extra is something that is there and not in the file.
type Extra struct {
	What   string // in words
	Remove Change // what would remove it; Do "": no plan does
}

// Make says what turns the state that is into the one that is wanted. prune:
// what an organisation of the file has beyond it is removed, except
// repositories, whose images no file takes away.
func Make(is, want State, prune bool) Plan {
	var p planner
	for _, o := range want.Organizations {
		p.organization(is, o)
	}
	for _, r := range want.Repositories {
		_, ours := want.organization(r.Namespace())
		p.repository(is, r, ours)
	}
	p.unnamed(is, want)
	plan := Plan{Changes: p.changes}
	for _, e := range p.extra {
		if prune && e.Remove.Do != "" && e.pruned {
			p.removals = append(p.removals, e.Remove)
			continue
		}
		plan.Extra = append(plan.Extra, e.Extra)
	}
	plan.Changes = append(append(plan.Changes, p.demotions...), p.removals...)
	slices.SortStableFunc(plan.Changes, func(a, b Change) int { return turn(a.Do) - turn(b.Do) })
	return plan
}

// planner collects. Somebody stops being an owner after others have become one.
type planner struct {
	changes, demotions, removals []Change
	extra                        []extra
}

type extra struct {
	Extra
	pruned bool // prune reaches it: it belongs to an organisation of the file
}

// turns are the acts in the order in which they can be done: what is there
// before it is referred to, and nothing referred to that has gone.
var turns = []Act{
	CreateOrganization, SetMember, CreateTeam, DescribeTeam, SetTeamRight, AddToTeam,
	CreateRepository, DescribeRepository, SetVisibility, Give, Take, RemoveFromTeam, DeleteTeam, RemoveMember,
}

func turn(a Act) int { return slices.Index(turns, a) }

func (p *planner) do(c Change) { p.changes = append(p.changes, c) }

func (p *planner) found(pruned bool, remove Change, format string, args ...any) {
	p.extra = append(p.extra, extra{Extra{fmt.Sprintf(format, args...), remove}, pruned})
}

func (p *planner) organization(is State, want Organization) {
	has, there := is.organization(want.Name)
	if !there {
		has = Organization{Name: want.Name, Owners: want.Owners[:1], Description: want.Description}
		p.do(Change{Do: CreateOrganization, Organization: want.Name, Person: want.Owners[0], To: said(want.Description)})
	}
	if want.Description != nil && *want.Description != said(has.Description) {
		p.found(false, Change{}, "%s is described as %q, which was said when it was made and stays", want.Name, said(has.Description))
	}
	for _, person := range want.Owners {
		if has.role(person) != Owner {
			p.do(Change{Do: SetMember, Organization: want.Name, Person: person, To: Owner})
		}
	}
	for _, person := range want.Members {
		switch has.role(person) {
		case Owner:
			p.demotions = append(p.demotions, Change{Do: SetMember, Organization: want.Name, Person: person, To: Member})
		case "":
			p.do(Change{Do: SetMember, Organization: want.Name, Person: person, To: Member})
		}
	}
	for _, person := range slices.Concat(has.Owners, has.Members) {
		if want.role(person) == "" {
			p.found(true, Change{Do: RemoveMember, Organization: want.Name, Person: person},
				"%s is %s of %s", person, articled(has.role(person)), want.Name)
		}
	}
	for _, t := range want.Teams {
		p.team(want, has, t)
	}
	for _, t := range has.Teams {
		if _, ok := want.team(t.Name); !ok {
			p.found(true, Change{Do: DeleteTeam, Organization: want.Name, Team: t.Name}, "there is a team %s/%s", want.Name, t.Name)
		}
	}
}

func (p *planner) team(want, is Organization, t Team) {
	has, there := is.team(t.Name)
	of := Change{Organization: want.Name, Team: t.Name}
	act := func(do Act, person, to string) Change {
		c := of
		c.Do, c.Person, c.To = do, person, to
		return c
	}
	switch {
	case !there:
		p.do(act(CreateTeam, "", t.Right))
	case t.Right == "" && has.Right != "":
		p.found(true, act(SetTeamRight, "", ""), "the team %s/%s may %s every repository of %s", want.Name, t.Name, verb(has.Right), want.Name)
	case t.Right != has.Right:
		p.do(act(SetTeamRight, "", t.Right))
	}
	if t.Description != nil && *t.Description != said(has.Description) {
		p.do(act(DescribeTeam, "", *t.Description))
	}
	for _, person := range t.Members {
		if !slices.Contains(has.Members, person) {
			p.do(act(AddToTeam, person, ""))
		}
	}
	for _, person := range has.Members {
		if !slices.Contains(t.Members, person) && want.role(person) != "" { // else it goes with the organisation
			p.found(true, act(RemoveFromTeam, person, ""), "%s is in the team %s/%s", person, want.Name, t.Name)
		}
	}
}

func (p *planner) repository(is State, want Repository, ours bool) {
	has, there := is.repository(want.Name)
	if !there {
		has.Visibility = or(want.Visibility, private)
		p.do(Change{Do: CreateRepository, Repository: want.Name, To: has.Visibility})
	}
	if want.Visibility != "" && want.Visibility != has.Visibility {
		p.do(Change{Do: SetVisibility, Repository: want.Name, To: want.Visibility})
	}
	if want.Description != nil && *want.Description != said(has.Description) {
		p.do(Change{Do: DescribeRepository, Repository: want.Name, To: *want.Description})
	}
	person := func(do Act, name, to string) Change {
		return Change{Do: do, Repository: want.Name, Person: name, To: to}
	}
	team := func(do Act, name, to string) Change {
		return Change{Do: do, Repository: want.Name, Organization: want.Namespace(), Team: name, To: to}
	}
	p.given(want.People, has.People, ours, "%s may %s %s", want.Name, "", person)
	p.given(want.Teams, has.Teams, ours, "the team %s may %s %s", want.Name, want.Namespace()+"/", team)
}

func (p *planner) given(want, has []Given, ours bool, words, repository, before string, change func(do Act, name, to string) Change) {
	for _, g := range want {
		if rightOf(has, g.Name) != g.Right {
			p.do(change(Give, g.Name, g.Right))
		}
	}
	for _, g := range has {
		if rightOf(want, g.Name) == "" {
			p.found(ours, change(Take, g.Name, ""), words, before+g.Name, verb(g.Right), repository)
		}
	}
}

// unnamed are the repositories of the file's organisations that it does not have.
func (p *planner) unnamed(is, want State) {
	for _, r := range is.Repositories {
		_, named := want.repository(r.Name)
		if _, ours := want.organization(r.Namespace()); ours && !named {
			p.found(false, Change{}, "there is a repository %s", r.Name)
		}
	}
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
