//go:build linux

package desk

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// Desk is one person's session. Close ends all that was started in it.
type Desk struct {
	*keyringtest.Session
	Programs string // folder with lanyard and docker-credential-lanyard
	Tools    string // folder with skopeo, crane, regctl, docker-registry
	Port     string // that the own service will take
	Look     Look   // of the screen and the browser; to be set before they are started
	bin      string // folder with the desk's own xdg-open
	clients  string // folder with the container tools that a terminal finds
	env      []string
}

// Look is how a person likes to see things.
type Look struct {
	Dark          bool
	Width, Height int // pixels of the screen, and of the browser's pages; 0: 1280x800
}

// New makes a desk. programs and tools are folders as of `make build` and
// `make test`.
func New(programs, tools string, o keyringtest.Options) (*Desk, error) {
	s, err := keyringtest.New(o)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		Session: s, Programs: programs, Tools: tools,
		bin: filepath.Join(s.Runtime, "bin"), clients: filepath.Join(s.Runtime, "clients"),
	}
	if err := d.furnish(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Desk) furnish() error {
	if err := os.CopyFS(d.Home, os.DirFS("/etc/skel")); err != nil {
		return fmt.Errorf("make a HOME from /etc/skel: %w", err)
	}
	if err := d.installClients(); err != nil {
		return err
	}
	if err := d.installOpener(); err != nil {
		return err
	}
	port, err := FreePort()
	if err != nil {
		return err
	}
	d.Port = port
	// The port is chosen beforehand so that the real one, 8460, stays free for
	// the person whose computer this is.
	if err := os.MkdirAll(d.Data(), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.Data(), "service.json"), []byte(`{"port": "`+port+`"}`), 0o600)
}

// installClients puts the container tools into a folder of their own, without
// the other programs that lie beside them: docker would take up another
// credential helper that it finds by itself.
func (d *Desk) installClients() error {
	if err := os.Mkdir(d.clients, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"skopeo", "crane", "regctl", "docker"} {
		path, err := d.Part(name)
		if err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(d.clients, name)); err != nil {
			return err
		}
	}
	return nil
}

// Part is the path of a real program that the desk runs: from the folder of
// tools, else as this process finds it.
func (d *Desk) Part(name string) (string, error) {
	path := filepath.Join(d.Tools, name)
	if _, err := os.Stat(path); err == nil {
		return filepath.Abs(path)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("a real %s is neither in %s nor on PATH: %w", name, d.Tools, err)
	}
	return filepath.Abs(path)
}

// Data is the own service's folder.
func (d *Desk) Data() string { return filepath.Join(d.Home, ".local/share/lanyard/service") }

// URL is the own service's address.
func (d *Desk) URL() string { return "http://localhost:" + d.Port }

// Setenv adds a variable to what the desk's programs see.
func (d *Desk) Setenv(name, value string) { d.env = append(d.env, name+"="+value) }

// Env is what a program started on this desk sees.
func (d *Desk) Env() []string {
	var env []string
	for _, v := range d.Session.Env() {
		if !strings.HasPrefix(v, "PATH=") && !strings.HasPrefix(v, "LANYARD_") && !strings.HasPrefix(v, "SHELL=") {
			env = append(env, v)
		}
	}
	env = append(env, "PATH="+strings.Join([]string{d.bin, "/usr/local/bin", "/usr/bin", "/bin"}, ":"), "SHELL=/bin/bash")
	if os.Getuid() == 0 {
		// As root, skopeo would keep its cache with the computer's.
		env = append(env, "_CONTAINERS_ROOTLESS_UID=1000")
	}
	return append(env, d.env...)
}

// Lanyard is the terminal program with args.
func (d *Desk) Lanyard(ctx context.Context, args ...string) *exec.Cmd {
	return d.Program(ctx, filepath.Join(d.Programs, "lanyard"), args...)
}

// Program is any program on this desk.
func (d *Desk) Program(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = d.Env(), d.Home
	return cmd
}

// Shell is a command line in a fresh login shell of the person, with the
// container tools in reach, as in a terminal that was just opened.
func (d *Desk) Shell(ctx context.Context, line string) *exec.Cmd {
	return d.Program(ctx, "/bin/bash", "-lc", `PATH="`+d.clients+`:$PATH"; `+line)
}

// Output is what a finished program said.
type Output struct {
	Out, Err string
	Code     int
	Took     time.Duration
}

// Run runs a program to its end. The error is one of starting it; a code
// other than 0 is the caller's to judge.
func Run(cmd *exec.Cmd) (Output, error) {
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	start := time.Now()
	err := cmd.Run()
	o := Output{Out: out.String(), Err: errs.String(), Took: time.Since(start)}
	if cmd.ProcessState == nil {
		return o, err
	}
	o.Code = cmd.ProcessState.ExitCode()
	return o, nil
}

// Must runs a program that has to succeed.
func Must(cmd *exec.Cmd) (Output, error) {
	o, err := Run(cmd)
	if err == nil && o.Code != 0 {
		err = fmt.Errorf("%s: exit status %d\n%s%s", filepath.Base(cmd.Path), o.Code, o.Out, o.Err)
	}
	return o, err
}

// Close stops the own service and the session, and ends what is left of either.
func (d *Desk) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, _ = Run(d.Lanyard(ctx, "service", "stop")) // none may run
	d.closeBrowser()
	d.Session.Close()
	d.sweep()
}

// FreePort is a port of this computer that nobody listens on at this moment, and
// that no outgoing connection takes until somebody does: Linux gives those ports
// from 32768 on.
func FreePort() (port string, err error) {
	for range 100 {
		port = strconv.Itoa(16000 + rand.IntN(16000))
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", err
}
