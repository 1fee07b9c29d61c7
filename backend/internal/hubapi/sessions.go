package hubapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// maxSessions are listed; whoever logs in by password all day has more.
const maxSessions = 200

// sessionRow is a program that is signed in.
type sessionRow struct {
	life
	Machine       string  `json:"machine"`
	OS            string  `json:"os"`
	Client        string  `json:"client"` // as people call it
	IP            string  `json:"ip"`
	Agent         string  `json:"agent"`
	Kind          string  `json:"kind"`
	Current       bool    `json:"is_current"`
	CreatedAt     string  `json:"created_at"`
	LastUsed      *string `json:"last_used"`
	TokenLastFour string  `json:"token_last_four"`
}

// kindOf says by what a session was signed in.
func kindOf(f grant.From) string {
	if f == grant.FromPerson {
		return "browser"
	}
	return string(f)
}

// sessions is GET /v2/access/sessions, ours: the programs that are signed in to
// the account, the one used last first.
func (h *Handler) sessions(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	all, err := h.Sessions.Of(r.Context(), who.Account.ID)
	if err != nil {
		return answer{}, err
	}
	held, err := h.Tokens.Holding(r.Context(), who.Account.ID)
	if err != nil {
		return answer{}, err
	}
	own := map[string]token.Token{}
	for _, t := range held.Tokens {
		if t.Session != "" {
			own[t.Session] = t
		}
	}
	living := grant.Living(all, h.now())
	out := struct {
		Count   int          `json:"count"`
		Results []sessionRow `json:"results"`
	}{len(living), []sessionRow{}}
	for _, s := range living[:min(len(living), maxSessions)] {
		out.Results = append(out.Results, h.sessionRow(s, own[s.ID], s.ID == who.Session.ID))
	}
	return answer{http.StatusOK, out}, nil
}

// sessionRow is a session beside its auto-generated token, zero if it has none.
// What a computer is called its token knows best: it was told last.
func (h *Handler) sessionRow(s grant.Session, t token.Token, current bool) sessionRow {
	row := sessionRow{
		life: life{s.ID, s.EndsAt.UTC().Format(stamp), s.Until().UTC().Format(stamp)}, Machine: s.Machine, OS: t.OS,
		Client: h.programOf(s), IP: s.Addr, Agent: s.Agent, Kind: kindOf(s.From), Current: current,
		CreatedAt: s.CreatedAt.UTC().Format(stamp), LastUsed: timed(s.LastUsed), TokenLastFour: t.LastFour,
	}
	if t.Machine != "" {
		row.Machine = t.Machine
	}
	return row
}

func (h *Handler) programOf(s grant.Session) string {
	switch {
	case s.Client == client:
		return "a program that sends name and password or token"
	case h.Program != nil:
		return h.Program(s.Client)
	}
	return s.Client
}

func timed(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(stamp)
	return &text
}

// endOne is DELETE /v2/access/sessions/{id}, ours. Another's is as unknown as
// one that never was; one that is over already is over.
func (h *Handler) endOne(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	ctx := activity.With(r.Context(), by(r, who))
	err := h.Sessions.EndOf(ctx, who.Account.ID, strings.ToLower(r.PathValue("id")), grant.WhySignedOut)
	if errors.Is(err, grant.ErrNotFound) {
		return answer{}, errMissing("there is no session of that id")
	}
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, nil
}

// endOthers is DELETE /v2/access/sessions?others=true, ours.
func (h *Handler) endOthers(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	if r.URL.Query().Get("others") != "true" {
		return answer{}, errFields{"others": "must be true: every session but the calling one ends; DELETE /v2/access-tokens/sessions ends that, too"}
	}
	return h.endThem(r, who, who.Account.ID, false)
}

// endSessions is DELETE /v2/access-tokens/sessions, ours: signs an account out
// on every computer. Their tokens go with them; those made by hand stay.
func (h *Handler) endSessions(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	return h.endThem(r, who, owner.ID, true)
}

// endThem ends what lives of an account's sessions. The calling one goes last,
// so that a call which was cut off can be repeated.
func (h *Handler) endThem(r *http.Request, who gate.Passed, account string, callers bool) (answer, error) {
	all, err := h.Sessions.Of(r.Context(), account)
	if err != nil {
		return answer{}, err
	}
	var out struct {
		Ended int `json:"ended"`
	}
	ctx, last := activity.With(r.Context(), by(r, who)), ""
	for _, s := range grant.Living(all, h.now()) {
		if s.ID == who.Session.ID {
			last = s.ID
			continue
		}
		if err := h.Sessions.End(ctx, s.ID, grant.WhySignedOut); err != nil {
			return answer{}, err
		}
		out.Ended++
	}
	if last != "" && callers {
		if err := h.Sessions.End(ctx, last, grant.WhySignedOut); err != nil {
			return answer{}, err
		}
		out.Ended++
	}
	return answer{http.StatusOK, out}, nil
}

// factors is GET /v2/access/factors, ours: what the account asks for after the
// password.
func (h *Handler) factors(r *http.Request, who gate.Passed) (answer, error) {
	if err := onlyOneself(r); err != nil {
		return answer{}, err
	}
	f := who.Account.Factors
	return answer{http.StatusOK, struct {
		App          bool `json:"app"`
		Passkeys     int  `json:"passkeys"`
		RecoveryLeft int  `json:"recovery_codes_left"`
	}{f.TOTP.Set(), len(f.Passkeys), len(f.Recovery)}}, nil
}
