package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"lanyard/backend/client"
)

func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		info   client.Info
		tooOld bool
		tooNew bool
	}{
		"it does not say":  {client.Info{}, true, false},
		"one earlier":      {client.Info{Level: client.Level - 1}, true, false},
		"the same":         {client.Info{Level: client.Level, LevelLeast: client.Level}, false, false},
		"later, serves us": {client.Info{Level: client.Level + 5, LevelLeast: 1}, false, false},
		"later, does not":  {client.Info{Level: client.Level + 5, LevelLeast: client.Level + 1}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.info.TooOld() != c.tooOld || c.info.TooNew() != c.tooNew {
				t.Errorf("%v, %v", c.info.TooOld(), c.info.TooNew())
			}
		})
	}
}

// A service that does not serve this build is refused before anything else is
// asked of it.
func TestOpenRefusesALaterService(t *testing.T) {
	asked := 0
	_, err := client.Open(t.Context(), "http://localhost:1", roundTrip(func(r *http.Request) (*http.Response, error) {
		asked++
		text := fmt.Sprintf(`{"version":"9\u001b[2J","issuer":"http://localhost:1","api":99,"api_least":%d}`, client.Level+1)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	}))
	if !errors.Is(err, client.ErrTooNew) || asked != 1 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
