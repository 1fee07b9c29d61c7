package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Machine says for which computer a token is generated.
type Machine struct {
	Installation string `json:"installation"` // machine.Installation, a hash
	Machine      string `json:"machine"`      // host name
	OS           string `json:"os"`
}

// Generated is a fresh auto-generated token: the secret is shown this once.
type Generated struct {
	Secret        string    `json:"token"`
	UUID          string    `json:"uuid"`
	SessionID     string    `json:"session_id"`
	SessionEnds   time.Time `json:"session_expires_at"`
	SessionIdleBy time.Time `json:"session_idle_expires_at"`
}

// String hides the secret.
func (Generated) String() string { return "***" }

// GoString hides it from %#v.
func (Generated) GoString() string { return "***" }

// Token is a registry token as the service shows it; Secret only once.
type Token struct {
	UUID        string     `json:"uuid"`
	Label       string     `json:"token_label"`
	Scopes      []string   `json:"scopes"`
	Source      string     `json:"generated_by"` // manual or auto
	Active      bool       `json:"is_active"`
	Expired     bool       `json:"is_expired"`
	LastFour    string     `json:"token_last_four"`
	Machine     string     `json:"machine"`
	OS          string     `json:"os"`
	CreatedAt   time.Time  `json:"created_at"`
	LastUsed    *time.Time `json:"last_used"` // nil: never
	LastUsedIP  string     `json:"last_used_ip"`
	LastUsedUA  string     `json:"last_used_ua"`
	ExpiresAt   *time.Time `json:"expires_at"` // nil: never
	Secret      string     `json:"token"`
	CreatorAddr string     `json:"creator_ip"`
	Pinned      bool       `json:"is_pinned"` // auto-generated ones only: it never gives way
	// Repositories are the names and patterns that it is limited to; empty: no limit.
	Repositories []string  `json:"repositories"`
	Previous     *Previous `json:"previous"` // the secret before the last rotation; nil: never rotated
}

// Previous is a secret that a rotation replaced, and who still uses it.
type Previous struct {
	LastFour   string     `json:"token_last_four"`
	Until      time.Time  `json:"valid_until"`
	LastUsed   *time.Time `json:"last_used"` // nil: not since the rotation
	LastUsedIP string     `json:"last_used_ip"`
	LastUsedUA string     `json:"last_used_ua"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (t *Token) UnmarshalJSON(text []byte) error {
	type plain Token
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Label, t.Machine, t.OS, t.CreatorAddr = clean(t.Label), clean(t.Machine), clean(t.OS), clean(t.CreatorAddr)
	t.LastUsedUA, t.LastUsedIP = clean(t.LastUsedUA), clean(t.LastUsedIP)
	cleanAll(t.Scopes)
	cleanAll(t.Repositories)
	if was := t.Previous; was != nil {
		was.LastFour, was.LastUsedIP, was.LastUsedUA = clean(was.LastFour), clean(was.LastUsedIP), clean(was.LastUsedUA)
	}
	return nil
}

// String names the token, without its secret.
func (t Token) String() string { return t.Label }

// GoString hides the secret from %#v.
func (t Token) GoString() string { return t.Label }

// Status is active, inactive or expired.
func (t Token) Status() string {
	switch {
	case t.Expired:
		return "expired"
	case !t.Active:
		return "inactive"
	}
	return "active"
}

// Permissions puts scopes in the words people know.
func Permissions(scopes []string) string {
	words := map[string]string{"repo:admin": "Read, Write, Delete", "repo:write": "Read, Write", "repo:read": "Read", "repo:public_read": "Public read"}
	var said []string
	for _, s := range scopes {
		if word, ok := words[s]; ok {
			said = append(said, word)
			continue
		}
		said = append(said, s)
	}
	return strings.Join(said, " + ")
}

// NewToken is what a person asks for.
type NewToken struct {
	Label     string   `json:"token_label"`
	Scopes    []string `json:"scopes"`
	ExpiresAt string   `json:"expires_at,omitempty"` // RFC 3339; "": never
	// Repositories are names and patterns (team/*) to limit it to; empty: no limit.
	Repositories []string `json:"repositories,omitempty"`
}

// Patch changes a token; nil leaves a field as it is.
type Patch struct {
	Label  *string  `json:"token_label,omitempty"`
	Active *bool    `json:"is_active,omitempty"`
	Scopes []string `json:"scopes,omitempty"`
	Pinned *bool    `json:"is_pinned,omitempty"`
}

// Session is what the service says of the calling session.
type Session struct {
	ID        string    `json:"session_id"`
	Ends      time.Time `json:"session_expires_at"`
	IdleBy    time.Time `json:"session_idle_expires_at"`
	Token     *Token    `json:"token"` // nil: this session has none
	TokenLost *Loss     `json:"loss"`  // what became of it, if the service remembers
}

// Loss says what became of a token: fate is evicted, deleted or superseded.
type Loss struct {
	Fate string    `json:"fate"`
	At   time.Time `json:"at"`
	By   string    `json:"by"` // the machine that took its place, "" if none
}

// Generate asks for this computer's token.
func (s *Server) Generate(ctx context.Context, access string, m Machine) (Generated, error) {
	var out struct {
		Data Generated `json:"data"`
	}
	if err := s.call(ctx, access, http.MethodPost, "/v2/access-tokens/desktop-generate", m, &out); err != nil {
		return Generated{}, fmt.Errorf("generate a token: %w", err)
	}
	if out.Data.Secret == "" || out.Data.UUID == "" {
		return Generated{}, fmt.Errorf("generate a token: %w: the answer holds none", ErrNotServer)
	}
	return out.Data, nil
}

// Session asks about the calling session and its token.
func (s *Server) Session(ctx context.Context, access string) (Session, error) {
	var out Session
	return out, s.call(ctx, access, http.MethodGet, "/v2/access-tokens/session", nil, &out)
}

// Tokens lists the account's tokens, the newest first, and how many are active.
func (s *Server) Tokens(ctx context.Context, access string) (all []Token, active int, err error) {
	list, err := s.Holder(access, "").List(ctx, TokenQuery{})
	return list.Tokens, list.Active, err
}

// Create makes a token by hand; its secret is in the answer and nowhere else.
func (s *Server) Create(ctx context.Context, access string, n NewToken) (Token, error) {
	return s.Holder(access, "").Create(ctx, n)
}

// Change renames, deactivates or activates a token.
func (s *Server) Change(ctx context.Context, access, uuid string, p Patch) (Token, error) {
	return s.Holder(access, "").Change(ctx, uuid, p)
}

// Delete deletes a token.
func (s *Server) Delete(ctx context.Context, access, uuid string) error {
	return s.Holder(access, "").Delete(ctx, uuid)
}

// Accepts asks the registry token endpoint whether it would take a secret:
// the proof after a sign-out.
func (s *Server) Accepts(ctx context.Context, username, secret string) (bool, error) {
	service := ""
	if len(s.Info.Registries) > 0 {
		service = s.Info.Registries[0]
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/token?service="+url.QueryEscape(service), nil)
	if err != nil {
		return false, fmt.Errorf("probe the token: %w", err)
	}
	request.SetBasicAuth(username, secret)
	response, err := s.http.Do(request)
	if err != nil {
		return false, s.failed(ctx, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusUnauthorized:
		return false, nil
	}
	return false, fmt.Errorf("probe the token: %w: %s", ErrServer, response.Status)
}
