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
	// Of this computer's token, as the service last said; AsOf is when that
	// was, "" now.
	Created      string `json:"created"`
	LastUsed     string `json:"lastUsed"`
	LastUsedFrom string `json:"lastUsedFrom"`
	AsOf         string `json:"asOf"`
	// ServerVersion is too_old or too_new for this program, "" neither.
	ServerVersion string `json:"serverVersion"`
	// Who ended it, as far as that is known, and when.
	By   string `json:"by"`
	When string `json:"when"`
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

// CopiedView is a secret that was put onto the clipboard.
type CopiedView struct {
	Clears string `json:"clears"` // when it is taken away again
}

// ClipboardView is how that ended.
type ClipboardView struct {
	Cleared bool `json:"cleared"` // false: something else had been copied
}

const ownOffline = "Start this computer's own service."

// sessionView puts a state together. Its words are those of the state.
func (c *core) sessionView(ctx context.Context, st signin.Status, state standing.State) SessionView {
	words := state.Words()
	v := SessionView{
		State: words.Name, Account: st.Account.Name, Server: st.Account.Server, LastFour: st.LastFour, TokenID: st.TokenID,
		Registries: append([]string{}, signin.OwnFirst(st.Account.Server, st.Hosts)...), Keychain: c.Computer.Keychain.Name(ctx), Detail: words.Says, Action: words.Do, Try: []TryView{},
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
