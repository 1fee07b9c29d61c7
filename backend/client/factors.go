package client

import (
	"context"
	"fmt"
	"net/http"
)

// Factors are what an account asks for after the password.
type Factors struct {
	App          bool `json:"app"` // an authenticator app
	Passkeys     int  `json:"passkeys"`
	RecoveryLeft int  `json:"recovery_codes_left"`
}

// Factors says what the account has.
func (s *Server) Factors(ctx context.Context, access string) (Factors, error) {
	var out Factors
	if err := s.call(ctx, access, http.MethodGet, "/v2/access/factors", nil, &out); err != nil {
		return Factors{}, fmt.Errorf("ask for the second factors: %w", err)
	}
	return out, nil
}
