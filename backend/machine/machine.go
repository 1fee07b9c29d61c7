// Package machine is this computer as Lanyard sees it: where its files lie,
// how a registry host is spelled, which account each host is signed in with,
// when a token kept here is over, and the name this installation goes by.
// It keeps no secret: those are the keychain's.
package machine

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
)

// ErrNoHome: nothing says where this person's files belong.
var ErrNoHome = errors.New("no home folder")

// Dirs are the three folders of one person on this computer. Nothing makes
// them before something is written; they are then private (0700).
type Dirs struct {
	Config string // choices of the person
	State  string // what the programs remember: state.json
	Data   string // what the own service keeps
}

// Service is the folder of this computer's own service.
func (d Dirs) Service() string { return filepath.Join(d.Data, "service") }

// StateFile is state.json in d.State.
func (d Dirs) StateFile() StateFile { return StateFile{Dir: d.State} }

// DirsFrom reads the environment: LANYARD_HOME puts all three folders under
// one, else the XDG variables or the platform's own places count. A relative
// XDG variable is ignored, as the XDG rules want; a relative LANYARD_HOME is
// an error, as it would mean another place in each working directory.
func DirsFrom(getenv func(string) string) (Dirs, error) {
	if home := getenv("LANYARD_HOME"); home != "" {
		if !filepath.IsAbs(home) {
			return Dirs{}, fmt.Errorf("LANYARD_HOME=%q is not an absolute path", home)
		}
		return Dirs{
			Config: filepath.Join(home, "config"),
			State:  filepath.Join(home, "state"),
			Data:   filepath.Join(home, "data"),
		}, nil
	}
	switch runtime.GOOS {
	case "windows":
		return windowsDirs(getenv)
	case "darwin":
		return darwinDirs(getenv)
	}
	return xdgDirs(getenv)
}

func xdgDirs(getenv func(string) string) (Dirs, error) {
	var missing error
	place := func(variable, under string) string {
		if dir := getenv(variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, "lanyard")
		}
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			missing = fmt.Errorf("%w: set HOME, or LANYARD_HOME to a folder for Lanyard's files", ErrNoHome)
			return ""
		}
		return filepath.Join(home, under, "lanyard")
	}
	d := Dirs{
		Config: place("XDG_CONFIG_HOME", ".config"),
		State:  place("XDG_STATE_HOME", filepath.Join(".local", "state")),
		Data:   place("XDG_DATA_HOME", filepath.Join(".local", "share")),
	}
	if missing != nil {
		return Dirs{}, missing
	}
	return d, nil
}

func darwinDirs(getenv func(string) string) (Dirs, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return Dirs{}, fmt.Errorf("%w: set HOME, or LANYARD_HOME to a folder for Lanyard's files", ErrNoHome)
	}
	base := filepath.Join(home, "Library", "Application Support", "lanyard")
	return Dirs{
		Config: filepath.Join(base, "config"),
		State:  filepath.Join(base, "state"),
		Data:   filepath.Join(base, "data"),
	}, nil
}

// windowsDirs keeps what belongs to this one computer out of the roaming profile.
func windowsDirs(getenv func(string) string) (Dirs, error) {
	roaming, local := getenv("AppData"), getenv("LocalAppData")
	if !filepath.IsAbs(roaming) || !filepath.IsAbs(local) {
		return Dirs{}, fmt.Errorf("%w: set AppData and LocalAppData, or LANYARD_HOME to a folder for Lanyard's files", ErrNoHome)
	}
	return Dirs{
		Config: filepath.Join(roaming, "lanyard"),
		State:  filepath.Join(local, "lanyard", "state"),
		Data:   filepath.Join(local, "lanyard", "data"),
	}, nil
}
