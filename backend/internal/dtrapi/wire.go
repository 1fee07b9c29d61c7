package dtrapi

import (
	"time"

	"lanyard/backend/token"
)

// apiToken is responses.APIToken. hashedToken names it in addresses; ours is
// the token's id, which says nothing of the secret.
type apiToken struct {
	HashedToken string    `json:"hashedToken"`
	TokenLabel  string    `json:"tokenLabel"`
	IsActive    bool      `json:"isActive"`
	LastUsed    time.Time `json:"lastUsed"` // never: 0001-01-01T00:00:00Z, since the field must be a date
	CreatedAt   time.Time `json:"createdAt"`
	GeneratedBy string    `json:"generatedBy"` // auto or manual
	CreatorUa   string    `json:"creatorUa"`
}

// newAPIToken is responses.NewAPIToken.
type newAPIToken struct {
	apiToken
	Token string `json:"token"`
}

// repository is responses.Repository. A name of a single component has no
// namespace.
type repository struct {
	ID                  string `json:"id"`
	Namespace           string `json:"namespace"`
	NamespaceType       string `json:"namespaceType"` // user or organization
	Name                string `json:"name"`
	ShortDescription    string `json:"shortDescription"`
	LongDescription     string `json:"longDescription"`
	Visibility          string `json:"visibility"` // public or private
	ScanOnPush          bool   `json:"scanOnPush"`
	ImmutableTags       bool   `json:"immutableTags"`
	EnableManifestLists bool   `json:"enableManifestLists"`
	Pulls               int64  `json:"pulls"`
	Pushes              int64  `json:"pushes"`
}

// show is a token as it stands at now. The format knows no expiry: what has
// expired is not active.
func show(t token.Token, now time.Time) apiToken {
	return apiToken{
		HashedToken: t.ID, TokenLabel: t.Description, IsActive: t.StatusAt(now) == token.IsActive,
		LastUsed: t.LastUsed.At.UTC(), CreatedAt: t.CreatedAt, GeneratedBy: string(t.Source), CreatorUa: t.Creator.Agent,
	}
}
