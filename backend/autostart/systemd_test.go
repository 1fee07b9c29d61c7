//go:build linux

package autostart_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/e2e/usermanager"
)

// each runs a test with a made-up manager and, where one can be had, systemd.
func each(t *testing.T, test func(t *testing.T, m *usermanager.Manager, s autostart.Systemd)) {
	for name, kind := range usermanager.Kinds(t) {
		t.Run(name, func(t *testing.T) {
			m := kind(t)
			for _, v := range m.Env {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			test(t, m, autostart.Here(m.Getenv, m.Home))
		})
	}
}

// writer makes a program that writes its words and a variable to a file.
func writer(t *testing.T, path, out string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/bash\nprintf '%s\\n' \"$0\" \"$@\" \"$ODD\" >'" + out + ".new' && mv '" + out + ".new' '" + out + "'\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// What systemd starts is the program, with the words and variables that were
// meant, whatever the path looks like.
func TestOddPaths(t *testing.T) {
	each(t, func(t *testing.T, m *usermanager.Manager, s autostart.Systemd) {
		if !m.Real {
			return // the script knows the shell's quoting; systemd's is the question, and TestVerify's
		}
		for name, path := range paths {
			t.Run(name, func(t *testing.T) {
				out, program := filepath.Join(t.TempDir(), "out"), m.Home+path
				writer(t, program, out)
				j := autostart.Job{Name: "odd", Title: "odd % \"title\"", Program: program, Args: []string{path, "", "$HOME", ";"}, Env: []string{"ODD=" + path}, Every: time.Hour}
				if err := s.Install(t.Context(), j); err != nil {
					t.Fatal(err)
				}
				if err := s.Start(t.Context(), j); err != nil {
					t.Fatal(err)
				}
				said, err := os.ReadFile(out)
				if want := program + "\n" + path + "\n\n$HOME\n;\n" + path + "\n"; err != nil || string(said) != want {
					t.Errorf("%v\n%s\nnot\n%s", err, said, want)
				}
			})
		}
	})
}

// systemd-analyze finds nothing to say about the units.
func TestVerify(t *testing.T) {
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			program := home + path
			writer(t, program, filepath.Join(home, "out"))
			for _, j := range []autostart.Job{service, task} {
				j.Program, j.Args = program, append(j.Args, path)
				units, err := autostart.Units(j)
				if err != nil {
					t.Fatal(err)
				}
				args := []string{"verify", "--user", "--man=no"}
				for _, u := range units {
					file := filepath.Join(home, u.Name)
					if err := os.WriteFile(file, []byte(u.Text), 0o600); err != nil {
						t.Fatal(err)
					}
					args = append(args, file)
				}
				cmd := exec.CommandContext(t.Context(), "systemd-analyze", args...)
				cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CONFIG_HOME="+home)
				said, err := cmd.CombinedOutput()
				// Other people's units may have faults of their own.
				for l := range strings.Lines(string(said)) {
					if strings.Contains(l, "lanyard") {
						t.Errorf("%s", l)
					}
				}
				if err != nil && strings.Contains(string(said), "lanyard") {
					t.Error(err)
				}
			}
		})
	}
}

func TestIntervals(t *testing.T) {
	for every, want := range map[time.Duration]string{
		time.Hour: "OnCalendar=hourly\n", 15 * time.Minute: "OnCalendar=*:0/15\n", 6 * time.Hour: "OnCalendar=0/6:00\n", 24 * time.Hour: "OnCalendar=daily\n",
		25 * time.Minute: "OnUnitInactiveSec=25min\n", 90 * time.Minute: "OnUnitInactiveSec=90min\n",
	} {
		j := task
		j.Every = every
		units, err := autostart.Units(j)
		if err != nil || !strings.Contains(units[1].Text, want) {
			t.Errorf("%s: %v %+v", every, err, units)
		}
		if spec, ok := strings.CutPrefix(strings.TrimSpace(want), "OnCalendar="); ok {
			if said, err := exec.CommandContext(t.Context(), "systemd-analyze", "calendar", spec).CombinedOutput(); err != nil {
				t.Errorf("%s: %s", every, said)
			}
		}
	}
}

// sleeper is a job that stays.
func sleeper(t *testing.T, m *usermanager.Manager) autostart.Job {
	t.Helper()
	program := filepath.Join(m.Home, "a 100% \"program\"")
	if err := os.WriteFile(program, []byte("#!/bin/bash\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return autostart.Job{Name: "lanyard-sleeper", Title: "sleeps", Program: program}
}

func TestLife(t *testing.T) {
	each(t, func(t *testing.T, m *usermanager.Manager, s autostart.Systemd) {
		ctx, j := t.Context(), sleeper(t, m)
		standing := func(want autostart.Standing) {
			t.Helper()
			if got, err := s.Look(j); got != want || err != nil {
				t.Errorf("%s %v, want %s", got, err, want)
			}
		}
		if err := s.Probe(ctx); err != nil {
			t.Fatal(err)
		}
		standing(autostart.Absent)
		for range 2 { // twice is as once
			if err := s.Install(ctx, j); err != nil {
				t.Fatal(err)
			}
			standing(autostart.Current)
			if r, err := s.Ask(ctx, j); r.PID != 0 || !r.Enabled || r.Active != "inactive" || err != nil {
				t.Errorf("%+v %v", r, err)
			}
		}
		if err := s.Start(ctx, j); err != nil {
			t.Fatal(err)
		}
		first, err := s.Ask(ctx, j)
		if first.PID == 0 || !first.Enabled || first.Active != "active" || err != nil {
			t.Errorf("%+v %v", first, err)
		}
		if m.Real {
			m.Kill(t, "lanyard-sleeper.service")
			wait(t, func() bool {
				again, err := s.Ask(ctx, j)
				return err == nil && again.PID != 0 && again.PID != first.PID
			})
		}
		moved := j
		moved.Args = []string{"--further"}
		if got, err := s.Look(moved); got != autostart.Other || err != nil {
			t.Errorf("of another build: %s %v", got, err)
		}
		if err := s.Uninstall(ctx, moved); err != nil { // whatever of ours it starts
			t.Fatal(err)
		}
		standing(autostart.Absent)
		if r, err := s.Ask(ctx, j); r.PID != 0 || r.Enabled || err != nil {
			t.Errorf("%+v %v", r, err)
		}
		if err := s.Uninstall(ctx, j); err != nil {
			t.Errorf("again: %v", err)
		}
		nothing(t, s.Dir)
	})
}

// nothing is left in the folder of units.
func nothing(t *testing.T, dir string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
}

func wait(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

func TestTimer(t *testing.T) {
	each(t, func(t *testing.T, m *usermanager.Manager, s autostart.Systemd) {
		ctx, out := t.Context(), filepath.Join(m.Home, "out")
		program := filepath.Join(m.Home, "task")
		writer(t, program, out)
		j := autostart.Job{Name: "lanyard-task", Title: "task", Program: program, Args: []string{"janitor"}, Every: time.Hour}
		if err := s.Install(ctx, j); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Ask(ctx, j); !r.Enabled || err != nil {
			t.Errorf("%+v %v", r, err)
		}
		if m.Real && m.Systemctl(t, "is-active", "lanyard-task.timer") != "active" {
			t.Error("the timer does not run")
		}
		if err := s.Start(ctx, j); err != nil { // what the timer does
			t.Fatal(err)
		}
		if said, err := os.ReadFile(out); err != nil || string(said) != program+"\njanitor\n\n" {
			t.Errorf("%s %v", said, err)
		}
		// With one file of two it is half ours still.
		if err := os.Remove(filepath.Join(s.Dir, "lanyard-task.timer")); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Look(j); got != autostart.Other || err != nil {
			t.Errorf("%s %v", got, err)
		}
		if err := s.Install(ctx, j); err != nil {
			t.Fatal(err)
		}
		if err := s.Uninstall(ctx, j); err != nil {
			t.Fatal(err)
		}
		nothing(t, s.Dir)
	})
}

// What a person wrote, edited, linked or masked stays, byte for byte.
func TestWhatIsNotOurs(t *testing.T) {
	for name, make := range map[string]func(path, ours string) error{
		"edited": func(path, ours string) error {
			return os.WriteFile(path, []byte(strings.Replace(ours, "RestartSec=3", "RestartSec=30", 1)), 0o600)
		},
		"a line more": func(path, ours string) error { return os.WriteFile(path, []byte(ours+"# mine\n"), 0o600) },
		"without a seal": func(path, ours string) error {
			return os.WriteFile(path, []byte("[Service]\nExecStart=/bin/true\n"), 0o600)
		},
		"empty":  func(path, _ string) error { return os.WriteFile(path, nil, 0o600) },
		"large":  func(path, _ string) error { return os.WriteFile(path, slices.Repeat([]byte("#\n"), 1<<16), 0o600) },
		"masked": func(path, _ string) error { return os.Symlink("/dev/null", path) },
		"a link": func(path, ours string) error {
			return errors.Join(os.WriteFile(path+".kept", []byte(ours), 0o600), os.Symlink(path+".kept", path))
		},
		"a folder": func(path, _ string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			m := usermanager.MadeUp(t)
			s := autostart.Here(m.Getenv, m.Home)
			s.Command = "/bin/false" // nobody is asked anything
			units, err := autostart.Units(service)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(s.Dir, "lanyard.service")
			if err := errors.Join(os.MkdirAll(s.Dir, 0o700), make(path, units[0].Text)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			if got, err := s.Look(service); got != autostart.Edited || err != nil {
				t.Errorf("%s %v", got, err)
			}
			for what, err := range map[string]error{"install": s.Install(t.Context(), service), "uninstall": s.Uninstall(t.Context(), service)} {
				if !errors.Is(err, autostart.ErrEdited) || !strings.Contains(err.Error(), s.Dir) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("it was changed")
			}
			if _, err := os.Lstat(path); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoManager(t *testing.T) {
	script := func(text string) func(*testing.T) string {
		return func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "systemctl")
			if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	t.Run("no systemctl", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		s := autostart.Systemd{Dir: t.TempDir()}
		if err := s.Probe(t.Context()); !errors.Is(err, autostart.ErrUnavailable) || !strings.Contains(err.Error(), "there is no systemctl") {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct {
		command func(*testing.T) string
		says    string
	}{
		"no bus":       {script("echo 'Failed to connect to bus: No medium found' >&2; exit 1"), "No medium found"},
		"it is silent": {script("exit 1"), "exit status 1"},
		"noise":        {script(`printf 'first\n\033[2Jlast\n' >&2; exit 1`), "(the system's manager refused: systemctl --user show: [2Jlast)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := autostart.Systemd{Dir: t.TempDir(), Command: c.command(t)}
			if err := s.Probe(t.Context()); !errors.Is(err, autostart.ErrUnavailable) || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		s := autostart.Systemd{Dir: t.TempDir(), Command: script("sleep 600")(t)}
		if err := s.Probe(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	// Without a manager, what was installed before is taken away by hand.
	t.Run("uninstall", func(t *testing.T) {
		s := autostart.Systemd{Dir: t.TempDir(), Command: "/bin/false"}
		units, err := autostart.Units(task)
		if err != nil {
			t.Fatal(err)
		}
		wants := filepath.Join(s.Dir, "timers.target.wants")
		err = os.Mkdir(wants, 0o700)
		for _, u := range units {
			err = errors.Join(err, os.WriteFile(filepath.Join(s.Dir, u.Name), []byte(u.Text), 0o600))
		}
		err = errors.Join(err, os.Symlink(filepath.Join(s.Dir, "lanyard-janitor.timer"), filepath.Join(wants, "lanyard-janitor.timer")),
			os.WriteFile(filepath.Join(wants, "mine.timer"), nil, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Uninstall(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(wants, "mine.timer")); err != nil {
			t.Error("what is another's is gone")
		}
		nothing(t, s.Dir)
	})
}
