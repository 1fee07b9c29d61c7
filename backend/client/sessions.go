package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// SessionRow is a program that is signed in to the account, and where.
type SessionRow struct {
	ID            string    `json:"session_id"`
	Machine       string    `json:"machine"` // "": it did not say
	OS            string    `json:"os"`
	Client        string    `json:"client"` // what people call the program
	IP            string    `json:"ip"`
	Agent         string    `json:"agent"`
	Kind          string    `json:"kind"`       // signed in by: browser, password or token
	Current       bool      `json:"is_current"` // the calling one
	Began         time.Time `json:"created_at"`
	LastUsed      time.Time `json:"last_used"` // zero: never
	Ends          time.Time `json:"session_expires_at"`
	IdleBy        time.Time `json:"session_idle_expires_at"`
	TokenLastFour string    `json:"token_last_four"` // of its auto-generated token; "": none
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (s *SessionRow) UnmarshalJSON(text []byte) error {
	type plain SessionRow
	if err := json.Unmarshal(text, (*plain)(s)); err != nil {
		return err
	}
	for _, field := range []*string{&s.ID, &s.Machine, &s.OS, &s.Client, &s.IP, &s.Agent, &s.Kind, &s.TokenLastFour} {
		*field = clean(*field)
	}
	return nil
}

// Sessions lists the programs that are signed in to the account, the one used
// last first.
func (s *Server) Sessions(ctx context.Context, access string) ([]SessionRow, error) {
	var out struct {
		Results []SessionRow `json:"results"`
	}
	if err := s.call(ctx, access, http.MethodGet, "/v2/access/sessions", nil, &out); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out.Results, nil
}

// EndSession ends one session of the account: ErrNotFound if it has none of
// that id. One that had ended is none of a caller's trouble.
func (s *Server) EndSession(ctx context.Context, access, id string) error {
	if err := s.call(ctx, access, http.MethodDelete, "/v2/access/sessions/"+url.PathEscape(id), nil, nil); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndOtherSessions ends every session of the account but the calling one, and
// says how many lived. Tokens made by hand stay.
func (s *Server) EndOtherSessions(ctx context.Context, access string) (int, error) {
	return s.endAll(ctx, access, "/v2/access/sessions?others=true", "end the other sessions")
}

// EndSessions ends every session of the account, on all computers, the calling
// one last, and says how many lived. Tokens made by hand stay.
func (s *Server) EndSessions(ctx context.Context, access string) (int, error) {
	return s.endAll(ctx, access, "/v2/access-tokens/sessions", "end all sessions")
}

func (s *Server) endAll(ctx context.Context, access, path, doing string) (int, error) {
	var out struct {
		Ended int `json:"ended"`
	}
	if err := s.call(ctx, access, http.MethodDelete, path, nil, &out); err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	return out.Ended, nil
}
