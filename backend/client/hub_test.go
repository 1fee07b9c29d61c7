package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// hubFake answers for hub.docker.com, as its OpenAPI document has it; the real
// one is out of the tests' reach.
type hubFake func(path string, body map[string]string) (status int, answer string)

func (f hubFake) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "hub.docker.com" || r.URL.Scheme != "https" {
		return nil, fmt.Errorf("asked %s", r.URL)
	}
	var body map[string]string
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &body)
	}
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	status, answer := f(r.URL.Path, body)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
	return w.Result(), nil
}

func jwt(claims string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestHubPasswordWithSecondFactor(t *testing.T) {
	token := jwt(`{"exp":1800000000,"https://hub.docker.com":{"username":"anna"}}`)
	s := Hub(hubFake(func(path string, body map[string]string) (int, string) {
		switch {
		case path == "/v2/users/login" && body["username"] == "anna" && body["password"] == "right":
			return 401, `{"detail":"Require secondary authentication on MFA enabled account","login_2fa_token":"half"}`
		case path == "/v2/users/2fa-login" && body["login_2fa_token"] == "half" && body["code"] == "123456":
			return 200, `{"token":"` + token + `"}`
		}
		return 401, `{"detail":"Incorrect authentication credentials"}`
	}))
	_, err := s.HubPassword(t.Context(), "anna", "wrong")
	if !errors.Is(err, ErrPassword) || !strings.Contains(err.Error(), "Incorrect authentication") {
		t.Errorf("a wrong password: %v", err)
	}
	_, err = s.HubPassword(t.Context(), "anna", "right")
	var second *SecondFactor
	if !errors.As(err, &second) || strings.Contains(fmt.Sprint(err, second), "half") {
		t.Fatalf("a second factor: %v", err)
	}
	if _, err := s.HubCode(t.Context(), second, "anna", "000000"); !errors.Is(err, ErrPassword) {
		t.Errorf("a wrong code: %v", err)
	}
	got, err := s.HubCode(t.Context(), second, "anna", "123456")
	if err != nil || got.Username != "anna" || !got.Expires.Equal(time.Unix(1800000000, 0)) || got.Access != token {
		t.Errorf("%v %v", got.Username, err)
	}
}

func TestHubAnswersBadly(t *testing.T) {
	for name, one := range map[string]struct {
		status int
		answer string
		want   error
	}{
		"HTML":                   {200, "<html>sign in</html>", ErrNotServer},
		"nothing":                {200, "", ErrNotServer},
		"no token":               {200, `{}`, ErrNotServer},
		"a token with an escape": {200, `{"token":"a\u001bb"}`, ErrNotServer},
		"no access token":        {200, `{"token":"secret"}`, ErrNotServer},
		"a name with an escape":  {200, `{"token":"` + jwt(`{"https://hub.docker.com":{"username":"a\u001b[2J"}}`) + `"}`, ErrNotServer},
		"too much":               {200, strings.Repeat("x", maxAnswer+1), ErrNotServer},
		"limited":                {429, `{}`, ErrLimited},
		"down":                   {503, `<html>`, ErrServer},
		"forbidden":              {403, `{"detail":"no"}`, ErrRefused},
		"elsewhere":              {302, ``, ErrNotServer},
	} {
		t.Run(name, func(t *testing.T) {
			s := Hub(hubFake(func(string, map[string]string) (int, string) { return one.status, one.answer }))
			if _, err := s.HubPassword(t.Context(), "anna", "marked"); !errors.Is(err, one.want) || strings.Contains(err.Error(), "marked") {
				t.Errorf("%v", err)
			}
		})
	}
}

// Docker Hub changes one token at a time; the first that it refuses ends it.
func TestEachAtTheHub(t *testing.T) {
	var asked []string
	s := Hub(hubPaths(func(path string) (int, string) {
		asked = append(asked, path)
		if strings.HasPrefix(path, "/v2/access-tokens/") && !strings.HasSuffix(path, "/c") {
			return 200, `{"uuid":"x","is_active":false}`
		}
		return 404, `{"message":"no such thing"}`
	}))
	done, err := s.Holder("access", "").Each(t.Context(), Deactivate, []string{"a", "b", "c", "d"})
	if !errors.Is(err, ErrNotFound) || len(done) != 2 || len(asked) != 3 {
		t.Errorf("%d were done, asked %q: %v", len(done), asked, err)
	}
	if err := s.ExportActivity(t.Context(), "access", ActivityQuery{}, func(Event) error { return nil }); err == nil {
		t.Error("it told what happened")
	}
}

// hubPaths is hubFake for whatever is sent there.
type hubPaths func(path string) (status int, answer string)

func (f hubPaths) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	status, answer := f(r.URL.Path)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
	return w.Result(), nil
}
