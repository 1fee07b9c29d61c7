//go:build unix

package dockerconfig

import (
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
	if os.Args[3] == "undo" {
		_, err = f.Undo()
	} else {
		_, err = f.Use(os.Args[3:])
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

func TestKilled(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
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
					cmd := exec.Command(exe, args...)
					cmd.Env = append(os.Environ(), killAt+"="+c.at)
					out, err := cmd.CombinedOutput()
					var exit *exec.ExitError
					if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
						t.Fatalf("was not killed: %v %s", err, out)
					}
					if now, err := read(f.Path); err != nil {
						t.Error(err)
					} else if _, err := parse(now.data); err != nil {
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
