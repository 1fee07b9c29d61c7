package hubapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// life is until when a session lives. Idle is the moment after which it is
// over unless it is used before.
type life struct {
	SessionID            string `json:"session_id"`
	SessionExpiresAt     string `json:"session_expires_at"`
	SessionIdleExpiresAt string `json:"session_idle_expires_at"`
}

// lifeOf counts the request itself as a use.
func lifeOf(s grant.Session, now time.Time) life {
	return life{
		SessionID: s.ID, SessionExpiresAt: s.EndsAt.UTC().Format(stamp),
		SessionIdleExpiresAt: s.Use(0, now).Until().UTC().Format(stamp),
	}
}

// onlyOneself refuses what only the calling session itself can ask, rather than
// do to it what was meant for another.
func onlyOneself(r *http.Request) error {
	if r.URL.Query().Has("username") {
		return errFields{"username": "cannot be used here: this is about the calling session"}
	}
	return nil
}

// generate is POST /v2/access-tokens/desktop-generate, the one call of the
// Docker CLI after signing in. Docker's own sends no body and reads data.token;
// 201 is the only status it takes for success.
func (h *Handler) generate(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	if who.Session.From != grant.FromPerson { // it would take another computer's token, for ten minutes
		return answer{}, errDirect
	}
	f, err := read(r, true)
	if err != nil {
		return answer{}, err
	}
	of := token.For{
		Session: who.Session.ID, Installation: plain(f.text("installation")),
		Machine: plain(f.text("machine")), OS: plain(f.text("os")), By: by(r, who),
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	made, secret, err := h.Tokens.Generate(r.Context(), who.Account.ID, of)
	if errors.Is(err, token.ErrSessionEnded) { // after the gate let it pass
		return answer{}, fmt.Errorf("%w: %w", grant.ErrEnded, err)
	}
	if err != nil {
		return answer{}, err
	}
	var out struct {
		Data struct {
			Token string `json:"token"`
			UUID  string `json:"uuid"`
			life
		} `json:"data"`
	}
	out.Data.Token, out.Data.UUID, out.Data.life = secret.Reveal(), made.ID, lifeOf(who.Session, h.now())
	return answer{http.StatusCreated, out}, nil
}

// session is GET /v2/access-tokens/session, ours: what the calling session has,
// or what became of it.
func (h *Handler) session(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	held, err := h.Tokens.Holding(r.Context(), who.Account.ID)
	if err != nil {
		return answer{}, err
	}
	type loss struct {
		Fate token.Fate `json:"fate"`
		At   string     `json:"at"`
		By   string     `json:"by"` // the computer that took its place; "": none, or it did not say
	}
	var out struct {
		life
		Token *accessToken `json:"token"`
		Loss  *loss        `json:"loss"` // null while there is a token
	}
	out.life = lifeOf(who.Session, h.now())
	for _, t := range held.Tokens {
		if t.Session == who.Session.ID {
			shown := show(t, h.now())
			out.Token = &shown
		}
	}
	if l, ok := held.LossOf(who.Session.ID); ok && out.Token == nil {
		out.Loss = &loss{Fate: l.Fate, At: l.At.UTC().Format(stamp), By: l.By}
	}
	return answer{http.StatusOK, out}, nil
}
