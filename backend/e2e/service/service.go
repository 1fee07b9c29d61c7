// Package service is a real account service inside a test, whole as server
// makes it, over a store in memory: reached over loopback or, for a bubble of
// testing/synctest, over pipes; with a clock that can be moved, people who sign
// in at its pages with a browser made of HTTP, and a network that can fail.
package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/keys"
	"lanyard/backend/server"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// Password is everybody's.
const Password = "violet umbrella pedals north"

// TB is what Start needs of a test.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
	TempDir() string
}

// Options of a service; the zero value listens on loopback.
type Options struct {
	Pipes      bool         // reached through Transport alone, nothing listens
	Keys       *keys.Keys   // nil: fresh ones, which take a moment
	Tokens     token.Limits // zero: the defaults
	Registries []string     // nil: a name made from the address
	Storage    string       // folder of images; "": it is no registry itself
	// Around is put around the whole service. May be nil.
	Around func(http.Handler) http.Handler
}

// Service is a running service.
type Service struct {
	URL   string
	Store *memstore.DB
	*server.Server

	offset  atomic.Int64 // nanoseconds
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// Start gives a test a service, which ends with the test.
func Start(t TB, o Options) *Service {
	t.Helper()
	s, listener, err := build(o, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.stopped.Go(func() { _ = s.serve(ctx, listener, o.Around) })
	t.Cleanup(s.Stop)
	return s
}

func build(o Options, dir string) (*Service, net.Listener, error) {
	s := &Service{Store: memstore.New(), dial: (&net.Dialer{}).DialContext}
	var listener net.Listener
	if o.Pipes {
		pipes := newPipes()
		listener, s.dial = pipes, pipes.dial
	} else {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, nil, err
		}
	}
	address, err := server.NewAddress("", listener.Addr().String(), false)
	if err != nil {
		return nil, nil, err
	}
	if o.Keys == nil {
		if o.Keys, err = keys.New(time.Now()); err != nil {
			return nil, nil, err
		}
	}
	if o.Tokens == (token.Limits{}) {
		o.Tokens = token.DefaultLimits()
	}
	if o.Registries == nil {
		o.Registries = []string{address.Host()}
	}
	s.URL = address.Public.String()
	s.Server, err = server.New(server.Config{
		Store: s.Store, Keys: o.Keys, Address: address, Registries: o.Registries, Data: dir, Storage: o.Storage,
		Tokens: o.Tokens, Sessions: grant.DefaultLimits(), Version: "test", Now: s.Now,
	})
	return s, listener, err
}

func (s *Service) serve(ctx context.Context, listener net.Listener, around func(http.Handler) http.Handler) error {
	if around == nil {
		return s.Serve(ctx, []net.Listener{listener})
	}
	h := &http.Server{Handler: around(s), ReadHeaderTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { _ = h.Close() })()
	return h.Serve(listener)
}

// Stop ends the service, as a computer that is switched off.
func (s *Service) Stop() {
	s.stop()
	s.stopped.Wait()
}

// Now is the service's clock.
func (s *Service) Now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

// Advance moves the service's clock, and nobody else's.
func (s *Service) Advance(by time.Duration) { s.offset.Add(int64(by)) }

// Transport reaches the service; each call makes one with connections of its own.
func (s *Service) Transport() *http.Transport {
	return &http.Transport{DialContext: s.dial}
}

// Person makes an account and gives its owner a browser.
func (s *Service) Person(t TB, name string) *Person {
	t.Helper()
	if _, err := s.Accounts().Create(context.Background(), account.New{Name: name, Password: Password}); err != nil {
		t.Fatal(err)
	}
	return s.Sit(name)
}

// Sit gives the owner of an account a browser that has seen nothing yet.
func (s *Service) Sit(name string) *Person { return NewPerson(name, s.Transport()) }

// Alive are the tokens of an account that /token would take now, by id, and
// the sessions that live, by id.
func (s *Service) Alive(name string) (tokens, sessions []string, err error) {
	ctx := context.Background()
	a, err := s.Accounts().ByLogin(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	held, err := s.Store.Holding(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range held.Tokens {
		if one.Usable(s.Now()) == nil {
			tokens = append(tokens, one.ID)
		}
	}
	all, err := s.Store.SessionsOf(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range all {
		if one.Live(s.Now()) {
			sessions = append(sessions, one.ID)
		}
	}
	return tokens, sessions, nil
}

// Login asks /token whether it takes a secret: its status.
func (s *Service) Login(name, secret string) (int, error) {
	r, err := http.NewRequest(http.MethodGet, s.URL+"/token?service="+hostOf(s.URL), nil)
	if err != nil {
		return 0, err
	}
	r.SetBasicAuth(name, secret)
	transport := s.Transport()
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// pipes is a listener without a network.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: errors.New("connection refused")}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept is the other end of a dial.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends it.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr names a port that nobody listens on.
func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8460} }

// Network is a transport on which requests and answers can be lost.
type Network struct {
	Under http.RoundTripper
	// Lose says of a request whether it is lost, with or without the service
	// having seen it. nil: none.
	Lose func(r *http.Request) Loss
}

// Loss is what becomes of a request.
type Loss string

// The losses.
const (
	Nothing  Loss = ""
	Request  Loss = "request" // the service never sees it
	Answer   Loss = "answer"  // the service does what was asked, and nobody hears of it
	errorFmt      = "read: connection reset by peer (the %s was lost)"
)

// RoundTrip is one request.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	loss := Nothing
	if n.Lose != nil {
		loss = n.Lose(r)
	}
	if loss == Request {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf(errorFmt, loss)}
	}
	response, err := n.Under.RoundTrip(r)
	if err != nil || loss == Nothing {
		return response, err
	}
	_ = response.Body.Close()
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf(errorFmt, loss)}
}
