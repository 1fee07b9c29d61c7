package access

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lanyard/backend/activity"
)

// Subject is the actor as one who asks: a person, at whom no token cuts.
func (a Actor) Subject() Subject {
	return Subject{ID: a.Account, Name: a.Name, Admin: a.Admin, Level: Admin}
}

// Visible returns up to most repositories that a subject may pull, by name,
// beginning after one; namespace narrows it down, "" does not.
func (s *Service) Visible(ctx context.Context, who Subject, after, namespace string, most int) ([]Repository, error) {
	found, err := s.find(ctx, after, namespace, most, func(name string, f Facts) bool { return s.visible(who, name, f) })
	seen := make([]Repository, 0, len(found))
	for _, f := range found {
		seen = append(seen, f.Repository)
	}
	return seen, err
}

const pageOfRows = 200

func (s *Service) visible(who Subject, name string, f Facts) bool {
	return allowed(Pull, s.Rights.reach(who, name, f).level, who.level(name, f.Repository.Public), f.Repository.Public)
}

// Repository returns one with its facts, or ErrNotFound to whoever may not
// pull it.
func (s *Service) Repository(ctx context.Context, who Subject, name string) (Facts, error) {
	f, err := s.facts(ctx, name)
	if err != nil {
		return Facts{}, err
	}
	if f.Repository.ID == "" || !s.visible(who, name, f) {
		return Facts{}, noRepository(name)
	}
	return f, nil
}

// Explain says what a subject may do to a repository, whether it is there or not.
func (s *Service) Explain(ctx context.Context, who Subject, name, action string, password bool) (Explanation, error) {
	if err := CheckName(name); err != nil {
		return Explanation{}, err
	}
	known, err := s.Store.Facts(ctx, []string{name})
	if err != nil {
		return Explanation{}, fmt.Errorf("read repository: %w", err)
	}
	return Explain(who, name, action, known[name], s.Rights, password), nil
}

// CreateRepository makes one before anybody pushes to it: for whoever may push.
func (s *Service) CreateRepository(ctx context.Context, who Actor, name, description string, public bool) (Repository, error) {
	if err := checkText(description); err != nil {
		return Repository{}, err
	}
	if err := s.mayMake(ctx, who, name); err != nil {
		return Repository{}, fmt.Errorf("create repository: %w", err)
	}
	made := Repository{ID: uuid.NewString(), Name: name, Description: description, Public: public, CreatedAt: s.now(), CreatedBy: who.Account}
	err := s.changeRepository(ctx, who, name, Push, func(f Facts) (Repository, error) {
		if f.Repository.ID != "" {
			return f.Repository, fmt.Errorf("%w: there is a repository %s already", ErrTaken, name)
		}
		if public && s.Rights.reach(who.Subject(), name, f).level < Admin && !who.Admin {
			return Repository{}, fmt.Errorf("%w: who may only push to %s cannot make it public", ErrForbidden, name)
		}
		return made, nil
	})
	if err != nil {
		return Repository{}, fmt.Errorf("create repository: %w", err)
	}
	return made, s.did(ctx, who, "", activity.RepositoryCreated, name, nil)
}

// DeleteRepository forgets a repository and the rights on it. Its images are
// the registry's to delete.
func (s *Service) DeleteRepository(ctx context.Context, who Actor, name string) error {
	err := s.changeRepository(ctx, who, name, Delete, func(f Facts) (Repository, error) {
		if f.Repository.ID == "" {
			return Repository{}, noRepository(name)
		}
		return Repository{}, nil
	})
	if err != nil {
		return fmt.Errorf("delete repository: %w", err)
	}
	return s.did(ctx, who, "", activity.RepositoryDeleted, name, nil)
}

// SetVisibility makes a repository public or private, and makes it if it is
// not there yet.
func (s *Service) SetVisibility(ctx context.Context, who Actor, name string, public bool) (out Repository, err error) {
	err = s.changeRepository(ctx, who, name, Delete, func(f Facts) (Repository, error) {
		out = s.made(f, who, name)
		out.Public = public
		return out, nil
	})
	if err != nil {
		return Repository{}, fmt.Errorf("change visibility: %w", err)
	}
	to := "private"
	if public {
		to = "public"
	}
	return out, s.did(ctx, who, "", activity.RepositoryVisible, name, map[string]string{"to": to})
}

// Give gives a person (account id) or a team a right on a repository, in the
// place of what they had; "" takes it away. called is the person's name.
func (s *Service) Give(ctx context.Context, who Actor, name string, to Given, called string) (out Repository, err error) {
	err = s.changeRepository(ctx, who, name, Delete, func(f Facts) (Repository, error) {
		if to.Team != "" && to.Right != "" {
			if f.Organization.ID == "" || Namespace(name) == "" {
				return Repository{}, fmt.Errorf("%w: teams belong to organisations, and %s to none", ErrInvalid, name)
			}
			if _, err := f.Organization.TeamOf(to.Team); err != nil {
				return Repository{}, err
			}
		}
		if to.Person != "" && to.Right != "" && Namespace(name) == called {
			return Repository{}, fmt.Errorf("%w: everything under %s is %s's already", ErrInvalid, called, called)
		}
		out, err = s.made(f, who, name).give(to)
		return out, err
	})
	if err != nil {
		return Repository{}, fmt.Errorf("change rights: %w", err)
	}
	if to.Team != "" {
		called = Namespace(name) + "/" + to.Team
	}
	right := string(to.Right)
	if right == "" {
		right = "none"
	}
	return out, s.did(ctx, who, to.Person, activity.RepositoryGiven, name, map[string]string{"to": called, "right": right})
}

// made is the repository of f, or a new private one.
func (s *Service) made(f Facts, who Actor, name string) Repository {
	if f.Repository.ID != "" {
		return f.Repository
	}
	return Repository{ID: uuid.NewString(), Name: name, CreatedAt: s.now(), CreatedBy: who.Account}
}

// changeRepository lets pass whoever may do action to the repository, and
// administrators.
func (s *Service) changeRepository(ctx context.Context, who Actor, name, action string, fn func(Facts) (Repository, error)) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return s.Store.ChangeRepository(ctx, name, func(f Facts) (Repository, error) {
		if err := s.Rights.mayChange(who, name, action, f); err != nil {
			return Repository{}, err
		}
		return fn(f)
	})
}

func noRepository(name string) error {
	return fmt.Errorf("%w: there is no repository %.80q that you may see", ErrNotFound, name)
}
