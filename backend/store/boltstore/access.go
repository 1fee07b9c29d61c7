package boltstore

import (
	"bytes"
	"context"

	"lanyard/backend/access"
)

// Facts returns what is known of repositories, all of one moment.
func (db *DB) Facts(ctx context.Context, names []string) (known access.Known, err error) {
	err = db.view(ctx, func(t *txn) error {
		known, err = factsOf(t, names)
		return err
	})
	return known, err
}

// Organizations returns every one, by name.
func (db *DB) Organizations(ctx context.Context) (all []access.Organization, err error) {
	err = db.view(ctx, func(t *txn) error {
		return t.under(inOrganizations, nil, func(_, value []byte) (bool, error) {
			var o access.Organization
			err := decode(inOrganizations, value, &o)
			all = append(all, o)
			return true, err
		})
	})
	return all, err
}

// OrganizationByID returns one, or access.ErrNotFound.
func (db *DB) OrganizationByID(ctx context.Context, id string) (o access.Organization, err error) {
	if !keyable(id) {
		return access.Organization{}, access.ErrNotFound
	}
	err = db.view(ctx, func(t *txn) error {
		name := t.get(byOrganization, []byte(id))
		if name == nil {
			return access.ErrNotFound
		}
		o, err = organizationOf(t, string(name))
		return err
	})
	return o, err
}

// ChangeOrganization replaces the organisation of a name with what fn makes of it.
func (db *DB) ChangeOrganization(ctx context.Context, name string, fn func(access.Space) (access.Organization, error)) error {
	if !keyable(name) {
		return errKey
	}
	return db.update(ctx, func(t *txn) error {
		old, err := organizationOf(t, name)
		if err != nil {
			return err
		}
		space := access.Space{Organization: old, Person: accountByKey(t, name) != ""}
		if err := t.under(inRepositories, []byte(name+"/"), func(_, _ []byte) (bool, error) {
			space.Repositories = true
			return false, nil
		}); err != nil {
			return err
		}
		o, err := fn(space)
		switch {
		case err != nil:
			return err
		case o.ID == "" && old.ID == "":
			return nil
		case o.ID == "":
			if err := t.drop(byOrganization, []byte(old.ID)); err != nil {
				return err
			}
			return t.drop(inOrganizations, []byte(name))
		case o.Name != name || old.ID != "" && old.ID != o.ID:
			return errMoved
		case !keyable(o.ID):
			return errKey
		}
		if err := t.put(byOrganization, []byte(o.ID), []byte(name)); err != nil {
			return err
		}
		return t.keep(inOrganizations, []byte(name), o)
	})
}

// Repositories returns up to most whose names come after one, by name.
func (db *DB) Repositories(ctx context.Context, after string, most int) (page []access.Repository, err error) {
	err = db.view(ctx, func(t *txn) error {
		c := t.Bucket([]byte(inRepositories)).Cursor()
		k, v := c.Seek([]byte(after))
		if bytes.Equal(k, []byte(after)) {
			k, v = c.Next()
		}
		for ; k != nil && len(page) < most; k, v = c.Next() {
			var r access.Repository
			if err := decode(inRepositories, v, &r); err != nil {
				return err
			}
			page = append(page, r)
		}
		return nil
	})
	return page, err
}

// ChangeRepository replaces the repository of a name with what fn makes of it.
func (db *DB) ChangeRepository(ctx context.Context, name string, fn func(access.Facts) (access.Repository, error)) error {
	if !keyable(name) {
		return errKey
	}
	return db.update(ctx, func(t *txn) error {
		known, err := factsOf(t, []string{name})
		if err != nil {
			return err
		}
		r, err := fn(known[name])
		switch {
		case err != nil:
			return err
		case r.ID == "":
			return t.drop(inRepositories, []byte(name))
		case r.Name != name:
			return errMoved
		}
		return t.keep(inRepositories, []byte(name), r)
	})
}

// organizationOf is zero where there is none.
func organizationOf(t *txn, name string) (o access.Organization, err error) {
	_, err = load(t, inOrganizations, []byte(name), &o)
	return o, err
}

func factsOf(t *txn, names []string) (access.Known, error) {
	known := make(access.Known, len(names))
	for _, name := range names {
		if !keyable(name) {
			continue
		}
		var f access.Facts
		if _, err := load(t, inRepositories, []byte(name), &f.Repository); err != nil {
			return nil, err
		}
		if space := access.Namespace(name); keyable(space) {
			var err error
			if f.Organization, err = organizationOf(t, space); err != nil {
				return nil, err
			}
			f.Person = t.get(byName, []byte(space)) != nil
		}
		known[name] = f
	}
	return known, nil
}
