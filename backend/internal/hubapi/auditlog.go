package hubapi

import (
	"context"
	"net/http"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/internal/gate"
)

const (
	auditPage = 25 // the Hub's default
	maxAudit  = 10_000
)

// audited are acts by the Hub's groups, with the Hub's name where it has one.
var audited = []struct {
	group, name string
	act         activity.Action
	label       string
}{
	{"org", "create", activity.OrganizationCreated, "Organization Created"},
	{"org", "delete", activity.OrganizationDeleted, "Organization Deleted"},
	{"org", "member.change", activity.OrganizationMember, "Organization Member Changed"},
	{"org", "team.change", activity.TeamChanged, "Team Changed"},
	{"org", "team.delete", activity.TeamDeleted, "Team Deleted"},
	{"repo", "create", activity.RepositoryCreated, "Repository Created"},
	{"repo", "delete", activity.RepositoryDeleted, "Repository Deleted"},
	{"repo", "change_privacy", activity.RepositoryVisible, "Privacy Changed"},
	{"repo", "permission", activity.RepositoryGiven, "Permission Changed"},
	{"repo", "tag.delete", activity.TagDeleted, "Tag Deleted"},
	{"token", "created", activity.TokenCreated, "Token Created"},
	{"token", "generated", activity.TokenGenerated, "Token Generated"},
	{"token", "renamed", activity.TokenRenamed, "Token Renamed"},
	{"token", "scoped", activity.TokenScoped, "Token Permissions Changed"},
	{"token", "activated", activity.TokenActivated, "Token Activated"},
	{"token", "deactivated", activity.TokenDeactivated, "Token Deactivated"},
	{"token", "pinned", activity.TokenPinned, "Token Pinned"},
	{"token", "unpinned", activity.TokenUnpinned, "Token Unpinned"},
	{"token", "rotated", activity.TokenRotated, "Token Rotated"},
	{"token", "deleted", activity.TokenDeleted, "Token Deleted"},
	{"token", "evicted", activity.TokenEvicted, "Token Evicted"},
	{"token", "superseded", activity.TokenSuperseded, "Token Superseded"},
	{"token", "swept", activity.TokenSwept, "Token Swept"},
	{"account", "created", activity.AccountCreated, "Account Created"},
	{"account", "password", activity.AccountPassword, "Password Changed"},
	{"account", "factor", activity.AccountFactor, "Second Factor Changed"},
	{"account", "disabled", activity.AccountDisabled, "Account Disabled"},
	{"account", "enabled", activity.AccountEnabled, "Account Enabled"},
	{"session", "began", activity.SessionBegan, "Signed In"},
	{"session", "ended", activity.SessionEnded, "Signed Out"},
	{"signin", "passed", activity.SignInPassed, "Sign-in Passed"},
	{"signin", "refused", activity.SignInRefused, "Sign-in Refused"},
}

var groupLabels = map[string]string{"org": "Organization", "repo": "Repository", "token": "Token", "account": "Account", "session": "Session", "signin": "Sign-in"}

// auditEvent is an act in the Hub's form.
type auditEvent struct {
	Account           string            `json:"account"`
	Action            string            `json:"action"`
	Name              string            `json:"name"`
	Actor             string            `json:"actor"`
	Data              map[string]string `json:"data"`
	Timestamp         string            `json:"timestamp"`
	ActionDescription string            `json:"action_description"`
}

func showAudit(of string, e activity.Event) auditEvent {
	out := auditEvent{
		Account: of, Action: string(e.Action), Name: e.Label, Actor: e.ActorName, Data: map[string]string{"subject": e.Subject},
		Timestamp: e.At.UTC().Format(time.RFC3339), ActionDescription: string(e.Action),
	}
	for name, value := range e.Details {
		out.Data[name] = value
	}
	for _, a := range audited {
		if a.act == e.Action {
			out.Action, out.ActionDescription = a.group+"."+a.name, a.label+": "+e.Label
		}
	}
	return out
}

// auditOf is whose acts are asked for: one's own, an organisation's that one
// manages, and an administrator's are all.
func (h *Handler) auditOf(r *http.Request, who gate.Passed) (id, name string, err error) {
	name = account.Key(r.PathValue("account"))
	if name == account.Key(who.Account.Name) {
		return who.Account.ID, who.Account.Name, nil
	}
	if who.Account.Admin {
		if a, err := h.person(r.Context(), name); err == nil {
			return a.ID, a.Name, nil
		}
	}
	o, err := h.Access.Managed(r.Context(), manager(r, who), name)
	return o.ID, o.Name, err
}

// auditLog is GET /v2/auditlogs/{account}: the activity as the Hub shows it.
func (h *Handler) auditLog(r *http.Request, who gate.Passed) (answer, error) {
	id, name, err := h.auditOf(r, who)
	if err != nil {
		return answer{}, err
	}
	at, err := windowOf(r, auditPage)
	if err != nil {
		return answer{}, err
	}
	if at.page*at.size > maxAudit {
		return answer{}, errFields{"page": "reaches too far back: use from and to"}
	}
	q := activity.Query{Most: maxEvents}
	if q.From, q.To, err = span(r); err != nil {
		return answer{}, err
	}
	all, err := h.audit(r.Context(), id, name, q, at, filterOf(r))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, struct {
		Logs []auditEvent `json:"logs"`
	}{all}}, nil
}

// filterOf says which acts are asked for.
func filterOf(r *http.Request) func(auditEvent) bool {
	q := r.URL.Query()
	return func(e auditEvent) bool {
		for name, value := range map[string]string{"action": e.Action, "name": e.Name, "actor": e.Actor} {
			if wanted := q.Get(name); wanted != "" && wanted != value {
				return false
			}
		}
		return true
	}
}

func (h *Handler) audit(ctx context.Context, id, name string, q activity.Query, at window, wants func(auditEvent) bool) ([]auditEvent, error) {
	out, skip := []auditEvent{}, (at.page-1)*at.size
	for {
		part, err := h.Activity.Page(ctx, id, q)
		if err != nil {
			return nil, err
		}
		for _, e := range part {
			shown := showAudit(name, e)
			switch {
			case !wants(shown):
			case skip > 0:
				skip--
			default:
				if out = append(out, shown); len(out) == at.size {
					return out, nil
				}
			}
		}
		if len(part) < q.Most {
			return out, nil
		}
		q.Before = part[len(part)-1].ID
	}
}

// auditActions is GET /v2/auditlogs/{account}/actions: what can be asked for.
func (h *Handler) auditActions(r *http.Request, who gate.Passed) (answer, error) {
	if _, _, err := h.auditOf(r, who); err != nil {
		return answer{}, err
	}
	type one struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Label       string `json:"label"`
	}
	type group struct {
		Actions []one  `json:"actions"`
		Label   string `json:"label"`
	}
	var out struct {
		Actions map[string]group `json:"actions"`
	}
	out.Actions = map[string]group{}
	for _, a := range audited {
		g := out.Actions[a.group]
		g.Label = groupLabels[a.group]
		g.Actions = append(g.Actions, one{a.name, "contains " + string(a.act) + " events", a.label})
		out.Actions[a.group] = g
	}
	return answer{http.StatusOK, out}, nil
}
