package hubapi

import (
	"context"
	"errors"

	"lanyard/backend/access"
)

// touch is a pull or a push. Who it was and from where is told to whoever
// administers the repository, and to whoever did it.
type touch struct {
	At         string `json:"at"`
	By         string `json:"by"` // "": anonymous, or not told
	TokenLabel string `json:"token_label"`
	IP         string `json:"ip"`
	Agent      string `json:"agent"`
	Tag        string `json:"tag"` // "": by digest
}

func (s *shower) touch(ctx context.Context, t access.Touch, administers bool) (*touch, error) {
	if t.At.IsZero() {
		return nil, nil
	}
	out := &touch{At: t.At.UTC().Format(stamp), Tag: t.Tag}
	if !administers && t.By != s.who.Name {
		return out, nil
	}
	label, err := s.label(ctx, t.By, t.Token)
	out.By, out.TokenLabel, out.IP, out.Agent = t.By, label, t.Addr, t.Agent
	return out, err
}

// label is what a token is called by its owner; "" for one that is gone.
func (s *shower) label(ctx context.Context, owner, id string) (string, error) {
	if owner == "" || id == "" {
		return "", nil
	}
	if labels, ok := s.labels[owner]; ok {
		return labels[id], nil
	}
	holder, err := s.holder(ctx, owner)
	if err != nil || holder == "" {
		return "", err
	}
	held, err := s.Tokens.Holding(ctx, holder)
	if err != nil {
		return "", err
	}
	labels := map[string]string{}
	for _, t := range held.Tokens {
		labels[t.ID] = t.Description
	}
	s.labels[owner] = labels
	return labels[id], nil
}

// holder is the id of the person or organisation of a name; "": gone.
func (s *shower) holder(ctx context.Context, name string) (string, error) {
	var missing errMissing
	a, err := s.person(ctx, name)
	switch {
	case err == nil:
		return a.ID, nil
	case !errors.As(err, &missing):
		return "", err
	}
	known, err := s.Access.Store.Facts(ctx, []string{name + "/any"})
	return known[name+"/any"].Organization.ID, err
}
