// Package handover lets a program of ours watch another program use a
// credential helper: it starts that program with a configuration of its own,
// and the helper asks back over a socket in place of opening the keychain. It
// owns the socket and what is said there; who is started and what becomes of
// the credentials is the caller's.
//
// It is how docker's own sign-in to Docker Hub is taken over: what docker
// stores never lies on a disk.
package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
)

// Variable names the socket to a helper that is to ask there.
const Variable = "LANYARD_HANDOVER"

// ErrStranger: the socket belongs to, or was reached by, another user.
var ErrStranger = errors.New("the other side of the socket is another user's program")

const (
	maxLine = 64 << 10 // bytes of a question or an answer
	within  = 5 * time.Second
)

// Credential is what a tool stores under a key. Its zero value is nothing.
type Credential struct {
	Username string
	Secret   string
}

// String hides the secret.
func (Credential) String() string { return "***" }

// GoString hides it from %#v.
func (Credential) GoString() string { return "***" }

// Desk takes what a tool stores and answers what it asks. It is for one run of
// one tool, by one person.
type Desk struct {
	// Socket is where the helper asks: the value of Variable.
	Socket string

	listener *net.UnixListener
	serving  sync.WaitGroup
	mu       sync.Mutex
	held     map[string]Credential
}

// Open listens in dir, which only its owner may enter. held is what a tool
// finds already stored; nil: nothing. The caller closes the desk.
func Open(dir string, held map[string]Credential) (*Desk, error) {
	path := filepath.Join(dir, "s")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, errors.Join(err, fmt.Errorf("open the socket for the credential helper: %s is open to others", dir))
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open the socket for the credential helper: %w", err)
	}
	d := &Desk{Socket: path, listener: listener, held: map[string]Credential{}}
	maps.Copy(d.held, held)
	d.serving.Go(d.serve)
	return d, nil
}

// Held is what is stored at this moment, by key.
func (d *Desk) Held() map[string]Credential {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.held)
}

// Close ends it, once the questions under way are answered.
func (d *Desk) Close() error {
	err := d.listener.Close() // which removes the socket
	d.serving.Wait()
	return err
}

func (d *Desk) serve() {
	for {
		conn, err := d.listener.AcceptUnix()
		if err != nil {
			return // closed
		}
		d.serving.Go(func() { d.answer(conn) })
	}
}

// A question and its answer are a line of JSON each.
type (
	question struct {
		Action   string `json:"action"` // store, get, erase or list
		Key      string `json:"key,omitempty"`
		Username string `json:"username,omitempty"`
		Secret   string `json:"secret,omitempty"`
	}
	answer struct {
		Found    bool              `json:"found,omitempty"`
		Username string            `json:"username,omitempty"`
		Secret   string            `json:"secret,omitempty"`
		Users    map[string]string `json:"users,omitempty"`
	}
)

func (d *Desk) answer(conn *net.UnixConn) {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // whoever asks nothing is not waited for
	if same(conn) != nil {
		return
	}
	var q question
	if json.NewDecoder(io.LimitReader(conn, maxLine)).Decode(&q) != nil {
		return
	}
	_ = json.NewEncoder(conn).Encode(d.act(q)) // a helper that has gone learns nothing
}

func (d *Desk) act(q question) answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch q.Action {
	case credentials.ActionStore:
		d.held[q.Key] = Credential{q.Username, q.Secret}
		return answer{Found: true}
	case credentials.ActionErase:
		delete(d.held, q.Key)
		return answer{Found: true}
	case credentials.ActionList:
		users := map[string]string{}
		for key, c := range d.held {
			users[key] = c.Username
		}
		return answer{Found: true, Users: users}
	}
	c, found := d.held[q.Key]
	return answer{Found: found, Username: c.Username, Secret: c.Secret}
}

// Helper is the credential helper's side: what a tool asks of it, it asks at
// the desk.
type Helper struct{ Socket string }

var _ credentials.Helper = Helper{}

// Add stores.
func (h Helper) Add(c *credentials.Credentials) error {
	_, err := h.ask(question{Action: credentials.ActionStore, Key: c.ServerURL, Username: c.Username, Secret: c.Secret})
	return err
}

// Delete erases; what is not there is no error.
func (h Helper) Delete(key string) error {
	_, err := h.ask(question{Action: credentials.ActionErase, Key: key})
	return err
}

// Get reads; docker's own error if there is none.
func (h Helper) Get(key string) (user, secret string, err error) {
	a, err := h.ask(question{Action: credentials.ActionGet, Key: key})
	if err != nil {
		return "", "", err
	}
	if !a.Found {
		return "", "", credentials.NewErrCredentialsNotFound()
	}
	return a.Username, a.Secret, nil
}

// List names the keys and their users.
func (h Helper) List() (map[string]string, error) {
	a, err := h.ask(question{Action: credentials.ActionList})
	if a.Users == nil {
		a.Users = map[string]string{}
	}
	return a.Users, err
}

func (h Helper) ask(q question) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", h.Socket)
	if err != nil {
		return answer{}, errors.New("the program that started this sign-in has gone")
	}
	defer conn.Close()
	if err := same(conn.(*net.UnixConn)); err != nil {
		return answer{}, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	var a answer
	if err := json.NewEncoder(conn).Encode(q); err != nil {
		return answer{}, errors.New("the program that started this sign-in does not listen")
	}
	if err := json.NewDecoder(io.LimitReader(conn, maxLine)).Decode(&a); err != nil {
		return answer{}, errors.New("the program that started this sign-in gave no answer")
	}
	return a, nil
}
