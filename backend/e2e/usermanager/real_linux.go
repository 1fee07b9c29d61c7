package usermanager

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const systemd = "/usr/lib/systemd/systemd"

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// possible says why there can be no real manager, or nothing. It needs a
// control group and mounts of its own: root, outside of most containers.
func possible() string {
	if _, err := os.Stat(systemd); err != nil {
		return "systemd is not installed"
	}
	if os.Getuid() != 0 {
		return "only root may give it a control group and mounts of its own"
	}
	group, err := newGroup()
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.Remove(group) }()
	if said, err := exec.Command("unshare", "--mount", "--cgroup", "true").CombinedOutput(); err != nil {
		return fmt.Sprintf("unshare: %v %s", err, bytes.TrimSpace(said))
	}
	return ""
}

// newGroup makes a control group of version 2, empty.
func newGroup() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for l := range strings.Lines(string(mounts)) {
		fields := strings.Fields(l)
		if len(fields) > 4 && strings.Contains(l, " - cgroup2 ") {
			return os.MkdirTemp(fields[4], "lanyard-test-")
		}
	}
	return "", errors.New("no control groups of version 2")
}

// inside runs in the namespaces: a view of the control groups from our own
// down, and the mark by which systemd knows that a system runs on it.
const inside = `set -e
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run/systemd 2>/dev/null || { mount -t tmpfs none /run; mkdir -p /run/systemd; }
mkdir -p /run/systemd/system
exec ` + systemd + ` --user --log-target=console`

func start(t TB) *Manager {
	t.Helper()
	group, err := newGroup()
	must(t, err)
	home, err := os.MkdirTemp("", "lanyard-sd") // short: it holds sockets
	must(t, err)
	runtime := filepath.Join(home, "run")
	must(t, os.Mkdir(runtime, 0o700))
	m := &Manager{Home: home, Real: true, Env: []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "XDG_RUNTIME_DIR=" + runtime, "DBUS_SESSION_BUS_ADDRESS=",
	}}
	var said bytes.Buffer
	cmd := exec.Command("bash", "-c", `echo $$ >"$1/cgroup.procs" && exec unshare --mount --cgroup bash -c "$2"`, "-", group, inside)
	cmd.Env = append(m.Env, "PATH="+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = os.WriteFile(filepath.Join(group, "cgroup.kill"), []byte("1"), 0o600)
		<-ended
		await(t, "the control group to be empty", func() bool { return empty(group) })
		_ = os.RemoveAll(home)
		if t.Failed() {
			t.Logf("systemd said:\n%s", said.String())
		}
	})
	await(t, "systemd to run", func() bool {
		select {
		case <-ended:
			t.Fatalf("systemd ended: %s", said.String())
		default:
		}
		return m.Systemctl(t, "show", "--property=SystemState", "--value") == "running"
	})
	return m
}

// empty removes a control group and those within it, once nothing runs there.
func empty(group string) bool {
	inner, _ := filepath.Glob(filepath.Join(group, "*/"))
	for _, g := range inner {
		if info, err := os.Stat(g); err == nil && info.IsDir() && !empty(g) {
			return false
		}
	}
	err := os.Remove(group)
	return err == nil || errors.Is(err, os.ErrNotExist)
}

func await(t TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Kill ends the process that the manager runs for a unit, as a crash does.
func (m *Manager) Kill(t TB, unit string) (pid int) {
	t.Helper()
	pid, err := strconv.Atoi(m.Systemctl(t, "show", "--property=MainPID", "--value", unit))
	must(t, err)
	must(t, kill(pid))
	return pid
}
