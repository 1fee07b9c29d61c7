package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lanyard/backend/activity"
)

// RightOf is what an account may do to a repository, its tokens aside; "":
// nothing.
func (r Rights) RightOf(who Subject, repository string, f Facts) Right {
	switch r.reach(who, repository, f).level {
	case PublicRead, Read:
		return MayRead
	case Write:
		return MayWrite
	case Admin:
		return MayAdmin
	}
	return ""
}

// Administers says whether somebody may give rights on a repository, and so
// sees who has which, and who used it from where.
func (r Rights) Administers(who Actor, repository string, f Facts) bool {
	return r.mayChange(who, repository, Delete, f) == nil
}

// Shown returns a repository with its facts to a person who may pull or
// administer it, or ErrNotFound.
func (s *Service) Shown(ctx context.Context, who Actor, name string) (Facts, error) {
	f, err := s.facts(ctx, name)
	if err != nil {
		return Facts{}, err
	}
	if !s.shown(who, name, f) {
		return Facts{}, noRepository(name)
	}
	return f, nil
}

func (s *Service) shown(who Actor, name string, f Facts) bool {
	return f.Repository.ID != "" && (who.Admin || s.visible(who.Subject(), name, f))
}

// Listed returns up to most repositories that a person may pull or administer,
// by name, beginning after one; namespace narrows it down, "" does not.
func (s *Service) Listed(ctx context.Context, who Actor, after, namespace string, most int) ([]Facts, error) {
	return s.find(ctx, after, namespace, most, func(name string, f Facts) bool { return s.shown(who, name, f) })
}

// find reads on, a page of rows at a time, until it has as many as are wanted.
func (s *Service) find(ctx context.Context, after, namespace string, most int, wanted func(name string, f Facts) bool) ([]Facts, error) {
	if namespace != "" {
		after = max(after, namespace+"/") // no name ends in a slash
	}
	found := []Facts{}
	for {
		page, err := s.Store.Repositories(ctx, after, pageOfRows)
		if err != nil {
			return nil, fmt.Errorf("list repositories: %w", err)
		}
		names := make([]string, 0, len(page))
		for _, r := range page {
			names = append(names, r.Name)
		}
		known, err := s.Store.Facts(ctx, names)
		if err != nil {
			return nil, fmt.Errorf("list repositories: %w", err)
		}
		for _, name := range names {
			after = name
			if namespace != "" && !under(name, namespace) {
				return found, nil // behind it in the order
			}
			if !wanted(name, known[name]) {
				continue
			}
			if found = append(found, known[name]); len(found) == most {
				return found, nil
			}
		}
		if len(page) < pageOfRows {
			return found, nil
		}
	}
}

// MayChange says why a person may not push to a repository (action Push), or
// not delete in it and administer it (Delete), or nil; found says whether it
// is there.
func (s *Service) MayChange(ctx context.Context, who Actor, name, action string) (found bool, err error) {
	f, err := s.facts(ctx, name)
	if err != nil {
		return false, err
	}
	return f.Repository.ID != "", s.Rights.mayChange(who, name, action, f)
}

func (s *Service) facts(ctx context.Context, name string) (Facts, error) {
	if err := CheckName(name); err != nil {
		return Facts{}, err
	}
	known, err := s.Store.Facts(ctx, []string{name})
	if err != nil {
		return Facts{}, fmt.Errorf("read repository: %w", err)
	}
	return known[name], nil
}

// mayChange: whoever may do action by their own rights, and administrators
// wherever there is somebody to whom the name belongs.
func (r Rights) mayChange(who Actor, name, action string, f Facts) error {
	may := r.reach(who.Subject(), name, f)
	switch {
	case may.rule == RuleReserved:
		return fmt.Errorf("%w: %s", ErrInvalid, noRight(who.Subject(), name, may, f, r))
	case who.Admin && (f.Organization.ID != "" || f.Person || Namespace(name) == ""):
		return nil
	case may.level < levelFor(action, false) && !allowed(Pull, may.level, Admin, f.Repository.Public):
		return noRepository(name)
	case may.level < levelFor(action, false):
		return fmt.Errorf("%w: %s", ErrForbidden, refusal(who.Subject(), action, name, may, f, r))
	}
	return nil
}

// mayMake says to whoever may not push to a name, and may not see what lies
// there, which name would work. It is one answer, whether there is something.
func (s *Service) mayMake(ctx context.Context, who Actor, name string) error {
	f, err := s.facts(ctx, name)
	if err != nil {
		return err
	}
	err = s.Rights.mayChange(who, name, Push, f)
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	f.Repository = Repository{}
	return fmt.Errorf("%w: %s", ErrForbidden, refusal(who.Subject(), Push, name, s.Rights.reach(who.Subject(), name, f), f, s.Rights))
}

// RepositoryPatch is a change to a repository; nil leaves a field as it is.
type RepositoryPatch struct {
	Description *string
	Public      *bool
}

// PatchRepository changes what a repository says of itself, and who may pull
// it. It makes one that is not there yet.
func (s *Service) PatchRepository(ctx context.Context, who Actor, name string, p RepositoryPatch) (out Repository, err error) {
	if p.Description != nil {
		if err := checkText(*p.Description); err != nil {
			return Repository{}, err
		}
	}
	turned := false
	err = s.changeRepository(ctx, who, name, Delete, func(f Facts) (Repository, error) {
		out = s.made(f, who, name)
		turned = p.Public != nil && *p.Public != out.Public
		if p.Description != nil {
			out.Description = *p.Description
		}
		if p.Public != nil {
			out.Public = *p.Public
		}
		return out, nil
	})
	if err != nil {
		return Repository{}, fmt.Errorf("change repository: %w", err)
	}
	if !turned {
		return out, nil
	}
	to := "private"
	if out.Public {
		to = "public"
	}
	return out, s.did(ctx, who, "", activity.RepositoryVisible, name, map[string]string{"to": to})
}

// reserved says whether a name hides a path of the service.
func (r Rights) reserved(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return slices.Contains(r.Reserved, first)
}
