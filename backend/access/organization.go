package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors that can be asked about. Every surface maps them to its own format.
var (
	// ErrNotFound: no such organisation, team, repository or member, or none
	// that the caller may know of.
	ErrNotFound = errors.New("not found")
	// ErrTaken: a person or an organisation has that name, or there is such a
	// team or repository already.
	ErrTaken = errors.New("name is taken")
	// ErrForbidden: the caller may not do that; the wrapping text says who may.
	ErrForbidden = errors.New("permission denied")
	// ErrInvalid: what was asked for cannot be; the wrapping text says why.
	ErrInvalid = errors.New("invalid")
	// ErrNotEmpty: an organisation that has repositories stays.
	ErrNotEmpty = errors.New("organisation has repositories")
	// ErrLastOwner: an organisation has at least one owner.
	ErrLastOwner = errors.New("the last owner of an organisation stays")
)

// Right is what a person or a team may do to a repository.
type Right string

// The rights; each includes those before it.
const (
	MayRead  Right = "read"  // pull
	MayWrite Right = "write" // pull, push
	MayAdmin Right = "admin" // pull, push, delete, and give rights to others
)

// ParseRight reads a right as people write it.
func ParseRight(text string) (Right, error) {
	switch r := Right(strings.ToLower(strings.TrimSpace(text))); r {
	case MayRead, MayWrite, MayAdmin:
		return r, nil
	}
	return "", fmt.Errorf("%w: %.40q is no right; read, write and admin are", ErrInvalid, text)
}

func (r Right) level() Level {
	switch r {
	case MayRead:
		return Read
	case MayWrite:
		return Write
	case MayAdmin:
		return Admin
	}
	return Nothing
}

// Organization is a name that several people share. Its row is read whole at
// each decision, so it is bounded by maxMembers and maxTeams.
type Organization struct {
	ID          string    `json:"id"` // UUID, never used again
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	Owners      []string  `json:"owners"`            // account ids, at least one
	Members     []string  `json:"members,omitempty"` // account ids, owners not among them
	Teams       []Team    `json:"teams,omitempty"`   // by name
}

// Team is a team of an organisation.
type Team struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Members     []string `json:"members,omitempty"` // account ids, each the organisation's, too
	// Right is what the team may do in every repository of the organisation;
	// "": only what it was given repository by repository.
	Right Right `json:"right,omitempty"`
}

const (
	maxMembers     = 2000 // owners and members of an organisation
	maxTeams       = 200
	maxDescription = 500 // characters
)

func (o Organization) owns(account string) bool { return slices.Contains(o.Owners, account) }

// Has says whether an account is an owner or a member.
func (o Organization) Has(account string) bool {
	return account != "" && (o.owns(account) || slices.Contains(o.Members, account))
}

// Owned says whether an account is an owner.
func (o Organization) Owned(account string) bool { return account != "" && o.owns(account) }

// TeamOf returns a team by its name.
func (o Organization) TeamOf(name string) (Team, error) {
	if t := o.team(name); t.Name != "" {
		return t, nil
	}
	return Team{}, fmt.Errorf("%w: %s has no team %q", ErrNotFound, o.Name, name)
}

func (o Organization) team(name string) Team {
	for _, t := range o.Teams {
		if t.Name == name {
			return t
		}
	}
	return Team{}
}

func (g Team) has(account string) bool { return slices.Contains(g.Members, account) }

// join makes an account a member, or an owner.
func (o Organization) join(account string, owner bool) (Organization, error) {
	if !o.Has(account) && len(o.Owners)+len(o.Members) >= maxMembers {
		return o, fmt.Errorf("%w: an organisation has at most %d members", ErrInvalid, maxMembers)
	}
	owners, members := without(o.Owners, account), without(o.Members, account)
	if owner {
		o.Owners, o.Members = append(owners, account), members
		return o, nil
	}
	if len(owners) == 0 {
		return o, fmt.Errorf("%w: make somebody else an owner of %s first", ErrLastOwner, o.Name)
	}
	o.Owners, o.Members = owners, append(members, account)
	return o, nil
}

// leave takes an account out of the organisation and all of its teams.
func (o Organization) leave(account string) (Organization, error) {
	if !o.Has(account) {
		return o, fmt.Errorf("%w: that person is no member of %s", ErrNotFound, o.Name)
	}
	owners := without(o.Owners, account)
	if len(owners) == 0 {
		return o, fmt.Errorf("%w: make somebody else an owner of %s first", ErrLastOwner, o.Name)
	}
	o.Owners, o.Members = owners, without(o.Members, account)
	o.Teams = slices.Clone(o.Teams)
	for i := range o.Teams {
		o.Teams[i].Members = without(o.Teams[i].Members, account)
	}
	return o, nil
}

// with puts a team in the place of the one of its name, or adds it.
func (o Organization) with(g Team) (Organization, error) {
	o.Teams = slices.DeleteFunc(slices.Clone(o.Teams), func(t Team) bool { return t.Name == g.Name })
	if len(o.Teams) >= maxTeams {
		return o, fmt.Errorf("%w: an organisation has at most %d teams", ErrInvalid, maxTeams)
	}
	o.Teams = append(o.Teams, g)
	slices.SortFunc(o.Teams, func(a, b Team) int { return strings.Compare(a.Name, b.Name) })
	return o, nil
}

func (o Organization) withoutTeam(name string) (Organization, error) {
	if _, err := o.TeamOf(name); err != nil {
		return o, err
	}
	o.Teams = slices.DeleteFunc(slices.Clone(o.Teams), func(t Team) bool { return t.Name == name })
	return o, nil
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(one string) bool { return one == id })
}

func checkText(text string) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%w: a description holds no control characters", ErrInvalid)
	case utf8.RuneCountInString(text) > maxDescription:
		return fmt.Errorf("%w: a description has at most %d characters", ErrInvalid, maxDescription)
	}
	return nil
}
