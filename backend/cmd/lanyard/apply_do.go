package main

import (
	"context"
	"fmt"

	"lanyard/backend/client"
	"lanyard/backend/rights"
	"lanyard/backend/signin"
)

// carryOutRights does one change after the other, until one is refused. How
// far it came is said; another run goes on from there.
func carryOutRights(ctx context.Context, t terminal, a signin.Access, all []rights.Change) (done int, err error) {
	finish := t.waitFor("Changing rights at %s", a.Account.Server)
	defer finish()
	for _, c := range all {
		if err := carryOutOne(ctx, a, c); err != nil {
			return done, fmt.Errorf("%s: %w (%d of %d changes were made; once that is put right, another run makes the rest)", c, err, done, len(all))
		}
		done++
	}
	t.say("Done: %d %s.", done, map[bool]string{true: "change", false: "changes"}[done == 1])
	return done, nil
}

func carryOutOne(ctx context.Context, a signin.Access, c rights.Change) error {
	s, org := a.Server, c.Organization
	team := func(p client.TeamPatch) error { return s.ChangeTeam(ctx, a.Token, org, c.Team, p) }
	switch c.Do {
	case rights.CreateOrganization:
		_, err := s.CreateOrganization(ctx, a.Token, client.NewOrganization{Name: org, Owner: c.Person, Description: c.To})
		return err
	case rights.SetMember:
		return s.SetMember(ctx, a.Token, org, c.Person, c.To == rights.Owner)
	case rights.RemoveMember:
		return s.RemoveMember(ctx, a.Token, org, c.Person)
	case rights.CreateTeam:
		return s.CreateTeam(ctx, a.Token, org, client.TeamPatch{Name: c.Team, Right: &c.To})
	case rights.DescribeTeam:
		return team(client.TeamPatch{Description: &c.To})
	case rights.SetTeamRight:
		return team(client.TeamPatch{Right: &c.To})
	case rights.DeleteTeam:
		return s.DeleteTeam(ctx, a.Token, org, c.Team)
	case rights.AddToTeam:
		return s.AddToTeam(ctx, a.Token, org, c.Team, c.Person)
	case rights.RemoveFromTeam:
		return s.RemoveFromTeam(ctx, a.Token, org, c.Team, c.Person)
	}
	return carryOutRepository(ctx, a, c)
}

func carryOutRepository(ctx context.Context, a signin.Access, c rights.Change) error {
	s, given := a.Server, client.Given{User: c.Person, Team: c.Team}
	var err error
	switch c.Do {
	case rights.CreateRepository:
		_, err = s.CreateRepository(ctx, a.Token, client.RepositoryPatch{Name: c.Repository, Visibility: &c.To})
	case rights.DescribeRepository:
		_, err = s.ChangeRepository(ctx, a.Token, c.Repository, client.RepositoryPatch{Description: &c.To})
	case rights.SetVisibility:
		_, err = s.ChangeRepository(ctx, a.Token, c.Repository, client.RepositoryPatch{Visibility: &c.To})
	case rights.Give:
		given.Right = c.To
		_, err = s.Give(ctx, a.Token, c.Repository, given)
	case rights.Take:
		_, err = s.Take(ctx, a.Token, c.Repository, given)
	default:
		err = fmt.Errorf("%w: nobody knows how to %s", client.ErrRefused, c)
	}
	return err
}
