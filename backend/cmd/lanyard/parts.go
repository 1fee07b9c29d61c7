package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// parts are this computer's half, put together.
type parts struct {
	dirs     machine.Dirs
	computer *signin.Computer
	docker   *docker
	own      *ownservice.Service
}

// newParts builds them. asked: a person waits, so the keychain may prompt.
func newParts(t terminal, asked bool) (*parts, error) {
	dirs, err := machine.DirsFrom(t.Getenv)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	d := &docker{
		file: dockerconfig.File{Path: dockerconfig.Path(t.Getenv, home), Journal: dirs.State},
		helper: dockerconfig.Helper{
			Exe: beside(self, "docker-credential-lanyard"), Journal: dirs.State, Finder: dockerconfig.Finder{Home: home},
		},
	}
	state := dirs.StateFile()
	return &parts{
		dirs:   dirs,
		docker: d,
		own: &ownservice.Service{
			Data: dirs.Service(), Binary: beside(self, "lanyard"), Version: version,
			Config: filepath.Join(dirs.Config, "service.yaml"),
		},
		computer: &signin.Computer{
			Dirs: dirs, Docker: d,
			Keychain: keychain.Keychain{
				Worker: &keychain.Worker{Path: beside(self, "lanyard")}, Asked: asked,
				Index: func() ([]string, error) { return index(state) },
			},
		},
	}, nil
}

// index lists the entries we believe to have.
func index(state machine.StateFile) ([]string, error) {
	s, err := state.Load()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range s.Entries {
		names = append(names, name)
	}
	return names, nil
}

// beside is a program of ours next to the running one; it is looked for
// nowhere else.
func beside(self, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name)
}

// docker is dockerconfig for signin.
type docker struct {
	file    dockerconfig.File
	helper  dockerconfig.Helper
	mayCopy bool // the person agreed to a copy of the helper
}

// SetUp makes the tools find our helper for hosts, beside those of before.
func (d *docker) SetUp(ctx context.Context, hosts []string) error {
	_, err := dockerconfig.SetUpMore(ctx, d.file, d.helper, keysOf(hosts), d.mayCopy)
	return err
}

// TakeDown takes hosts out again, and the copy of the helper with the last.
func (d *docker) TakeDown(_ context.Context, hosts []string) error {
	status, err := d.file.Status()
	if err != nil {
		return err
	}
	if len(status.Hosts) == 0 {
		return nil
	}
	if _, err := d.file.Remove(keysOf(hosts)); err != nil {
		return err
	}
	others, err := dockerconfig.Recorded(d.file.Journal)
	if err != nil || len(others) > 0 {
		return err
	}
	return d.helper.Undo()
}

// keysOf are the credHelpers keys of canonical hosts: Docker Hub has two.
func keysOf(hosts []string) []string {
	var keys []string
	for _, host := range hosts {
		if host == "docker.io" {
			keys = append(keys, "https://index.docker.io/v1/")
		}
		keys = append(keys, host)
	}
	return keys
}

// tidy is what every command of this computer does first: what is past its
// end goes, what was cut off is finished. A failure is told and stops nothing.
func (p *parts) tidy(ctx context.Context, t terminal) {
	over, err := p.computer.Expire(ctx)
	for _, a := range over {
		t.say("lanyard: the session of %s has ended; its token was removed from this computer", a)
	}
	if err == nil {
		_, err = p.computer.Recover(ctx)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.say("lanyard: not finished yet: %v", err)
	}
}
