//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
)

// another is another computer of a person, by name.
type another struct {
	Person  string `json:"person"`
	Machine string `json:"machine"`
}

// elsewhere signs a person in on another computer, at the own service, and
// returns the secret of the token that it got.
func (a *answers) elsewhere(ctx context.Context, o another) (string, error) {
	_, token, err := a.away(ctx, o)
	return token, err
}

// away also returns the other computer's session.
func (a *answers) away(ctx context.Context, o another) (*session, string, error) {
	server, err := client.Open(ctx, a.desk.URL(), nil)
	if err != nil {
		return nil, "", err
	}
	attempt := client.NewAttempt("http://127.0.0.1:1/callback")
	told, err := service.NewPerson(o.Person, nil).Answer(server.AuthURL(attempt, o.Machine))
	if err != nil {
		return nil, "", err
	}
	grant, err := server.Exchange(ctx, attempt, told.Get("code"))
	if err != nil {
		return nil, "", err
	}
	id := sha256.Sum256([]byte(o.Machine))
	made, err := server.Generate(ctx, grant.Access, client.Machine{Installation: hex.EncodeToString(id[:]), Machine: o.Machine, OS: "linux"})
	return &session{server, grant}, made.Secret, err
}

type session struct {
	server *client.Server
	grant  client.Grant
}

// ending is a token that another computer deletes.
type ending struct {
	another
	ID string `json:"id"`
}

// end deletes a token from another computer, which is then signed out again.
func (a *answers) end(ctx context.Context, e ending) (bool, error) {
	s, _, err := a.away(ctx, e.another)
	if err == nil {
		err = errors.Join(s.server.Delete(ctx, s.grant.Access, e.ID), s.server.Revoke(ctx, s.grant.Refresh))
	}
	return err == nil, err
}

// untrusted is a server whose certificate nobody vouches for, and how often it
// was asked something all the same.
type untrusted struct {
	Address string `json:"address"`
	Asked   int    `json:"asked"`
}

// startUntrusted puts such a server before the own service, which behind it is
// as it should be; asked again it says how often.
func (a *answers) startUntrusted(context.Context, none) (untrusted, error) {
	own, err := url.Parse(a.desk.URL())
	if err != nil {
		return untrusted{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.untrusted == nil {
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(own) }}
		a.untrusted = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			a.handshakes++
			a.mu.Unlock()
			proxy.ServeHTTP(w, r)
		}))
		a.untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is what is wanted
		a.untrusted.StartTLS()
	}
	return untrusted{a.untrusted.URL, a.handshakes}, nil
}
