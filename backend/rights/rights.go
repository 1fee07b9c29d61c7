// Package rights is who may do what, as a file says it: organisations, their
// owners, members and teams, repositories, and what is given on them. It reads
// such a file (Parse) and says what would have to be changed (Plan), in an order
// in which it can be, and in words. Asking a service, and doing it, it leaves
// to others.
package rights

import (
	"slices"
	"strings"
)

// State is who may do what: as a file wants it, or as it is.
type State struct {
	Organizations []Organization // in the order of the file
	Repositories  []Repository
}

// Organization is a name that several people share.
type Organization struct {
	Name        string
	Description *string  // nil: not said
	Owners      []string // user names
	Members     []string // owners not among them
	Teams       []Team
}

// Team is a team of an organisation.
type Team struct {
	Name        string
	Description *string // nil: not said
	Right       string  // in every repository of the organisation; "": none
	Members     []string
}

// Repository is a repository, and what is given on it.
type Repository struct {
	Name        string
	Description *string // nil: not said
	Visibility  string  // public or private; "": not said
	People      []Given
	Teams       []Given
}

// Given is a right that a person or a team has on one repository.
type Given struct{ Name, Right string }

// Namespace is the first component of a repository's name, "" where there is
// only one.
func (r Repository) Namespace() string {
	owner, _, nested := strings.Cut(r.Name, "/")
	if !nested {
		return ""
	}
	return owner
}

func (s State) organization(name string) (Organization, bool) {
	return find(s.Organizations, func(o Organization) bool { return o.Name == name })
}

func (s State) repository(name string) (Repository, bool) {
	return find(s.Repositories, func(r Repository) bool { return r.Name == name })
}

func (o Organization) team(name string) (Team, bool) {
	return find(o.Teams, func(t Team) bool { return t.Name == name })
}

// role is owner, member or "".
func (o Organization) role(person string) string {
	switch {
	case slices.Contains(o.Owners, person):
		return Owner
	case slices.Contains(o.Members, person):
		return Member
	}
	return ""
}

func rightOf(given []Given, name string) string {
	g, _ := find(given, func(g Given) bool { return g.Name == name })
	return g.Right
}

func find[T any](all []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return found, false
}
