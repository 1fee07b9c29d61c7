package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
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
	CreatedAt   time.Time  `json:"created_at"`
	LastUsed    *time.Time `json:"last_used"` // nil: never
	LastUsedIP  string     `json:"last_used_ip"`
	LastUsedUA  string     `json:"last_used_ua"`
	ExpiresAt   *time.Time `json:"expires_at"` // nil: never
	Secret      string     `json:"token"`
	CreatorAddr string     `json:"creator_ip"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (t *Token) UnmarshalJSON(text []byte) error {
	type plain Token
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Label, t.Machine, t.LastUsedUA = clean(t.Label), clean(t.Machine), clean(t.LastUsedUA)
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
}

// Patch changes a token; nil leaves a field as it is.
type Patch struct {
	Label  *string `json:"token_label,omitempty"`
	Active *bool   `json:"is_active,omitempty"`
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
	for page := 1; page <= 100; page++ {
		var out struct {
			Active  int     `json:"active_count"`
			Next    string  `json:"next"`
			Results []Token `json:"results"`
		}
		if err := s.call(ctx, access, http.MethodGet, fmt.Sprintf("/v2/access-tokens?page=%d&page_size=100", page), nil, &out); err != nil {
			return nil, 0, fmt.Errorf("list tokens: %w", err)
		}
		all, active = append(all, out.Results...), out.Active
		if out.Next == "" {
			break
		}
	}
	return all, active, nil
}

// Create makes a token by hand; its secret is in the answer and nowhere else.
func (s *Server) Create(ctx context.Context, access string, n NewToken) (Token, error) {
	var out Token
	if err := s.call(ctx, access, http.MethodPost, "/v2/access-tokens", n, &out); err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	return out, nil
}

// Change renames, deactivates or activates a token.
func (s *Server) Change(ctx context.Context, access, uuid string, p Patch) (Token, error) {
	var out Token
	if err := s.call(ctx, access, http.MethodPatch, "/v2/access-tokens/"+url.PathEscape(uuid), p, &out); err != nil {
		return Token{}, fmt.Errorf("change token: %w", err)
	}
	return out, nil
}

// Delete deletes a token.
func (s *Server) Delete(ctx context.Context, access, uuid string) error {
	if err := s.call(ctx, access, http.MethodDelete, "/v2/access-tokens/"+url.PathEscape(uuid), nil, nil); err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
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

func (s *Server) call(ctx context.Context, access, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, sent)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+access)
	request.Header.Set("Content-Type", "application/json")
	return s.send(ctx, request, into)
}

func (s *Server) post(ctx context.Context, path string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(ctx, request, nil)
}

func (s *Server) send(ctx context.Context, request *http.Request, into any) error {
	response, err := s.http.Do(request)
	if err != nil {
		return s.failed(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s.failed(ctx, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return s.refused(response, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %s sent something that is not its format", ErrNotServer, s.URL)
	}
	return nil
}

func (s *Server) refused(response *http.Response, text []byte) error {
	var said struct{ Message, Detail, Reason string }
	_ = json.Unmarshal(text, &said) // without a message the status speaks
	why := clean(said.Message)
	if why == "" {
		why = response.Status
	}
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized:
		return &Ended{Reason: clean(said.Reason), why: why}
	case code == http.StatusForbidden:
		return fmt.Errorf("%w: %s", ErrDenied, why)
	case code == http.StatusNotFound:
		return ErrNotFound
	case code == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s", ErrLimited, why)
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ErrServer, s.URL, why)
	}
	return &refusal{why}
}

// refusal is an ErrRefused in the service's own words alone.
type refusal struct{ why string }

func (r *refusal) Error() string        { return r.why }
func (r *refusal) Is(target error) bool { return target == ErrRefused }

func (s *Server) owns(address string) bool {
	return strings.HasPrefix(address, s.URL+"/") && printable(address) && len(address) <= 4096
}

func printable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// clean makes a server's words fit for a terminal: one line, no controls, and
// none of the unseen characters but those that join: emoji and Persian are made
// with them, and they turn nothing around.
func clean(text string) string {
	const nonJoiner, joiner = '\u200c', '\u200d'
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}
