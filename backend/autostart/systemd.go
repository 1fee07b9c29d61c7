package autostart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Systemd is a person's systemd user manager.
type Systemd struct {
	Dir string // of the person's own units
	// Command is systemctl; "": the one on PATH.
	Command string
}

// Here is the manager of the person the environment belongs to.
func Here(getenv func(string) string, home string) Systemd {
	config := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	return Systemd{Dir: filepath.Join(config, "systemd", "user")}
}

const managerTimeout = 60 * time.Second // a service's whole stop is within it

// Standing is what lies where a job's files belong.
type Standing string

// The standings, of which the worst file of a job decides.
const (
	Absent  Standing = "absent"
	Current Standing = "current" // as this job is written now
	Other   Standing = "other"   // ours, for another program, folder or build
	Edited  Standing = "edited"  // a person's, or changed by one
)

// Look says what lies there, without asking the manager.
func (s Systemd) Look(j Job) (Standing, error) {
	files, err := Units(j)
	if err != nil {
		return "", err
	}
	worst := Absent
	for i, f := range files {
		one, err := s.look(f)
		if err != nil {
			return "", err
		}
		switch {
		case i == 0, one == Edited:
			worst = one
		case worst != Edited && one != worst:
			worst = Other // of two files one is there, or is older
		}
	}
	return worst, nil
}

func (s Systemd) look(f File) (Standing, error) {
	path := filepath.Join(s.Dir, f.Name)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", path, err)
	case !info.Mode().IsRegular() || info.Size() > 1<<16:
		return Edited, nil // a link (also to /dev/null: masked), or no unit at all
	}
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", path, err)
	case string(text) == f.Text:
		return Current, nil
	case unedited(string(text)):
		return Other, nil
	}
	return Edited, nil
}

// Probe says whether the manager answers: ErrUnavailable.
func (s Systemd) Probe(ctx context.Context) error {
	if _, err := s.run(ctx, "show", "--property=Version"); err != nil {
		if errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: your systemd user manager does not answer (%w)", ErrUnavailable, err)
	}
	return nil
}

// Install writes a job's files and has the manager start it from the next
// log-in on, a timer from now on. ErrEdited if a file is not ours to write.
// What fails leaves no new file behind.
func (s Systemd) Install(ctx context.Context, j Job) error {
	standing, err := s.Look(j)
	if err != nil {
		return err
	}
	if standing == Edited {
		return s.edited(j)
	}
	files, err := Units(j)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil { // as systemd itself makes it
		return fmt.Errorf("make the folder of units: %w", err)
	}
	for _, f := range files {
		if err := put(filepath.Join(s.Dir, f.Name), f.Text); err != nil {
			return fmt.Errorf("write the unit %s: %w", f.Name, err)
		}
	}
	if err := s.enable(ctx, j); err != nil {
		if standing == Absent {
			undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), managerTimeout)
			defer cancel()
			err = errors.Join(err, s.Uninstall(undo, j))
		}
		return err
	}
	return nil
}

func (s Systemd) enable(ctx context.Context, j Job) error {
	asked := [][]string{{"daemon-reload"}, {"enable", j.Name + ".service"}}
	if j.Every > 0 { // a timer that ran may have had another time
		asked = [][]string{{"daemon-reload"}, {"enable", j.Name + ".timer"}, {"restart", j.Name + ".timer"}}
	}
	for _, args := range asked {
		if _, err := s.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// Uninstall takes the files away, stopping what the manager runs of the job.
// Absent files are no error; ErrEdited if one is not ours to take, and then
// all stays as it is.
func (s Systemd) Uninstall(ctx context.Context, j Job) error {
	standing, err := s.Look(j)
	switch {
	case err != nil:
		return err
	case standing == Absent:
		return nil
	case standing == Edited:
		return s.edited(j)
	}
	files, err := Units(j)
	if err != nil {
		return err
	}
	reached := s.Probe(ctx) == nil
	for i := len(files) - 1; i >= 0; i-- { // a timer before what it starts
		f := files[i]
		path := filepath.Join(s.Dir, f.Name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if reached {
			if _, err := s.run(ctx, "stop", f.Name); err != nil && s.knows(ctx, f.Name) {
				return err
			}
			_, _ = s.run(ctx, "disable", f.Name) // what it leaves is unlinked
		}
		if err := s.unlink(f); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove the unit %s: %w", f.Name, err)
		}
	}
	cut, _ := filepath.Glob(filepath.Join(s.Dir, unfinished)) // none, if no install was cut off
	for _, f := range cut {
		_ = os.Remove(f)
	}
	if reached {
		_, err = s.run(ctx, "daemon-reload")
		// One that failed before is remembered until it is forgotten.
		for _, f := range files {
			_, _ = s.run(ctx, "reset-failed", f.Name) // most did not
		}
	}
	return err
}

// knows says whether the manager has the unit at all: one that reads another
// folder than we wrote to has not.
func (s Systemd) knows(ctx context.Context, unit string) bool {
	said, err := s.run(ctx, "show", "--property=LoadState", unit)
	return err != nil || !strings.Contains(said, "LoadState=not-found")
}

// unlink does what disable does where no manager can be asked.
func (s Systemd) unlink(f File) error {
	for _, target := range []string{"default.target.wants", "timers.target.wants"} {
		link := filepath.Join(s.Dir, target, f.Name)
		if info, err := os.Lstat(link); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if err := os.Remove(link); err != nil {
				return fmt.Errorf("remove the unit %s: %w", f.Name, err)
			}
		}
	}
	return nil
}

// Start starts the job's service now.
func (s Systemd) Start(ctx context.Context, j Job) error {
	_, _ = s.run(ctx, "reset-failed", j.Name+".service") // too many failed starts would forbid this one
	_, err := s.run(ctx, "start", j.Name+".service")
	return err
}

// Stop stops the job's service.
func (s Systemd) Stop(ctx context.Context, j Job) error {
	_, err := s.run(ctx, "stop", j.Name+".service")
	return err
}

// Run is what the manager says of a job.
type Run struct {
	PID     int    // 0: none runs
	Enabled bool   // it starts by itself
	Active  string // systemd's word: active, activating, inactive, failed
}

// Ask asks the manager about a job.
func (s Systemd) Ask(ctx context.Context, j Job) (Run, error) {
	unit := j.Name + ".service"
	if j.Every > 0 {
		unit = j.Name + ".timer"
	}
	said, err := s.run(ctx, "show", "--property=MainPID", "--property=UnitFileState", "--property=ActiveState", unit)
	if err != nil {
		return Run{}, err
	}
	var r Run
	for l := range strings.Lines(said) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(l), "="); key {
		case "MainPID":
			r.PID, _ = strconv.Atoi(value) // none for a timer
		case "UnitFileState":
			r.Enabled = value == "enabled"
		case "ActiveState":
			r.Active = value
		}
	}
	return r, nil
}

// Lingers says whether the person's manager runs without their being logged
// in; false where nobody can tell.
func Lingers(ctx context.Context, user string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	loginctl, err := exec.LookPath("loginctl")
	if err != nil || user == "" {
		return false
	}
	said, err := exec.CommandContext(ctx, loginctl, "show-user", "--property=Linger", "--", user).Output()
	return err == nil && strings.TrimSpace(string(said)) == "Linger=yes"
}

func (s Systemd) edited(j Job) error {
	unit := j.Name + ".service"
	if j.Every > 0 {
		unit = j.Name + ".timer"
	}
	return fmt.Errorf("%w: %s is not as Lanyard wrote it, and stays as it is; to be rid of it: systemctl --user disable --now %s, then delete it",
		ErrEdited, filepath.Join(s.Dir, j.Name+".*"), unit)
}

// run asks the manager. Its last line on stderr is the reason of a failure.
func (s Systemd) run(ctx context.Context, args ...string) (string, error) {
	command := s.Command
	if command == "" {
		found, err := exec.LookPath("systemctl")
		if err != nil {
			return "", fmt.Errorf("%w: there is no systemctl (a container, or another init)", ErrUnavailable)
		}
		command = found
	}
	ctx, cancel := context.WithTimeout(ctx, managerTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, append([]string{"--user", "--no-pager", "--no-ask-password"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("systemctl --user %s: %w", args[0], ctx.Err())
		}
		if reason := last(said.String()); reason != "" {
			err = errors.New(reason)
		}
		return "", fmt.Errorf("%w: systemctl --user %s: %w", ErrManager, args[0], err)
	}
	return out.String(), nil
}

// last is the last line of what a program said, fit for a terminal.
func last(said string) string {
	said = strings.TrimSpace(said)
	said = said[strings.LastIndexByte(said, '\n')+1:]
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, said)
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + "…"
	}
	return said
}

// unfinished are files that put was cut off at; systemd reads none of that name.
const unfinished = ".lanyard-*"

// put replaces a file in one step.
func put(path, text string) error {
	file, err := os.CreateTemp(filepath.Dir(path), unfinished)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
