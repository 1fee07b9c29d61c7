package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Login is what a tool shows a registry: a name and a token. It prints as ***.
type Login struct{ Username, Secret string }

// String hides the secret.
func (Login) String() string { return "***" }

// GoString hides it from %#v.
func (Login) GoString() string { return "***" }

// SelfToken is a token as it sees itself.
type SelfToken struct {
	Token
	Username string
}

// UnmarshalJSON reads the token, and whose it is.
func (t *SelfToken) UnmarshalJSON(text []byte) error {
	var whose struct{ Username string }
	if err := json.Unmarshal(text, &whose); err != nil {
		return err
	}
	t.Username = clean(whose.Username)
	return json.Unmarshal(text, &t.Token)
}

// Self describes the token that a login is made of.
func (s *Server) Self(ctx context.Context, login Login) (SelfToken, error) {
	out, err := s.self(ctx, login, http.MethodGet, "", nil)
	if err != nil {
		return SelfToken{}, fmt.Errorf("describe the token: %w", err)
	}
	return out, nil
}

// RotateSelf gives the token of a login another secret, which is in the answer
// and nowhere else; the one before is accepted for overlap more.
func (s *Server) RotateSelf(ctx context.Context, login Login, overlap time.Duration) (SelfToken, error) {
	out, err := s.self(ctx, login, http.MethodPost, "/rotate", overlapping(overlap))
	if err != nil {
		return SelfToken{}, fmt.Errorf("rotate the token: %w", err)
	}
	return out, nil
}

// RevokeSelf deletes the token of a login.
func (s *Server) RevokeSelf(ctx context.Context, login Login) error {
	if err := s.callAs(ctx, login, http.MethodDelete, "/v2/access-tokens/self", nil, nil); err != nil {
		return fmt.Errorf("revoke the token: %w", err)
	}
	return nil
}

func (s *Server) self(ctx context.Context, login Login, method, below string, body any) (out SelfToken, err error) {
	return out, s.callAs(ctx, login, method, "/v2/access-tokens/self"+below, body, &out)
}

// callAs makes one call of a token itself.
func (s *Server) callAs(ctx context.Context, login Login, method, path string, body, into any) error {
	request, err := s.asking(ctx, method, path, body)
	if err != nil {
		return err
	}
	request.SetBasicAuth(login.Username, login.Secret)
	return s.send(ctx, request, into)
}
