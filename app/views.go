package app

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lanyard/backend/client"
	"lanyard/backend/signin"
	"lanyard/backend/standing"
)

// What the page is shown. Times are RFC 3339, "" where there is none; lists
// are never null; no secret but the one of a token that was just generated.

// SessionView is how this computer stands.
type SessionView struct {
	State      string    `json:"state"`
	Account    string    `json:"account"`
	Server     string    `json:"server"`
	Own        bool      `json:"own"` // this computer's own service
	LastFour   string    `json:"lastFour"`
	TokenID    string    `json:"tokenId"`
	Scope      string    `json:"scope"`
	Ends       string    `json:"ends"`
	IdleEnds   string    `json:"idleEnds"`
	Registries []string  `json:"registries"`
	Keychain   string    `json:"keychain"`
	Detail     string    `json:"detail"`
	Action     string    `json:"action"`
	Try        []TryView `json:"try"`
}

// TryView is a line with which to see that a tool is signed in.
type TryView struct {
	Tool string `json:"tool"`
	Line string `json:"line"`
}

// PromptView is how far a sign-in is.
type PromptView struct {
	Phase          string `json:"phase"`
	URL            string `json:"url"`
	UserCode       string `json:"userCode"`
	Expires        string `json:"expires"`
	BrowserError   string `json:"browserError"`
	NeedsSetup     bool   `json:"needsSetup"`
	SetupCode      string `json:"setupCode"`
	ServiceStarted bool   `json:"serviceStarted"`
}

// The phases of a sign-in.
const (
	phaseStarting  = "starting_service"
	phaseWaiting   = "waiting"
	phaseFinishing = "finishing"
)

// ReceiptView is what a sign-out did.
type ReceiptView struct {
	Account  string `json:"account"`
	Server   string `json:"server"`
	LastFour string `json:"lastFour"`
	Removed  bool   `json:"removed"`
	Revoked  bool   `json:"revoked"`
	Refused  bool   `json:"refused"`
	Pending  string `json:"pending"`
	Tools    string `json:"tools"`
}

// TokenView is a token of the account.
type TokenView struct {
	ID           string   `json:"id"`
	Description  string   `json:"description"`
	Source       string   `json:"source"`
	Status       string   `json:"status"`
	Scopes       []string `json:"scopes"`
	Access       string   `json:"access"` // the scopes in words
	LastFour     string   `json:"lastFour"`
	Machine      string   `json:"machine"`
	ThisComputer bool     `json:"thisComputer"`
	Created      string   `json:"created"`
	LastUsed     string   `json:"lastUsed"`
	LastUsedFrom string   `json:"lastUsedFrom"`
	Expires      string   `json:"expires"`
}

// TokenListView is all of them.
type TokenListView struct {
	Tokens      []TokenView `json:"tokens"`
	Active      int         `json:"active"`
	Deactivated int         `json:"deactivated"`
}

// NewTokenView is what a person asks for.
type NewTokenView struct {
	Description string `json:"description"`
	Scope       string `json:"scope"`
	Expires     string `json:"expires"`
}

// FreshView is a token that was just generated, with its secret: the only
// place that has it.
type FreshView struct {
	Token  TokenView `json:"token"`
	Secret string    `json:"secret"`
}

// String hides the secret.
func (FreshView) String() string { return "***" }

// GoString hides it from %#v.
func (FreshView) GoString() string { return "***" }

// CopiedView is a secret that was put onto the clipboard.
type CopiedView struct {
	Clears string `json:"clears"` // when it is taken away again
}

// ClipboardView is how that ended.
type ClipboardView struct {
	Cleared bool `json:"cleared"` // false: something else had been copied
}

// ToolsView is how the tools are set up.
type ToolsView struct {
	File     string   `json:"file"`
	Hosts    []string `json:"hosts"`
	Missing  []string `json:"missing"`
	SetUp    bool     `json:"setUp"`
	Helper   string   `json:"helper"` // where a fresh shell finds it
	Offer    string   `json:"offer"`  // where a copy would go
	Line     string   `json:"line"`   // what else makes the shell find it,
	LineFile string   `json:"lineFile"`
}

// PlanView is what setting them up would change.
type PlanView struct {
	Diff  string `json:"diff"`
	Offer string `json:"offer"`
}

// UndoneView is what was put back.
type UndoneView struct {
	Summary string `json:"summary"`
}

// ServiceView is this computer's own service.
type ServiceView struct {
	State      string `json:"state"`
	URL        string `json:"url"`
	Version    string `json:"version"`
	Data       string `json:"data"`
	NeedsSetup bool   `json:"needsSetup"`
}

const ownOffline = "Start this computer's own service."

// sessionView puts a state together. Its words are those of the state.
func (c *core) sessionView(ctx context.Context, st signin.Status, state standing.State) SessionView {
	words := state.Words()
	v := SessionView{
		State: words.Name, Account: st.Account.Name, Server: st.Account.Server, LastFour: st.LastFour, TokenID: st.TokenID,
		Registries: append([]string{}, st.Hosts...), Keychain: c.Computer.Keychain.Name(ctx), Detail: words.Says, Action: words.Do, Try: []TryView{},
	}
	v.Own = v.Server != "" && c.Own.Owns(ctx, v.Server)
	if v.Own && state == standing.Offline {
		v.Action = ownOffline
	}
	ends, idle := st.Ends()
	v.Ends, v.IdleEnds = stamp(ends), stamp(idle)
	if st.LastFour != "" {
		v.Scope = client.Permissions([]string{"repo:admin"}) // as every generated one
	}
	for _, t := range signin.Tries(v.Account, v.Registries) {
		v.Try = append(v.Try, TryView{Tool: t.Tool, Line: t.Line})
	}
	return v
}

func receiptView(r signin.Receipt) ReceiptView {
	v := ReceiptView{
		Account: r.Account.Name, Server: r.Account.Server, LastFour: r.LastFour,
		Removed: r.Removed, Revoked: r.Revoked, Refused: r.Refused,
	}
	if r.Pending != nil {
		v.Pending = explain(r.Pending).Message
	}
	if r.Tools != nil {
		v.Tools = explain(r.Tools).Message
	}
	return v
}

// tokenView is one token; here is the id of this computer's own.
func tokenView(t client.Token, here string) TokenView {
	v := TokenView{
		ID: t.UUID, Description: t.Label, Source: t.Source, Status: t.Status(), Scopes: append([]string{}, t.Scopes...),
		Access: client.Permissions(t.Scopes), LastFour: t.LastFour, Machine: t.Machine, ThisComputer: here != "" && t.UUID == here,
		Created: stamp(t.CreatedAt), LastUsedFrom: t.LastUsedIP,
	}
	if t.LastUsed != nil {
		v.LastUsed = stamp(*t.LastUsed)
	}
	if t.ExpiresAt != nil {
		v.Expires = stamp(*t.ExpiresAt)
	}
	return v
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// sentence makes one of an error's text.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[len(text)-1:], ".?!…") {
		text += "."
	}
	return text
}
