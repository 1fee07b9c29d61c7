package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/ownservice"
)

// Service is bound: this computer's own account service and registry.
type Service struct{ core *core }

// ServiceView is how it stands.
type ServiceView struct {
	State      string `json:"state"`
	URL        string `json:"url"`
	Version    string `json:"version"`
	Data       string `json:"data"`
	NeedsSetup bool   `json:"needsSetup"`
	PID        int    `json:"pid"`
	Since      string `json:"since"`
	Storage    string `json:"storage"`
	AtLogin    string `json:"atLogin"` // yes, no or unavailable
	Size       int64  `json:"size"`    // bytes of Data, as far as they were counted in time
	LastBackup string `json:"lastBackup"`
}

// counting is how long the files of Data are counted.
const counting = time.Second

// Status says whether it runs, and where.
func (s *Service) Status() (ServiceView, error) {
	ctx, cancel := s.core.context(glance)
	defer cancel()
	return s.look(ctx)
}

func (s *Service) look(ctx context.Context) (ServiceView, error) {
	v := ServiceView{State: "running", Data: s.core.Data, AtLogin: "unavailable", LastBackup: stamp(s.core.memory.load().Backup)}
	st, err := s.core.Own.Status(ctx)
	switch {
	case errors.Is(err, ownservice.ErrNotRunning):
		v.State = "stopped"
	case errors.Is(err, ownservice.ErrForeign):
		return ServiceView{}, err
	case err != nil:
		v.State = "unknown"
	default:
		v.URL, v.Version, v.Data, v.NeedsSetup = st.PublicURL, st.Version, st.Data, st.NeedsSetup
		v.PID, v.Since, v.Storage = st.PID, stamp(st.StartedAt), st.Storage
	}
	if a, err := s.core.Own.Automatic(ctx); err == nil && a.Unavailable == "" {
		v.AtLogin = map[bool]string{true: "yes", false: "no"}[a.Service != autostart.Absent]
	}
	v.Size = size(ctx, v.Data)
	return v, nil
}

// size is how much a folder holds.
func size(ctx context.Context, folder string) (total int64) {
	ctx, cancel := context.WithTimeout(ctx, counting)
	defer cancel()
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(fs.SkipAll, ctx.Err()) // what was counted counts
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// Start starts it, or restarts one of another build.
func (s *Service) Start() (ServiceView, error) {
	return s.do(func(ctx context.Context) error {
		_, _, err := s.core.Own.Ensure(ctx)
		return err
	})
}

// Stop ends it. Pulls from its registry fail until it runs again.
func (s *Service) Stop() (ServiceView, error) {
	return s.do(func(ctx context.Context) error {
		if err := s.core.Own.Stop(ctx); err != nil && !errors.Is(err, ownservice.ErrNotRunning) {
			return err
		}
		return nil
	})
}

// Install has the system start it when the person logs in, from now on.
func (s *Service) Install() (ServiceView, error) {
	return s.do(func(ctx context.Context) error {
		return s.core.Own.Install(ctx, ownservice.Set{Service: true, Janitor: true})
	})
}

// Uninstall takes that back.
func (s *Service) Uninstall() (ServiceView, error) {
	return s.do(func(ctx context.Context) error {
		return s.core.Own.Uninstall(ctx, ownservice.Set{Service: true, Janitor: true})
	})
}

func (s *Service) do(act func(context.Context) error) (ServiceView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	if err := act(ctx); err != nil {
		return ServiceView{}, err
	}
	s.core.soon()
	return s.Status()
}

// Backup writes a copy of its database to a file of the person's choice.
func (s *Service) Backup() (SavedView, error) {
	if _, err := s.Status(); err != nil {
		return SavedView{}, err
	}
	name := fmt.Sprintf("lanyard-%s.db", s.core.now().Format(time.DateOnly))
	file, err := s.core.save("Back up the database", name, func(out io.Writer) error {
		ctx, cancel := s.core.context(exporting)
		defer cancel()
		_, err := s.core.Own.Backup(ctx, out)
		return err
	})
	if err == nil && file != "" {
		s.core.memory.update(func(r *remembered) bool {
			r.Backup = s.core.now()
			return true
		})
	}
	return SavedView{File: file}, err
}

// OpenFolder shows where its data lies, in the file manager.
func (s *Service) OpenFolder() error {
	v, err := s.Status()
	if err != nil {
		return err
	}
	if info, err := os.Stat(v.Data); err != nil || !info.IsDir() {
		return fmt.Errorf("%w: %s is not there yet", errNothingToOpen, v.Data)
	}
	return s.core.Folder(v.Data)
}
