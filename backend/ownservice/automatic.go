package ownservice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"time"

	"lanyard/backend/autostart"
)

// A Set says which of the two things the system does by itself are meant: to
// run the own service from log-in on, and to look every hour for what is over
// when none of our programs runs.
type Set struct{ Service, Janitor bool }

// Automatic is what the system does by itself.
type Automatic struct {
	Service autostart.Standing `json:"service"`
	Janitor autostart.Standing `json:"janitor"`
	// Running: the process that runs is the system's; it starts again if it
	// fails.
	Running bool `json:"running"`
	// Lingers: from boot on, else from log-in to log-out.
	Lingers bool `json:"lingers"`
	// Unavailable says why nothing can be installed; "": it can.
	Unavailable string `json:"unavailable,omitempty"`
}

// Survives says whether the service is there again after a reboot, once the
// person has logged in.
func (a Automatic) Survives() bool {
	return a.Service != autostart.Absent && a.Unavailable == ""
}

// Automatic looks, and changes nothing.
func (s *Service) Automatic(ctx context.Context) (Automatic, error) {
	a := Automatic{Service: autostart.Absent, Janitor: autostart.Absent}
	if s.System == nil {
		a.Unavailable = "Lanyard installs itself on systems with systemd only; lanyard service install --print shows what to install by hand"
		return a, nil
	}
	var err error
	if a.Service, err = s.System.Look(s.job()); err != nil {
		return a, err
	}
	if a.Janitor, err = s.System.Look(s.janitor()); err != nil {
		return a, err
	}
	if err := s.System.Probe(ctx); err != nil {
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		a.Unavailable = err.Error()
		return a, nil
	}
	if run, err := s.System.Ask(ctx, s.job()); err == nil && run.PID != 0 {
		st, err := s.Status(ctx)
		a.Running = err == nil && st.PID == run.PID
	}
	if a.Service != autostart.Absent || a.Janitor != autostart.Absent {
		a.Lingers = autostart.Lingers(ctx, userName())
	}
	return a, nil
}

// MayAsk says whether the person is to be asked, once, if the system may start
// the service: it could, nothing is installed, and nobody asked before.
func (s *Service) MayAsk(ctx context.Context) bool {
	if s.Asked == "" || s.System == nil {
		return false
	}
	if _, err := os.Stat(s.Asked); err == nil {
		return false
	}
	a, err := s.Automatic(ctx)
	return err == nil && a.Service == autostart.Absent && a.Unavailable == ""
}

// NoteAsked remembers that the person was asked, whatever the answer.
func (s *Service) NoteAsked() error {
	err := os.MkdirAll(filepath.Dir(s.Asked), 0o700)
	if err == nil {
		err = os.WriteFile(s.Asked, nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("remember the answer: %w", err)
	}
	return nil
}

// Install has the system start what is in want from now on, on the person's
// word alone. A service that runs is handed over: it ends, and the system
// starts it on the same data and port. If that fails, all is as before.
// autostart.ErrUnavailable, autostart.ErrEdited.
func (s *Service) Install(ctx context.Context, want Set) error {
	if err := s.ready(ctx, want); err != nil {
		return err
	}
	if want.Janitor {
		if err := s.System.Install(ctx, s.janitor()); err != nil {
			return fmt.Errorf("install the janitor: %w", err)
		}
	}
	if !want.Service {
		return nil
	}
	before, err := s.System.Look(s.job())
	if err != nil {
		return err
	}
	_, runs := s.Status(ctx)
	if err := s.System.Install(ctx, s.job()); err != nil {
		return fmt.Errorf("install the own service: %w", err)
	}
	if before == autostart.Current && s.isSystems(ctx) {
		return nil
	}
	if err := s.handOver(ctx); err != nil {
		return s.takeBack(ctx, runs == nil, before, err)
	}
	return nil
}

// ready refuses before anything is written.
func (s *Service) ready(ctx context.Context, want Set) error {
	if s.System == nil {
		return fmt.Errorf("%w; lanyard service install --print shows what to install by hand", autostart.ErrUnavailable)
	}
	if err := s.System.Probe(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(s.Binary); err != nil {
		return fmt.Errorf("%w: the program lanyard is not beside this one (%s)", ErrStart, s.Binary)
	}
	for _, j := range s.jobs(want) {
		standing, err := s.System.Look(j)
		if err != nil {
			return err
		}
		if standing == autostart.Edited {
			return s.System.Install(ctx, j) // which says so, and does nothing
		}
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

// handOver ends whatever runs and has the system start it.
func (s *Service) handOver(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil && !errors.Is(err, ErrNotRunning) {
		return err
	}
	_, err := s.bySystem(ctx)
	return err
}

// takeBack undoes an installation that does not run.
func (s *Service) takeBack(ctx context.Context, ran bool, before autostart.Standing, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin+stopWithin)
	defer cancel()
	if before == autostart.Absent {
		if err := s.System.Uninstall(ctx, s.job()); err != nil {
			why = errors.Join(why, err)
		}
	}
	if _, err := s.Status(ctx); ran && errors.Is(err, ErrNotRunning) {
		if _, err := s.detached(ctx); err != nil {
			why = errors.Join(why, err)
		}
	}
	return fmt.Errorf("install the own service: %w; nothing was installed", why)
}

// Uninstall takes away exactly what Install put there. The service goes on
// until it is stopped or the person logs out. autostart.ErrEdited.
func (s *Service) Uninstall(ctx context.Context, want Set) error {
	if s.System == nil {
		return nil
	}
	var failed error
	if want.Janitor {
		failed = s.System.Uninstall(ctx, s.janitor())
	}
	if !want.Service {
		return failed
	}
	goesOn := s.isSystems(ctx)
	if err := s.System.Uninstall(ctx, s.job()); err != nil {
		return errors.Join(failed, err)
	}
	if goesOn {
		if _, err := s.detached(ctx); err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}

// bySystem has the system start the service, and waits until its socket answers.
func (s *Service) bySystem(ctx context.Context) (Status, error) {
	if err := s.System.Start(ctx, s.job()); err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrStart, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	again := 3
	for n := 1; ; n++ {
		if st, err := s.Status(ctx); err == nil {
			return st, nil
		}
		run := autostart.Run{Active: "active"}
		if n%10 == 0 { // asking is a process each time
			run, _ = s.System.Ask(ctx, s.job())
		}
		// One that has just ended may have been running still, to the
		// manager, when it was asked to start it.
		if run.Active == "inactive" && again > 0 && s.System.Start(ctx, s.job()) == nil {
			again--
			continue
		}
		if run.Active == "failed" || run.Active == "inactive" || ctx.Err() != nil {
			return Status{}, fmt.Errorf("%w: systemd says that it %s; see journalctl --user -u %s.service", ErrStart, why(run), s.job().Name)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func why(run autostart.Run) string {
	switch run.Active {
	case "failed", "inactive":
		return "ended at once"
	}
	return "runs, but nothing answers"
}

// installed: the system starts this very service.
func (s *Service) installed() bool {
	if s.System == nil {
		return false
	}
	standing, err := s.System.Look(s.job())
	return err == nil && standing == autostart.Current
}

// isSystems: what runs is what the system started.
func (s *Service) isSystems(ctx context.Context) bool {
	st, err := s.Status(ctx)
	if err != nil {
		return false
	}
	run, err := s.System.Ask(ctx, s.job())
	return err == nil && run.PID != 0 && run.PID == st.PID
}

// Written are the files of want as a system has them: linux, darwin, windows.
func (s *Service) Written(goos string, want Set) (files []autostart.File, err error) {
	for _, j := range s.jobs(want) {
		var some []autostart.File
		var one autostart.File
		switch goos {
		case "darwin":
			one, err = autostart.Plist(j)
			some = []autostart.File{one}
		case "windows":
			one, err = autostart.Task(j, userName())
			some = []autostart.File{one}
		default:
			some, err = autostart.Units(j)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, some...)
	}
	return files, nil
}

func (s *Service) jobs(want Set) (all []autostart.Job) {
	if want.Service {
		all = append(all, s.job())
	}
	if want.Janitor {
		all = append(all, s.janitor())
	}
	return all
}

// job is the service. Its settings file is not in its arguments: it looks for
// that itself, so that one made later counts.
func (s *Service) job() autostart.Job {
	return autostart.Job{
		Name: "lanyard", Title: "Lanyard: this computer's own account service and registry",
		Program: s.Binary, Args: s.base(), Env: s.Env,
	}
}

func (s *Service) janitor() autostart.Job {
	env := s.Env
	if s.Docker != "" {
		env = append(env, "DOCKER_CONFIG="+s.Docker)
	}
	return autostart.Job{
		Name: "lanyard-janitor", Title: "Lanyard: end sessions that are over, refresh those that live",
		Program: s.Binary, Args: []string{"janitor"}, Env: env, Every: time.Hour,
	}
}

// carried are the variables that say where a person's files lie, as far as
// they say something else than is so without them. Proxies are not among them:
// there may be a password in one.
func carried(getenv func(string) string, home string) (env []string) {
	for _, v := range []struct{ name, usual string }{
		{"LANYARD_HOME", ""}, {"XDG_CONFIG_HOME", ".config"}, {"XDG_STATE_HOME", ".local/state"}, {"XDG_DATA_HOME", ".local/share"},
	} {
		value := getenv(v.name)
		if filepath.IsAbs(value) && (v.usual == "" || filepath.Clean(value) != filepath.Join(home, filepath.FromSlash(v.usual))) {
			env = append(env, v.name+"="+value)
		}
	}
	return slices.Clip(env)
}

func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
