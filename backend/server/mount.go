package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/dtrapi"
	"lanyard/backend/internal/gate"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/internal/images"
	"lanyard/backend/internal/oauth"
	"lanyard/backend/internal/pages"
	"lanyard/backend/internal/passkey"
	"lanyard/backend/internal/registry"
)

// mount builds the surfaces. This is the only place where they are wired.
func (s *Server) mount() error {
	c := s.config
	issuer := c.Address.Public.String()
	b, err := browser.New(issuer, c.Store)
	if err != nil {
		return fmt.Errorf("build the pages: %w", err)
	}
	b.Now, b.Log = c.Now, c.Log
	party, err := passkey.New(issuer)
	if err != nil {
		return fmt.Errorf("build the pages: %w", err)
	}
	party.Now = c.Now
	guard := &gate.Gate{Issuer: issuer, Keys: c.Keys.OAuth().JWKS(), Sessions: s.grants, Accounts: s.accounts, Tokens: s.tokens, Organizations: s.access, Now: c.Now}
	logins := &caller.Login{Store: c.Store, Accounts: s.accounts, Tokens: s.tokens, Sessions: s.grants, Now: c.Now}

	stored, err := s.openImages()
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	oauth.New(oauth.Config{
		Issuer: issuer, Grants: s.grants, Accounts: s.accounts, Key: c.Keys.OAuth(), Binder: b, Log: c.Log, Now: c.Now,
	}).Mount(mux)
	(&pages.Handler{
		Accounts: s.accounts, Setup: s.setup, Grants: s.grants, Browser: b, Passkeys: party, PublicURL: issuer,
		Program: program, Now: c.Now, Log: c.Log,
	}).Mount(mux)
	(&hubapi.Handler{
		Tokens: s.tokens, Access: s.access, Activity: s.activity, People: s.accounts, Gate: guard, Callers: c.Store, Sessions: s.grants,
		Logins: logins, Factors: s.accounts, Key: c.Keys.OAuth(), Images: s.inside,
		Changes: s.board, Program: program, Tried: s.tried,
		PublicURL: issuer, PerMinute: c.HubPerMinute, Now: c.Now, Log: c.Log,
	}).Mount(mux)
	(&dtrapi.Handler{
		Store: c.Store, Logins: logins, Accounts: s.accounts, Tokens: s.tokens, Repositories: s.access, Now: c.Now, Log: c.Log,
	}).Mount(mux)
	tokens := s.tokenEndpoint()
	s.config.Seen = attributed{c.Seen, tokens}
	mux.Handle("/token", tokens)
	for pattern, handler := range s.operations() {
		mux.Handle(pattern, handler)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/account/", http.StatusSeeOther) })

	top := http.NewServeMux()
	top.Handle("/", bounded(mux))
	if err := s.mountEvents(top); err != nil {
		return err
	}
	if stored != nil {
		top.Handle("/v2/", stored)
		for _, name := range account.Reserved() { // more specific than the registry's /v2/
			top.Handle("/v2/"+name, bounded(mux))
			top.Handle("/v2/"+name+"/", bounded(mux))
		}
	}
	s.handler = s.onlyHost(top)
	return nil
}

// tokenEndpoint is what registries send their clients to.
func (s *Server) tokenEndpoint() *registry.Handler {
	c := s.config
	h := &registry.Handler{
		Store: c.Store, Accounts: s.accounts, Tokens: s.tokens, Sessions: s.grants, Signer: c.Keys,
		Issuer: c.Address.Host(), Services: s.registries(), Rights: s.access.Rights, Now: c.Now, Log: c.Log,
	}
	if c.RefreshTokens {
		h.RefreshKey = c.Keys.Service()
	}
	return h
}

// openImages opens the registry inside; nil: there is none.
func (s *Server) openImages() (*images.Registry, error) {
	c := s.config
	if c.Storage == "" {
		return nil, nil
	}
	ca, err := writeCA(c.Data, c.Keys.CAPEM())
	if err != nil {
		return nil, err
	}
	stored, err := images.New(images.Config{
		Seen: s.seenHere, Now: c.Now,
		Dir: c.Storage, Realm: c.Address.Public.String() + "/token", Service: c.Address.Host(), Issuer: c.Address.Host(),
		CAFile: ca, Reserved: account.Reserved(), Logger: c.Log,
		Explain: s.explain,
	})
	if err != nil {
		return nil, err
	}
	s.close, s.collect, s.inside = stored.Close, collection(stored), contents{stored}
	return stored, nil
}

// explain says why an account may not do a thing, by the rule that refused it.
func (s *Server) explain(subject, repository, action string) string {
	var who access.Subject
	if a, err := s.accounts.ByLogin(context.Background(), subject); subject != "" && err == nil {
		who = caller.Person(a)
	}
	told, err := s.access.Explain(context.Background(), who, repository, action, true)
	switch {
	case err != nil:
		return "" // the library's words
	case told.Why != "" || subject == "":
		return told.Why
	}
	return fmt.Sprintf("this token of %s may not %s %s: its access permissions do not reach that far", subject, action, repository)
}

// registries are the names that tokens are made for: the own one first.
func (s *Server) registries() []string {
	var all []string
	if s.config.Storage != "" {
		all = append(all, s.config.Address.Host())
	}
	for _, name := range s.config.Registries {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// onlyHost answers no request that was meant for another name (DNS rebinding,
// a wrong address typed); /healthz is asked by address.
func (s *Server) onlyHost(next http.Handler) http.Handler {
	names := []string{s.config.Address.Host()}
	for _, alias := range s.config.Aliases {
		names = append(names, canonical(s.config.Address.Public.Scheme, alias))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && !slices.Contains(names, canonical(s.config.Address.Public.Scheme, r.Host)) {
			plain(w, http.StatusMisdirectedRequest, "This service is "+s.config.Address.Public.String()+"; use that address.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// program is what people call a client.
func program(client string) string {
	if strings.HasPrefix(client, "lanyard") {
		return "Lanyard"
	}
	return "Docker CLI"
}

// Serve answers on listeners until ctx ends, then lets requests in flight
// finish. The registry's bodies have no time-out; headers do.
func (s *Server) Serve(ctx context.Context, listeners []net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: nil,
	}
	server.RegisterOnShutdown(s.board.Close) // whoever waits for changes is answered, not waited for
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- server.Serve(l) }()
	}
	select {
	case err := <-ended:
		_ = server.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		_ = server.Close() // an upload that would not end
	}
	return nil
}
