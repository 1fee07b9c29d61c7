// Package ownservice is this computer's own account service as its programs
// see it: whether it runs, starting and stopping it, and what only its socket
// tells. It knows the service by that socket and never by what answers on a
// port. It leaves being the service to `lanyard serve`.
package ownservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/machine"
)

// Errors that can be asked about.
var (
	// ErrNotRunning: nothing answers on the socket.
	ErrNotRunning = errors.New("this computer's own service is not running")
	// ErrForeign: the socket is not the same person's.
	ErrForeign = errors.New("the service's socket belongs to somebody else")
	// ErrStart: the service was started and did not come up; the text says
	// what it said.
	ErrStart = errors.New("the service did not start")
	// ErrRefused: the service answered no; the text says why.
	ErrRefused = errors.New("refused")
)

// Service is the own service of one data folder.
type Service struct {
	Data   string // folder, see machine.Dirs.Service
	Binary string // the lanyard program beside our own executable
	Config string // settings file handed to serve if it exists; "": none
	Log    string // file for what the service says; "": DATA/service.log
	// Version is our own build: a service of another one is restarted.
	Version string

	// System starts the service by itself once it was installed, see Install;
	// nil: nothing here can.
	System *autostart.Systemd
	Env    []string // NAME=value that the system is to start our programs with
	Docker string   // DOCKER_CONFIG of the person, which the janitor needs; "": none
	Asked  string   // file that says that the person was asked about it
}

// Of is the own service of a person with these folders; binary is the lanyard
// program, version the caller's build.
func Of(dirs machine.Dirs, binary, version string) *Service {
	s := &Service{
		Data: dirs.Service(), Binary: binary, Version: version, Config: filepath.Join(dirs.Config, "service.yaml"),
		Asked: filepath.Join(dirs.State, "autostart-asked"),
	}
	if docker := os.Getenv("DOCKER_CONFIG"); filepath.IsAbs(docker) {
		s.Docker = docker
	}
	if home, err := os.UserHomeDir(); err == nil {
		s.Env = carried(os.Getenv, home)
		if runtime.GOOS == "linux" {
			system := autostart.Here(os.Getenv, home)
			s.System = &system
		}
	}
	return s
}

// Status is what the service says of itself.
type Status struct {
	PublicURL  string    `json:"public_url"`
	PID        int       `json:"pid"`
	Version    string    `json:"version"`
	Data       string    `json:"data"`
	Storage    string    `json:"storage"`
	StartedAt  time.Time `json:"started_at"`
	NeedsSetup bool      `json:"needs_setup"`
}

// Person is an account of the service.
type Person struct {
	Name      string    `json:"name"`
	Email     string    `json:"email,omitempty"`
	Admin     bool      `json:"admin"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"created_at"`
}

// NewPerson describes an account to be made.
type NewPerson struct {
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password"`
	Admin    bool   `json:"admin"`
}

// Status asks the service, or ErrNotRunning.
func (s *Service) Status(ctx context.Context) (Status, error) {
	var st Status
	err := s.call(ctx, http.MethodGet, "/status", nil, &st)
	return st, err
}

// SetupCode makes a fresh one-time code for the first administrator.
func (s *Service) SetupCode(ctx context.Context) (string, error) {
	var out struct{ Code string }
	err := s.call(ctx, http.MethodPost, "/setup-code", nil, &out)
	return out.Code, err
}

// People lists the accounts.
func (s *Service) People(ctx context.Context) ([]Person, error) {
	var all []Person
	err := s.call(ctx, http.MethodGet, "/accounts", nil, &all)
	return all, err
}

// Add makes an account.
func (s *Service) Add(ctx context.Context, n NewPerson) (Person, error) {
	var p Person
	err := s.call(ctx, http.MethodPost, "/accounts", n, &p)
	return p, err
}

// SetPassword changes an account's password.
func (s *Service) SetPassword(ctx context.Context, name, password string) (Person, error) {
	var p Person
	err := s.call(ctx, http.MethodPost, accountPath(name, "password"), map[string]string{"password": password}, &p)
	return p, err
}

// SetDisabled disables or enables an account.
func (s *Service) SetDisabled(ctx context.Context, name string, disabled bool) (Person, error) {
	act := "enable"
	if disabled {
		act = "disable"
	}
	var p Person
	err := s.call(ctx, http.MethodPost, accountPath(name, act), nil, &p)
	return p, err
}

// ResetFactors takes all second factors of an account.
func (s *Service) ResetFactors(ctx context.Context, name string) (Person, error) {
	var p Person
	err := s.call(ctx, http.MethodPost, accountPath(name, "reset-factors"), nil, &p)
	return p, err
}

// call asks what is answered at once.
func (s *Service) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return s.callLong(ctx, method, path, body, into)
}

// callLong asks what takes as long as it takes.
func (s *Service) callLong(ctx context.Context, method, path string, body, into any) error {
	response, err := s.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return read(response, into)
}

// ask leaves the answer to be read.
func (s *Service) ask(ctx context.Context, method, path string, body any) (*http.Response, error) {
	socket, err := s.socket()
	if err != nil {
		return nil, err
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("ask the own service: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://lanyard"+path, sent)
	if err != nil {
		return nil, fmt.Errorf("ask the own service: %w", err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		if dead(err) {
			return nil, ErrNotRunning
		}
		return nil, fmt.Errorf("ask the own service: %w", err)
	}
	return response, nil
}

func read(response *http.Response, into any) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("ask the own service: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var problem struct{ Code, Message string }
		if json.Unmarshal(text, &problem) != nil || problem.Message == "" {
			problem.Message = response.Status
		}
		return fmt.Errorf("%w: %s", ErrRefused, problem.Message)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("ask the own service: %w", err)
	}
	return nil
}

// socket finds the service's socket and makes sure that it is this person's.
func (s *Service) socket() (string, error) {
	path := filepath.Join(s.Data, "admin.sock")
	if named, err := os.ReadFile(path + ".path"); err == nil {
		path = strings.TrimSpace(string(named))
	}
	info, err := os.Lstat(path)
	if err != nil {
		return "", ErrNotRunning
	}
	if !ours(info) {
		return "", fmt.Errorf("%w: %s", ErrForeign, path)
	}
	return path, nil
}
