package hubapi

import (
	"net/http"
	"slices"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// explained is why somebody may, or may not, do one thing to a repository.
type explained struct {
	Repository string      `json:"repository"`
	Action     string      `json:"action"`
	Allowed    bool        `json:"allowed"`
	Rule       access.Rule `json:"rule"`    // by which the account goes as far as it does
	Account    string      `json:"account"` // that, in words
	Token      string      `json:"token"`   // what the token lets through; "": none stands between
	Why        string      `json:"why"`     // the refusal that tools print
}

// explain is GET /v2/access/explain: of a person with nothing between, of a
// token of theirs, or of the token that asks.
func (h *Handler) explain(r *http.Request, _ gate.Passed) (answer, error) {
	q := r.URL.Query()
	name, action := q.Get("repository"), q.Get("action")
	who, t, err := h.asked(r)
	if err != nil {
		return answer{}, err
	}
	wrong := errFields{}
	if name == "" {
		wrong["repository"] = "is needed: a name such as ada/app"
	}
	if !slices.Contains([]string{access.Pull, access.Push, access.Delete}, action) {
		wrong["action"] = "must be pull, push or delete"
	}
	if len(wrong) > 0 {
		return answer{}, wrong
	}
	e, err := h.Access.Explain(r.Context(), who, name, action, t == nil)
	if err != nil {
		return answer{}, err
	}
	out := explained{e.Repository, e.Action, e.Allowed, e.Rule, e.Account, e.Token, e.Why}
	if t == nil {
		return answer{http.StatusOK, out}, nil
	}
	if over := t.Usable(h.now()); over != nil {
		out.Allowed, out.Token, out.Why = false, over.Error(), over.Error()
	}
	return answer{http.StatusOK, out}, nil
}

// asked is of whom an explanation is asked: t is the token that stands
// between, nil: none does.
func (h *Handler) asked(r *http.Request) (_ access.Subject, t *token.Token, _ error) {
	q := r.URL.Query()
	byToken := func(p caller.Presented, err error) (access.Subject, *token.Token, error) {
		if err == nil && (q.Has("username") || q.Has("token")) {
			err = gate.ErrPerson
		}
		return p.Subject(), &p.Token, err
	}
	if _, _, basic := r.BasicAuth(); basic {
		return byToken(h.presented(r))
	}
	who, err := h.Gate.Check(r)
	if err == nil && who.Person() != nil {
		return byToken(h.presented(r))
	}
	if err != nil {
		return access.Subject{}, nil, err
	}
	owner, err := h.whose(r, who)
	if err != nil {
		return access.Subject{}, nil, err
	}
	id := strings.ToLower(q.Get("token"))
	if id == "" {
		return caller.Person(owner), nil, nil
	}
	one, err := h.Tokens.Get(r.Context(), owner.ID, id)
	return caller.Presented{Token: one, Account: owner}.Subject(), &one, err
}
