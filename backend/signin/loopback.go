package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"lanyard/backend/client"
)

const (
	callbackPath = "/callback"
	maxStrangers = 64 // connections at a time
)

// loopback is where the browser comes back to (RFC 8252 §7.3): it is bound
// before its address is told to anybody, answers the one right request and
// nobody else, and is closed as soon as that came.
type loopback struct {
	listener net.Listener
	server   *http.Server
	answers  chan answer
	closing  sync.Once

	mu            sync.Mutex
	state, issuer string
	answered      bool
}

type answer struct {
	code string
	err  error
}

func listen() (*loopback, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("wait for the browser: %w", err)
	}
	l := &loopback{listener: &narrow{Listener: listener, free: make(chan struct{}, maxStrangers)}, answers: make(chan answer, 1)}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10}
	go func() { _ = l.server.Serve(l.listener) }() // ends with close
	return l, nil
}

func (l *loopback) address() string { return "http://" + l.listener.Addr().String() + callbackPath }

// expect says which answer is the right one: our state, and the server's name
// (RFC 9207).
func (l *loopback) expect(state, issuer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.issuer = state, issuer
}

func (l *loopback) wait(ctx context.Context) (string, error) {
	select {
	case a := <-l.answers:
		return a.code, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// close ends it at once, strangers that linger included: the page for the
// right request has left before wait returns.
func (l *loopback) close() { l.closing.Do(func() { _ = l.server.Close() }) }

// ServeHTTP answers the right request once. A stranger, a wrong state, a
// second answer get 404, and the sign-in goes on waiting.
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	right := r.Method == http.MethodGet && r.URL.Path == callbackPath && r.Host == l.listener.Addr().String() &&
		r.Header.Get("Origin") == "" && len(query["state"]) == 1 && len(query["iss"]) <= 1 && len(query["code"]) <= 1
	header := w.Header()
	header.Set("Connection", "close") // its place is another's
	if !right || !l.take(query.Get("state"), query.Get("iss")) {
		http.NotFound(w, r)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	a := answer{code: query.Get("code")}
	page := pageDone
	if why := query.Get("error"); why != "" || a.code == "" {
		a, page = answer{err: refusal(why)}, pageStopped
	}
	header.Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = io.WriteString(w, page)            // the browser may be gone already
	_ = http.NewResponseController(w).Flush() // nothing is left to be sent
	l.answers <- a
}

func (l *loopback) take(state, issuer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered || l.state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(l.state)) != 1 || issuer != l.issuer {
		return false
	}
	l.answered = true
	return true
}

func refusal(why string) error {
	switch why {
	case "access_denied":
		return fmt.Errorf("%w: the sign-in was cancelled in the browser", client.ErrDenied)
	case "":
		return errors.New("the browser came back without a code")
	}
	return fmt.Errorf("%w: the server ended the sign-in (%.40q)", client.ErrDenied, why)
}

// narrow accepts so many connections at a time.
type narrow struct {
	net.Listener
	free chan struct{}
}

func (n *narrow) Accept() (net.Conn, error) {
	n.free <- struct{}{}
	conn, err := n.Listener.Accept()
	if err != nil {
		<-n.free
		return nil, err
	}
	return &counted{Conn: conn, release: sync.OnceFunc(func() { <-n.free })}, nil
}

type counted struct {
	net.Conn
	release func()
}

func (c *counted) Close() error {
	c.release()
	return c.Conn.Close()
}
