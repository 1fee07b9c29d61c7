//go:build linux

package keyringtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// Options leave parts of a session out.
type Options struct {
	NoBus    bool // no D-Bus at all, as in a bare SSH session
	NoDaemon bool // a bus on which nobody keeps secrets, nor can be started to
	// Password is the keyring's; empty: one that cannot be typed.
	Password string
}

// Session is one private login session. Close ends every process of it.
type Session struct {
	Home    string // fresh and empty
	Runtime string // XDG_RUNTIME_DIR
	Address string // of the bus; empty without one

	dir     string
	service string // file by which the bus starts a keyring; empty: it does not
	secret  string // the keyring's password
	bus     *exec.Cmd
	daemon  *exec.Cmd // nil: killed, or started by the bus
}

// TB is what Start needs of a test.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
	Setenv(key, value string)
}

// Start gives a test a session with an unlocked keyring, which ends with the test.
func Start(t TB) *Session {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith is Start with parts left out.
func StartWith(t TB, o Options) *Session {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New makes a session with an unlocked keyring, for a program. The caller
// must Close it.
func New(o Options) (*Session, error) {
	dir, err := os.MkdirTemp("", "lyd-") // short: socket paths have 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Session{Home: filepath.Join(dir, "home"), Runtime: filepath.Join(dir, "run"), dir: dir, secret: o.Password}
	if s.secret == "" {
		s.secret = "\n" // a truly empty one makes no collection
	}
	err = errors.Join(os.Mkdir(s.Home, 0o700), os.Mkdir(s.Runtime, 0o700))
	if err == nil && !o.NoBus {
		err = s.startBus(!o.NoDaemon)
	}
	if err == nil && !o.NoBus && !o.NoDaemon {
		err = s.StartDaemon()
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("start a private keyring: %w", err)
	}
	return s, nil
}

// ours are the variables that a session decides.
var ours = map[string]bool{
	"HOME": true, "XDG_RUNTIME_DIR": true, "DBUS_SESSION_BUS_ADDRESS": true,
	"XDG_CONFIG_HOME": true, "XDG_STATE_HOME": true, "XDG_DATA_HOME": true, "XDG_CACHE_HOME": true,
	"LANYARD_HOME": true, "DOCKER_CONFIG": true, "REGISTRY_AUTH_FILE": true,
	"GNOME_KEYRING_CONTROL": true, "SSH_AUTH_SOCK": true, "DISPLAY": true, "WAYLAND_DISPLAY": true,
}

// Env is this process' environment, with the session's own variables in place
// of those that lead to the person's HOME, bus, keyring and screen.
func (s *Session) Env() []string {
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !ours[name] {
			env = append(env, v)
		}
	}
	env = append(env, "HOME="+s.Home, "XDG_RUNTIME_DIR="+s.Runtime)
	if s.Address != "" {
		env = append(env, "DBUS_SESSION_BUS_ADDRESS="+s.Address)
	}
	return env
}

// Enter puts the test itself into the session until it ends.
func (s *Session) Enter(t TB) {
	for name := range ours {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", s.Home)
	t.Setenv("XDG_RUNTIME_DIR", s.Runtime)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.Address)
}

// Command is exec.Command inside the session.
func (s *Session) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	cmd.Dir = s.Home
	return cmd
}

// StartDaemon starts an unlocked gnome-keyring, in place of one that runs.
// Meanwhile the bus starts none by itself: whoever asked in between would have
// it start a locked one, which ours then leaves in place.
func (s *Session) StartDaemon() error {
	if err := s.activate(false); err != nil {
		return err
	}
	// Now and then, and the more so the busier the machine, gnome-keyring hangs at its start.
	err := s.startDaemon()
	for range 2 {
		if !errors.Is(err, errWaited) {
			break
		}
		err = s.startDaemon()
	}
	return errors.Join(err, s.activate(true))
}

func (s *Session) startDaemon() error {
	if err := s.KillDaemon(); err != nil {
		return err
	}
	cmd := s.child("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	cmd.Stdin = strings.NewReader(s.secret)
	if err := cmd.Start(); err != nil {
		return err
	}
	s.daemon = cmd
	// The collection appears a moment after the name does.
	return s.poll("the keyring to be unlocked", func(conn *dbus.Conn) bool {
		if !hasOwner(conn) {
			return false
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // one lost answer is not the end
		defer cancel()
		var locked dbus.Variant
		err := conn.Object(secrets, login).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, collection, "Locked").Store(&locked)
		return err == nil && locked.Value() == false
	})
}

// Lock locks the keyring, as a screen lock may. Without a screen there is no
// prompter: nothing can unlock it but a new daemon.
func (s *Session) Lock() error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = conn.Object(secrets, "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{login}).Store(&locked, &prompt)
	if err == nil && len(locked) != 1 {
		err = fmt.Errorf("locked %v", locked)
	}
	return err
}

// KillDaemon kills whoever keeps the secrets, as kill -9 does. The bus starts
// a new one, locked, when it is next asked.
func (s *Session) KillDaemon() error {
	pid, err := s.daemonPID()
	if err != nil {
		return err
	}
	if pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if s.daemon != nil {
		_ = s.daemon.Process.Kill()
		_ = s.daemon.Wait()
		s.daemon = nil
	}
	return s.poll("the daemon to be gone", func(conn *dbus.Conn) bool { return !hasOwner(conn) })
}

// Close ends the session's processes and removes its folders.
func (s *Session) Close() {
	if s.Address != "" {
		_ = s.KillDaemon()
	}
	if s.bus != nil {
		_ = s.bus.Process.Kill()
		_ = s.bus.Wait()
	}
	_ = os.RemoveAll(s.dir)
}

const (
	secrets    = "org.freedesktop.secrets"
	collection = "org.freedesktop.Secret.Collection"
	login      = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")

	patience = 40 * time.Second // many sessions may start at once
)

// errWaited: it did not come about in time.
var errWaited = errors.New("waited")

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <servicedir>%s</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

const activation = `[D-BUS Service]
Name=org.freedesktop.secrets
Exec=%s --start --foreground --components=secrets
`

// startBus starts a bus that knows no service but, if activate, the keyring.
func (s *Session) startBus(activate bool) error {
	services := filepath.Join(s.dir, "services")
	config := filepath.Join(s.dir, "bus.conf")
	socket := filepath.Join(s.Runtime, "bus")
	err := os.Mkdir(services, 0o700)
	if err == nil && activate {
		s.service = filepath.Join(services, "secrets.service")
		var path string
		if path, err = exec.LookPath("gnome-keyring-daemon"); err == nil {
			err = os.WriteFile(s.service, fmt.Appendf(nil, activation, path), 0o600)
		}
	}
	if err == nil {
		err = os.WriteFile(config, fmt.Appendf(nil, busConfig, socket, services), 0o600)
	}
	if err != nil {
		return err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := s.child("dbus-daemon", "--config-file="+config, "--nofork", "--print-address=3")
	cmd.ExtraFiles = []*os.File{in}
	err = cmd.Start()
	in.Close()
	if err != nil {
		return err
	}
	s.bus = cmd
	address, err := bufio.NewReader(out).ReadString('\n') // once it listens
	s.Address = strings.TrimSpace(address)
	if err != nil {
		return fmt.Errorf("dbus-daemon did not start: %w", err)
	}
	return nil
}

// activate has the bus start a keyring when it is asked for one, or not.
func (s *Session) activate(on bool) error {
	if s.service == "" {
		return nil
	}
	from, to := s.service, s.service+".off"
	if on {
		from, to = to, from
	}
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) { // as it is to be already
		return err
	}
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err
}

// child is a process that dies with this one, however this one dies.
func (s *Session) child(name string, args ...string) *exec.Cmd {
	cmd := s.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (s *Session) connect() (*dbus.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	conn, err := dbus.Connect(s.Address, dbus.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(conn.Context(), cancel)
	return conn, nil
}

// daemonPID is the process that keeps the secrets; 0: none, or this one (a fake).
func (s *Session) daemonPID() (int, error) {
	conn, err := s.connect()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if !hasOwner(conn) {
		return 0, nil
	}
	var pid uint32
	if err := conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, secrets).Store(&pid); err != nil {
		return 0, nil // gone in between
	}
	if int(pid) == os.Getpid() {
		return 0, nil
	}
	return int(pid), nil
}

func hasOwner(conn *dbus.Conn) bool {
	var has bool
	err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secrets).Store(&has)
	return err == nil && has
}

func (s *Session) poll(what string, done func(*dbus.Conn) bool) error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	end := time.Now().Add(patience)
	for !done(conn) {
		if time.Now().After(end) {
			return fmt.Errorf("%w %v for %s", errWaited, patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}
