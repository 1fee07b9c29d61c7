package app

import (
	"errors"

	"lanyard/backend/ownservice"
)

// Service is bound: this computer's own account service and registry.
type Service struct{ core *core }

// Status says whether it runs, and where.
func (s *Service) Status() (ServiceView, error) {
	ctx, cancel := s.core.context(glance)
	defer cancel()
	st, err := s.core.Own.Status(ctx)
	switch {
	case errors.Is(err, ownservice.ErrNotRunning):
		return ServiceView{State: "stopped", Data: s.core.Data}, nil
	case errors.Is(err, ownservice.ErrForeign):
		return ServiceView{}, err
	case err != nil:
		return ServiceView{State: "unknown", Data: s.core.Data}, nil
	}
	return ServiceView{State: "running", URL: st.PublicURL, Version: st.Version, Data: st.Data, NeedsSetup: st.NeedsSetup}, nil
}

// Start starts it, or restarts one of another build.
func (s *Service) Start() (ServiceView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	if _, _, err := s.core.Own.Ensure(ctx); err != nil {
		return ServiceView{}, err
	}
	s.core.soon()
	return s.Status()
}

// Stop ends it. Pulls from its registry fail until it runs again.
func (s *Service) Stop() (ServiceView, error) {
	ctx, cancel := s.core.context(quick)
	defer cancel()
	if err := s.core.Own.Stop(ctx); err != nil && !errors.Is(err, ownservice.ErrNotRunning) {
		return ServiceView{}, err
	}
	s.core.soon()
	return s.Status()
}
