package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// HubURL is Docker Hub's account service. It is no Lanyard server: of what
// Server offers it knows the tokens alone, and signing in with a password.
const HubURL = "https://hub.docker.com"

// ErrPassword: Docker Hub does not take the name and password, or the code.
var ErrPassword = errors.New("sign-in not taken by Docker Hub")

// Hub is Docker Hub, for managing tokens with an access token. Nothing is
// asked. transport nil is the system's.
func Hub(transport http.RoundTripper) *Server {
	if transport == nil {
		transport = http.DefaultTransport
	}
	s := &Server{URL: HubURL, Info: Info{Registries: []string{"docker.io"}}}
	s.http = &http.Client{
		Transport:     limited{transport, &s.heard},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.stream = &http.Client{Transport: transport, CheckRedirect: s.http.CheckRedirect}
	return s
}

// HubAccess is what a sign-in at Docker Hub brings: an access token for its
// API, which lives minutes.
type HubAccess struct {
	Access   string
	Username string
	Expires  time.Time // by the token itself; zero: it does not say
}

// String hides the token.
func (HubAccess) String() string { return "***" }

// GoString hides it from %#v.
func (HubAccess) GoString() string { return "***" }

// SecondFactor is an error that says how the sign-in goes on: with a code of
// the person's authenticator.
type SecondFactor struct{ challenge string }

func (*SecondFactor) Error() string { return "Docker Hub asks for a second factor" }

// String hides the challenge.
func (*SecondFactor) String() string { return "***" }

// HubPassword signs in with name and password (POST /v2/users/login):
// ErrPassword, or a *SecondFactor with which HubCode goes on.
func (s *Server) HubPassword(ctx context.Context, username, password string) (HubAccess, error) {
	return s.hubLogin(ctx, "/v2/users/login", map[string]string{"username": username, "password": password}, username)
}

// HubCode answers a second factor (POST /v2/users/2fa-login).
func (s *Server) HubCode(ctx context.Context, f *SecondFactor, username, code string) (HubAccess, error) {
	return s.hubLogin(ctx, "/v2/users/2fa-login", map[string]string{"login_2fa_token": f.challenge, "code": code}, username)
}

func (s *Server) hubLogin(ctx context.Context, path string, fields map[string]string, username string) (HubAccess, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return HubAccess{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return HubAccess{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return HubAccess{}, s.failed(ctx, err)
	}
	defer response.Body.Close()
	var said struct {
		Token     string `json:"token"`
		Challenge string `json:"login_2fa_token"`
		Detail    string `json:"detail"`
		Message   string `json:"message"`
	}
	readable := json.NewDecoder(response.Body).Decode(&said) == nil
	switch code := response.StatusCode; {
	case code == http.StatusOK && readable && printable(said.Token):
		got, err := ReadHubAccess(said.Token)
		if err != nil {
			return HubAccess{}, err
		}
		if got.Username == "" {
			got.Username = username
		}
		return got, nil
	case code == http.StatusUnauthorized && said.Challenge != "":
		return HubAccess{}, &SecondFactor{said.Challenge}
	case code == http.StatusUnauthorized:
		return HubAccess{}, fmt.Errorf("%w: %s", ErrPassword, first(clean(said.Detail), clean(said.Message), "wrong name, password or code"))
	case code == http.StatusTooManyRequests:
		return HubAccess{}, fmt.Errorf("%w: Docker Hub: try again later", ErrLimited)
	case code >= http.StatusInternalServerError:
		return HubAccess{}, fmt.Errorf("%w: %s: %s", ErrServer, s.URL, clean(response.Status))
	case !readable || code == http.StatusOK:
		return HubAccess{}, fmt.Errorf("%w: %s sent something that is not Docker Hub's format", ErrNotServer, s.URL)
	}
	return HubAccess{}, &refusal{first(clean(said.Detail), clean(said.Message), clean(response.Status))}
}

// ReadHubAccess reads whose an access token of Docker Hub is and until when,
// without believing it: whoever is shown it will check it.
func ReadHubAccess(token string) (HubAccess, error) {
	odd := fmt.Errorf("%w: what Docker Hub gave is no access token", ErrNotServer)
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !printable(token) {
		return HubAccess{}, odd
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return HubAccess{}, odd
	}
	var claims struct {
		Expires float64 `json:"exp"`
		Hub     struct {
			Username string `json:"username"`
		} `json:"https://hub.docker.com"`
		Username string `json:"username"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return HubAccess{}, odd
	}
	a := HubAccess{Access: token, Username: first(claims.Hub.Username, claims.Username)}
	if a.Username != "" && (!printable(a.Username) || len(a.Username) > maxUsername) {
		return HubAccess{}, odd
	}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		a.Expires = time.Unix(int64(claims.Expires), 0).UTC()
	}
	return a, nil
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
