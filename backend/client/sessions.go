package client

import (
	"context"
	"fmt"
	"net/http"
)

// EndSessions ends every session of the account, on all computers, the calling
// one last, and says how many lived. Tokens made by hand stay.
func (s *Server) EndSessions(ctx context.Context, access string) (int, error) {
	var out struct {
		Ended int `json:"ended"`
	}
	if err := s.call(ctx, access, http.MethodDelete, "/v2/access-tokens/sessions", nil, &out); err != nil {
		return 0, fmt.Errorf("end all sessions: %w", err)
	}
	return out.Ended, nil
}
