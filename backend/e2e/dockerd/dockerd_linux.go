package dockerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const patience = 30 * time.Second

// Daemon is a running dockerd.
type Daemon struct {
	socket string
	cmd    *exec.Cmd
	ended  chan struct{}
	said   bytes.Buffer // read once it has ended
}

// Possible says why there can be no daemon here, or nothing. It mounts, so it needs root,
// or a kernel that lets everybody be root among themselves. To root it is always
// possible: where it fails then, that is to be seen.
func Possible() string {
	if os.Geteuid() == 0 {
		return ""
	}
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = apart()
	if err := cmd.Run(); err != nil {
		return fmt.Sprintf("dockerd needs root, or user namespaces for everybody (%v)", err)
	}
	return ""
}

// apart are mounts of its own, and root's place among them, which end with the process,
// as the process does with this one.
func apart() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Geteuid(); uid != 0 {
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return a
}

// What it keeps in /run, whatever it is told, is gone with its mounts.
const script = `mount -t tmpfs tmpfs /run && exec "$@"`

// Start runs a daemon whose files all lie in dir; tools is the folder with dockerd,
// containerd and runc. env is what it sees: a proxy and an authority for https, say.
func Start(tools, dir string, env []string) (*Daemon, error) {
	tools, err := filepath.Abs(tools)
	if err != nil {
		return nil, err
	}
	if len(dir) > 60 || strings.HasPrefix(dir, "/run/") {
		return nil, fmt.Errorf("start dockerd: %s is no place for its sockets", dir)
	}
	config := filepath.Join(dir, "daemon.json")
	if err := errors.Join(os.MkdirAll(dir, 0o700),
		os.WriteFile(config, []byte(`{"deprecated-key-path": "`+filepath.Join(dir, "key.json")+`"}`), 0o600)); err != nil {
		return nil, fmt.Errorf("start dockerd: %w", err)
	}
	d := &Daemon{socket: filepath.Join(dir, "docker.sock"), ended: make(chan struct{})}
	d.cmd = exec.Command("/bin/sh", "-c", script, "sh", filepath.Join(tools, "dockerd"),
		"--config-file", config, "--host", d.Host(), "--pidfile", filepath.Join(dir, "pid"),
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--storage-driver=vfs",
		"--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false",
		"--log-level=warn")
	for _, v := range env {
		if !strings.HasPrefix(v, "PATH=") {
			d.cmd.Env = append(d.cmd.Env, v)
		}
	}
	d.cmd.Env = append(d.cmd.Env, "PATH="+tools+":/usr/sbin:/usr/bin:/sbin:/bin")
	d.cmd.Stdout, d.cmd.Stderr = &d.said, &d.said
	d.cmd.SysProcAttr = apart()
	d.cmd.WaitDelay = 5 * time.Second
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start dockerd: %w", err)
	}
	go func() {
		_ = d.cmd.Wait() // what it said tells why
		close(d.ended)
	}()
	if err := d.await(); err != nil {
		d.Stop()
		return nil, fmt.Errorf("start dockerd: %w\n%s", err, d.said.String())
	}
	return d, nil
}

// await returns once it answers.
func (d *Daemon) await() error {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", d.socket) },
		DisableKeepAlives: true,
	}}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		response, err := client.Get("http://docker/_ping")
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			return nil
		}
		select {
		case <-d.ended:
			return errors.New("it ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("it does not answer")
}

// Host is what DOCKER_HOST has to be.
func (d *Daemon) Host() string { return "unix://" + d.socket }

// Stop ends it, and with it its containerd and its mounts.
func (d *Daemon) Stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // ended already
	select {
	case <-d.ended:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.ended
	}
}
