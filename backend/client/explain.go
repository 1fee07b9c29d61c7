package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Explanation is why somebody may, or may not, do one thing to a repository,
// in the service's words.
type Explanation struct {
	Repository string `json:"repository"`
	Action     string `json:"action"` // pull, push or delete
	Allowed    bool   `json:"allowed"`
	Rule       string `json:"rule"`    // by which the account goes as far as it does, in one word
	Account    string `json:"account"` // that, in words
	Token      string `json:"token"`   // what the token lets through; "": none stands between
	Why        string `json:"why"`     // the refusal that tools print; "": allowed
}

// UnmarshalJSON makes a server's words fit for a terminal.
func (e *Explanation) UnmarshalJSON(text []byte) error {
	type plain Explanation
	if err := json.Unmarshal(text, (*plain)(e)); err != nil {
		return err
	}
	*e = Explanation{clean(e.Repository), clean(e.Action), e.Allowed, clean(e.Rule), clean(e.Account), clean(e.Token), clean(e.Why)}
	return nil
}

// Question is what is to be explained.
type Question struct {
	Repository, Action string
	Token              string // id of one's own token; "": what the account may do by itself
	User               string // for administrators: another person
}

// Explain explains what the session's account, or one of its tokens, may do.
func (s *Server) Explain(ctx context.Context, access string, q Question) (Explanation, error) {
	var out Explanation
	if err := s.call(ctx, access, http.MethodGet, q.path(), nil, &out); err != nil {
		return Explanation{}, fmt.Errorf("explain: %w", err)
	}
	return out, nil
}

// ExplainSelf explains what the token of a login may do.
func (s *Server) ExplainSelf(ctx context.Context, login Login, q Question) (Explanation, error) {
	var out Explanation
	if err := s.callAs(ctx, login, http.MethodGet, q.path(), nil, &out); err != nil {
		return Explanation{}, fmt.Errorf("explain: %w", err)
	}
	return out, nil
}

func (q Question) path() string {
	return query("/v2/access/explain", "repository", q.Repository, "action", q.Action, "token", q.Token, "username", q.User)
}
