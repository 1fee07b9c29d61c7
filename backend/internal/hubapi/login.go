package hubapi

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// client is what the sessions of direct logins name as theirs: whoever sends a
// name and a secret says of no program what it is.
const client = "hub"

// login is POST /v2/users/login, the older way in: a password or a personal
// access token. There is no refresh token, asked for or not: it would outlive
// what it was made of.
func (h *Handler) login(r *http.Request, _ gate.Passed) (answer, error) {
	name, secret, err := credentials(r, "username", "password")
	if err != nil {
		return answer{}, err
	}
	at := h.now() // before the check: a password changed meanwhile voids this login
	who, err := h.Logins.First(r.Context(), name, secret, from(r))
	h.tellOf(r, who, err)
	if err != nil {
		return answer{}, errLogin{error: err, older: true}
	}
	if who.Token.ID == "" && who.Account.HasSecond() {
		challenge, err := h.Factors.Challenge(who.Account)
		if err != nil {
			return answer{}, err
		}
		return answer{}, errLogin{account.ErrSecond, true, challenge}
	}
	return h.loggedIn(r, who, at, "token")
}

// secondLogin is POST /v2/users/2fa-login: the code for what login gave.
func (h *Handler) secondLogin(r *http.Request, _ gate.Passed) (answer, error) {
	challenge, code, err := credentials(r, "login_2fa_token", "code")
	if err != nil {
		return answer{}, err
	}
	a, at, err := h.Factors.Answer(r.Context(), challenge, code, from(r).Addr)
	if err != nil {
		return answer{}, errLogin{error: err, older: true}
	}
	return h.loggedIn(r, caller.Who{Account: a}, at, "token")
}

// authToken is POST /v2/auth/token. It has no second step, so that a password
// alone is refused where there is a second factor.
func (h *Handler) authToken(r *http.Request, _ gate.Passed) (answer, error) {
	name, secret, err := credentials(r, "identifier", "secret")
	if err != nil {
		return answer{}, err
	}
	at := h.now()
	who, err := h.Logins.CheckAny(r.Context(), name, secret, from(r))
	h.tellOf(r, who, err)
	if err == nil && who.Token.ID == "" {
		h.tell(r, account.Tried{Account: who.Account, By: "password", Addr: from(r).Addr})
	}
	if err != nil {
		return answer{}, errLogin{error: err}
	}
	return h.loggedIn(r, who, at, "access_token")
}

// tellOf tells of a login by token; of passwords and codes account tells itself.
func (h *Handler) tellOf(r *http.Request, who caller.Who, err error) {
	if who.Token.ID == "" || who.Account.ID == "" {
		return
	}
	t := account.Tried{Account: who.Account, By: "token", Addr: from(r).Addr}
	for _, known := range []error{token.ErrInactive, token.ErrRotated, token.ErrExpired, token.ErrSessionEnded, account.ErrDisabled} {
		if errors.Is(err, known) {
			t.Why = known.Error()
		}
	}
	if err == nil || t.Why != "" {
		h.tell(r, t)
	}
}

func (h *Handler) tell(r *http.Request, t account.Tried) {
	if h.Tried != nil {
		h.Tried(r.Context(), t)
	}
}

// credentials reads two fields, both needed.
func credentials(r *http.Request, first, second string) (string, string, error) {
	f, err := read(r, false)
	if err != nil {
		return "", "", err
	}
	one, two := f.text(first), f.text(second)
	for name, value := range map[string]*string{first: one, second: two} {
		if plain(value) == "" && f.wrong[name] == "" {
			f.wrong[name] = "is needed"
		}
	}
	return plain(one), plain(two), f.check()
}

// loggedIn begins the session and answers with its access token as member.
func (h *Handler) loggedIn(r *http.Request, who caller.Who, at time.Time, member string) (answer, error) {
	origin := from(r)
	id, name := who.Owner()
	d := grant.Direct{
		Account: id, Client: client, Scopes: who.Scopes(), Audience: []string{h.PublicURL}, AuthTime: at,
		From: grant.FromPassword, Origin: grant.Origin{Addr: origin.Addr, Agent: clip(origin.Agent)},
	}
	source := "lanyard"
	if who.Token.ID != "" {
		d.From, d.Token = grant.FromToken, who.Token.ID
		source = "docker_pat|" + who.Token.ID // Docker's form of it
	}
	s, err := h.Sessions.BeginDirect(r.Context(), d)
	if err != nil {
		return answer{}, err
	}
	raw, err := bearer.Sign(h.Key, bearer.Claims{
		Issuer: h.PublicURL, Subject: s.Account, Audience: s.Audience, IssuedAt: s.CreatedAt.Unix(), Expires: s.EndsAt.Unix(),
		ID: rand.Text(), Session: s.ID, Client: s.Client, Scope: strings.Join(s.Scopes, " "),
		Hub: bearer.Hub{
			UUID: id, Email: who.Account.Email, Username: name, Source: source, SessionID: s.ID,
		},
	})
	if err != nil {
		return answer{}, err
	}
	h.log().InfoContext(r.Context(), "logged in directly", "account", name, "from", string(s.From), "token", s.Token, "addr", origin.Addr)
	return answer{http.StatusOK, map[string]string{member: raw}}, nil
}

// clip is as much of a program's name for itself as is kept.
func clip(agent string) string {
	if runes := []rune(agent); len(runes) > 256 {
		return string(runes[:256])
	}
	return agent
}
