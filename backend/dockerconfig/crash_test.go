//go:build unix

package dockerconfig

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

const killAt = "LANYARD_TEST_KILL_AT"

// TestMain is also the program that TestKilled kills.
func TestMain(m *testing.M) {
	at := os.Getenv(killAt)
	if at == "" {
		os.Exit(m.Run())
	}
	f := File{Path: os.Args[1], Journal: os.Args[2], at: func(step string) {
		if step == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}}
	var err error
	switch os.Args[3] {
	case "undo":
		_, err = f.Undo()
	case "install":
		h := Helper{Exe: os.Args[4], Journal: f.Journal, Finder: Finder{Shell: "/bin/bash", Home: os.Args[5]}, at: f.at}
		_, err = h.Install(context.Background())
	default:
		_, err = f.Use(os.Args[3:])
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

func TestKilled(t *testing.T) {
	for _, before := range []string{"", "{ \"a\":\t1 }\n"} {
		for _, c := range []struct {
			doing, at string
		}{
			{"use", "backup"}, {"use", "intent"}, {"use", "temp"}, {"use", "written"},
			{"undo", "intent"}, {"undo", "written"}, {"undo", "undone"},
		} {
			name := c.doing + " at " + c.at
			if before == "" {
				name += ", new file"
			}
			t.Run(name, func(t *testing.T) {
				for _, then := range []string{"undo", "use"} {
					f := put(t, before)
					args := []string{f.Path, f.Journal, own, "docker.io"}
					if c.doing == "undo" {
						must[Change](t)(f.Use([]string{own, "docker.io"}))
						args = []string{f.Path, f.Journal, "undo"}
					}
					killed(t, c.at, args...)
					if now, err := read(f.Path); err != nil {
						t.Error(err)
					} else if _, err := parse(now.data, Docker); err != nil {
						t.Error(err)
					}
					if then == "use" {
						must[Change](t)(f.Use([]string{own}))
						if s := must[Status](t)(f.Status()); len(s.Hosts) != 1 || len(s.Unrecorded) > 0 {
							t.Errorf("%+v", s)
						}
					}
					must[Change](t)(f.Undo())
					if before != "" {
						if got := text(t, f.Path); got != before {
							t.Errorf("after %s: got %q", then, got)
						}
					} else if _, err := os.Stat(filepath.Dir(f.Path)); !errors.Is(err, os.ErrNotExist) {
						t.Errorf("after %s: the folder is still there", then)
					}
					bare(t, f)
				}
			})
		}
	}
}

func TestInstallKilled(t *testing.T) {
	for _, at := range []string{"noted", "copied"} {
		t.Run(at, func(t *testing.T) {
			for _, again := range []bool{false, true} {
				f, h, home := account(t, "{}")
				killed(t, at, f.Path, f.Journal, "install", h.Exe, home)
				if again {
					must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
				}
				must[Change](t)(TakeDown(f, h))
				gone(t, filepath.Join(home, ".local"))
				bare(t, f)
			}
		})
	}
}

// killed runs this program until it kills itself at that step.
func killed(t *testing.T, at string, args ...string) {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), killAt+"="+at)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("was not killed: %v %s", err, out)
	}
}
