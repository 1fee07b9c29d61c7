package storetest

import (
	"fmt"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/token"
)

func organization(id, name string) access.Organization {
	return access.Organization{
		ID: id, Name: name, Description: "of " + name, CreatedAt: after(3), Owners: []string{"a"}, Members: []string{"b"},
		Teams: []access.Team{{Name: "dev", Description: "d", Members: []string{"b"}, Right: access.MayWrite}},
	}
}

func repository(name string) access.Repository {
	return access.Repository{
		ID: "id of " + name, Name: name, Description: "d", Public: true, CreatedAt: after(4), CreatedBy: "a",
		Given:    []access.Given{{Person: "b", Right: access.MayRead}, {Team: "dev", Right: access.MayAdmin}},
		LastPull: access.Touch{At: after(5), By: "bob", Token: "t", Addr: "192.0.2.1", Agent: "docker", Tag: "1"},
		LastPush: access.Touch{At: after(6), By: "ann"}, Pulls: 3, Pushes: 4,
	}
}

func found(t *testing.T, s Store, o access.Organization) {
	t.Helper()
	must(t, s.ChangeOrganization(t.Context(), o.Name, func(access.Space) (access.Organization, error) { return o, nil }))
}

func stock(t *testing.T, s Store, r access.Repository) {
	t.Helper()
	must(t, s.ChangeRepository(t.Context(), r.Name, func(access.Facts) (access.Repository, error) { return r, nil }))
}

func spaceOf(t *testing.T, s Store, name string) (out access.Space) {
	t.Helper()
	must(t, s.ChangeOrganization(t.Context(), name, func(space access.Space) (access.Organization, error) {
		out = space
		return space.Organization, nil
	}))
	return out
}

var accessTests = map[string]func(t *testing.T, s Store){
	"every field is kept": func(t *testing.T, s Store) {
		o, r := organization("o", "acme"), repository("acme/app")
		found(t, s, o)
		stock(t, s, r)
		all, err := s.Organizations(t.Context())
		must(t, err)
		same(t, "organisations", all, []access.Organization{o})
		known, err := s.Facts(t.Context(), []string{"acme/app", "acme/other", "app", "name-a/app"})
		must(t, err)
		same(t, "facts", known, access.Known{
			"acme/app": {Repository: r, Organization: o}, "acme/other": {Organization: o}, "app": {}, "name-a/app": {},
		})
	},
	"what there is in a namespace": func(t *testing.T, s Store) {
		same(t, "nothing", spaceOf(t, s, "name-a"), access.Space{})
		must(t, s.CreateAccount(t.Context(), person("a"), false))
		same(t, "a person", spaceOf(t, s, "name-a"), access.Space{Person: true})
		stock(t, s, repository("name-ab/app"))
		same(t, "another's repository", spaceOf(t, s, "name-a"), access.Space{Person: true})
		stock(t, s, repository("name-a/app"))
		same(t, "a repository", spaceOf(t, s, "name-a"), access.Space{Person: true, Repositories: true})
		known, err := s.Facts(t.Context(), []string{"name-a/app"})
		must(t, err)
		same(t, "facts", known, access.Known{"name-a/app": {Repository: repository("name-a/app"), Person: true}})
	},
	"nobody gets an organisation's name": func(t *testing.T, s Store) {
		found(t, s, organization("o", "name-a"))
		wantErr(t, s.CreateAccount(t.Context(), person("a"), false), account.ErrTaken)
		_, err := s.Account(t.Context(), "a")
		wantErr(t, err, account.ErrNotFound)
	},
	"a zero organisation deletes it": func(t *testing.T, s Store) {
		found(t, s, organization("o", "acme"))
		hold(t, s, "o", byHand("o", "1", after(1)))
		p, err := s.Presented(t.Context(), token.Hash("secret of 1"), []string{"acme/app"})
		must(t, err)
		same(t, "its token's owner", p.Organization, organization("o", "acme"))
		same(t, "its token's facts", p.Known, access.Known{"acme/app": {Organization: organization("o", "acme")}})
		must(t, s.ChangeOrganization(t.Context(), "acme", func(access.Space) (access.Organization, error) { return access.Organization{}, nil }))
		all, err := s.Organizations(t.Context())
		must(t, err)
		same(t, "organisations", len(all), 0)
		_, err = s.Presented(t.Context(), token.Hash("secret of 1"), nil)
		wantErr(t, err, account.ErrNotFound)
		found(t, s, organization("p", "acme")) // another, later
	},
	"an organisation by its id": func(t *testing.T, s Store) {
		found(t, s, organization("o", "acme"))
		found(t, s, organization("p", "other"))
		o, err := s.OrganizationByID(t.Context(), "p")
		must(t, err)
		same(t, "organisation", o, organization("p", "other"))
		must(t, s.ChangeOrganization(t.Context(), "other", func(access.Space) (access.Organization, error) { return access.Organization{}, nil }))
		for _, id := range []string{"p", "", "acme", "\x00", "q"} {
			_, err := s.OrganizationByID(t.Context(), id)
			wantErr(t, err, access.ErrNotFound)
		}
	},
	"if fn fails nothing changes": func(t *testing.T, s Store) {
		found(t, s, organization("o", "acme"))
		stock(t, s, repository("acme/app"))
		wantErr(t, s.ChangeOrganization(t.Context(), "acme", func(access.Space) (access.Organization, error) { return access.Organization{}, errNo }), errNo)
		wantErr(t, s.ChangeRepository(t.Context(), "acme/app", func(access.Facts) (access.Repository, error) { return access.Repository{}, errNo }), errNo)
		known, err := s.Facts(t.Context(), []string{"acme/app"})
		must(t, err)
		same(t, "facts", known["acme/app"], access.Facts{Repository: repository("acme/app"), Organization: organization("o", "acme")})
	},
	"names never change": func(t *testing.T, s Store) {
		found(t, s, organization("o", "acme"))
		stock(t, s, repository("acme/app"))
		if err := s.ChangeOrganization(t.Context(), "acme", func(access.Space) (access.Organization, error) { return organization("o", "other"), nil }); err == nil {
			t.Error("an organisation was renamed")
		}
		if err := s.ChangeOrganization(t.Context(), "acme", func(access.Space) (access.Organization, error) { return organization("p", "acme"), nil }); err == nil {
			t.Error("an organisation became another")
		}
		if err := s.ChangeRepository(t.Context(), "acme/app", func(access.Facts) (access.Repository, error) { return repository("acme/b"), nil }); err == nil {
			t.Error("a repository was renamed")
		}
	},
	"pages of repositories": func(t *testing.T, s Store) {
		for i := range 7 {
			stock(t, s, repository(fmt.Sprintf("acme/%d", 6-i)))
		}
		var names []string
		for after := ""; ; {
			page, err := s.Repositories(t.Context(), after, 3)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				names = append(names, r.Name)
			}
			after = names[len(names)-1]
		}
		same(t, "names", names, []string{"acme/0", "acme/1", "acme/2", "acme/3", "acme/4", "acme/5", "acme/6"})
		must(t, s.ChangeRepository(t.Context(), "acme/3", func(access.Facts) (access.Repository, error) { return access.Repository{}, nil }))
		page, err := s.Repositories(t.Context(), "acme/2", 1)
		must(t, err)
		same(t, "after one that is gone", page[0].Name, "acme/4")
	},
}
