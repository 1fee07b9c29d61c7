package boltstore_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

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
	address
	db   *boltstore.DB
	keys *keys.Keys
}

// address is where a server is reached.
type address struct{ url, host string }

func newTown(b *testing.B, people, tokens int) *town {
	b.Helper()
	w, leave, err := foundTown(b.TempDir(), people, tokens)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := leave(); err != nil {
			b.Error(err)
		}
	})
	return w
}

func foundTown(dir string, people, tokens int) (w *town, leave func() error, err error) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	w = &town{Crowd: boltstore.Crowd{People: people, Tokens: tokens, At: noon}}
	if w.db, err = boltstore.Create(filepath.Join(dir, "lanyard.db"), boltstore.Options{}); err != nil {
		return nil, nil, err
	}
	if err = w.db.Fill(context.Background(), &w.Crowd); err != nil {
		return nil, nil, err
	}
	if w.keys, err = keys.New(noon); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	public, err := server.NewAddress("", listener.Addr().String(), false)
	if err != nil {
		return nil, nil, err
	}
	w.address = address{public.Public.String(), public.Host()}
	begun := time.Now()
	s, err := server.New(server.Config{
		Store: w.db, Keys: w.keys, Address: public, Registries: []string{w.host}, Data: dir,
		Tokens: token.DefaultLimits(), Sessions: grant.DefaultLimits(), Version: "bench",
		Now: func() time.Time { return later.Add(time.Since(begun)) },
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Background(ctx) })
	running.Go(func() { _ = s.Serve(ctx, []net.Listener{listener}) })
	return w, func() error {
		stop()
		running.Wait()
		return w.db.Close()
	}, nil
}

// pull is what a registry's client asks for before it pulls.
func (at address) pull(c *boltstore.Crowd, person, one int) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/token?service=%s&scope=repository:%s/app:pull", at.url, at.host, c.Name(person)), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "docker/28.2.2")
	r.SetBasicAuth(c.Name(person), c.Secret(person, one))
	return r, nil
}

// anybody is the pull of somebody, by one of their tokens.
func (at address) anybody(c *boltstore.Crowd) (*http.Request, error) {
	return at.pull(c, rand.IntN(c.People), rand.IntN(c.Tokens))
}

// foundFloor is a server that does nothing but sign: the least that a token costs
// whoever writes one with a library. With bare it signs as we do.
func foundFloor(bare bool) (at address, leave func() error, err error) {
	k, err := keys.New(noon)
	if err != nil {
		return at, nil, err
	}
	sign := func(claims any) (string, error) { return k.SignRegistry(claims, noon) }
	if !bare {
		if sign, err = byLibrary(); err != nil {
			return at, nil, err
		}
	}
	type right struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return at, nil, err
	}
	signs := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		signed, err := sign(map[string]any{
			"iss": "localhost:8460", "sub": "person-00000001", "aud": "localhost:8460", "exp": noon.Unix() + 300, "nbf": noon.Unix(), "iat": noon.Unix(), "jti": "0",
			"access": []right{{"repository", "person-00000001/app", []string{"pull"}}},
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"token": signed, "access_token": signed, "expires_in": 300, "issued_at": noon.Format(time.RFC3339)})
	})}
	go func() { _ = signs.Serve(listener) }()
	host := listener.Addr().String()
	return address{"http://" + host, host}, signs.Close, nil
}

// byLibrary signs ES256 with a certificate in x5c, as a registry wants it.
func byLibrary() (func(claims any) (string, error), error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "floor"}, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	raw, err := x509.CreateCertificate(crand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: "floor"}},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("x5c", []string{base64.StdEncoding.EncodeToString(raw)}))
	if err != nil {
		return nil, err
	}
	return func(claims any) (string, error) {
		payload, err := json.Marshal(claims)
		if err != nil {
			return "", err
		}
		signed, err := signer.Sign(payload)
		if err != nil {
			return "", err
		}
		return signed.CompactSerialize()
	}, nil
}

// connections is how many clients ask at once.
const connections = 32

// asked is how many requests were answered within a while.
func asked(while time.Duration, request func() (*http.Request, error)) (answered int, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := time.Now()
	for range connections {
		all.Go(func() {
			n, failed := 0, error(nil)
			for ; failed == nil && time.Since(begun) < while; n++ {
				var r *http.Request
				if r, failed = request(); failed == nil {
					failed = get(client, r)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			answered, err = answered+n, errors.Join(err, failed)
		})
	}
	all.Wait()
	return answered, err
}

// get wants the answer whole and good.
func get(client *http.Client, r *http.Request) error {
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err = io.Copy(io.Discard, response.Body); err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return err
}
