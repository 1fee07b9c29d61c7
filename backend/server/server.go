// Package server is the account service as one whole that any program can
// mount: New(Config) is an http.Handler. It builds the surfaces over one set
// of services and is the only place they meet; it keeps the address, the
// background work and the operations paths, and leaves every rule to the
// nouns and every format to the surfaces.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/admin"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/changes"
	"lanyard/backend/internal/events"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/keys"
	"lanyard/backend/token"
)

// Store is what the service keeps its rows in; boltstore.DB and memstore.DB
// are two.
type Store interface {
	account.Store
	grant.Store
	token.Store
	browser.Store
	access.Store
	activity.Store
	caller.Store
	// Sweep drops what is over at now.
	Sweep(ctx context.Context, now time.Time) error
}

// HubPerMinute is how many requests one caller may make to the Hub's API where
// Config says nothing.
const HubPerMinute = hubapi.DefaultPerMinute

// Config is what a service is made of.
type Config struct {
	Store        Store
	Keys         *keys.Keys
	Address      Address
	Registries   []string       // further registries that trust us: their host[:port], as they name their service
	Storage      string         // folder of the registry inside; "": none
	Data         string         // the folder told to the admin socket, and where registry/ca.pem is written
	Rights       access.Default // "": private
	Tokens       token.Limits
	Sessions     grant.Limits
	HubPerMinute int      // requests of one caller to the Hub's API; 0: HubPerMinute
	Aliases      []string // further Hosts that are answered
	// RefreshTokens: the registry token endpoint gives refresh tokens to those
	// who ask for them, and takes them.
	RefreshTokens bool
	Version       string
	Seen          events.Sink  // what registries say was pulled, pushed and deleted; nil: kept with the repository
	SetUp         func() error // called once the first administrator is committed; may be nil
	// Backup copies the database, see admin.Handler; nil: not offered.
	Backup func(ctx context.Context, begin func(size int64) (io.Writer, error)) error
	Stop   func() // what the admin socket's stop does; nil: refused
	Now    func() time.Time
	Log    *slog.Logger // nil: discarded
}

// Server is a running account service.
type Server struct {
	config   Config
	accounts *account.Service
	grants   *grant.Service
	tokens   *token.Service
	access   *access.Service
	activity *activity.Log
	signIns  *activity.SignIns
	board    *changes.Board
	setup    *account.Setup
	handler  http.Handler
	admin    http.Handler
	collect  func(ctx context.Context, dry bool) (admin.Collected, error) // nil: there is no registry inside
	inside   hubapi.Images                                                // nil: the registry is elsewhere
	close    func() error
}

// New builds the service. It fails where a folder cannot be used.
func New(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	board := changes.New()
	c.Store = marked{remembering{telling{c.Store, board, c.Now}, c.Now, c.Log}, c.SetUp}
	sealer, err := c.Keys.Sealer()
	if err != nil {
		return nil, fmt.Errorf("build the service: %w", err)
	}
	s := &Server{
		config:   c,
		accounts: &account.Service{Store: c.Store, Hasher: account.NewHasher(), Sealer: sealer, Now: c.Now},
		grants:   &grant.Service{Store: c.Store, Key: c.Keys.Service(), Limits: c.Sessions, Now: c.Now},
		tokens:   &token.Service{Store: c.Store, Limits: c.Tokens, Now: c.Now},
		activity: &activity.Log{Store: c.Store, Now: c.Now},
		board:    board,
		setup:    &account.Setup{Now: c.Now},
		close:    func() error { return nil },
	}
	s.signIns = &activity.SignIns{Log: s.activity}
	s.accounts.Tried = s.tried
	s.access = &access.Service{
		Store: c.Store, Log: s.activity, Now: c.Now, Owner: s.owner,
		Rights: access.Rights{Default: c.Rights, Reserved: account.Reserved(), Host: c.Address.Host()},
	}
	if s.config.Seen == nil {
		s.config.Seen = s.access
	}
	if err := s.mount(); err != nil {
		return nil, err
	}
	s.admin = operator((&admin.Handler{
		Info: admin.Info{
			PublicURL: c.Address.Public.String(), PID: os.Getpid(), Version: c.Version,
			Data: c.Data, Storage: c.Storage, StartedAt: c.Now().UTC(),
		},
		Accounts: s.accounts, Setup: s.setup, Grants: s.grants, Stop: c.Stop, Backup: c.Backup, Collect: s.collect, Log: c.Log,
	}).Routes())
	return s, nil
}

// owner is whose user name a name is; "": nobody's.
func (s *Server) owner(ctx context.Context, name string) string {
	a, err := s.accounts.ByLogin(ctx, name)
	if err != nil || a.Name != name { // an e-mail address is no name
		return ""
	}
	return a.ID
}

// tried keeps a sign-in, or a refusal, in the activity of its account. Whoever
// signs in is not told that the record failed.
func (s *Server) tried(ctx context.Context, t account.Tried) {
	from := activity.Asking(ctx)
	s.report(ctx, "note a sign-in", s.signIns.Note(context.WithoutCancel(ctx), activity.SignIn{
		Account: t.Account.ID, Name: t.Account.Name, By: t.By, Why: t.Why, Addr: t.Addr, Agent: from.Agent,
	}))
}

// marked tells of the first administrator right after the commit.
type marked struct {
	Store
	done func() error
}

// CreateAccount keeps an account, see account.Store.
func (m marked) CreateAccount(ctx context.Context, a account.Account, first bool) error {
	if err := m.Store.CreateAccount(ctx, a, first); err != nil || m.done == nil {
		return err
	}
	return m.done()
}

// ServeHTTP answers the network.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Admin answers the service's own socket. Whoever reaches it administers.
func (s *Server) Admin() http.Handler { return s.admin }

// Accounts are the service's people, for the program that holds it.
func (s *Server) Accounts() *account.Service { return s.accounts }

// NeedsSetup says whether there is no account yet; SetupCode makes the code
// that set-up then asks for.
func (s *Server) NeedsSetup(ctx context.Context) (bool, error) { return s.accounts.Empty(ctx) }

// SetupCode makes a fresh set-up code in the place of the earlier one.
func (s *Server) SetupCode() string { return s.setup.Fresh() }

const (
	flushEvery = 500 * time.Millisecond
	sweepEvery = time.Minute
	renewEvery = 12 * time.Hour
)

// Background does what nobody asks for: writes the uses noted, sweeps what is
// over, renews the signing leaf. It returns when ctx ends, all uses written.
func (s *Server) Background(ctx context.Context) error {
	flush, sweep, renew := time.NewTicker(flushEvery), time.NewTicker(sweepEvery), time.NewTicker(renewEvery)
	defer flush.Stop()
	defer sweep.Stop()
	defer renew.Stop()
	s.report(ctx, "sweep", s.config.Store.Sweep(ctx, s.config.Now()))
	for {
		select {
		case <-flush.C:
			s.report(ctx, "note uses", s.Flush(ctx))
		case <-sweep.C:
			s.report(ctx, "sweep", s.config.Store.Sweep(ctx, s.config.Now()))
		case <-renew.C:
			s.report(ctx, "renew signing leaf", s.config.Keys.Renew(s.config.Now()))
		case <-ctx.Done():
			s.board.Close()
			// Twice: the registry may take a while to close, and tells of its
			// last pulls then.
			return errors.Join(s.flushLast(ctx), s.close(), s.flushLast(ctx))
		}
	}
}

// flushLast writes the uses noted, when ctx has ended.
func (s *Server) flushLast(ctx context.Context) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(s.Flush(last), s.signIns.Flush(last, true))
}

// Flush writes the uses noted so far.
func (s *Server) Flush(ctx context.Context) error {
	defer func() { s.board.Flush(s.config.Now()) }()
	return errors.Join(s.tokens.Flush(ctx), s.grants.Flush(ctx), s.access.Flush(ctx), s.signIns.Flush(ctx, false))
}

func (s *Server) report(ctx context.Context, what string, err error) {
	if err != nil {
		s.config.Log.ErrorContext(ctx, "background work", "doing", what, "err", err)
	}
}

// writeCA publishes the authority that registries are told to trust.
func writeCA(data string, pem []byte) (string, error) {
	path := authorityPath(data)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("publish the registry authority: %w", err)
	}
	if old, err := os.ReadFile(path); err == nil && string(old) == string(pem) {
		return path, nil
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, pem, 0o644); err != nil {
		return "", fmt.Errorf("publish the registry authority: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return "", fmt.Errorf("publish the registry authority: %w", err)
	}
	return path, nil
}

func authorityPath(data string) string { return filepath.Join(data, "registry", "ca.pem") }
