package hubapi

import (
	"time"

	"lanyard/backend/token"
)

// stamp is the Hub's form of a time: RFC 3339 in UTC with six digits.
const stamp = "2006-01-02T15:04:05.000000Z"

// accessToken is a token as the Hub shows it, and below that what we add.
type accessToken struct {
	UUID        string        `json:"uuid"`
	ClientID    string        `json:"client_id"` // always "HUB"
	CreatorIP   string        `json:"creator_ip"`
	CreatorUA   string        `json:"creator_ua"`
	CreatedAt   string        `json:"created_at"`
	LastUsed    *string       `json:"last_used"`
	GeneratedBy string        `json:"generated_by"` // manual, auto
	IsActive    bool          `json:"is_active"`
	Token       string        `json:"token"` // the secret in the answer that creates it, else ""
	TokenLabel  string        `json:"token_label"`
	Scopes      []token.Scope `json:"scopes"`     // as sent
	ExpiresAt   *string       `json:"expires_at"` // as sent

	IsExpired     bool    `json:"is_expired"` // it can only be deleted
	IsPinned      bool    `json:"is_pinned"`
	TokenLastFour string  `json:"token_last_four"`
	LastUsedIP    string  `json:"last_used_ip"`
	LastUsedUA    string  `json:"last_used_ua"`
	Machine       string  `json:"machine"` // auto-generated ones only
	OS            string  `json:"os"`
	SessionID     *string `json:"session_id"`

	Status       token.Status `json:"status"`
	Repositories []string     `json:"repositories"` // empty: no limit
	Previous     *previous    `json:"previous"`     // null: never rotated
}

// previous is the secret before the last rotation, and who still uses it.
type previous struct {
	LastFour   string  `json:"token_last_four"`
	ValidUntil string  `json:"valid_until"`
	LastUsed   *string `json:"last_used"`
	LastUsedIP string  `json:"last_used_ip"`
	LastUsedUA string  `json:"last_used_ua"`
}

func show(t token.Token, now time.Time) accessToken {
	out := accessToken{
		UUID: t.ID, ClientID: "HUB", CreatorIP: t.Creator.Addr, CreatorUA: t.Creator.Agent,
		CreatedAt: t.CreatedAt.Format(stamp), LastUsed: moment(t.LastUsed.At), GeneratedBy: source(t.Source),
		IsActive: t.Active, TokenLabel: t.Description, Scopes: t.Scopes, ExpiresAt: unlessEmpty(t.ExpiresText),
		IsExpired: t.Dead(now), IsPinned: t.Pinned, TokenLastFour: t.LastFour,
		LastUsedIP: t.LastUsed.Addr, LastUsedUA: t.LastUsed.Agent,
		Machine: t.Machine, OS: t.OS, SessionID: unlessEmpty(t.Session),
		Status: t.StatusAt(now), Repositories: append([]string{}, t.Repositories...),
	}
	if p := t.Previous; p != nil {
		out.Previous = &previous{p.LastFour, p.Until.Format(stamp), moment(p.LastUsed.At), p.LastUsed.Addr, p.LastUsed.Agent}
	}
	if out.Scopes == nil { // an organisation's
		out.Scopes = []token.Scope{}
	}
	return out
}

// showOnce is show with the secret: for the answer that creates t.
func showOnce(t token.Token, secret token.Secret, now time.Time) accessToken {
	out := show(t, now)
	out.Token = secret.Reveal()
	return out
}

// source is the Hub's word, and DTR's, for who made a token.
func source(s token.Source) string {
	if s == token.Auto {
		return "auto"
	}
	return "manual"
}

// moment is null for a time that never was.
func moment(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	return unlessEmpty(at.UTC().Format(stamp))
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
