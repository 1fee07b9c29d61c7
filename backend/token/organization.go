package token

import (
	"context"
	"fmt"
	"slices"

	"lanyard/backend/activity"
)

const (
	maxNote      = 1024 // characters
	maxResources = 50
)

// OrgSpec is what an owner asks of an organisation's token.
type OrgSpec struct {
	Label     string // 1 to 100 characters
	Note      string
	Resources []Resource // at least one; the caller has checked what they reach
	Expires   string     // RFC 3339, echoed as sent; "": never
	By        activity.By
}

// CreateOrg makes a token of an organisation. The secret is shown once.
func (s *Service) CreateOrg(ctx context.Context, organization string, spec OrgSpec) (Token, Secret, error) {
	now := s.now()
	if err := checkDescription(spec.Label); err != nil {
		return Token{}, "", err
	}
	if err := checkText(spec.Note, maxNote); err != nil {
		return Token{}, "", err
	}
	if err := CheckResources(spec.Resources); err != nil {
		return Token{}, "", err
	}
	expires, err := parseExpiry(spec.Expires, now)
	if err != nil {
		return Token{}, "", err
	}
	return s.admit(ctx, organization, Token{
		Description: spec.Label, Note: spec.Note, Source: Org, CreatedBy: spec.By.Name,
		ExpiresAt: expires, ExpiresText: spec.Expires, Resources: slices.Clone(spec.Resources),
	}, spec.By, now)
}

// DeleteAll takes out all that an organisation holds, which is no more.
func (s *Service) DeleteAll(ctx context.Context, owner string, by activity.By) error {
	held, err := s.Holding(ctx, owner)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(held.Tokens))
	for _, t := range held.Tokens {
		ids = append(ids, t.ID)
	}
	return s.Delete(ctx, owner, by, ids...)
}

// The scopes of a resource, in the Hub's spelling. Each includes those before it.
const (
	ImagePull   = "scope-image-pull"
	ImagePush   = "scope-image-push"
	ImageDelete = "scope-image-delete"
)

// CheckResources says why an organisation's token cannot reach resources, or
// nil. Their paths are the caller's to check.
func CheckResources(all []Resource) error {
	if len(all) == 0 || len(all) > maxResources {
		return fmt.Errorf("%w: a token of an organisation reaches 1 to %d resources", ErrInvalid, maxResources)
	}
	for _, r := range all {
		if r.Type != "TYPE_REPO" {
			return fmt.Errorf("%w: the type of a resource is TYPE_REPO, not %.40q: a token never administers an organisation", ErrInvalid, r.Type)
		}
		if len(r.Scopes) == 0 {
			return fmt.Errorf("%w: a resource needs a scope: %s, %s or %s", ErrInvalid, ImagePull, ImagePush, ImageDelete)
		}
		for _, scope := range r.Scopes {
			if scope != ImagePull && scope != ImagePush && scope != ImageDelete && !Scope(scope).Known() {
				return fmt.Errorf("%w: unknown scope %.40q; known are %s, %s and %s", ErrInvalid, scope, ImagePull, ImagePush, ImageDelete)
			}
		}
	}
	return nil
}
