package hubapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

const maxBulk = 100

// rotate is POST /v2/access-tokens/{uuid}/rotate: another secret for the same
// token, shown once. The earlier one is good for overlap_seconds more.
func (h *Handler) rotate(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	overlap, err := overlapOf(r)
	if err != nil {
		return answer{}, err
	}
	t, secret, err := h.Tokens.Rotate(r.Context(), owner.ID, uuid(r), overlap, by(r, who))
	if errors.Is(err, token.ErrInactive) {
		return answer{}, errDormant
	}
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showOnce(t, secret, h.now())}, nil
}

// overlapOf reads the body of a rotation, which there need not be.
func overlapOf(r *http.Request) (time.Duration, error) {
	f, err := read(r, true)
	if err != nil {
		return 0, err
	}
	seconds := f.number("overlap_seconds")
	if seconds != nil && (*seconds < 0 || *seconds > int64(token.MaxOverlap/time.Second)) {
		f.wrong["overlap_seconds"] = "must be a number of seconds from 0 to 2592000, which is 30 days"
	}
	if err := f.check(); err != nil || seconds == nil {
		return token.DefaultOverlap, err
	}
	return time.Duration(*seconds) * time.Second, nil
}

// bulk is POST /v2/access-tokens/bulk: one act on several tokens, all or none.
func (h *Handler) bulk(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	act, ids := f.text("action"), f.texts("uuids")
	for i := range ids {
		ids[i] = strings.ToLower(ids[i])
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 || len(ids) > maxBulk {
		f.demand("uuids", "must be the ids of 1 to 100 tokens")
	}
	do := map[string]func() ([]token.Token, error){
		"activate":   func() ([]token.Token, error) { return h.setActive(r, who, owner.ID, ids, true) },
		"deactivate": func() ([]token.Token, error) { return h.setActive(r, who, owner.ID, ids, false) },
		"delete":     func() ([]token.Token, error) { return nil, h.Tokens.Delete(r.Context(), owner.ID, by(r, who), ids...) },
	}[plain(act)]
	if do == nil {
		f.demand("action", "must be activate, deactivate or delete")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	changed, err := do()
	if err != nil {
		return answer{}, err
	}
	out := struct {
		Done    int           `json:"done"`
		Results []accessToken `json:"results"`
	}{len(ids), []accessToken{}}
	for _, t := range changed {
		out.Results = append(out.Results, show(t, h.now()))
	}
	return answer{http.StatusOK, out}, nil
}

func (h *Handler) setActive(r *http.Request, who gate.Passed, owner string, ids []string, active bool) ([]token.Token, error) {
	return h.Tokens.ChangeAll(r.Context(), owner, ids, token.Patch{Active: &active}, by(r, who))
}

// which is POST /v2/access-tokens/which: the name of a token of which somebody
// has the secret. It is neither kept nor logged; another's is as unknown as one
// that never was.
func (h *Handler) which(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	f, err := read(r, false)
	if err != nil {
		return answer{}, err
	}
	secret := strings.TrimSpace(plain(f.text("token")))
	if secret == "" {
		f.demand("token", "is needed: the secret of a token")
	}
	if err := f.check(); err != nil {
		return answer{}, err
	}
	t, err := h.ofSecret(r.Context(), owner.ID, secret)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, struct {
		Token    accessToken `json:"token"`
		Previous bool        `json:"previous"` // it is the secret before the last rotation
	}{show(t, h.now()), t.ByPrevious}}, nil
}

func (h *Handler) ofSecret(ctx context.Context, owner, secret string) (token.Token, error) {
	if !token.Plausible(secret) {
		return token.Token{}, errMissing("this is no whole token of this service: its last characters do not fit the rest; copy it again")
	}
	found, err := h.Tokens.Find(ctx, secret)
	if err != nil {
		return token.Token{}, err
	}
	if found.Owner != owner {
		return token.Token{}, token.ErrNotFound
	}
	shown, err := h.Tokens.Get(ctx, owner, found.ID) // as the list has it, uses included
	shown.ByPrevious = found.ByPrevious
	return shown, err
}
