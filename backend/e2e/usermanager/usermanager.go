// Package usermanager gives a test a systemd user manager of its own: a real
// one in namespaces of its own where the test may make those, and a made-up
// systemctl, which does what ours asks of it, everywhere. Neither touches the
// manager of the person who runs the tests.
package usermanager

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Manager is a manager for one test.
type Manager struct {
	Home string
	// Env is what programs of that person have of it; PATH comes first where
	// systemctl is made up.
	Env []string
	// Real: it is systemd, and starts again what was killed.
	Real bool
}

// Units is the folder of the person's own units.
func (m *Manager) Units() string { return filepath.Join(m.Home, ".config", "systemd", "user") }

// Getenv reads m.Env.
func (m *Manager) Getenv(name string) string {
	for _, v := range m.Env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// Systemctl is a command of the person's.
func (m *Manager) Systemctl(t TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "systemctl", append([]string{"--user"}, args...)...)
	if !m.Real {
		cmd = exec.CommandContext(t.Context(), filepath.Join(m.Home, "made-up", "systemctl"), append([]string{"--user"}, args...)...)
	}
	cmd.Env = append(os.Environ(), m.Env...)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// Kinds are the managers that can be had here, by name; one is made for each
// test that calls it.
func Kinds(t TB) map[string]func(TB) *Manager {
	kinds := map[string]func(TB) *Manager{"made-up": MadeUp}
	if why := possible(); why != "" {
		t.Logf("no real systemd user manager: %s", why)
	} else {
		kinds["systemd"] = start
	}
	return kinds
}

// TB is what a manager needs of a test.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
	Cleanup(func())
	Context() context.Context
	TempDir() string
}

// MadeUp is a manager that is a script.
func MadeUp(t TB) *Manager {
	t.Helper()
	m := &Manager{Home: t.TempDir()}
	dir := filepath.Join(m.Home, "made-up")
	must(t, Put(dir))
	m.Env = []string{"HOME=" + m.Home, "XDG_CONFIG_HOME=" + filepath.Join(m.Home, ".config"), "XDG_RUNTIME_DIR=" + dir, "PATH=" + dir + ":" + os.Getenv("PATH")}
	t.Cleanup(func() {
		pids, _ := filepath.Glob(filepath.Join(dir, "*.pid"))
		for _, file := range pids {
			if text, err := os.ReadFile(file); err == nil {
				if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
					_ = kill(pid)
				}
			}
		}
	})
	return m
}

// Put makes a folder with a made-up systemctl in it.
func Put(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "systemctl"), []byte(script), 0o700)
}

// Break has a made-up manager refuse a verb: daemon-reload, enable or start.
func (m *Manager) Break(t TB, verb string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(m.Home, "made-up", "broken-"+verb), nil, 0o600))
}

// script keeps its notes beside itself: UNIT.pid of what runs, UNIT.on of what
// is enabled. It runs what ExecStart says by the shell's rules of quoting,
// which are systemd's as far as our units go.
const script = `#!/bin/bash
here=$(dirname "$0") units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
echo "$*" >>"$here/asked"
args=(); for a in "$@"; do case $a in --user|--no-pager|--no-ask-password|--now|--property=*) ;; *) args+=("$a");; esac; done
verb=${args[0]} unit=${args[1]}
alive() { [[ -s $here/$unit.pid ]] && kill -0 "$(<"$here/$unit.pid")" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$(<"$here/$unit.pid")/status"; }
need() { [[ -e $units/$unit ]] || { echo "Failed to $verb unit: Unit file $unit does not exist." >&2; exit 5; }; }
halt() {
	alive || return 0
	kill "$(<"$here/$unit.pid")"; for ((i = 0; i < 200; i++)); do alive || break; sleep 0.05; done; rm -f "$here/$unit.pid"
}
case $verb in
daemon-reload|reset-failed) [[ ! -e $here/broken-$verb ]] || { echo "made to fail" >&2; exit 1; } ;;
enable) need; [[ ! -e $here/broken-enable ]] || { echo "made to fail" >&2; exit 1; }; touch "$here/$unit.on" ;;
disable) rm -f "$here/$unit.on" ;;
stop) halt ;;
start|restart)
	need; [[ ! -e $here/broken-start ]] || { echo "made to fail" >&2; exit 1; }
	[[ $verb = restart ]] && halt
	[[ $unit = *.timer ]] && exit 0
	alive && exit 0
	line=$(sed -n 's/^ExecStart=//p' "$units/$unit" | sed 's/%%/%/g; s/\$\$/\\$/g')
	env=$(sed -n 's/^Environment=/export /p' "$units/$unit" | sed 's/%%/%/g')
	if grep -q '^Type=oneshot' "$units/$unit"; then eval "$env"; eval "$line"; exit; fi
	(eval "$env"; eval "exec setsid $line") >>"$here/$unit.log" 2>&1 </dev/null &
	echo $! >"$here/$unit.pid" ;;
show)
	if [[ -z $unit ]]; then echo Version=0; exit; fi
	alive && printf "MainPID=%s\nActiveState=active\n" "$(<"$here/$unit.pid")" || printf "MainPID=0\nActiveState=inactive\n"
	[[ -e $here/$unit.on ]] && echo UnitFileState=enabled || { [[ -e $units/$unit ]] && echo UnitFileState=disabled || echo UnitFileState=; } ;;
*) echo "Unknown command verb $verb." >&2; exit 1 ;;
esac
exit 0
`

const patience = 20 * time.Second

func must(t TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
