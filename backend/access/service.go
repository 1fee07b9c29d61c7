package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"lanyard/backend/activity"
)

// Service makes and changes organisations, teams, repositories and rights.
type Service struct {
	Store  Store
	Log    *activity.Log
	Rights Rights
	Now    func() time.Time // nil: time.Now
	// Owner is the account id of the person of a name, "" where there is none:
	// in their activity is what others do under it. nil: in nobody's.
	Owner func(ctx context.Context, name string) string

	seen pending // told by registries, not yet written; see Flush
}

// Actor is the person who changes something: themselves, never a token of
// theirs.
type Actor struct {
	activity.By
	Admin bool
}

// Organizations returns those that an actor may see, by name: one's own; an
// administrator sees all.
func (s *Service) Organizations(ctx context.Context, who Actor) ([]Organization, error) {
	all, err := s.Store.Organizations(ctx)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	seen := []Organization{}
	for _, o := range all {
		if who.Admin || o.Has(who.Account) {
			seen = append(seen, o)
		}
	}
	return seen, nil
}

// Organization returns one, or ErrNotFound to whoever may not see it.
func (s *Service) Organization(ctx context.Context, who Actor, name string) (Organization, error) {
	all, err := s.Organizations(ctx, who)
	if err != nil {
		return Organization{}, err
	}
	for _, o := range all {
		if o.Name == name {
			return o, nil
		}
	}
	return Organization{}, noOrganization(name)
}

// ByID returns an organisation for whoever has shown a token of it, or
// ErrNotFound.
func (s *Service) ByID(ctx context.Context, id string) (Organization, error) {
	o, err := s.Store.OrganizationByID(ctx, id)
	if err != nil {
		return Organization{}, fmt.Errorf("read organisation: %w", err)
	}
	return o, nil
}

// CreateOrganization makes one whose first owner is owner, an account id. Only
// administrators may: a name is taken from everybody else.
func (s *Service) CreateOrganization(ctx context.Context, who Actor, name, description, owner string) (Organization, error) {
	if !who.Admin {
		return Organization{}, fmt.Errorf("%w: only administrators make organisations", ErrForbidden)
	}
	if err := s.Rights.checkNamespace(name); err != nil {
		return Organization{}, err
	}
	if err := checkText(description); err != nil {
		return Organization{}, err
	}
	made := Organization{ID: uuid.NewString(), Name: name, Description: description, CreatedAt: s.now(), Owners: []string{owner}}
	err := s.Store.ChangeOrganization(ctx, name, func(space Space) (Organization, error) {
		switch {
		case space.Organization.ID != "":
			return Organization{}, fmt.Errorf("%w: there is an organisation %s already", ErrTaken, name)
		case space.Person:
			return Organization{}, fmt.Errorf("%w: %s is a person's name", ErrTaken, name)
		}
		return made, nil
	})
	if err != nil {
		return Organization{}, fmt.Errorf("create organisation: %w", err)
	}
	return made, s.did(ctx, who, "", activity.OrganizationCreated, name, nil)
}

// DeleteOrganization deletes one without repositories: ErrNotEmpty.
func (s *Service) DeleteOrganization(ctx context.Context, who Actor, name string) error {
	err := s.Store.ChangeOrganization(ctx, name, func(space Space) (Organization, error) {
		return Organization{}, mayDelete(who, space, name)
	})
	if err != nil {
		return fmt.Errorf("delete organisation: %w", err)
	}
	return s.did(ctx, who, "", activity.OrganizationDeleted, name, nil)
}

// Join makes an account a member of an organisation, or an owner.
func (s *Service) Join(ctx context.Context, who Actor, name, account, called string, owner bool) (Organization, error) {
	role := "member"
	if owner {
		role = "owner"
	}
	return s.changeOrganization(ctx, who, name, account, activity.OrganizationMember, map[string]string{"member": called, "role": role},
		func(o Organization) (Organization, error) { return o.join(account, owner) })
}

// Leave takes an account out of an organisation. Everybody may leave by
// themselves.
func (s *Service) Leave(ctx context.Context, who Actor, name, account, called string) (Organization, error) {
	if account == who.Account {
		who.Admin = true // over oneself
	}
	return s.changeOrganization(ctx, who, name, account, activity.OrganizationMember, map[string]string{"member": called, "role": "none"},
		func(o Organization) (Organization, error) { return o.leave(account) })
}

// SetTeam makes a team or changes one: fn gets it as it is, with its name
// alone if it is new.
func (s *Service) SetTeam(ctx context.Context, who Actor, name, team string, fn func(t Team, found bool) (Team, error)) (Organization, error) {
	if !componentForm.MatchString(team) || len(team) > 64 {
		return Organization{}, fmt.Errorf("%w: a team's name has 1 to 64 characters of a-z and 0-9, with single . or _ or - between them", ErrInvalid)
	}
	return s.changeOrganization(ctx, who, name, "", activity.TeamChanged, map[string]string{"team": team}, func(o Organization) (Organization, error) {
		t := o.team(team)
		found := t.Name != ""
		t.Name = team
		t, err := fn(t, found)
		if err != nil {
			return o, err
		}
		if err := checkText(t.Description); err != nil {
			return o, err
		}
		for _, m := range t.Members {
			if !o.Has(m) {
				return o, fmt.Errorf("%w: make that person a member of %s first", ErrInvalid, o.Name)
			}
		}
		return o.with(t)
	})
}

// DeleteTeam deletes a team, and before it what it was given on repositories:
// another team of its name begins with nothing. Cut off, it is done by asking
// again.
func (s *Service) DeleteTeam(ctx context.Context, who Actor, name, team string) (Organization, error) {
	if err := s.takeFromTeam(ctx, who, name, team); err != nil {
		return Organization{}, fmt.Errorf("delete team: %w", err)
	}
	return s.changeOrganization(ctx, who, name, "", activity.TeamDeleted, map[string]string{"team": team},
		func(o Organization) (Organization, error) { return o.withoutTeam(team) })
}

func (s *Service) takeFromTeam(ctx context.Context, who Actor, name, team string) error {
	o, err := s.Organization(ctx, who, name)
	if err == nil {
		err = mayManage(who, o, name)
	}
	for after := name + "/"; err == nil; {
		var page []Repository
		if page, err = s.Store.Repositories(ctx, after, pageOfRows); err != nil || len(page) == 0 || !under(page[0].Name, name) {
			break
		}
		for _, r := range page {
			after = r.Name
			of := func(g Given) bool { return g.Team == team }
			if err != nil || !under(r.Name, name) || !slices.ContainsFunc(r.Given, of) {
				continue
			}
			err = s.Store.ChangeRepository(ctx, r.Name, func(f Facts) (Repository, error) {
				f.Repository.Given = slices.DeleteFunc(slices.Clone(f.Repository.Given), of)
				return f.Repository, nil
			})
		}
	}
	return err
}

func (s *Service) changeOrganization(
	ctx context.Context, who Actor, name, whose string, action activity.Action, details map[string]string, fn func(Organization) (Organization, error),
) (out Organization, err error) {
	err = s.Store.ChangeOrganization(ctx, name, func(space Space) (Organization, error) {
		if err := mayManage(who, space.Organization, name); err != nil {
			return Organization{}, err
		}
		out, err = fn(space.Organization)
		return out, err
	})
	if err != nil {
		return Organization{}, fmt.Errorf("change organisation: %w", err)
	}
	return out, s.did(ctx, who, whose, action, name, details)
}

// mayManage: owners and administrators. Who is neither learns no more than
// that there is nothing for them.
func mayManage(who Actor, o Organization, name string) error {
	switch {
	case o.ID == "" || !who.Admin && !o.Has(who.Account):
		return noOrganization(name)
	case !who.Admin && !o.owns(who.Account):
		return fmt.Errorf("%w: only owners of %s and administrators may do that", ErrForbidden, name)
	}
	return nil
}

func noOrganization(name string) error {
	return fmt.Errorf("%w: there is no organisation %.64q that you may see", ErrNotFound, name)
}

// did notes an act in the activity of whose rights it changed ("": nobody's in
// particular), of whose name it was done under, and of who did it.
func (s *Service) did(ctx context.Context, who Actor, whose string, action activity.Action, subject string, details map[string]string) error {
	if s.Log == nil {
		return nil
	}
	holder, err := s.holder(ctx, subject)
	if err != nil {
		return err
	}
	e := activity.New(cmp.Or(whose, holder, who.Account), action, who.By, s.now()).Of(subject, subject)
	e.Details = details
	if err := s.Log.Note(ctx, e); err != nil || slices.Contains([]string{"", e.Account, e.Actor}, holder) {
		return err
	}
	e.Account, e.Actor = holder, "" // who did it has it already
	return s.Log.Note(ctx, e)
}

// holder is the id of the organisation, or of the person, that the first
// component of a name belongs to; "": nobody.
func (s *Service) holder(ctx context.Context, name string) (string, error) {
	space, _, _ := strings.Cut(name, "/")
	below := space + "/any"
	known, err := s.Store.Facts(ctx, []string{below})
	if err != nil {
		return "", fmt.Errorf("note what was done to %s: %w", name, err)
	}
	if id := known[below].Organization.ID; id != "" || s.Owner == nil || !strings.Contains(name, "/") {
		return id, nil
	}
	return s.Owner(ctx, space), nil
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return s.Now().UTC().Truncate(time.Microsecond)
}

// under says whether a name lies in a namespace.
func under(name, namespace string) bool { return strings.HasPrefix(name, namespace+"/") }
