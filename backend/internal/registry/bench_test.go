package registry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/keys"
)

// connections is how many clients ask at once.
const connections = 32

// BenchmarkToken is the whole endpoint; BenchmarkTokenFloor beside it is a
// server that only signs ES256. The aim is at least 0.85 of the floor.
func BenchmarkToken(b *testing.B) {
	w := newWorld(b)
	w.handler.Log = nil
	_, secret := w.pat(b, w.alice, "repo:admin", "")
	hammer(b, w.handler, func(at string) *http.Request {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, at+"?"+url.Values{"service": {host}, "scope": {"repository:alice/app:pull,push"}}.Encode(), nil)
		if err != nil {
			b.Fatal(err)
		}
		r.SetBasicAuth("alice", secret)
		return r
	})
}

func BenchmarkTokenFloor(b *testing.B) {
	k, err := keys.New(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	type access struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		signed, err := k.SignRegistry(map[string]any{
			"iss": host, "sub": "alice", "aud": host, "exp": now.Unix() + 300, "nbf": now.Unix(), "iat": now.Unix(), "jti": "0",
			"access": []access{{"repository", "alice/app", []string{"pull", "push"}}},
		}, now)
		if err != nil {
			b.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"token": signed, "access_token": signed, "expires_in": 300, "issued_at": now.UTC().Format(time.RFC3339)})
	})
	hammer(b, handler, func(at string) *http.Request {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, at, nil)
		if err != nil {
			b.Fatal(err)
		}
		return r
	})
}

// hammer asks handler over real connections, each kept open.
func hammer(b *testing.B, handler http.Handler, request func(at string) *http.Request) {
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan error, connections)
	b.ResetTimer()
	for range connections {
		go func() {
			r := request(server.URL + "/token")
			for left.Add(-1) >= 0 {
				resp, err := client.Do(r)
				if err != nil {
					done <- err
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if err := resp.Body.Close(); err != nil {
					b.Error(err)
				}
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%s, %v", resp.Status, err)
				}
			}
			done <- nil
		}()
	}
	for range connections {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}
