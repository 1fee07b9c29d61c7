package app

import (
	"time"

	"lanyard/backend/client"
)

// TokenView is a token of the account.
type TokenView struct {
	ID            string        `json:"id"`
	Description   string        `json:"description"`
	Source        string        `json:"source"`
	Status        string        `json:"status"`
	Scopes        []string      `json:"scopes"`
	Access        string        `json:"access"` // the scopes in words
	LastFour      string        `json:"lastFour"`
	Machine       string        `json:"machine"`
	OS            string        `json:"os"`
	ThisComputer  bool          `json:"thisComputer"`
	Pinned        bool          `json:"pinned"`
	Repositories  []string      `json:"repositories"` // that it is limited to; none: no limit
	Created       string        `json:"created"`
	CreatedFrom   string        `json:"createdFrom"`
	LastUsed      string        `json:"lastUsed"`
	LastUsedFrom  string        `json:"lastUsedFrom"`
	LastUsedAgent string        `json:"lastUsedAgent"`
	Expires       string        `json:"expires"`
	Previous      *PreviousView `json:"previous"`
}

// PreviousView is a secret that a rotation replaced, and who still uses it.
type PreviousView struct {
	LastFour      string `json:"lastFour"`
	Until         string `json:"until"`
	LastUsed      string `json:"lastUsed"`
	LastUsedFrom  string `json:"lastUsedFrom"`
	LastUsedAgent string `json:"lastUsedAgent"`
}

// TokenListView is all of them.
type TokenListView struct {
	Tokens      []TokenView `json:"tokens"`
	Active      int         `json:"active"`
	Deactivated int         `json:"deactivated"`
}

// TokenDetailView is one token, with what was and can be done with it.
type TokenDetailView struct {
	Token     TokenView      `json:"token"`
	Uses      []TokenUseView `json:"uses"`
	Reach     []ReachView    `json:"reach"`
	ReachMore int            `json:"reachMore"` // repositories beyond those
	Activity  []ActView      `json:"activity"`
}

// TokenUseView is where from, and with what, a token was used.
type TokenUseView struct {
	Address string `json:"address"`
	Agent   string `json:"agent"`
	At      string `json:"at"` // last
	Count   int64  `json:"count"`
}

// ReachView is what a token may do in a repository now.
type ReachView struct {
	Repository string   `json:"repository"`
	Actions    []string `json:"actions"`
}

// NewTokenView is what a person asks for.
type NewTokenView struct {
	Description  string   `json:"description"`
	Scope        string   `json:"scope"`
	Expires      string   `json:"expires"`
	Repositories []string `json:"repositories"`
}

// EditView changes a token; Scope "" leaves that as it is.
type EditView struct {
	Description string `json:"description"`
	Scope       string `json:"scope"`
}

// FreshView is a token that was just generated, with its secret: the only
// place that has it.
type FreshView struct {
	Token    TokenView `json:"token"`
	Secret   string    `json:"secret"`
	Registry string    `json:"registry"` // the first host, for commands to be copied
	Account  string    `json:"account"`
}

// String hides the secret.
func (FreshView) String() string { return "***" }

// GoString hides it from %#v.
func (FreshView) GoString() string { return "***" }

// WhichView says which token a pasted secret is.
type WhichView struct {
	Token    *TokenView `json:"token"`    // null: none of this account
	Previous bool       `json:"previous"` // the secret before the last rotation
	Says     string     `json:"says"`
}

// tokenView is one token; here is the id of this computer's own.
func tokenView(t client.Token, here string) TokenView {
	v := TokenView{
		ID: t.UUID, Description: t.Label, Source: t.Source, Status: t.Status(), Scopes: append([]string{}, t.Scopes...),
		Access: client.Permissions(t.Scopes), LastFour: t.LastFour, Machine: t.Machine, OS: t.OS, ThisComputer: here != "" && t.UUID == here,
		Pinned: t.Pinned, Repositories: append([]string{}, t.Repositories...),
		Created: stamp(t.CreatedAt), CreatedFrom: t.CreatorAddr, LastUsed: stampOf(t.LastUsed), LastUsedFrom: t.LastUsedIP, LastUsedAgent: t.LastUsedUA,
		Expires: stampOf(t.ExpiresAt),
	}
	if p := t.Previous; p != nil {
		v.Previous = &PreviousView{
			LastFour: p.LastFour, Until: stamp(p.Until), LastUsed: stampOf(p.LastUsed), LastUsedFrom: p.LastUsedIP, LastUsedAgent: p.LastUsedUA,
		}
	}
	return v
}

func stampOf(at *time.Time) string {
	if at == nil {
		return ""
	}
	return stamp(*at)
}
