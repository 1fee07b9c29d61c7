package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Reach is a repository that a token can reach at this moment, and what it may
// do there: pull, push, delete.
type Reach struct {
	Repository string   `json:"repository"`
	Actions    []string `json:"actions"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (r *Reach) UnmarshalJSON(text []byte) error {
	type plain Reach
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	r.Repository = clean(r.Repository)
	cleanAll(r.Actions)
	return nil
}

// Reach lists what a token can reach now, by name, and how many more there are
// than the service names at once.
func (h Holder) Reach(ctx context.Context, uuid string) (all []Reach, more int, err error) {
	var out struct {
		Results []Reach `json:"results"`
		More    int     `json:"more"`
	}
	if err := h.server.call(ctx, h.access, http.MethodGet, h.path("/"+url.PathEscape(uuid)+"/reach"), nil, &out); err != nil {
		return nil, 0, fmt.Errorf("ask what the token reaches: %w", err)
	}
	return out.Results, out.More, nil
}

// TokenUse is from where, and by what program, a token was used.
type TokenUse struct {
	IP    string    `json:"ip"`
	Agent string    `json:"agent"`
	First time.Time `json:"first_used"`
	Last  time.Time `json:"last_used"`
	Count int64     `json:"count"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (u *TokenUse) UnmarshalJSON(text []byte) error {
	type plain TokenUse
	if err := json.Unmarshal(text, (*plain)(u)); err != nil {
		return err
	}
	u.IP, u.Agent = clean(u.IP), clean(u.Agent)
	return nil
}

// Uses lists from where a token was used, the most recent first.
func (h Holder) Uses(ctx context.Context, uuid string) ([]TokenUse, error) {
	var out struct {
		Results []TokenUse `json:"results"`
	}
	if err := h.server.call(ctx, h.access, http.MethodGet, h.path("/"+url.PathEscape(uuid)+"/uses"), nil, &out); err != nil {
		return nil, fmt.Errorf("ask where the token was used: %w", err)
	}
	return out.Results, nil
}
