package access

import "context"

// Store keeps organisations and repositories, each call one transaction. It
// knows no rule.
type Store interface {
	// Facts returns what is known of repositories, all of one moment.
	Facts(ctx context.Context, names []string) (Known, error)
	// Organizations returns every one, by name.
	Organizations(ctx context.Context) ([]Organization, error)
	// OrganizationByID returns one, or ErrNotFound.
	OrganizationByID(ctx context.Context, id string) (Organization, error)
	// ChangeOrganization replaces the organisation of a name with what fn makes
	// of it: of a zero one where there is none, and a zero one deletes it. fn
	// may run more than once; if it fails nothing changes.
	ChangeOrganization(ctx context.Context, name string, fn func(Space) (Organization, error)) error
	// Repositories returns up to most whose names come after one, by name.
	Repositories(ctx context.Context, after string, most int) ([]Repository, error)
	// ChangeRepository does for a repository what ChangeOrganization does.
	ChangeRepository(ctx context.Context, name string, fn func(Facts) (Repository, error)) error
}

// Space is what is known of a namespace.
type Space struct {
	Organization Organization // zero: none
	Person       bool         // a person has that name
	Repositories bool         // something lies under it
}
