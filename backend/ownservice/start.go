package ownservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	startWithin = 20 * time.Second
	stopWithin  = 15 * time.Second
	pollEvery   = 50 * time.Millisecond
)

// Ensure returns the running service, starting it when none answers and
// restarting one of another build. started says whether it did.
func (s *Service) Ensure(ctx context.Context) (st Status, started bool, err error) {
	st, err = s.Status(ctx)
	switch {
	case err == nil && st.Version == s.Version:
		return st, false, nil
	case err == nil:
		if err := s.Stop(ctx); err != nil {
			return Status{}, false, fmt.Errorf("restart the own service of another build: %w", err)
		}
	case !errors.Is(err, ErrNotRunning):
		return Status{}, false, err
	}
	st, err = s.start(ctx)
	return st, err == nil, err
}

// PortFile, in the data folder, keeps the port that the service took.
const PortFile = "service.json"

// KeptPort is the port of the own service of a data folder, or "" before it
// first ran.
func KeptPort(data string) (string, error) {
	file := filepath.Join(data, PortFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	var kept struct {
		Port string `json:"port"`
	}
	if err != nil || json.Unmarshal(text, &kept) != nil || kept.Port == "" {
		return "", fmt.Errorf("read %s: it does not name a port; delete it to choose one anew", file)
	}
	return kept.Port, nil
}

// Owns says whether address is this service's, by what it says of itself or,
// where it does not run, by the port it keeps.
func (s *Service) Owns(ctx context.Context, address string) bool {
	if st, err := s.Status(ctx); err == nil {
		return st.PublicURL == address
	}
	port, err := KeptPort(s.Data)
	return err == nil && port != "" && address == "http://localhost:"+port
}

// start starts the service as the person chose, and waits until its socket
// answers.
func (s *Service) start(ctx context.Context) (Status, error) {
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return Status{}, fmt.Errorf("start the own service: %w", err)
	}
	if _, err := os.Stat(s.Binary); err != nil {
		return Status{}, fmt.Errorf("%w: the program lanyard is not beside this one (%s)", ErrStart, s.Binary)
	}
	if s.installed() && s.System.Probe(ctx) == nil {
		return s.bySystem(ctx)
	}
	return s.detached(ctx)
}

// detached runs `lanyard serve` as a process of its own, in a session of its
// own, so that it outlives whoever started it.
func (s *Service) detached(ctx context.Context) (Status, error) {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return Status{}, fmt.Errorf("start the own service: %w", err)
	}
	defer log.Close()
	command := exec.Command(s.Binary, s.arguments()...) // without ctx: it outlives us
	command.Stdout, command.Stderr = log, log
	command.Dir = s.Data
	detach(command)
	if err := command.Start(); err != nil {
		return Status{}, fmt.Errorf("start the own service: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // its last words say more than its status
		close(ended)
	}()

	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if st, err := s.Status(ctx); err == nil {
			return st, nil
		}
		select {
		case <-tick.C:
		case <-ended:
			// Another start may have won the race for the data folder.
			if st, err := s.Status(ctx); err == nil {
				return st, nil
			}
			return Status{}, fmt.Errorf("%w: %s", ErrStart, s.lastWords())
		case <-ctx.Done():
			return Status{}, fmt.Errorf("%w within %s: %s", ErrStart, startWithin, s.lastWords())
		}
	}
}

// base are the arguments that never change.
func (s *Service) base() []string {
	return []string{"serve", "--own", "--data", s.Data, "--storage", filepath.Join(s.Data, "images")}
}

func (s *Service) arguments() []string {
	args := s.base()
	if _, err := os.Stat(s.Config); s.Config != "" && err == nil {
		args = append(args, "--config", s.Config)
	}
	return args
}

// Stop ends the service and waits until its socket is gone; ErrNotRunning if
// there is none.
func (s *Service) Stop(ctx context.Context) error {
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if err := s.call(ctx, http.MethodPost, "/stop", nil, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if _, err := s.Status(ctx); errors.Is(err, ErrNotRunning) && !alive(st.PID) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the own service (process %d) did not stop within %s", st.PID, stopWithin)
		}
	}
}

func (s *Service) logFile() string {
	if s.Log != "" {
		return s.Log
	}
	return filepath.Join(s.Data, "service.log")
}

// lastWords is the last line the service said, for an error message.
func (s *Service) lastWords() string {
	text, err := os.ReadFile(s.logFile())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range slices.Backward(lines) {
		if why, ok := strings.CutPrefix(line, "lanyard: "); ok { // below it stands what to do
			return why
		}
	}
	if last := lines[len(lines)-1]; err == nil && last != "" {
		return last
	}
	return "it said nothing; see " + s.logFile()
}

func accountPath(name, act string) string { return "/accounts/" + url.PathEscape(name) + "/" + act }
