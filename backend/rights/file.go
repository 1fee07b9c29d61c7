package rights

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// file reads the whole document.
func (r *reader) file(root *yaml.Node) {
	for _, e := range r.entries(root, "the file", "organizations", "repositories") {
		switch e.key.Value {
		case "organizations":
			for _, o := range r.entries(e.value, "organizations") {
				r.organization(o)
			}
		case "repositories":
			for _, one := range r.entries(e.value, "repositories") {
				r.repository(one)
			}
		}
	}
	if len(r.faults) == 0 && len(r.state.Organizations)+len(r.state.Repositories) == 0 {
		r.wrong(root, "there is neither an organisation nor a repository in the file")
	}
	r.teamsExist(root)
}

func (r *reader) organization(e entry) {
	o := Organization{Name: e.key.Value}
	r.name(e.key, o.Name, "an organisation")
	before := len(r.faults)
	var owners, members []named
	var teams []entry
	for _, f := range r.entries(e.value, "an organisation", "description", "owners", "members", "teams") {
		switch f.key.Value {
		case "description":
			o.Description = r.description(f.value)
		case "owners":
			owners = r.names(f.value, "owners")
		case "members":
			members = r.names(f.value, "members")
		case "teams":
			teams = r.entries(f.value, "teams")
		}
	}
	if len(owners) == 0 && len(r.faults) == before {
		r.wrong(e.key, "%s needs an owner: owners: [ada]", o.Name)
	}
	o.Owners, o.Members = plain(owners), plain(members)
	for _, m := range members {
		if slices.Contains(o.Owners, m.name) {
			r.wrong(m.at, "%s is an owner of %s already; owners are members", m.name, o.Name)
		}
	}
	for _, t := range teams {
		o.Teams = append(o.Teams, r.team(o, t))
	}
	r.state.Organizations = append(r.state.Organizations, o)
}

func (r *reader) team(o Organization, e entry) Team {
	t := Team{Name: e.key.Value}
	r.name(e.key, t.Name, "a team")
	for _, f := range r.entries(e.value, "a team", "description", "right", "members") {
		switch f.key.Value {
		case "description":
			t.Description = r.description(f.value)
		case "right":
			t.Right = r.choice(f.value, "a right", rightKeys...)
		case "members":
			members := r.names(f.value, "members")
			for _, m := range members {
				if o.role(m.name) == "" {
					r.wrong(m.at, "%s is neither an owner nor a member of %s", m.name, o.Name)
				}
			}
			t.Members = plain(members)
		}
	}
	return t
}

func (r *reader) repository(e entry) {
	repo := Repository{Name: e.key.Value}
	if !isRepository(repo.Name) {
		r.wrong(e.key, "%.80q cannot be the name of a repository: lower case, without host and tag, as in acme/app", repo.Name)
	}
	for _, f := range r.entries(e.value, "a repository", "description", "visibility", "people", "teams") {
		switch f.key.Value {
		case "description":
			repo.Description = r.description(f.value)
		case "visibility":
			repo.Visibility = r.choice(f.value, "visibility", private, public)
		case "people":
			repo.People = r.given(f.value, "people", "a user", repo.Namespace())
		case "teams":
			repo.Teams = r.given(f.value, "teams", "a team", "")
		}
	}
	r.state.Repositories = append(r.state.Repositories, repo)
}

// given are rights by name; owner, a person's own namespace, needs none.
func (r *reader) given(n *yaml.Node, what, whose, owner string) []Given {
	var all []Given
	for _, e := range r.entries(n, what) {
		if owner != "" && e.key.Value == owner {
			r.wrong(e.key, "everything under %s is %s's already", owner, owner)
		}
		right := r.choice(e.value, "a right", rightKeys...)
		if r.name(e.key, e.key.Value, whose) && right != "" {
			all = append(all, Given{e.key.Value, right})
		}
	}
	return all
}

func (r *reader) description(n *yaml.Node) *string {
	text, ok := r.text(n, "a description")
	switch {
	case !ok:
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) }):
		r.wrong(n, "a description is one line, without control characters")
	case utf8.RuneCountInString(text) > maxDescription:
		r.wrong(n, "a description has at most %d characters", maxDescription)
	}
	return &text
}

// teamsExist: a repository of an organisation of the file names teams of it.
// The lines are looked up again, since the organisation may stand below.
func (r *reader) teamsExist(root *yaml.Node) {
	for _, repo := range r.state.Repositories {
		o, ours := r.state.organization(repo.Namespace())
		for _, g := range repo.Teams {
			at := below(root, "repositories", repo.Name, "teams", g.Name)
			switch _, there := o.team(g.Name); {
			case repo.Namespace() == "":
				r.wrong(at, "%s belongs to no organisation, which alone have teams", repo.Name)
			case ours && !there:
				r.wrong(at, "%s has no team %s in this file", o.Name, g.Name)
			}
		}
	}
}

// below is the key at the end of a path of keys, or what of the path there is.
func below(n *yaml.Node, path ...string) *yaml.Node {
	at := n
	for _, word := range path {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == word {
				at, n = n.Content[i], n.Content[i+1]
				break
			}
		}
	}
	return at
}

func isRepository(name string) bool {
	if len(name) > maxRepository {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if !component.MatchString(part) {
			return false
		}
	}
	return true
}
