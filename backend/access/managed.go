package access

import (
	"context"
	"errors"
	"fmt"
)

// Managed returns an organisation to whoever manages it, its tokens included:
// owners and administrators. ErrForbidden to its other members.
func (s *Service) Managed(ctx context.Context, who Actor, name string) (Organization, error) {
	o, err := s.Organization(ctx, who, name)
	if err != nil {
		return Organization{}, err
	}
	return o, mayManage(who, o, name)
}

// Deletable is DeleteOrganization but for the deed: it says whether that would
// be refused, so that what hangs on an organisation can go first.
func (s *Service) Deletable(ctx context.Context, who Actor, name string) (Organization, error) {
	var o Organization
	err := s.Store.ChangeOrganization(ctx, name, func(space Space) (Organization, error) {
		if err := mayDelete(who, space, name); err != nil {
			return Organization{}, err
		}
		o = space.Organization
		return Organization{}, errLooked
	})
	if errors.Is(err, errLooked) {
		return o, nil
	}
	return Organization{}, fmt.Errorf("delete organisation: %w", err)
}

// errLooked ends a transaction that was only to look.
var errLooked = errors.New("nothing is to be changed")

func mayDelete(who Actor, space Space, name string) error {
	if err := mayManage(who, space.Organization, name); err != nil {
		return err
	}
	if space.Repositories {
		return fmt.Errorf("%w: delete what lies under %s first", ErrNotEmpty, name)
	}
	return nil
}

// CheckReach says why a token of an organisation cannot reach what a path
// names, or nil: a repository under its name, a pattern of some, or everything
// public.
func CheckReach(organization, path string) error {
	if path == everyPublic {
		return nil
	}
	if err := CheckPatterns([]string{path}); err != nil {
		return err
	}
	if Namespace(path) != organization {
		return fmt.Errorf("%w: a token of %s reaches %s/…, a pattern such as %s/*, or %s, not %.80q",
			ErrInvalid, organization, organization, organization, everyPublic, path)
	}
	return nil
}

// checkNamespace says why a name cannot be an organisation's, or nil.
func (r Rights) checkNamespace(name string) error {
	switch {
	case len(name) < 2 || len(name) > 64 || !componentForm.MatchString(name):
		return fmt.Errorf("%w: an organisation's name has 2 to 64 characters of a-z and 0-9, with single . or _ or - between them", ErrInvalid)
	case r.reserved(name):
		return fmt.Errorf("%w: %q is reserved, since it would hide a path of the service", ErrInvalid, name)
	}
	return nil
}
