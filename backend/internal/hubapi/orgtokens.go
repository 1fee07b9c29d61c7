package hubapi

import (
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// orgAccessToken is a token of an organisation as the Hub shows it.
type orgAccessToken struct {
	ID          string           `json:"id"`
	Label       string           `json:"label"`
	Description string           `json:"description"`
	CreatedBy   string           `json:"created_by"`
	IsActive    bool             `json:"is_active"`
	CreatedAt   string           `json:"created_at"`
	ExpiresAt   *string          `json:"expires_at"` // as sent
	LastUsedAt  *string          `json:"last_used_at"`
	Resources   []token.Resource `json:"resources"`
	Token       string           `json:"token,omitempty"` // the secret, in the answer that creates it

	IsExpired     bool   `json:"is_expired"` // this and what follows are ours
	TokenLastFour string `json:"token_last_four"`
	LastUsedIP    string `json:"last_used_ip"`
	LastUsedUA    string `json:"last_used_ua"`
}

func (h *Handler) showOrg(t token.Token) orgAccessToken {
	return orgAccessToken{
		ID: t.ID, Label: t.Description, Description: t.Note, CreatedBy: t.CreatedBy, IsActive: t.Active,
		CreatedAt: t.CreatedAt.Format(stamp), ExpiresAt: unlessEmpty(t.ExpiresText), LastUsedAt: moment(t.LastUsed.At),
		Resources: t.Resources, IsExpired: t.Dead(h.now()), TokenLastFour: t.LastFour,
		LastUsedIP: t.LastUsed.Addr, LastUsedUA: t.LastUsed.Agent,
	}
}

// orgTokens is GET /v2/orgs/{org}/access-tokens, in the Hub's other envelope.
func (h *Handler) orgTokens(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	all, err := h.Tokens.List(r.Context(), o.ID)
	if err != nil {
		return answer{}, err
	}
	shown := make([]orgAccessToken, 0, len(all))
	for _, t := range all {
		shown = append(shown, h.showOrg(t))
	}
	page, err := paged(h, r, shown)
	return answer{http.StatusOK, struct {
		Total    int              `json:"total"`
		Next     *string          `json:"next"`
		Previous *string          `json:"previous"`
		Results  []orgAccessToken `json:"results"`
	}{page.Count, page.Next, page.Previous, page.Results}}, err
}

// createOrgToken is POST /v2/orgs/{org}/access-tokens. The secret is in its
// answer and nowhere else.
func (h *Handler) createOrgToken(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	spec := token.OrgSpec{
		Label: plain(f.text("label")), Note: plain(f.text("description")), Resources: f.resources("resources"),
		Expires: plain(f.text("expires_at")), By: by(r, who),
	}
	if spec.Label == "" {
		f.demand("label", "is needed")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if err := checkReach(o, spec.Resources); err != nil {
		return answer{}, err
	}
	made, secret, err := h.Tokens.CreateOrg(r.Context(), o.ID, spec)
	if err != nil {
		return answer{}, err
	}
	out := h.showOrg(made)
	out.Token = secret.Reveal()
	return answer{http.StatusCreated, out}, nil
}

// checkReach asks both nouns: of what form resources are, and whose they are.
func checkReach(o access.Organization, all []token.Resource) error {
	if err := token.CheckResources(all); err != nil {
		return err
	}
	for _, one := range all {
		if err := access.CheckReach(o.Name, one.Path); err != nil {
			return err
		}
	}
	return nil
}

// resources reads the list of what a token reaches; nil: absent.
func (f *form) resources(name string) []token.Resource {
	all := field[[]token.Resource](f, name, "a list of resources, each with type, path and scopes")
	if all == nil {
		return nil
	}
	return append([]token.Resource{}, *all...)
}

// orgToken is GET /v2/orgs/{org}/access-tokens/{id}.
func (h *Handler) orgToken(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	t, err := h.Tokens.Get(r.Context(), o.ID, orgTokenID(r))
	return answer{http.StatusOK, h.showOrg(t)}, err
}

// patchOrgToken is PATCH /v2/orgs/{org}/access-tokens/{id}. Its expiry stays.
func (h *Handler) patchOrgToken(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	p := token.Patch{Description: f.text("label"), Note: f.text("description"), Active: f.truth("is_active")}
	if all := f.resources("resources"); all != nil {
		p.Resources = &all
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	if p.Empty() {
		return answer{}, errBody("nothing to change: send label, description, resources or is_active")
	}
	if p.Resources != nil {
		if err := checkReach(o, *p.Resources); err != nil {
			return answer{}, err
		}
	}
	t, err := h.Tokens.Change(r.Context(), o.ID, orgTokenID(r), p, by(r, who))
	return answer{http.StatusOK, h.showOrg(t)}, err
}

// removeOrgToken is DELETE /v2/orgs/{org}/access-tokens/{id}.
func (h *Handler) removeOrgToken(r *http.Request, who gate.Passed) (answer, error) {
	o, err := h.Access.Managed(r.Context(), manager(r, who), r.PathValue("org"))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, h.Tokens.Delete(r.Context(), o.ID, by(r, who), orgTokenID(r))
}

func orgTokenID(r *http.Request) string { return strings.ToLower(r.PathValue("id")) }
