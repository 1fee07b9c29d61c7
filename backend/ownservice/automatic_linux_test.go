package ownservice_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/autostart"
	"lanyard/backend/e2e/usermanager"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
)

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lanyard-own-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-ldflags", "-X main.version=test", "-o", filepath.Join(dir, "lanyard"), "../cmd/lanyard")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(said))
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := program(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// person is one with a manager and an own service.
type person struct {
	*testing.T
	*usermanager.Manager
	*ownservice.Service
}

func persons(t *testing.T, test func(p *person)) {
	for name, kind := range usermanager.Kinds(t) {
		t.Run(name, func(t *testing.T) { test(sit(t, kind)) })
	}
}

func sit(t *testing.T, kind func(usermanager.TB) *usermanager.Manager) *person {
	t.Helper()
	dir, err := program()
	if err != nil {
		t.Fatal(err)
	}
	m := kind(t)
	for _, v := range m.Env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("XDG_DATA_HOME", filepath.Join(m.Home, "100% \"data\"")) // spaces, quotes and all
	t.Setenv("LANYARD_HOME", "")
	t.Setenv("DOCKER_CONFIG", "")
	dirs, err := machine.DirsFrom(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t, m, ownservice.Of(dirs, filepath.Join(dir, "lanyard"), "test")}
	t.Cleanup(func() {
		ctx := context.Background() // the test's own is over
		if err := p.Uninstall(ctx, all); err != nil {
			t.Error(err)
		}
		if err := p.Stop(ctx); err != nil && !errors.Is(err, ownservice.ErrNotRunning) {
			t.Error(err)
		}
	})
	return p
}

var all = ownservice.Set{Service: true, Janitor: true}

func (p *person) running() ownservice.Status {
	p.Helper()
	st, err := p.Status(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	return st
}

func (p *person) automatic() ownservice.Automatic {
	p.Helper()
	a, err := p.Automatic(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	return a
}

func (p *person) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// A service that runs is handed over to the system and back, with its people
// and on its port.
func TestHandOver(t *testing.T) {
	persons(t, func(p *person) {
		ctx := p.Context()
		first, started, err := p.Ensure(ctx)
		if !started {
			p.Fatal(err)
		}
		if _, err := p.Add(ctx, ownservice.NewPerson{Name: "ada", Password: "violet umbrella pedals north", Admin: true}); err != nil {
			p.Fatal(err)
		}
		same := func(what string) ownservice.Status {
			p.Helper()
			st := p.running()
			people, err := p.People(ctx)
			if st.PublicURL != first.PublicURL || err != nil || len(people) != 1 || people[0].Name != "ada" {
				p.Errorf("%s: %+v %+v %v", what, st, people, err)
			}
			return st
		}
		if a := p.automatic(); a.Service != autostart.Absent || a.Running || a.Survives() || a.Unavailable != "" || !p.MayAsk(ctx) {
			p.Errorf("before: %+v", a)
		}
		p.must(p.Install(ctx, all))
		second := same("installed")
		if a := p.automatic(); second.PID == first.PID || a.Service != autostart.Current || a.Janitor != autostart.Current || !a.Running || !a.Survives() || p.MayAsk(ctx) {
			p.Errorf("installed: %+v", a)
		}
		p.must(p.Install(ctx, all)) // once more changes nothing
		if st := same("twice"); st.PID != second.PID {
			p.Error("it was started again")
		}
		if p.Real {
			p.Kill(p.T, "lanyard.service")
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if st, err := p.Status(ctx); err == nil && st.PID != second.PID {
					break
				}
				if time.Now().After(end) {
					p.Fatal("killed, it does not start again")
				}
			}
			same("killed")
		}
		p.must(p.Stop(ctx))
		if a := p.automatic(); a.Running || a.Service != autostart.Current {
			p.Errorf("stopped: %+v", a)
		}
		if _, started, err := p.Ensure(ctx); !started || err != nil {
			p.Errorf("%v %v", started, err)
		}
		third := same("started again")
		if !p.automatic().Running {
			p.Error("started, but not by the system")
		}
		p.must(p.Uninstall(ctx, all))
		if st, a := same("uninstalled"), p.automatic(); st.PID == third.PID || a.Service != autostart.Absent || a.Janitor != autostart.Absent || a.Running || a.Survives() {
			p.Errorf("uninstalled: %+v", a)
		}
		left, _ := filepath.Glob(filepath.Join(p.Units(), "*"))
		deeper, _ := filepath.Glob(filepath.Join(p.Units(), "*.wants", "*"))
		left = slices.DeleteFunc(left, func(f string) bool { return strings.HasSuffix(f, ".wants") })
		if len(left)+len(deeper) > 0 {
			p.Errorf("left behind: %v %v", left, deeper)
		}
	})
}

// Without one that runs, install starts it; a settings file made later counts.
func TestInstallStarts(t *testing.T) {
	persons(t, func(p *person) {
		ctx := p.Context()
		p.must(p.Install(ctx, ownservice.Set{Service: true}))
		if a := p.automatic(); !a.Running || a.Janitor != autostart.Absent {
			p.Errorf("%+v", a)
		}
		p.must(os.MkdirAll(filepath.Dir(p.Config), 0o700))
		p.must(os.WriteFile(p.Config, []byte("no-such-setting: 1\n"), 0o600))
		p.must(p.Stop(ctx))
		_, _, err := p.Ensure(ctx)
		if !errors.Is(err, ownservice.ErrStart) || !strings.Contains(err.Error(), "ended at once; see journalctl --user -u lanyard.service") {
			p.Errorf("it does not read %s: %v", p.Config, err)
		}
		p.must(os.Remove(p.Config))
	})
}

// An installation that was cut off, wherever, is finished by the next one.
func TestInstallAfterOneCutOff(t *testing.T) {
	persons(t, func(p *person) {
		ctx := p.Context()
		whole := func(what string) {
			p.Helper()
			p.must(p.Install(ctx, all))
			enabled := p.Systemctl(p.T, "show", "--property=UnitFileState", "lanyard.service") + p.Systemctl(p.T, "show", "--property=UnitFileState", "lanyard-janitor.timer")
			if a := p.automatic(); a.Service != autostart.Current || a.Janitor != autostart.Current || !a.Running || strings.Count(enabled, "UnitFileState=enabled") != 2 {
				p.Errorf("%s: %+v %s", what, a, enabled)
			}
		}
		whole("from the start")
		p.must(p.Stop(ctx)) // the earlier one had ended, the system was not told yet
		whole("between end and start")
		p.Systemctl(p.T, "disable", "lanyard.service")
		p.Systemctl(p.T, "disable", "lanyard-janitor.timer")
		whole("before it was enabled")
		p.must(os.Remove(filepath.Join(p.Units(), "lanyard-janitor.timer")))
		whole("before the second file")
		p.must(os.WriteFile(filepath.Join(p.Units(), ".lanyard-123"), []byte("[Unit"), 0o600))
		p.must(p.Uninstall(ctx, all))
		if _, err := os.Stat(filepath.Join(p.Units(), ".lanyard-123")); err == nil {
			p.Error("half a file is left")
		}
	})
}

// What the timer starts is a command that does its work and ends well, with
// nobody signed in and no keychain.
func TestJanitorRuns(t *testing.T) {
	persons(t, func(p *person) {
		p.must(p.Install(p.Context(), ownservice.Set{Janitor: true}))
		if err := p.System.Start(p.Context(), autostart.Job{Name: "lanyard-janitor"}); err != nil {
			p.Error(err)
		}
		if p.Real {
			if result := p.Systemctl(p.T, "show", "--property=Result", "--property=ExecMainStatus", "lanyard-janitor.service"); result != "Result=success\nExecMainStatus=0" {
				p.Error(result)
			}
		}
	})
}

// The janitor alone, for a person whose registry is elsewhere.
func TestJanitorAlone(t *testing.T) {
	p := sit(t, usermanager.MadeUp)
	p.must(p.Install(p.Context(), ownservice.Set{Janitor: true}))
	if a := p.automatic(); a.Service != autostart.Absent || a.Janitor != autostart.Current || a.Survives() {
		p.Errorf("%+v", a)
	}
	if _, err := p.Status(p.Context()); !errors.Is(err, ownservice.ErrNotRunning) {
		p.Error(err)
	}
}

// An installation that fails leaves what ran running, and nothing else.
func TestInstallFails(t *testing.T) {
	for _, verb := range []string{"daemon-reload", "enable", "start"} {
		t.Run(verb, func(t *testing.T) {
			p := sit(t, usermanager.MadeUp)
			ctx := p.Context()
			first, _, err := p.Ensure(ctx)
			p.must(err)
			p.Break(p.T, verb)
			if err := p.Install(ctx, ownservice.Set{Service: true}); !errors.Is(err, autostart.ErrManager) || !strings.Contains(err.Error(), "made to fail") {
				p.Error(err)
			}
			if st := p.running(); st.PublicURL != first.PublicURL {
				p.Errorf("%+v", st)
			}
			if a := p.automatic(); a.Service != autostart.Absent || a.Running {
				p.Errorf("%+v", a)
			}
		})
	}
}

// A unit that a person edited is theirs: it stays, and so does the service.
func TestEdited(t *testing.T) {
	p := sit(t, usermanager.MadeUp)
	ctx := p.Context()
	p.must(p.Install(ctx, all))
	unit := filepath.Join(p.Units(), "lanyard.service")
	ours, err := os.ReadFile(unit)
	p.must(err)
	edited := strings.Replace(string(ours), "RestartSec=3", "RestartSec=9", 1)
	p.must(os.WriteFile(unit, []byte(edited), 0o600))
	before := p.running()
	for what, err := range map[string]error{"install": p.Install(ctx, all), "uninstall": p.Uninstall(ctx, all)} {
		if !errors.Is(err, autostart.ErrEdited) {
			p.Errorf("%s: %v", what, err)
		}
	}
	if text, err := os.ReadFile(unit); err != nil || string(text) != edited || p.running().PID != before.PID {
		p.Errorf("%v\n%s", err, text)
	}
	if a := p.automatic(); a.Service != autostart.Edited || a.Janitor != autostart.Absent || !a.Survives() {
		p.Errorf("%+v", a)
	}
	p.must(os.WriteFile(unit, ours, 0o600))
}

func TestNothingToInstallWith(t *testing.T) {
	p := sit(t, usermanager.MadeUp)
	p.System.Command = "/bin/false"
	if err := p.Install(p.Context(), all); !errors.Is(err, autostart.ErrUnavailable) {
		p.Error(err)
	}
	if a := p.automatic(); a.Unavailable == "" || a.Survives() || p.MayAsk(p.Context()) {
		p.Errorf("%+v", a)
	}
	p.System = nil
	if err := p.Install(p.Context(), all); !errors.Is(err, autostart.ErrUnavailable) || !strings.Contains(err.Error(), "--print") {
		p.Error(err)
	}
	if a := p.automatic(); a.Unavailable == "" || p.MayAsk(p.Context()) {
		p.Errorf("%+v", a)
	}
	if _, started, err := p.Ensure(p.Context()); !started || err != nil {
		p.Errorf("%v %v", started, err)
	}
}

func TestAskedOnce(t *testing.T) {
	p := sit(t, usermanager.MadeUp)
	if !p.MayAsk(p.Context()) {
		p.Error("nobody may be asked")
	}
	p.must(p.NoteAsked())
	if p.MayAsk(p.Context()) {
		p.Error("asked twice")
	}
}

func TestWritten(t *testing.T) {
	s := &ownservice.Service{Data: "/d", Binary: "/b/lanyard", Env: []string{"XDG_DATA_HOME=/x"}, Docker: "/docker"}
	for goos, want := range map[string]string{"linux": "lanyard.service lanyard-janitor.service lanyard-janitor.timer", "darwin": "lanyard.plist lanyard-janitor.plist"} {
		files, err := s.Written(goos, all)
		var names, texts string
		for _, f := range files {
			names, texts = names+" "+f.Name, texts+f.Text
		}
		if err != nil || strings.TrimSpace(names) != want || !strings.Contains(texts, "DOCKER_CONFIG") {
			t.Errorf("%s: %v %s", goos, err, names)
		}
	}
	if _, err := s.Written("windows", all); !errors.Is(err, autostart.ErrJob) {
		t.Errorf("a path that is none there: %v", err)
	}
	s = &ownservice.Service{Data: `C:\d`, Binary: `C:\b\lanyard.exe`}
	if files, err := s.Written("windows", all); err != nil || len(files) != 2 {
		t.Errorf("%v %v", files, err)
	}
}
