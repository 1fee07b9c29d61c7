package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/account"
)

// Facts returns what is known of repositories, all of one moment.
func (db *DB) Facts(ctx context.Context, names []string) (access.Known, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return db.facts(names), nil
}

// Organizations returns every one, by name.
func (db *DB) Organizations(ctx context.Context) ([]access.Organization, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var all []access.Organization
	for _, name := range slices.Sorted(maps.Keys(db.organizations)) {
		all = append(all, copyOf(db.organizations[name]))
	}
	return all, nil
}

// OrganizationByID returns one, or access.ErrNotFound.
func (db *DB) OrganizationByID(ctx context.Context, id string) (access.Organization, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return access.Organization{}, err
	}
	defer unlock()
	for _, o := range db.organizations {
		if o.ID == id && id != "" {
			return copyOf(o), nil
		}
	}
	return access.Organization{}, access.ErrNotFound
}

// ChangeOrganization replaces the organisation of a name with what fn makes of it.
func (db *DB) ChangeOrganization(ctx context.Context, name string, fn func(access.Space) (access.Organization, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if name == "" {
		return errKey
	}
	old := db.organizations[name]
	space := access.Space{Organization: copyOf(old), Person: db.person(name)}
	for r := range db.repositories {
		space.Repositories = space.Repositories || strings.HasPrefix(r, name+"/")
	}
	o, err := fn(space)
	switch {
	case err != nil:
		return err
	case o.ID == "":
		delete(db.organizations, name)
		return nil
	case o.Name != name || old.ID != "" && old.ID != o.ID:
		return errMoved
	}
	db.organizations[name] = copyOf(o)
	return nil
}

// Repositories returns up to most whose names come after one, by name.
func (db *DB) Repositories(ctx context.Context, after string, most int) ([]access.Repository, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []access.Repository
	for _, r := range slices.SortedFunc(maps.Values(db.repositories), func(a, b access.Repository) int { return cmp.Compare(a.Name, b.Name) }) {
		if r.Name > after && len(page) < most {
			r.Given = slices.Clone(r.Given)
			page = append(page, r)
		}
	}
	return page, nil
}

// ChangeRepository replaces the repository of a name with what fn makes of it.
func (db *DB) ChangeRepository(ctx context.Context, name string, fn func(access.Facts) (access.Repository, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if name == "" {
		return errKey
	}
	r, err := fn(db.facts([]string{name})[name])
	switch {
	case err != nil:
		return err
	case r.ID == "":
		delete(db.repositories, name)
		return nil
	case r.Name != name:
		return errMoved
	}
	r.Given = slices.Clone(r.Given)
	db.repositories[name] = r
	return nil
}

func (db *DB) facts(names []string) access.Known {
	known := make(access.Known, len(names))
	for _, name := range names {
		if name == "" {
			continue
		}
		f := access.Facts{Repository: db.repositories[name]}
		f.Repository.Given = slices.Clone(f.Repository.Given)
		if space := access.Namespace(name); space != "" {
			f.Organization = copyOf(db.organizations[space])
			f.Person = db.named(space)
		}
		known[name] = f
	}
	return known
}

// person says whether a name or e-mail address is a person's.
func (db *DB) person(login string) bool {
	for _, a := range db.accounts {
		if account.Key(a.Name) == login || a.Email != "" && account.Key(a.Email) == login {
			return true
		}
	}
	return false
}

func (db *DB) named(name string) bool {
	for _, a := range db.accounts {
		if account.Key(a.Name) == name {
			return true
		}
	}
	return false
}

func copyOf(o access.Organization) access.Organization {
	o.Owners, o.Members, o.Teams = slices.Clone(o.Owners), slices.Clone(o.Members), slices.Clone(o.Teams)
	for i, t := range o.Teams {
		o.Teams[i].Members = slices.Clone(t.Members)
	}
	return o
}
