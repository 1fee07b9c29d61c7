package boltstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/keys"
	"lanyard/backend/server"
	"lanyard/backend/store/boltstore"
	"lanyard/backend/token"
)

// A crowd came at noon; what is measured begins later.
var (
	noon  = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Hour)
)

// town is the whole service over a database file with a crowd in it, reached over
// loopback, doing all that it does in the background.
type town struct {
	boltstore.Crowd
	db   *boltstore.DB
	keys *keys.Keys
	url  string
	host string
}

func newTown(b *testing.B, people, tokens int) *town {
	b.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	w := &town{Crowd: boltstore.Crowd{People: people, Tokens: tokens, At: noon}}
	var err error
	if w.db, err = boltstore.Create(filepath.Join(b.TempDir(), "lanyard.db"), boltstore.Options{}); err != nil {
		b.Fatal(err)
	}
	if err := w.db.Fill(b.Context(), &w.Crowd); err != nil {
		b.Fatal(err)
	}
	if w.keys, err = keys.New(noon); err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address, err := server.NewAddress("", listener.Addr().String(), false)
	if err != nil {
		b.Fatal(err)
	}
	w.url, w.host = address.Public.String(), address.Host()
	begun := time.Now()
	s, err := server.New(server.Config{
		Store: w.db, Keys: w.keys, Address: address, Registries: []string{w.host}, Data: b.TempDir(),
		Tokens: token.DefaultLimits(), Sessions: grant.DefaultLimits(), Version: "bench",
		Now: func() time.Time { return later.Add(time.Since(begun)) },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Background(ctx) })
	running.Go(func() { _ = s.Serve(ctx, []net.Listener{listener}) })
	b.Cleanup(func() {
		stop()
		running.Wait()
		if err := w.db.Close(); err != nil {
			b.Error(err)
		}
	})
	return w
}

// pull is what a registry's client asks for before it pulls.
func (w *town) pull(b *testing.B, person, one int) *http.Request {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s/token?service=%s&scope=repository:%s/app:pull", w.url, w.host, w.Name(person)), nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("User-Agent", "docker/28.2.2")
	r.SetBasicAuth(w.Name(person), w.Secret(person, one))
	return r
}

// anybody is the pull of somebody, by one of their tokens.
func (w *town) anybody(b *testing.B) *http.Request {
	return w.pull(b, rand.IntN(w.People), rand.IntN(w.Tokens))
}

// floor is a server that does nothing but sign: the least that a token costs.
func floor(b *testing.B) func(*testing.B) *http.Request {
	b.Helper()
	k, err := keys.New(noon)
	if err != nil {
		b.Fatal(err)
	}
	type right struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	signs := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		signed, err := k.SignRegistry(map[string]any{
			"iss": "localhost:8460", "sub": "person-00000001", "aud": "localhost:8460", "exp": noon.Unix() + 300, "nbf": noon.Unix(), "iat": noon.Unix(), "jti": "0",
			"access": []right{{"repository", "person-00000001/app", []string{"pull"}}},
		}, noon)
		if err != nil {
			b.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"token": signed, "access_token": signed, "expires_in": 300, "issued_at": noon.Format(time.RFC3339)})
	})}
	go func() { _ = signs.Serve(listener) }()
	b.Cleanup(func() { _ = signs.Close() })
	return func(b *testing.B) *http.Request {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/token", nil)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
}

// connections is how many clients ask at once.
const connections = 32

// asked is how many requests a second are answered within a while.
func asked(b *testing.B, while time.Duration, request func(*testing.B) *http.Request) float64 {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var answered atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range connections {
		all.Go(func() {
			for time.Since(begun) < while {
				if status, err := get(client, request(b)); err != nil || status != http.StatusOK {
					b.Errorf("%d %v", status, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	all.Wait()
	return float64(answered.Load()) / time.Since(begun).Seconds()
}

func get(client *http.Client, r *http.Request) (status int, err error) {
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
