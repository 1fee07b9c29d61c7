package rights

import "fmt"

// Change is one thing to do. Which fields count depends on Do.
type Change struct {
	Do           Act
	Organization string
	Team         string
	Repository   string
	Person       string
	To           string // a role, a right, a visibility or a description; "": none
}

// Act is a kind of change; the words are those of lanyard apply --json.
type Act string

// The acts.
const (
	CreateOrganization Act = "create_organization" // Person: its first owner; To: description
	SetMember          Act = "set_member"          // To: owner or member
	RemoveMember       Act = "remove_member"
	CreateTeam         Act = "create_team" // To: right
	DescribeTeam       Act = "describe_team"
	SetTeamRight       Act = "set_team_right" // To: right, or ""
	DeleteTeam         Act = "delete_team"
	AddToTeam          Act = "add_to_team"
	RemoveFromTeam     Act = "remove_from_team"
	CreateRepository   Act = "create_repository" // To: visibility
	DescribeRepository Act = "describe_repository"
	SetVisibility      Act = "set_visibility"
	Give               Act = "give" // to Person or Team; To: right
	Take               Act = "take" // from Person or Team
)

// The roles in an organisation.
const (
	Owner  = "owner"
	Member = "member"
)

// String says what is to be done.
func (c Change) String() string {
	team := c.Organization + "/" + c.Team
	switch c.Do {
	case CreateOrganization:
		return fmt.Sprintf("create the organisation %s, owned by %s", c.Organization, c.Person)
	case SetMember:
		return fmt.Sprintf("make %s %s of %s", c.Person, articled(c.To), c.Organization)
	case RemoveMember:
		return fmt.Sprintf("remove %s from %s and all of its teams", c.Person, c.Organization)
	case CreateTeam:
		if c.To == "" {
			return "create the team " + team
		}
		return fmt.Sprintf("create the team %s, which may %s every repository of %s", team, verb(c.To), c.Organization)
	case DescribeTeam:
		return fmt.Sprintf("describe the team %s as %q", team, c.To)
	case SetTeamRight:
		if c.To == "" {
			return fmt.Sprintf("take from the team %s its right to every repository of %s", team, c.Organization)
		}
		return fmt.Sprintf("let the team %s %s every repository of %s", team, verb(c.To), c.Organization)
	case DeleteTeam:
		return "delete the team " + team
	case AddToTeam:
		return fmt.Sprintf("add %s to the team %s", c.Person, team)
	case RemoveFromTeam:
		return fmt.Sprintf("remove %s from the team %s", c.Person, team)
	}
	return c.ofRepository()
}

func (c Change) ofRepository() string {
	whom := c.Person
	if c.Team != "" {
		whom = "the team " + c.Organization + "/" + c.Team
	}
	switch c.Do {
	case CreateRepository:
		return fmt.Sprintf("create the %s repository %s", c.To, c.Repository)
	case DescribeRepository:
		return fmt.Sprintf("describe %s as %q", c.Repository, c.To)
	case SetVisibility:
		return fmt.Sprintf("make %s %s", c.Repository, c.To)
	case Give:
		return fmt.Sprintf("let %s %s %s", whom, verb(c.To), c.Repository)
	case Take:
		return fmt.Sprintf("take from %s the right to %s", whom, c.Repository)
	}
	return string(c.Do)
}

func articled(role string) string {
	if role == Owner {
		return "an owner"
	}
	return "a member"
}

// verb is what a right lets somebody do.
func verb(right string) string {
	switch right {
	case "write":
		return "read and write"
	case "admin":
		return "administer"
	}
	return right
}
