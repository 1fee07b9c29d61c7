package why

import (
	"context"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/registryauth"
)

// Ruling is what a Lanyard service says of one action: by which rule the
// account may do it, or not, and what the token lets through.
type Ruling struct {
	Action  string `json:"action"` // pull or push
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`    // in one word
	Account string `json:"account"` // in words
	Token   string `json:"token"`
	Why     string `json:"why,omitempty"` // the refusal that tools print
}

// rulings asks the account's own service, and shows it the token that it gave
// out itself: a secret of anybody else's goes to the registry alone, whatever
// servers say that they serve. nil where there is no such service, or it does
// not answer: then the registry's words are all there is.
func (a Asker) rulings(ctx context.Context, r Report, login registryauth.Login) []Ruling {
	if r.Login == nil || !r.Login.Lanyard || r.Account == nil || r.Account.Pasted || r.Account.Server == client.HubURL ||
		login.Username != r.Account.Name {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	server, err := client.Open(ctx, r.Account.Server, a.Transport)
	if err != nil {
		return nil
	}
	var all []Ruling
	for _, action := range []string{"pull", "push"} {
		e, err := server.ExplainSelf(ctx, client.Login(login), client.Question{Repository: r.Image.Repository, Action: action})
		if err != nil {
			return nil
		}
		all = append(all, Ruling{action, e.Allowed, e.Rule, e.Account, e.Token, e.Why})
	}
	return all
}

// refusal is why the service refuses an action, as a sentence; "" if it does
// not, or was not asked.
func (f facts) refusal(action string) string {
	for _, ruling := range f.Rules {
		if ruling.Action == action && !ruling.Allowed && ruling.Why != "" {
			return strings.TrimSuffix(ruling.Why, ".") + "."
		}
	}
	return ""
}
